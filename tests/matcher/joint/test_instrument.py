"""Solutions that cover the members, and the instrument to consider."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.joint.instrument import Covering, Offers, covering, instrument
from matcher.records import Need, Solution

MEMBERS = (Need(id="EE-1", title="", country="EE"), Need(id="FI-1", title="", country="FI"))
NAN = float("nan")


def solution(id: str, trl: int | None = None) -> Solution:
    """A solution."""
    return Solution(id=id, name=id, trl=trl)


def offers(*columns: tuple[float, float]) -> Offers:
    """Solutions S0, S1, ... with their probabilities for the two members."""
    found = tuple(solution(f"S{i}") for i in range(len(columns)))
    return Offers(found, np.array(columns, dtype=np.float64).reshape(-1, 2).T)


def covers(*levels: int | None) -> list[Covering]:
    """Solutions of these TRLs that cover both members."""
    return [Covering(solution(f"S{i}", trl), ("EE-1", "FI-1"), 0.9) for i, trl in enumerate(levels)]


def test_those_that_cover_all_come_first() -> None:
    """Then by how many they cover, by the lowest probability, and by id; others are left out."""
    found = covering(MEMBERS, offers((0.9, 0.4), (0.6, 0.6), (0.7, 0.9), (0.49, 0.1), (0.6, 0.6)))
    assert [each.solution.id for each in found] == ["S2", "S1", "S4", "S0"]
    assert found[0] == Covering(solution("S2"), ("EE-1", "FI-1"), 0.7)
    assert (found[-1].covers, found[-1].min_fit) == (("EE-1",), 0.4)


def test_what_was_not_compared_is_neither_covered_nor_refused() -> None:
    """It covers all it was compared with, and comes behind those that cover more."""
    found = covering(MEMBERS, offers((0.9, NAN), (0.5, 0.5), (NAN, NAN)))
    assert [(each.solution.id, each.covers, each.min_fit) for each in found] == [
        ("S1", ("EE-1", "FI-1"), 0.5),
        ("S0", ("EE-1",), 0.9),
    ]


def test_a_table_of_another_shape_is_refused() -> None:
    """The message says what was seen and expected."""
    with pytest.raises(ValueError, match=r"\(2, 1\), expected \(3, 1\)"):
        covering([*MEMBERS, MEMBERS[0]], offers((0.5, 0.5)))


@given(
    st.lists(st.tuples(*[st.sampled_from([0.1, 0.5, 0.9, NAN])] * 3), max_size=6),
    st.permutations(range(3)),
)
def test_the_order_of_members_changes_nothing(
    rows: list[tuple[float, float, float]], order: list[int]
) -> None:
    """Rows permuted with them."""
    members = [Need(id=f"N{i}", title="", country="EE") for i in range(3)]
    table = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    names = tuple(solution(f"S{i}") for i in range(len(rows)))
    found = covering(members, Offers(names, table))
    assert covering([members[i] for i in order], Offers(names, table[order])) == found


@pytest.mark.parametrize(
    ("levels", "hint", "best"),
    [
        ((9, 9, 9), "market", 9),
        ((9, 9, 9, None), "market", 9),
        ((9, 9), "thin market", 9),
        ((9,), "thin market", 9),
        ((9, 7, 4), "thin market", 9),
        ((9, None), "thin market", 9),
        ((8,), "ppi", 8),
        ((7, 7, 7, 7), "ppi", 7),
        ((6, 3), "pcp", 6),
        ((), "unmet", None),
    ],
)
def test_the_hint_follows_from_how_many_at_which_trl(
    levels: tuple[int | None, ...], hint: str, best: int | None
) -> None:
    """Worded as something to consider, never as what to do."""
    found = instrument(covers(*levels), MEMBERS)
    assert found is not None
    assert (found.hint, found.best_trl) == (hint, best)
    assert "consider" in found.sentence
    assert "must" not in found.sentence
    assert "should" not in found.sentence


@pytest.mark.parametrize("levels", [(None,), (None, None, None), (9, 9, None), (8, None), (5, None)])
def test_where_unknown_trl_could_change_the_hint_there_is_none(levels: tuple[int | None, ...]) -> None:
    """One more at TRL 9 would make another case."""
    assert instrument(covers(*levels), MEMBERS) is None


def test_solutions_for_some_members_leave_the_need_unmet_and_are_told() -> None:
    """Lots could follow."""
    found = instrument([Covering(solution("S1", 9), ("EE-1",), 0.2)], MEMBERS)
    assert found is not None
    assert found.hint == "unmet"
    assert "1 solution would cover some of them" in found.sentence


def test_solutions_compared_with_only_some_are_told() -> None:
    """They count, with a note."""
    found = instrument([*covers(9, 9), Covering(solution("S9", 9), ("EE-1",), 0.9)], MEMBERS)
    assert found is not None
    assert found.hint == "market"
    assert "Compared with only some of the members: 1 solution." in found.sentence


def test_where_nothing_was_compared_nothing_follows() -> None:
    """Not compared is not unmet."""
    nothing = offers((NAN, NAN))
    assert not nothing.compared
    assert instrument(covering(MEMBERS, nothing), MEMBERS, nothing) is None
    some = offers((0.1, NAN))
    found = instrument(covering(MEMBERS, some), MEMBERS, some)
    assert found is not None
    assert found.hint == "unmet"


def test_a_hint_says_where_some_members_were_not_compared() -> None:
    """A solution that was compared with one member is not said to cover all."""
    partly = [Covering(solution(f"S{i}", 9), ("EE-1",), 0.9) for i in range(3)]
    found = instrument(partly, MEMBERS)
    assert found is not None
    assert found.sentence.startswith("3 solutions at TRL 9 would cover all members that were compared")
    assert "Compared with only some of the members: 3 solutions." in found.sentence
