"""Ids of clusters from run to run."""

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ClusterUnknown, SnapshotCorrupt
from matcher.identity import Identities
from matcher.phrases import Phrase
from tests.phrased import plain

DAY = date(2026, 3, 1)
LATER = date(2026, 4, 1)
NEEDS = [f"N{i}" for i in range(12)]


def of(*groups: str) -> list[set[str]]:
    """Groups written as words, one letter a need."""
    return [set(group) for group in groups]


def followed(*runs: list[set[str]]) -> Identities:
    """The identities after some runs."""
    found = Identities()
    for run in runs:
        found = found.follow(run, DAY)
    return found


def kinds(before: Identities, after: Identities) -> list[tuple[str, str]]:
    """What happened to which cluster."""
    return [(event.kind, event.id) for event in after.since(before)]


@st.composite
def partition(draw: st.DrawFn) -> list[set[str]]:
    """Some of the needs, in disjoint groups."""
    labels = draw(st.lists(st.integers(-1, 4), min_size=len(NEEDS), max_size=len(NEEDS)))
    groups: dict[int, set[str]] = {}
    for need, label in zip(NEEDS, labels, strict=True):
        if label >= 0:
            groups.setdefault(label, set()).add(need)
    return list(groups.values())


histories = st.lists(partition(), min_size=1, max_size=5)


@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_groups_and_needs_changes_nothing(runs: list[list[set[str]]], random: Any) -> None:
    """Ids, redirects and log are the same however the partition is written down."""
    shuffled = [
        [random.sample(sorted(group), len(group)) for group in random.sample(run, len(run))] for run in runs
    ]
    found = Identities()
    for run in shuffled:
        found = found.follow(run, DAY)
    assert found == followed(*runs)


@given(histories)
def test_the_same_groups_again_change_nothing(runs: list[list[set[str]]]) -> None:
    """No id, no redirect and no event, on whatever day."""
    found = followed(*runs)
    assert found.follow(runs[-1], LATER) == found


@given(histories)
def test_every_id_that_was_given_lives_leads_on_or_is_dead(runs: list[list[set[str]]]) -> None:
    """No id is lost, none is given to two clusters, and no redirect leads to another redirect."""
    found, given_ids = Identities(), set[str]()
    for run in runs:
        found = found.follow(run, DAY)
        given_ids |= found.clusters.keys()
        assert given_ids == found.clusters.keys() | found.retired.keys()
        assert not found.clusters.keys() & found.retired.keys()
        assert sorted(map(set, found.clusters.values()), key=min) == sorted(run, key=min)
        for id_ in given_ids:
            assert found.current(id_) is None or found.current(id_) in found.clusters


@given(histories)
def test_a_living_id_holds_needs_it_held_before(runs: list[list[set[str]]]) -> None:
    """An id never jumps to a group of quite other needs: it goes where most of them are."""
    before = followed(*runs[:-1])
    after = before.follow(runs[-1], DAY)
    for id_, members in before.clusters.items():
        held = Counter({i: len(set(members) & set(now)) for i, now in after.clusters.items()})
        if now := after.current(id_):
            assert held[now] == max(held.values())


@given(histories)
def test_a_given_up_id_leads_to_most_of_what_is_left_of_it(runs: list[list[set[str]]]) -> None:
    """Also when the needs moved on after the merge."""
    found = followed(*runs)
    for old in found.retired.values():
        held = {i: len(set(old.members) & set(now)) for i, now in found.clusters.items()}
        if old.into is not None:
            assert held[old.into] == max(held.values())
        else:
            assert not any(held.values())


@given(histories)
def test_the_log_tells_the_groups_there_are(runs: list[list[set[str]]]) -> None:
    """Births less deaths and merges are the groups of two or more: no change goes untold."""
    found = followed(*runs)
    living: set[str] = set()
    for event in found.log:
        if event.kind == "born":
            assert event.id not in living
            living.add(event.id)
        elif event.kind in {"died", "merged"}:
            living.remove(event.id)
        else:
            assert event.kind in {"grew", "shrank", "split"}
        assert event.id in event.sentence
        assert event.others == tuple(sorted(event.others))
    assert living == {id_ for id_, members in found.clusters.items() if len(members) > 1}


@given(histories)
def test_identities_go_through_json(runs: list[list[set[str]]]) -> None:
    """What is read equals what was written, and goes on alike."""
    found = followed(*runs)
    again = Identities.from_json(json.loads(json.dumps(found.as_json())))
    assert again == found
    assert again.follow(runs[0], LATER) == found.follow(runs[0], LATER)


def test_a_single_keeps_its_id_when_it_grows() -> None:
    """The id of a need alone comes from its own id and from no run."""
    single = followed(of("b"))
    grown = single.follow(of("abc"), LATER)
    assert grown.of("a") == single.of("b") == followed(of("x", "b", "q")).of("b")
    assert kinds(single, grown) == [("born", single.of("b"))]


def test_a_first_run_gives_the_ids_of_a_long_history() -> None:
    """Who loses the state gets the same ids where a group is still led by its founder."""
    assert followed(of("a", "b"), of("ab"), of("abc")).clusters == followed(of("abc")).clusters


def test_the_larger_share_keeps_the_id_when_a_group_splits() -> None:
    """The rest is born, and the split tells what it took."""
    before = followed(of("abcde"))
    after = before.follow(of("ab", "cde"), LATER)
    assert after.of("c") == before.of("c")
    assert after.of("a") not in before.clusters
    told = {event.kind: event for event in after.since(before)}
    assert told.keys() == {"born", "split", "shrank"}
    assert told["split"].others == (after.of("a"),)
    assert told["split"].sentence == f"{before.of('a')} was split: {after.of('a')} took 2 of its 5 needs."
    assert told["born"].sentence.endswith(f"2 needs: a, b. 2 of them were in {before.of('a')}.")
    assert all(event.day == LATER for event in told.values())


def test_a_tie_goes_to_the_nearer_group_then_to_the_smaller_need() -> None:
    """Of halves, the one with fewer strangers; of equal halves, the one with the smallest need id."""
    before = followed(of("abcd"))
    assert before.follow(of("abxyz", "cd"), DAY).of("c") == before.of("a")
    assert before.follow(of("cd", "ab"), DAY).of("a") == before.of("a")


def test_the_group_that_brings_more_keeps_its_id_in_a_merge() -> None:
    """The other's id leads there, also through a second merge."""
    first = followed(of("ab", "cde", "uvwxyz"))
    then = first.follow(of("abcde", "uvwxyz"), DAY)
    assert then.of("a") == first.of("c")
    assert then.current(first.of("a") or "") == first.of("c")
    assert kinds(first, then) == sorted(
        [("grew", first.of("c")), ("merged", first.of("a"))], key=lambda told: str(told[1])
    )
    last = then.follow(of("abcdeuvwxyz"), DAY)
    assert last.current(first.of("a") or "") == last.current(first.of("c") or "") == first.of("u")


def test_a_merge_that_is_undone_gives_the_id_back() -> None:
    """The same needs as before are the same cluster as before."""
    first = followed(of("ab", "cde"))
    again = first.follow(of("abcde"), DAY).follow(of("ab", "cde"), DAY)
    assert again.clusters == first.clusters
    assert not again.retired


def test_an_id_does_not_come_back_with_a_part_of_its_needs() -> None:
    """Half of what it held is another group."""
    first = followed(of("abcd", "uvwxyz"))
    again = first.follow(of("abcduvwxyz"), DAY).follow(of("ab", "cduvwxyz"), DAY)
    assert again.of("a") not in first.clusters


def test_a_cluster_whose_needs_are_gone_is_dead() -> None:
    """Its id leads nowhere, and the log counts the needs without naming them."""
    first = followed(of("ab", "c"))
    gone = first.follow(of("c"), DAY)
    assert gone.current(first.of("a") or "") is None
    (told,) = gone.since(first)
    assert told.kind == "died"
    assert told.sentence == f"{first.of('a')} is no group any more: none of its needs is left."


def test_an_id_leads_on_after_its_own_needs_are_gone() -> None:
    """Who followed a merged cluster still finds the one that took it over."""
    first = followed(of("ab", "cde"))
    later = first.follow(of("abcde"), DAY).follow(of("cde"), DAY)
    assert later.current(first.of("a") or "") == first.of("c")


def test_a_group_that_a_founder_left_keeps_the_first_id() -> None:
    """The founder alone gets another one."""
    first = followed(of("abc"))
    then = first.follow(of("a", "bc"), DAY)
    assert then.of("b") == first.of("a")
    assert then.of("a") not in {None, first.of("a")}


def test_an_unknown_id_and_a_need_in_two_groups_are_refused() -> None:
    """Neither is guessed at."""
    with pytest.raises(ClusterUnknown, match="c-nothing"):
        followed(of("ab")).current("c-nothing")
    with pytest.raises(ValueError, match="'b' is in two groups"):
        Identities().follow(of("ab", "bc"), DAY)
    assert followed(of("ab")).of("z") is None


@pytest.mark.parametrize(
    "change",
    [
        {"clusters": {"c-1": ["a"], "c-2": ["a"]}},
        {"clusters": {"c-1": []}},
        {"retired": {"c-9": {"members": ["q"], "into": "c-8"}}},
        {"clusters": {"c-1": ["a"]}, "retired": {"c-1": {"members": ["a"], "into": None}}},
        {"log": [{"kind": "vanished"}]},
        {"clusters": 7},
    ],
)
def test_damaged_identities_are_refused(change: dict[str, Any]) -> None:
    """What does not fit together is not followed."""
    with pytest.raises(SnapshotCorrupt, match="identities"):
        Identities.from_json({**followed(of("ab", "c")).as_json(), **change})


@given(st.lists(partition(), min_size=2, max_size=4))
def test_what_happened_is_said_anew_after_it_was_stored(runs: list[list[set[str]]]) -> None:
    """Each sentence is a phrase, also of a log that was read back."""
    found = followed(*runs)
    stored = Identities.from_json(json.loads(json.dumps(found.as_json())))
    for event, again in zip(found.log, stored.log, strict=True):
        assert isinstance(again.sentence, Phrase)
        assert again.sentence == event.sentence
        assert plain(again.sentence, "\n".join((*event.named, ", ".join(event.named)))) == []
