"""What analysts change about clusters."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import RecordInvalid, ReviewConflict
from matcher.phrases import Phrase
from matcher.review import Constraints, Edit, Op, Review, constraints, line
from tests.phrased import plain

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NEEDS = "abcdef"
ROWS = {need: row for row, need in enumerate(NEEDS)}


def edit(op: Op, needs: str = "", apart: str = "", **more: Any) -> Edit:
    """An edit by Ana; one letter a need."""
    return Edit(who="Ana", when=AT, op=op, need_ids=tuple(needs), apart=tuple(apart), **more)


def reviewed(*edits: Edit) -> Review:
    """A review made edit by edit."""
    review = Review()
    for each in edits:
        review = review.add(each)
    return review


some = st.lists(st.sampled_from(NEEDS), min_size=1, max_size=3, unique=True).map("".join)
drawn = st.one_of(
    st.builds(edit, st.sampled_from(["merge", "must_link", "cannot_link", "lock", "unlock"]), some),
    st.builds(edit, st.just("split"), some, some),
    st.builds(lambda number: edit("undo", undoes=number), st.integers(1, 8)),
)


def accepted(edits: list[Edit]) -> Review:
    """The review after those of the edits that are not refused."""
    review = Review()
    for each in edits:
        try:
            review = review.add(each)
        except (ReviewConflict, RecordInvalid):
            continue
    return review


def grouping(found: Constraints) -> list[set[int]] | None:
    """Groups that meet all constraints, joining only what must be; None where there are none."""
    groups = [{row} for row in ROWS.values()]
    locked = [set(lock) for lock in found.locked]
    for pair in [*found.must, *(pair for lock in locked for pair in combinations(sorted(lock), 2))]:
        one, other = (next(g for g in groups if row in g) for row in pair)
        if one is not other:
            groups.remove(other)
            one |= other
    kept_apart = all(not {i, j} <= group for i, j in found.cannot for group in groups)
    return groups if kept_apart and all(lock in groups for lock in locked) else None


@given(st.lists(drawn, max_size=10))
def test_what_is_accepted_can_be_met(edits: list[Edit]) -> None:
    """Some grouping keeps to every constraint of any review, whatever was undone on the way."""
    assert grouping(constraints(accepted(edits), ROWS)) is not None


def refusal(review: Review, more: Edit) -> ReviewConflict | None:
    """Why an edit is refused, if it is for a contradiction."""
    try:
        review.add(more)
    except ReviewConflict as refused:
        return refused
    except RecordInvalid:
        pass
    return None


@given(
    st.lists(drawn, max_size=10),
    st.builds(edit, st.sampled_from(["merge", "must_link", "cannot_link", "lock"]), some),
)
def test_a_refused_edit_names_edits_that_stand_in_its_way(edits: list[Edit], more: Edit) -> None:
    """Whoever takes back those that are named, again and again, gets it accepted."""
    review = accepted(edits)
    while refused := refusal(review, more):
        standing = {number for number, _ in review.standing}
        assert refused.earlier
        assert set(refused.earlier) <= standing
        assert all(f"edit {number} " in str(refused) for number in refused.earlier)
        review = review.undo(max(refused.earlier), who="Bo", when=AT)


@given(st.lists(drawn, max_size=10))
def test_a_review_goes_through_lines(edits: list[Edit]) -> None:
    """What is read equals what was written, and a line added to the file is an edit added."""
    review = accepted(edits)
    assert Review.from_jsonl(review.to_jsonl()) == review
    more = edit("rename", "a", name="Čluny\n„hlídky“")
    assert Review.from_jsonl(review.to_jsonl() + line(more)) == review.add(more)


@given(st.lists(drawn, max_size=10), drawn)
def test_undo_gives_what_was_asked_before(edits: list[Edit], last: Edit) -> None:
    """Taking the last edit back leaves its constraints out, and taking that back brings them in again."""
    before = accepted(edits)
    try:
        after = before.add(last)
    except (ReviewConflict, RecordInvalid):
        return
    undone = after.undo(len(after.edits), who="Bo", when=AT)
    assert constraints(undone, ROWS) == constraints(before, ROWS)
    again = undone.undo(len(undone.edits), who="Bo", when=AT)
    assert constraints(again, ROWS) == constraints(after, ROWS)
    assert len(again.edits) == len(before.edits) + 3


def test_edits_become_constraints_on_rows() -> None:
    """Each kind does what it says."""
    review = reviewed(
        edit("merge", "ab"), edit("must_link", "bc"), edit("split", "d", "ab"), edit("lock", "ef")
    )
    found = constraints(review, ROWS)
    assert found.must == ((0, 1), (0, 2))
    assert found.cannot == ((0, 3), (1, 3), (2, 3))
    assert found.locked == (frozenset({4, 5}),)


def test_constraints_hold_through_needs_that_are_gone() -> None:
    """What was joined by way of a withdrawn need stays joined, and what it was kept from stays apart."""
    review = reviewed(edit("must_link", "ab"), edit("must_link", "bc"), edit("cannot_link", "bd"))
    found = constraints(review, {"a": 7, "c": 3, "d": 5})
    assert found.must == ((3, 7),)
    assert found.cannot == ((3, 5), (5, 7))
    assert constraints(review, {}) == Constraints()
    assert constraints(reviewed(edit("lock", "ab")), {"b": 2}).locked == (frozenset({2}),)


@pytest.mark.parametrize(
    ("earlier", "refused", "numbers"),
    [
        ([edit("cannot_link", "ab")], edit("merge", "abc"), (1,)),
        ([edit("must_link", "ab"), edit("must_link", "bc")], edit("cannot_link", "ac"), (1, 2)),
        ([edit("cannot_link", "ac"), edit("must_link", "ab")], edit("must_link", "bc"), (1, 2)),
        ([edit("lock", "ab")], edit("must_link", "bc"), (1,)),
        ([edit("lock", "ab")], edit("split", "a", "bc"), (1,)),
        ([edit("rename", "ab", name="x"), edit("lock", "ab")], edit("lock", "bc"), (2,)),
        ([edit("split", "a", "bc")], edit("lock", "ac"), (1,)),
        ([edit("must_link", "de"), edit("merge", "ab")], edit("lock", "acd"), (2,)),
    ],
)
def test_a_contradiction_names_the_earlier_edits(
    earlier: list[Edit], refused: Edit, numbers: tuple[int, ...]
) -> None:
    """The message quotes them, and the error carries their numbers."""
    review = reviewed(*earlier)
    with pytest.raises(
        ReviewConflict, match=rf"contradicts edit {numbers[0]} \(.* by Ana on 2026-03-01"
    ) as told:
        review.add(refused)
    assert told.value.earlier == numbers


def test_what_was_taken_back_contradicts_nothing() -> None:
    """An undone edit and a lifted lock stand in nobody's way."""
    review = reviewed(edit("cannot_link", "ab"), edit("lock", "cd"))
    review = review.undo(1, who="Bo", when=AT, why="wrong pair").add(edit("unlock", "c"))
    review = review.add(edit("merge", "abc"))
    assert constraints(review, ROWS) == Constraints(must=((0, 1), (0, 2)))
    assert [number for number, _ in review.standing] == [2, 4, 5]


def test_an_undo_that_sets_two_edits_against_each_other_is_refused() -> None:
    """Bringing a lock back names the lock and the later merge across it."""
    review = reviewed(edit("lock", "ab", why="agreed"), edit("unlock", "a"), edit("merge", "bc"))
    with pytest.raises(
        ReviewConflict, match=r"undo of edit 2 contradicts edit 1 .*'agreed'.* edit 3"
    ) as told:
        review.undo(2, who="Bo", when=AT)
    assert told.value.earlier == (1, 3)


def test_what_does_not_stand_is_not_taken_back() -> None:
    """Neither an edit twice, nor one that is not there, nor a lock that nobody set."""
    review = reviewed(edit("merge", "ab")).undo(1, who="Bo", when=AT)
    with pytest.raises(ReviewConflict, match="Edit 1 cannot be taken back"):
        review.undo(1, who="Bo", when=AT)
    with pytest.raises(ReviewConflict, match="Edit 9 cannot be taken back"):
        review.undo(9, who="Bo", when=AT)
    with pytest.raises(ReviewConflict, match="nothing to unlock"):
        review.add(edit("unlock", "a"))


@pytest.mark.parametrize(
    "incomplete",
    [
        edit("merge", "a"),
        edit("cannot_link", "aa"),
        edit("lock"),
        edit("rename", name="x"),
        edit("split", "a"),
        edit("split", "ab", "bc"),
        edit("undo"),
        replace(edit("lock", "a"), who=" "),
    ],
)
def test_an_incomplete_edit_is_refused(incomplete: Edit) -> None:
    """It says too little to be followed."""
    with pytest.raises(RecordInvalid, match="is not complete"):
        Review().add(incomplete)


def test_a_line_that_is_no_edit_is_refused_by_its_number() -> None:
    """The file can be mended by hand."""
    good = reviewed(edit("lock", "ab")).to_jsonl()
    with pytest.raises(RecordInvalid, match="Line 3 "):
        Review.from_jsonl(good + "\n" + '{"who": "Ana"}\n')


def test_a_name_follows_most_of_the_needs_it_was_given_to() -> None:
    """Through splits and merges; the later of two names counts, and an empty one takes it away."""
    review = reviewed(edit("rename", "abc", name="Drones"), edit("rename", "de", name="Boats"))
    assert review.names({"a": "c-1", "b": "c-2", "c": "c-2", "d": "c-3"}) == {"c-2": "Drones", "c-3": "Boats"}
    assert review.names(dict.fromkeys("abcde", "c-1")) == {"c-1": "Boats"}
    assert review.add(edit("rename", "d")).names({"d": "c-3"}) == {}
    assert review.names({}) == {}


def test_the_log_tells_names_and_locks() -> None:
    """One sentence each, dated by the edit, for edits after those already told."""
    review = reviewed(edit("rename", "ab", name="Drones"), edit("merge", "cd"), edit("lock", "ab"))
    homes = dict.fromkeys("ab", "c-1")
    told = review.events(homes)
    assert [(event.kind, event.id, event.day) for event in told] == [
        ("renamed", "c-1", date(2026, 3, 1)),
        ("locked", "c-1", date(2026, 3, 1)),
    ]
    assert told[0].sentence == "c-1 is called 'Drones' now."
    assert review.events(homes, after=1) == told[1:]
    assert review.locked(homes) == {"c-1"}


def test_without_some_needs_nothing_is_tied_through_them() -> None:
    """As if these had never been: what follows from them for others is gone, the rest stands."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    review = Review()
    for pair in (("P", "H"), ("H", "X"), ("P", "Q")):
        review = review.add(Edit(who="Ana", when=at, op="must_link", need_ids=pair))
    review = review.add(Edit(who="Ana", when=at, op="split", need_ids=("Y",), apart=("H",)))
    rows = {"P": 0, "Q": 1, "X": 2, "Y": 3}
    assert constraints(review.without({"H"}), rows).must == ((0, 1),)
    assert constraints(review.without({"H"}), rows).cannot == ()
    assert constraints(review.without(set()), rows) == constraints(review, rows)


def test_without_some_needs_a_lifted_lock_stays_lifted() -> None:
    """Be it that the need which the unlock named is left out: later edits stand as they did."""
    review = reviewed(edit("lock", "ab"), edit("unlock", "a"), edit("lock", "bc"), edit("lock", "de"))
    assert review.without({"a"}).locks == (frozenset("bc"), frozenset("de"))
    assert review.without(set()).locks == review.locks


def test_a_name_goes_with_any_of_the_needs_it_was_given_to() -> None:
    """It may tell of all of them; edits name whom they concern, taken back or not."""
    review = reviewed(edit("rename", "ab", name="Drones"), edit("rename", "c", name="Pumps"))
    homes = {"a": "c-1", "c": "c-2"}
    assert review.without({"b"}).names(homes) == {"c-2": "Pumps"}
    assert review.without(set()).names(homes) == {"c-1": "Drones", "c-2": "Pumps"}
    assert review.undo(1, who="Bo", when=AT).named == frozenset("abc")


@given(st.lists(drawn, max_size=6), st.sets(st.sampled_from(NEEDS)))
def test_without_some_needs_the_rest_never_contradicts_itself(edits: list[Edit], hidden: set[str]) -> None:
    """Whatever was said before; nothing names a need that is left out."""
    review = Review()
    for each in edits:
        with suppress(ReviewConflict, RecordInvalid):
            review = review.add(each)
    left = review.without(hidden)
    assert not left.named & hidden
    assert set(left.locks) == {lock - hidden for lock in review.locks if lock - hidden}


@pytest.mark.parametrize(
    "more",
    [
        edit("split", "b", apart="a", why="not alike"),
        edit("unlock", "z"),
        edit("undo", undoes=9),
        edit("undo"),
        edit("merge", "a"),
        edit("split", "a"),
        edit("split", "a", apart="a"),
        replace(edit("lock", "a"), who=" "),
    ],
    ids=lambda more: str(more),
)
def test_a_refusal_is_a_phrase(more: Edit) -> None:
    """Whoever is refused reads it in a language of one's own; words of people stay as they are."""
    review = reviewed(edit("merge", "abc", why="one and the same"))
    with pytest.raises((ReviewConflict, RecordInvalid)) as refused:
        review.add(more)
    assert isinstance(str(refused.value), Phrase)
    assert plain(str(refused.value), "one and the same\nnot alike\na, b, c") == []
