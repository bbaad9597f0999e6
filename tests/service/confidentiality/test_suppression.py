from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from matcher.market import finding
from service.confidentiality.suppression import LEAST_ORGANISATIONS, suppressed

TABLES = st.dictionaries(
    st.sampled_from("ABCDEF"),
    st.frozensets(st.sampled_from([f"org{n}" for n in range(14)]), max_size=7),
    max_size=6,
)
Told = tuple[int, frozenset[str], frozenset[tuple[str, int]], int | None]
SIZES = st.lists(st.integers(0, 6), max_size=5)


def apart(sizes: Sequence[int]) -> dict[str, set[str]]:
    """Cells that share no organisation, so that the counts add up to the total."""
    return {f"cell{at}": {f"{at}-{n}" for n in range(size)} for at, size in enumerate(sizes)}


def test_no_withheld_cell_follows_from_what_is_shown() -> None:
    """Even who runs this code over every table there might be finds two numbers for each withheld cell."""
    alike: dict[Told, list[tuple[int, ...]]] = {}
    for sizes in (sizes for cells in range(1, 5) for sizes in product(range(7), repeat=cells)):
        table = suppressed(apart(sizes))
        told = len(sizes), table.withheld, frozenset(table.shown.items()), table.total
        alike.setdefault(told, []).append(sizes)
    for (_, withheld, _, _), tables in alike.items():
        for cell in withheld:
            assert len({sizes[int(cell.removeprefix("cell"))] for sizes in tables}) > 1, tables


@given(SIZES)
def test_withheld_cells_are_no_cell_of_their_own(sizes: list[int]) -> None:
    """What the total less the rest gives is a number that three organisations stand behind."""
    table = suppressed(apart(sizes))
    if table.withheld and table.total is not None:
        assert table.total - sum(table.shown.values()) >= LEAST_ORGANISATIONS


@given(TABLES)
def test_no_small_number_is_shown(cells: dict[str, frozenset[str]]) -> None:
    """Neither a cell of one or two nor such a total; what is shown is true."""
    table = suppressed(cells)
    for number in (*table.shown.values(), *([] if table.total is None else [table.total])):
        assert number == 0 or number >= LEAST_ORGANISATIONS
    assert table.shown == {cell: len(held) for cell, held in cells.items() if cell not in table.withheld}
    assert table.withheld <= cells.keys()
    assert table.total in (None, len(frozenset().union(*cells.values())))


@given(TABLES, st.randoms())
def test_the_order_of_cells_does_not_matter(cells: dict[str, frozenset[str]], random: st.DrawFn) -> None:
    """The same cells are withheld however the table is sorted."""
    shuffled = list(cells.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert suppressed(dict(shuffled)) == suppressed(cells)


def test_a_table_without_small_cells_is_shown_whole() -> None:
    """Nothing is withheld for nothing; a cell of nobody tells of nobody."""
    table = suppressed(apart([3, 0, 5]))
    assert (table.withheld, dict(table.shown), table.total) == (
        frozenset(),
        {"cell0": 3, "cell1": 0, "cell2": 5},
        8,
    )


def test_the_total_goes_where_no_cell_can_cover_another() -> None:
    """A small cell alone, or with none to hide behind, is told by the total."""
    assert suppressed(apart([2])).total is None
    assert suppressed(apart([1, 1])).total is None
    assert suppressed(apart([1, 1, 1])).total is None


def test_the_smallest_cell_covers() -> None:
    """So that as little as possible is lost."""
    assert suppressed(apart([1, 9, 4, 6])).withheld == {"cell0", "cell2"}


def test_the_same_organisation_in_two_cells_covers_nothing() -> None:
    """Two cells of one and the same organisation tell of one organisation."""
    cells = {"A": {"x"}, "B": {"x"}, "C": {"y", "z", "w"}}
    assert suppressed(cells).withheld == {"A", "B", "C"}


def test_the_service_and_the_engine_ask_for_as_many() -> None:
    """One number for both, or a table of the one would betray one of the other."""
    assert LEAST_ORGANISATIONS == finding.LEAST_ORGANISATIONS
