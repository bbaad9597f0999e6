"""Cycles and what changed between them."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.cycle import CandidateState, Cycle, NeedState, Reshaped, Resized, diff
from matcher.errors import FileUnreadable, SnapshotCorrupt, SnapshotIncompatible, SnapshotMissing
from matcher.phrases import Phrase
from matcher.records import Need, Visibility
from tests.phrased import plain

MARCH, SEPTEMBER = date(2026, 3, 1), date(2026, 9, 1)
LETTERS = "abcdefghij"
B = CandidateState("B", 55.8, 0.93, 53.8)
A = CandidateState("A", 88.3, 1.0, 88.3)


def needs(letters: str, **more: Any) -> list[Need]:
    """A need for each letter."""
    return [Need(id=letter, title=f"Need {letter}", **more) for letter in letters]


def cycle(day: date = MARCH, there: str = LETTERS, **clusters: str) -> Cycle:
    """A cycle with clusters written as words, one letter a need."""
    return Cycle.of(day, needs(there), {id_: list(held) for id_, held in clusters.items()})


FULL = Cycle.of(
    MARCH,
    [*needs("abc", country="FR", status="open"), Need(id="ž\u2028", title="Čluny", extra={"Poznámka": "x"})],
    {"c-1": ["b", "a"], "c-2": ["c"]},
    {"c-1": B},
    {"model": "e5@1", "offset": "0.5"},
)


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    """Some needs in disjoint clusters, with ids that mean nothing."""
    labels = draw(st.lists(st.integers(-1, 3), min_size=len(LETTERS), max_size=len(LETTERS)))
    clusters: dict[str, list[str]] = {}
    for letter, label in zip(LETTERS, labels, strict=True):
        if label >= 0:
            clusters.setdefault(f"c-{label}", []).append(letter)
    there = "".join(sorted(letter for held in clusters.values() for letter in held))
    return Cycle.of(draw(st.sampled_from([MARCH, SEPTEMBER])), needs(there), clusters)


@given(cycles(), cycles())
def test_every_cluster_is_told_once_as_what_became_of_it(before: Cycle, after: Cycle) -> None:
    """A group is born, carried on, or ended; none is two of these, and none is passed over."""
    changes = diff(before, after)
    old = {id_ for id_, held in before.clusters.items() if len(held) > 1}
    new = {id_ for id_, held in after.clusters.items() if len(held) > 1}
    assert set(changes.deaths) <= old
    assert set(changes.births) <= new
    carried = {split.id for split in changes.splits} | {m for merge in changes.merges for m in merge.others}
    carried |= {cluster.id for cluster in changes.resized}
    assert not carried & set(changes.deaths)
    untold = old - carried - set(changes.deaths)
    assert all(before.clusters[id_] in after.clusters.values() for id_ in untold)


@given(cycles())
def test_a_cycle_does_not_differ_from_itself(one: Cycle) -> None:
    """Nothing is told where nothing changed, whatever the day."""
    changes = diff(one, replace(one, day=SEPTEMBER))
    assert changes.sentences == ()
    assert changes.markdown().endswith("to 2026-09-01\n\nNothing changed.\n")


@given(cycles(), cycles())
def test_the_way_back_turns_births_into_deaths(before: Cycle, after: Cycle) -> None:
    """And splits into merges, as far as every need is there on both days."""
    one = Cycle.of(MARCH, needs(LETTERS), before.clusters)
    other = Cycle.of(MARCH, needs(LETTERS), after.clusters)
    there, back = diff(one, other), diff(other, one)
    assert there.births == back.deaths
    assert there.splits == back.merges


def test_needs_that_came_changed_and_went() -> None:
    """A closed status and an absent need are both closed; a closed need that comes anew is not new."""
    before = Cycle.of(MARCH, [*needs("abc"), Need(id="d", title="D", status="expired")])
    after = Cycle.of(
        SEPTEMBER,
        [
            Need(id="a", title="Need a", status="fulfilled"),
            Need(id="b", title="Another b"),
            Need(id="d", title="D", status="open"),
            Need(id="e", title="E"),
            Need(id="f", title="F", status="withdrawn"),
        ],
    )
    changes = diff(before, after)
    assert changes.new == ("e",)
    assert changes.changed == ("b",)
    assert changes.closed == ("a", "c")
    assert changes.reopened == ("d",)
    assert changes.sentences == (
        "1 need is new: e.",
        "1 need says something else: b.",
        "2 needs are closed or gone: a, c.",
        "1 need is open again: d.",
    )


def test_the_hash_is_of_what_a_need_says() -> None:
    """Order of codes, status and source are no content; every other field is."""
    need = Need(id="N", title="T", cpv=("35000000", "48000000"), status="open", extra={"k": "v"})
    same = replace(need, cpv=need.cpv[::-1], status="expired", source="ted", url="https://x.example")
    assert NeedState.of(same).content == NeedState.of(need).content
    others = [
        replace(need, title="U"),
        replace(need, value_eur=1.0),
        replace(need, window_end=MARCH),
        replace(need, visibility=Visibility.PUBLIC),
        replace(need, extra={"k": "w"}),
        replace(need, titles={"de": "T"}),
    ]
    assert len({NeedState.of(each).content for each in [need, *others]}) == len(others) + 1


def test_clusters_that_split_merged_began_and_ended() -> None:
    """By the needs they share, whatever the ids."""
    before = cycle(x="abcde", y="fg", z="hi")
    after = cycle(SEPTEMBER, p="ab", q="cdefg", r="hj")
    changes = diff(before, after)
    assert changes.splits == (Reshaped("x", ("p", "q"), (0.4, 0.4286)),)
    assert changes.merges == (Reshaped("q", ("x", "y"), (0.4286, 0.4)),)
    assert changes.births == ("r",)
    assert changes.deaths == ("z",)
    assert changes.resized == ()
    assert "The cluster x was split into p and q." in changes.sentences
    assert "The clusters x and y are one now, q." in changes.sentences


def test_a_cluster_with_the_same_id_is_carried_on_by_one_need() -> None:
    """Ids that come from one history count; singles are no clusters."""
    before = cycle(x="abc", y="de")
    after = cycle(SEPTEMBER, x="aij", y="d")
    changes = diff(before, after)
    assert changes.resized == (Resized("x", "x", ("i", "j"), ("b", "c"), 0.2),)
    assert changes.deaths == ("y",)
    assert changes.sentences[-1] == "The cluster x changed: i, j joined and b, c left."


def test_closed_needs_do_not_weigh_on_a_cluster() -> None:
    """What is left of a cluster carries it on, also under another id."""
    before = cycle(x="abcdefg")
    after = cycle(SEPTEMBER, there="abhij", p="abhij")
    assert diff(before, after).resized == (
        Resized("x", "p", ("h", "i", "j"), ("c", "d", "e", "f", "g"), 0.2),
    )


def test_candidates_and_versions_that_moved() -> None:
    """Levels up and down; what differs in versions is told first and named as a cause."""
    before = replace(FULL, candidates={"c-1": B, "c-2": A, "c-3": A})
    after = replace(
        FULL,
        day=SEPTEMBER,
        candidates={"c-1": A, "c-2": replace(A, score=80.0), "c-4": B},
        versions={"model": "e5@2", "weights": "2026-08"},
    )
    changes = diff(before, after)
    assert [move.id for move in changes.moved] == ["c-1"]
    assert (changes.candidates_new, changes.candidates_gone) == (("c-4",), ("c-3",))
    assert changes.versions["offset"] == ("0.5", None)
    assert changes.sentences[0] == "The model was e5@1 and is e5@2."
    assert changes.sentences[1] == "The offset was 0.5 and is not stated."
    assert changes.sentences[3].startswith("Changes of clusters and scores may come from these versions")
    assert "The candidate c-1 moved from level B to A (score 55.8 to 88.3)." in changes.sentences


def test_the_report_has_a_heading_for_what_changed_and_no_markup_from_ids() -> None:
    """A list for each kind of change; an id is shown as it is."""
    after = replace(FULL, day=SEPTEMBER, needs={**FULL.needs, "<b>*x*": FULL.needs["a"]})
    assert diff(FULL, after).markdown() == (
        "# Changes from 2026-03-01 to 2026-09-01\n\n## Needs\n\n- 1 need is new: \\<b\\>\\*x\\*.\n"
    )


def test_a_cycle_goes_through_a_file(tmp_path: Path) -> None:
    """What is read equals what was written; the file is replaced whole."""
    path = tmp_path / "cycle.json"
    for each in (cycle(x="ab"), FULL):
        each.save(path)
        assert Cycle.load(path) == each
    assert [file.name for file in tmp_path.iterdir()] == ["cycle.json"]


def altered(path: Path, change: Any) -> None:
    """Write the file again with its content changed."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    change(stored)
    path.write_text(json.dumps(stored), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["cycle"].update(day="2026-03-02"),
        lambda stored: stored.pop("sha256"),
        lambda stored: stored.pop("cycle"),
        lambda stored: stored.pop("format"),
    ],
)
def test_an_altered_file_is_refused(tmp_path: Path, change: Any) -> None:
    """Damage is said, not read over."""
    FULL.save(tmp_path / "c.json")
    altered(tmp_path / "c.json", change)
    with pytest.raises(SnapshotCorrupt, match=r"c\.json is damaged"):
        Cycle.load(tmp_path / "c.json")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 1, "cyc', b"\xff\xfe", b"7", b"[" * 100_000])
def test_a_file_that_is_no_cycle_is_refused(tmp_path: Path, content: bytes) -> None:
    """Truncated, of another kind, or not even text."""
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(SnapshotCorrupt):
        Cycle.load(tmp_path / "c.json")


def test_another_format_or_no_file_is_said(tmp_path: Path) -> None:
    """Each with what to do."""
    FULL.save(tmp_path / "c.json")
    altered(tmp_path / "c.json", lambda stored: stored.update(format=99))
    with pytest.raises(SnapshotIncompatible, match="format 99"):
        Cycle.load(tmp_path / "c.json")
    with pytest.raises(SnapshotMissing):
        Cycle.load(tmp_path / "none.json")
    with pytest.raises(FileUnreadable):
        FULL.save(tmp_path / "no" / "folder.json")


def test_clusters_of_a_cycle_hold_its_needs_once() -> None:
    """A need that is not there, or in two clusters, is no state that was."""
    with pytest.raises(ValueError, match="holds z"):
        cycle(x="az")
    with pytest.raises(ValueError, match="two clusters"):
        cycle(x="ab", y="bc")


def test_a_status_is_read_whatever_its_case() -> None:
    """As the gates of a candidate read it."""
    assert NeedState.of(Need(id="N1", title="Vests", status=" Withdrawn")).closed


@given(cycles(), cycles())
def test_everything_said_of_a_comparison_is_a_phrase(before: Cycle, after: Cycle) -> None:
    """Headings and sentences, down to "not stated"; ids stay text."""
    before, after = (
        replace(before, versions={"model": "a", "offset": "1"}),
        replace(after, versions={"model": "b"}),
    )
    changes = diff(before, replace(after, candidates={"c-1": A}))
    assert [said for _, group in changes.sections for said in group] == list(changes.sentences)
    for title, group in changes.sections:
        assert all(isinstance(said, Phrase) for said in (title, *group))
    ids = {*before.needs, *after.needs, *before.clusters, *after.clusters}
    assert plain(changes.sections, "\n".join(map(str, ids))) == []
