"""Tables, suppression and headlines."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.market.finding import largest, suppressed, tidy


def table(counts: list[int]) -> pd.DataFrame:
    """Cells with as many needs as organisations."""
    rows = [{"key": f"k{i}", "needs": n, "organisations": n, "value": 10.0 * n} for i, n in enumerate(counts)]
    return tidy(rows, {"key": "string", "needs": "Int64", "organisations": "Int64", "value": "Float64"})


def test_cells_under_three_organisations_lose_their_numbers() -> None:
    """All of them, the count of organisations included, and the cell says that it is suppressed."""
    found = suppressed(table([1, 2, 5]), ["needs", "value"])
    assert found.suppressed.tolist() == [True, True, False]
    assert found.loc[:1, ["needs", "organisations", "value"]].isna().all(axis=None)
    assert found.loc[2, "needs"] == 5


def test_a_lone_suppressed_cell_takes_the_next_smallest_with_it() -> None:
    """Else it followed from the total."""
    assert suppressed(table([9, 1, 4]), ["needs"]).suppressed.tolist() == [False, True, True]


def test_nothing_is_suppressed_where_all_cells_are_large() -> None:
    """And the numbers stay."""
    found = suppressed(table([3, 4, 0]), ["needs"])
    assert found.needs.tolist() == [3, 4, 0]
    assert not found.suppressed.any()


def test_needs_of_unknown_organisations_are_suppressed() -> None:
    """Nobody can say that three stand behind them."""
    cells = table([4, 4, 6])
    cells.loc[0, "organisations"] = 0
    assert suppressed(cells, ["needs"]).suppressed.tolist()[0] is True


@given(st.lists(st.integers(0, 9), max_size=8))
def test_a_suppressed_cell_never_stands_alone(counts: list[int]) -> None:
    """Two cells and three organisations at least, if there are as many; none under three is shown."""
    found = suppressed(table(counts), ["needs"])
    gone = [n for n, hidden in zip(counts, found.suppressed, strict=True) if hidden]
    shown = found.organisations.dropna()
    assert not shown.between(1, 2).any()
    asked = [n for n in counts if n]
    if gone:
        assert len(gone) >= min(2, len(asked))
        assert sum(gone) >= 3 or len(gone) == len(asked)


def test_unknown_values_stay_unknown() -> None:
    """No column turns them into numbers."""
    made = tidy([{"n": None, "x": None, "t": None}], {"n": "Int64", "x": "Float64", "t": "string"})
    assert made.isna().all(axis=None)
    assert made.x.sum(min_count=1) is pd.NA


def test_an_empty_table_keeps_its_columns() -> None:
    """So that code over it needs no special case."""
    made = tidy([], {"n": "Int64", "t": "string"})
    assert list(made.columns) == ["n", "t"]
    assert str(made.dtypes["n"]) == "Int64"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("FI", 2), ("not stated", 9)], ("FI", 2, True)),
        ([("not stated", 9)], ("not stated", 9, False)),
        ([("FI", 0)], None),
    ],
)
def test_a_headline_names_what_is_stated(
    cells: list[tuple[str, int]], expected: tuple[str, int, bool] | None
) -> None:
    """And says so where what is not stated is more."""
    made = tidy([{"c": c, "n": n} for c, n in cells], {"c": "string", "n": "Int64"})
    assert largest(made, "n", ["c"]) == expected
