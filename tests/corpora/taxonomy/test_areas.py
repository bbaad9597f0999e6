"""Security areas and functions, and the crosswalk from CPV."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.taxonomy.areas import SHIPPED, Sureness, area_of, areas, function_of
from corpora.taxonomy.cpv import CpvTable

codes = st.lists(st.sampled_from(sorted(CpvTable.load().labels)), max_size=5)


def test_there_are_six_areas_and_ten_functions() -> None:
    """The four areas of the market study, cybersecurity and one for all; functions by what a thing does."""
    assert set(areas().areas) == {"crime", "infrastructure", "border", "disaster", "cyber", "horizontal"}
    assert len(areas().functions) == 10


def test_every_prefix_is_a_code_of_the_table_with_its_label() -> None:
    """The crosswalk names no code that CPV does not have, and each once."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["kind"] == "cpv"]
    assert len({row["code"] for row in rows}) == len(rows) > 100
    table = CpvTable.load()
    for row in rows:
        assert table.label(row["code"].ljust(8, "0")) == row["label"]


def test_every_pointer_leads_to_a_known_key() -> None:
    """No area or function without a label, and none that nothing points to."""
    known = areas()
    assert {pointer.key for pointer in known.area_of_prefix.values()} == set(known.areas)
    assert {pointer.key for pointer in known.function_of_prefix.values()} == set(known.functions)


@pytest.mark.parametrize(
    ("code", "area", "function"),
    [
        ("35111300", "disaster", "rescue"),
        ("48730000", "cyber", "protect"),
        ("34521200", "border", "monitor"),
        ("38546100", "crime", "detect"),
        ("42961100", "infrastructure", "access"),
        ("34152000", "horizontal", "train"),
        ("33954000", "crime", "investigate"),
        ("35220000", "crime", "intervene"),
        ("35710000", "horizontal", "command"),
        ("32236000", "horizontal", "communicate"),
        ("35815100", "crime", "protect"),
        ("39113000", None, None),
    ],
)
def test_a_code_points_where_its_label_does(code: str, area: str | None, function: str | None) -> None:
    """One code for each function, and chairs that are no security."""
    assert (area_of([code]), function_of([code])) == (area, function)


def test_a_longer_prefix_speaks_before_a_shorter_one() -> None:
    """Bullet-proof vests are not sorted as security equipment at large."""
    placed = areas().area(["35815100"])
    assert placed is not None
    assert (placed.prefix, placed.sure) == ("35815", Sureness.MEDIUM)


def test_the_surest_code_speaks_wherever_it_stands() -> None:
    """A general main code does not hide a telling second one."""
    assert area_of(["35000000", "35111000"]) == area_of(["35111000", "35000000"]) == "disaster"


def test_of_equally_sure_codes_the_first_speaks() -> None:
    """Handcuffs and drug detectors are both crime by label; the function is the main code's."""
    assert function_of(["35230000", "38544000"]) == "intervene"
    assert function_of(["38544000", "35230000"]) == "detect"


@given(codes)
def test_a_further_code_makes_it_no_less_sure(some: list[str]) -> None:
    """What codes point to is as sure as the surest of them alone."""
    placed = areas().area(some)
    alone = [found.sure.rank for code in some if (found := areas().area([code])) is not None]
    assert (placed.sure.rank if placed else None) == min(alone, default=None)
