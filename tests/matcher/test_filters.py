"""What narrows a search, and what it hides."""

import pytest

from matcher.filters import Filter, narrowed, select, verdicts
from matcher.records import Nature, Need, Record, Solution, Visibility

NEED = Need(id="N", title="Vest", country="PL", language="pl", cpv=("35815100",), nature=Nature.SUPPLIES)
SOLUTION = Solution(
    id="S",
    name="Vest",
    country="IT",
    language="en",
    cpv=("35815100",),
    trl=5,
    delivery_countries=("PL", "CZ"),
)
BARE_NEED = Need(id="bare", title="Vest")
BARE_SOLUTION = Solution(id="bare", name="Vest")

PASSES: list[tuple[Filter, Record]] = [
    (Filter(), NEED),
    (Filter(), SOLUTION),
    (Filter(countries=("FR", "PL")), NEED),
    (Filter(countries=("CZ",)), SOLUTION),
    (Filter(countries=("FI",)), Solution(id="S", name="Vest", delivery_countries=("EU",))),
    (Filter(languages=("pl", "de")), NEED),
    (Filter(cpv=("3581",)), SOLUTION),
    (Filter(cpv=("48", "35")), NEED),
    (Filter(nature=Nature.SUPPLIES), NEED),
    (Filter(nature=Nature.WORKS), SOLUTION),
    (Filter(trl_min=5), SOLUTION),
    (Filter(trl_min=9), NEED),
    (Filter(exclude=frozenset({"S"})), NEED),
]
FAILS: list[tuple[Filter, Record, str]] = [
    (Filter(countries=("FR",)), NEED, "countries"),
    (Filter(countries=("IT",)), SOLUTION, "countries"),
    (Filter(languages=("de",)), NEED, "languages"),
    (Filter(cpv=("48",)), SOLUTION, "cpv"),
    (Filter(cpv=("5815",)), NEED, "cpv"),
    (Filter(nature=Nature.WORKS), NEED, "nature"),
    (Filter(trl_min=6), SOLUTION, "trl_min"),
    (Filter(exclude=frozenset({"N"})), NEED, "exclude"),
]


@pytest.mark.parametrize(("where", "record"), PASSES)
def test_a_record_that_meets_a_condition_passes(where: Filter, record: Record) -> None:
    """Each condition admits what it names, and what it does not speak of."""
    assert where.why_not(record) == ()
    assert where.admits(record)


@pytest.mark.parametrize(("where", "record", "condition"), FAILS)
def test_a_record_that_fails_a_condition_is_told_which(where: Filter, record: Record, condition: str) -> None:
    """The name of the condition is the name of its field."""
    assert where.why_not(record) == (condition,)
    assert not where.admits(record)
    assert hasattr(where, condition)


@pytest.mark.parametrize("record", [BARE_NEED, BARE_SOLUTION], ids=["need", "solution"])
def test_what_is_not_stated_passes(record: Record) -> None:
    """Unknown is not a "no"."""
    where = Filter(countries=("FR",), languages=("fr",), cpv=("48",), nature=Nature.WORKS, trl_min=9)
    assert where.why_not(record) == ()


def test_all_failed_conditions_are_named_in_the_order_of_the_fields() -> None:
    """Whoever widens one condition sees whether another stands in the way."""
    where = Filter(exclude=frozenset({"N"}), cpv=("48",), countries=("FR",))
    assert where.why_not(NEED) == ("countries", "cpv", "exclude")


def test_a_selection_counts_what_each_condition_hides() -> None:
    """A record that fails twice counts for both; a deleted row counts for none."""
    records: list[Record | None] = [
        NEED,
        None,
        Need(id="2", title="Vest", country="FR", language="fr"),
        Need(id="3", title="Vest", country="PL", language="fr"),
        BARE_NEED,
    ]
    selection = select(records, Filter(countries=("FR",), languages=("fr",)))
    assert list(selection.allowed) == [2, 4]
    assert selection.hidden == {"countries": 2, "languages": 1}
    assert selection.allowed.mask.size == len(records)


def test_what_the_viewer_may_not_see_is_not_even_counted() -> None:
    """A hidden record leaves no trace in the numbers."""
    records = [
        Need(id=str(visibility), title="Vest", country="PL", visibility=visibility)
        for visibility in Visibility
    ]
    selection = select(records, Filter(open_to=Visibility.NETWORK_INDUSTRY, countries=("FR",)))
    assert list(selection.allowed) == []
    assert selection.hidden == {"countries": 2}
    assert list(select(records, Filter(open_to=Visibility.NETWORK)).allowed) == [2, 3, 4]
    assert len(select(records, Filter()).allowed) == len(records)


def test_ids_that_may_be_searched_hide_all_others() -> None:
    """What is not named leaves no trace in results, counts and reasons; what is named is told as ever."""
    records = [Need(id=id_, title="Vest", country="PL") for id_ in "ABCD"]
    where = Filter(only=frozenset("BCX"), countries=("FR",), exclude=frozenset("CD"))
    selection = select(records, where)
    assert selection.hidden == {"countries": 2, "exclude": 1}
    assert not where.sees(records[0])
    assert where.why_not(records[0]) == ("countries",)
    assert not Filter(only=frozenset()).admits(records[0])
    assert list(select(records, Filter(only=frozenset("BX"))).allowed) == [1]
    assert len(select(records, Filter(only=frozenset())).allowed) == 0


def test_named_ids_ask_for_no_other_record() -> None:
    """Verdicts on what viewers share are narrowed by row; only the ids that are named are looked up."""
    records: list[Record | None] = [*(Need(id=id_, title="Vest", country="PL") for id_ in "ABC"), None]
    shared = verdicts(records, Filter(countries=("PL",)))
    asked: list[str] = []

    class Rows(dict[str, int]):
        def get(self, key, default=None):  # type: ignore[no-untyped-def]
            asked.append(key)
            return super().get(key, default)

    where = Filter(countries=("PL",), only=frozenset("BX"))
    found = narrowed(shared, where, Rows(A=0, B=1, C=2))
    assert sorted(asked) == ["B", "X"]
    assert list(found.allowed) == [1]
    assert found.allowed.mask.size == 4


def test_what_hides_is_told_from_what_narrows() -> None:
    """`sight` keeps what the viewer may know of, `shared` what many viewers ask for."""
    where = Filter(countries=("FR",), open_to=Visibility.GROUP, exclude=frozenset("A"), only=frozenset("AB"))
    assert where.sight == Filter(open_to=Visibility.GROUP, only=frozenset("AB"))
    assert where.shared == Filter(countries=("FR",), open_to=Visibility.GROUP)
