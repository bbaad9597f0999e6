"""Thresholds by day, buyer and regime, and whether a joint purchase reaches them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from matcher.errors import SettingInvalid
from matcher.joint.thresholds import ROWS, ThresholdCheck, check, load
from matcher.records import Nature, Need

TODAY = date(2026, 6, 1)
CENTRAL = Need(
    id="N1",
    title="Vests",
    buyer_type="cga",
    nature=Nature.SUPPLIES,
    regime="2014/24",
    value_eur=142_000.0,
    vat_included=False,
)
LOCAL = replace(CENTRAL, id="N2", buyer_type="la", value_eur=219_000.0)


def opening(need: Need, year: int) -> Need:
    """The need with a window that opens in May of a year."""
    return replace(need, window_start=date(year, 5, 1))


def held(*needs: Need) -> ThresholdCheck:
    """The threshold these are held against."""
    return check(needs, TODAY)


def test_the_row_in_force_on_the_day_decides() -> None:
    """142,000 of central government: below in 2025, above in 2027, with the days of the row."""
    early, late = held(opening(CENTRAL, 2025)), held(opening(CENTRAL, 2027))
    assert (early.amount_eur, early.exceeded, early.provisional) == (143_000, False, False)
    assert (late.amount_eur, late.exceeded, late.provisional) == (140_000, True, False)
    assert "row valid 1 Jan 2026 - 31 Dec 2027" in late.sentence
    assert late.row is not None
    assert late.row.source
    assert late.notes == ()


def test_beyond_the_last_row_it_is_used_and_marked_provisional() -> None:
    """2028: the latest row, and a note that the next is not published."""
    for year in (2028, 2033):
        found = held(opening(CENTRAL, year))
        assert (found.amount_eur, found.exceeded, found.provisional) == (140_000, True, True)
        assert any("2028-29 not published" in note for note in found.notes)


def test_sub_central_buyers_have_a_higher_threshold() -> None:
    """219,000: below in 2025 (221,000), above in 2026 (216,000)."""
    early, late = held(opening(LOCAL, 2025)), held(opening(LOCAL, 2026))
    assert (early.amount_eur, early.exceeded) == (221_000, False)
    assert (late.amount_eur, late.exceeded) == (216_000, True)


def test_the_defence_directive_says_that_an_amendment_is_pending() -> None:
    """432,000 with the note, whatever the class of the buyer."""
    for need in (CENTRAL, LOCAL):
        found = held(opening(replace(need, regime="2009/81"), 2026))
        assert (found.amount_eur, found.exceeded) == (432_000, False)
        assert any("amendment pending" in note for note in found.notes)


@pytest.mark.parametrize(("included", "says"), [(None, "VAT unknown for N1"), (True, "N1 includes VAT")])
def test_vat_that_is_unknown_or_included_is_a_warning(included: bool | None, says: str) -> None:
    """Thresholds are net of VAT; the outcome stays, with the warning."""
    found = held(opening(replace(CENTRAL, vat_included=included), 2027))
    assert found.exceeded is True
    assert any(says in note for note in found.notes)


def test_the_aggregate_value_counts() -> None:
    """Two who are each below are above together, and that is said."""
    one, other = (replace(CENTRAL, id=name, value_eur=80_000.0) for name in "AB")
    found = held(one, other)
    assert (found.total_eur, found.exceeded) == (160_000, True)
    assert any("none does alone" in note for note in found.notes)
    assert held(one).exceeded is False


def test_the_last_window_to_open_is_the_day() -> None:
    """Together they cannot begin before the last of them can; without any window it is today, as noted."""
    found = held(opening(CENTRAL, 2025), opening(replace(CENTRAL, id="B"), 2026))
    assert found.row is not None
    assert found.row.valid_from == date(2026, 1, 1)
    assert any("No procurement window" in note for note in held(CENTRAL).notes)


def test_of_mixed_buyer_classes_the_lowest_is_shown_and_the_others_named() -> None:
    """As the members state their classes, the lowest counts."""
    one, other = replace(CENTRAL, value_eur=100_000.0), replace(LOCAL, value_eur=100_000.0)
    for members in ([one, other], [other, one]):
        found = held(*members)
        assert (found.amount_eur, found.exceeded) == (140_000, True)
        assert [row.amount_eur for row in found.others] == [216_000]
        assert any("216,000" in note for note in found.notes)


def test_supplies_and_services_of_one_class_have_one_threshold() -> None:
    """Nothing else is named where the amount is the same."""
    found = held(opening(CENTRAL, 2026), opening(replace(CENTRAL, id="B", nature=Nature.SERVICES), 2026))
    assert found.others == ()


@pytest.mark.parametrize(("value", "exceeded"), [(139_999.0, False), (180_000.0, None), (216_000.0, True)])
def test_an_unknown_buyer_class_leaves_open_what_it_decides(value: float, exceeded: bool | None) -> None:
    """Below the lowest and from the highest on it does not matter; between them it cannot be said."""
    found = held(opening(replace(CENTRAL, buyer_type="", value_eur=value), 2026))
    assert (found.amount_eur, found.exceeded) == (140_000, exceeded)
    assert any("Buyer class not certain for N1" in note for note in found.notes)


def test_a_missing_value_leaves_open_whether_the_threshold_is_reached() -> None:
    """Unless the others reach it by themselves; nobody's value is no total."""
    silent = replace(CENTRAL, id="N9", value_eur=None)
    assert held(replace(CENTRAL, value_eur=90_000.0), silent).exceeded is None
    assert held(CENTRAL, silent).exceeded is True
    nothing = held(silent)
    assert (nothing.total_eur, nothing.exceeded) == (None, None)
    assert "No value is stated" in nothing.sentence


@pytest.mark.parametrize(
    ("low", "high", "exceeded"), [(1e5, 1.3e5, False), (1e5, 2e5, None), (1.5e5, 2e5, True)]
)
def test_a_range_decides_where_both_ends_agree(low: float, high: float, exceeded: bool | None) -> None:
    """A value that is stated as a range is held against the threshold at both ends."""
    need = replace(CENTRAL, value_eur=None, value_min_eur=low, value_max_eur=high)
    found = held(opening(need, 2026))
    assert found.exceeded is exceeded
    assert "Value stated as a range by N1: not in the total." in found.notes
    assert not any("not stated" in note for note in found.notes)


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"nature": Nature.WORKS}, 5_404_000),
        ({"nature": None, "cpv": ("45000000",)}, 5_404_000),
        ({"nature": None, "cpv": ("79700000",), "buyer_type": "ra"}, 216_000),
        ({"regime": "2014/25"}, 432_000),
        ({"regime": "2014/23"}, 5_404_000),
        ({"regime": "below-threshold"}, 140_000),
        ({"regime": ""}, 140_000),
        ({"regime": "excluded-346"}, None),
        ({"regime": "1370/2007"}, None),
    ],
)
def test_kind_and_regime_choose_the_row(fields: dict[str, object], amount: float | None) -> None:
    """Works by nature or by CPV; an unknown regime is taken as 2014/24; what is excluded has none."""
    found = held(opening(replace(CENTRAL, **fields), 2026))  # type: ignore[arg-type]  # a table of fields
    assert found.amount_eur == amount
    assert (found.row is None) == (amount is None)
    assert any("2014/24 is assumed" in note for note in found.notes) == (fields.get("regime") == "")


def test_defence_supplies_of_central_government_may_have_the_higher_threshold() -> None:
    """It depends on a list of goods, so the lower is shown and the other named, as not checked."""
    found = held(opening(replace(CENTRAL, extra={"main_activity": "defence"}), 2026))
    assert (found.amount_eur, found.exceeded) == (140_000, None)
    assert [(row.amount_eur, row.note) for row in found.others] == [(216_000, "not checked against a source")]


def test_what_is_not_from_a_source_says_so() -> None:
    """Rows from general knowledge are marked in their note, and only those."""
    marked = {row for row in ROWS if row.source == "general knowledge"}
    assert marked == {row for row in ROWS if "not checked" in row.note}


def test_every_rule_is_there_for_three_periods_on_end() -> None:
    """No gap between rows, and the amounts of 2026-27 as published."""
    rules = {row.rule for row in ROWS}
    for rule in rules:
        spans = [(row.valid_from.year, row.valid_to.year) for row in ROWS if row.rule == rule]
        assert spans == [(2022, 2023), (2024, 2025), (2026, 2027)]
    now = {row.amount_eur for row in ROWS if row.valid_from.year == 2026}
    assert now == {140_000, 216_000, 432_000, 750_000, 5_404_000}


def test_before_the_first_row_nothing_is_known() -> None:
    """An old window is held against no threshold of later years."""
    assert held(opening(CENTRAL, 2021)).row is None


HEAD = "rule\tcontract_kind\tbuyer_class\tdirective\tamount_eur\tvalid_from\tvalid_to\tsource\tnote"
LINE = "r\tsupplies\tany\td\t100\t2026-01-01\t2027-12-31\ts\t"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD, "no threshold"),
        ("rule\n" + LINE, "expected"),
        (f"{HEAD}\n{LINE.replace('100', 'much')}", "line 2"),
        (f"{HEAD}\n{LINE.replace('100', 'nan')}", "above 0"),
        (f"{HEAD}\n{LINE.replace('2027-12-31', '2025-12-31')}", "last day after"),
        (f"{HEAD}\n{LINE.replace('supplies', 'goods')}", "'goods'"),
        (f"{HEAD}\n{LINE}\n{LINE}", "two rows"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(text: str, says: str, tmp_path: Path) -> None:
    """The message names the file and the line."""
    path = tmp_path / "mine.tsv"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(SettingInvalid, match=says) as refused:
        load(path)
    assert "mine.tsv" in str(refused.value)
