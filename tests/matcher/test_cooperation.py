"""Audiences are apart, ids last, copies are one, and analysts are heard."""

import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import cooperation
from matcher.calibrate import LogisticCalibrator
from matcher.cluster import Grouping
from matcher.cooperation import IDENTITIES, KEPT, REVIEW
from matcher.duplicates import DuplicateModel
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.errors import ClusterUnknown, RecordUnknown, ReviewConflict, SnapshotCorrupt
from matcher.filters import Filter
from matcher.identity import Cluster, Identities
from matcher.joint import JointCandidate, NotJoint, judge
from matcher.pairs import FEATURES
from matcher.profiles import solution_profiles
from matcher.records import JointInterest, Kind, Need, Record, Solution, Visibility
from matcher.review import Edit, Op
from models import open_encoder

DAY = date(2026, 3, 1)
NETWORK = Filter(open_to=Visibility.NETWORK)
GROUPING = Grouping(similarity=0.3, edge=0.5, linkage=0.6, linkage_beside=0.6)
COPIES = DuplicateModel("hashing@1", (10.0, 0.0, 0.0, 10.0, 0.0, 0.0), -17.0, 0.5)
"""Flags texts of nearly the same words."""


def need(id_: str, title: str, country: str = "FR", **more: Any) -> Need:
    """A need of an organisation of its own."""
    return Need(
        id=id_, title=title, country=country, **{"organisation": f"of {id_}", "language": "en", **more}
    )


NEEDS = [
    need("P1", "Floating fire pump", "FR"),
    need("P2", "Fire pump that floats", "PL"),
    need("P3", "Floating fire pump, diesel", "EE"),
    need("D1", "Diving suit for rescue divers", "FR"),
    need("D2", "Diving suits for rescue divers", "DE"),
    need("X1", "Thermal camera 4711", "FI"),
]
SOLUTIONS = [Solution(id="S1", name="Fire pump that floats"), Solution(id="S2", name="Dry suit for divers")]


def engine_of(records: list[Record], **tuning: Any) -> Engine:
    """An engine with some records and the hashing encoder."""
    made = Engine(
        Embedder(open_encoder("hashing")), Tuning(**{"grouping": GROUPING, "duplicates": COPIES, **tuning})
    )
    made.add(records)
    return made


@pytest.fixture
def engine() -> Engine:
    """Pumps, diving suits and a camera, without solutions."""
    return engine_of([*NEEDS])


def members(clusters: list[Cluster]) -> set[tuple[str, ...]]:
    """Needs of each cluster."""
    return {cluster.members for cluster in clusters}


def told(engine: Engine, where: Filter | None = None) -> list[Any]:
    """All that an audience gets to see: groups, ids, candidates with their scores."""
    joint: list[JointCandidate] = engine.candidates(where, day=DAY)
    return [
        [[each.id for each in group] for group in engine.groups(where)],
        engine.clusters(where, day=DAY),
        [(c.id, c.members, c.score, c.totals, c.label, c.solutions, round(c.cohesion, 6)) for c in joint],
        engine.not_joint(where, day=DAY),
    ]


def edit(op: Op, *need_ids: str, **more: Any) -> Edit:
    """An edit by Ana."""
    return Edit(who="Ana", when=datetime(2026, 3, 1, tzinfo=UTC), op=op, need_ids=need_ids, **more)


# -- groups, clusters, candidates -----------------------------------------------------------------


def test_clusters_hold_every_need_once_singles_included(engine: Engine) -> None:
    """By their first need; the medoid is a member, and a single is as coherent as can be."""
    found = engine.clusters(day=DAY)
    assert [cluster.members for cluster in found] == [("D1", "D2"), ("P1", "P2", "P3"), ("X1",)]
    assert len({cluster.id for cluster in found}) == 3
    assert all(cluster.medoid in cluster.members for cluster in found)
    assert [cluster.cohesion for cluster in found if len(cluster.members) == 1] == [1.0]
    assert all(0.6 <= cluster.cohesion <= 1 for cluster in found)
    pumps = engine.cooperation.likeness(Filter(), GROUPING, ["P1", "P2", "P3"])
    assert found[1].cohesion == pytest.approx(float(pumps[np.triu_indices(3, 1)].mean()))
    assert found[1].medoid == ("P1", "P2", "P3")[int(pumps.sum(axis=1).argmax())]


def test_candidates_are_the_clusters_of_two_or_more(engine: Engine) -> None:
    """Under the same ids and with the same cohesion; of three or more, the same stands for all."""
    clusters = {c.id: c for c in engine.clusters(day=DAY) if len(c.members) > 1}
    joint = engine.candidates(day=DAY)
    assert {c.id: tuple(sorted(m.id for m in c.members)) for c in joint} == {
        id_: cluster.members for id_, cluster in clusters.items()
    }
    for candidate in joint:
        if len(candidate.members) > 2:  # of two, each is as near to the other
            assert candidate.medoid.id == clusters[candidate.id].medoid
        assert candidate.cohesion == pytest.approx(clusters[candidate.id].cohesion)
        assert candidate.day == DAY


def test_candidates_across_borders_come_first(engine: Engine) -> None:
    """Then by rank score, then by id."""
    engine.add([need(f"H{i}", f"Helmet for firefighters {'with lamp ' * (i % 2)}", "IT") for i in range(3)])
    joint = engine.candidates(day=DAY)
    assert [c.scope for c in joint] == ["cross-border", "cross-border", "national"]
    assert joint[0].score.rank >= joint[1].score.rank


def test_likeness_is_told_in_the_order_asked_for(engine: Engine) -> None:
    """Whatever rows the needs have; one the audience may not see is unknown to it."""
    found = engine.cooperation.likeness(Filter(), GROUPING, ["X1", "P2", "P1"])
    back = engine.cooperation.likeness(Filter(), GROUPING, ["P1", "P2", "X1"])
    np.testing.assert_allclose(found, back[::-1, ::-1], atol=1e-6)
    assert found[1, 2] > found[0, 1]
    engine.add([need("H", "Floating fire pump", visibility=Visibility.PRIVATE)])
    with pytest.raises(RecordUnknown, match="'H'"):
        engine.cooperation.likeness(NETWORK, GROUPING, ["P1", "H"])


def test_likeness_is_that_by_which_needs_are_grouped(engine: Engine) -> None:
    """Asked alone or judged in a candidate, with solutions loaded and without; twice asked, twice told."""
    for _ in range(2):
        for joint in engine.candidates(day=DAY):
            ids = [member.id for member in joint.members]
            np.testing.assert_allclose(engine.likeness(ids), joint.likeness, atol=1e-5)
        engine.tuning = replace(engine.tuning, grouping=replace(GROUPING, answers=ANSWERS, beside=BESIDE))
        engine.add(SOLUTIONS)
    assert engine.likeness(["P1", "P1"]).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_likeness_and_names_wait_for_no_grouping(engine: Engine) -> None:
    """They are asked for one by one, while groups of thousands of needs may be in the making."""
    joint = engine.candidates(day=DAY)[0]
    grouping, done = threading.Event(), threading.Event()

    def hold() -> None:
        with engine.cooperation._turn:
            grouping.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert grouping.wait(10)
    found: list[Any] = []
    asking = threading.Thread(
        target=lambda: found.extend([engine.likeness(["P1", "P2"]), engine.named(joint).label])
    )
    asking.start()
    asking.join(5)
    done.set()
    holder.join(10)
    assert len(found) == 2


# -- audiences ------------------------------------------------------------------------------------

HIDDEN: list[Record] = [
    need("A0", "Floating fire pump", "LV", visibility=Visibility.PRIVATE, value_eur=9e6),
    need("D0", "Diving suit for rescue divers", "DE", visibility=Visibility.GROUP),
    need("X0", "Thermal camera 4711", "FR", visibility=Visibility.PRIVATE),
    *(need(f"Z{i}", f"Floating fire pump {i}", visibility=Visibility.PRIVATE) for i in range(40)),
    Solution(id="S0", name="Floating fire pump", visibility=Visibility.PRIVATE),
]
ANSWERS = LogisticCalibrator("hashing@1", (6.0, 1.0, 1.0), -3.0, 10, "2026-01-31")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_what_a_filter_hides_has_no_effect(first: bool, beside: bool) -> None:
    """Groups, ids, candidates, scores and offers are as if it had never been added, before or after."""
    grouping = replace(GROUPING, answers=ANSWERS)
    shown: list[Record] = [*NEEDS, *(SOLUTIONS if beside else [])]
    without = engine_of(shown, grouping=grouping)
    other = engine_of([*HIDDEN, *shown] if first else shown, grouping=grouping)
    if not first:
        told(other, NETWORK)
        other.add(HIDDEN)
    told(other)  # what the owner of the hidden ones sees
    assert told(other, NETWORK) == told(without, NETWORK)


def test_what_a_filter_hides_is_there_for_others(engine: Engine) -> None:
    """The same records, seen by who may see them."""
    engine.add(HIDDEN[:1])
    assert ("A0", "P1", "P2", "P3") in members(engine.clusters(day=DAY))
    assert ("P1", "P2", "P3") in members(engine.clusters(NETWORK, day=DAY))


def test_a_need_that_is_closed_leaves_and_comes_back(engine: Engine) -> None:
    """A change of visibility is a change like any other."""
    before = told(engine, NETWORK)
    engine.add([replace(NEEDS[2], visibility=Visibility.PRIVATE)])
    assert ("P1", "P2") in members(engine.clusters(NETWORK, day=DAY))
    engine.add([NEEDS[2]])
    assert told(engine, NETWORK)[2] == before[2]


def test_each_filter_has_groups_of_its_own(engine: Engine) -> None:
    """More of them than are remembered are answered rightly all the same."""
    for _ in range(2):
        for number in range(KEPT + 2):
            left = {"P1", "P2", "P3"} - {f"P{number}"}
            found = engine.clusters(Filter(exclude=frozenset({f"P{number}"})), day=DAY)
            assert tuple(sorted(left)) in members(found)


# -- kept up to date ------------------------------------------------------------------------------

WORDS = ("Floating fire pump", "Fire pump that floats", "Diving suit for divers", "Thermal camera 4711")
CHANGES = st.lists(
    st.dictionaries(
        st.integers(0, 8),
        st.none() | st.tuples(st.sampled_from(WORDS), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=20)
@given(CHANGES)
def test_after_any_change_the_groups_are_those_of_a_new_engine(
    changes: list[dict[int, tuple[str, bool] | None]],
) -> None:
    """Needs come, go and change, seen or not, and are asked for in between."""
    kept = engine_of([])
    held: dict[str, Need] = {}
    for change in changes:
        gone = [f"N{i}" for i, what in change.items() if what is None and f"N{i}" in held]
        fresh = [
            need(f"N{i}", what[0], visibility=Visibility.NETWORK if what[1] else Visibility.PRIVATE)
            for i, what in change.items()
            if what is not None
        ]
        kept.remove(Kind.NEED, gone)
        kept.add(fresh)
        held = {id_: own for id_, own in held.items() if id_ not in gone} | {own.id: own for own in fresh}
        again = engine_of(list(held.values()))
        for where in (None, NETWORK):
            assert members(kept.clusters(where, day=DAY)) == members(again.clusters(where, day=DAY))


def test_ids_stay_as_needs_come_and_go(engine: Engine) -> None:
    """A group keeps its id while most of its needs are there; the same run again changes nothing."""
    first = {cluster.members[0]: cluster.id for cluster in engine.clusters(day=DAY)}
    assert {c.members[0]: c.id for c in engine.clusters(day=date(2027, 1, 1))} == first
    engine.add([need("A9", "Floating fire pump, mobile", "LV")])
    grown = next(c for c in engine.clusters(day=DAY) if "A9" in c.members)
    assert grown.id == first["P1"]
    engine.remove(Kind.NEED, ["A9", "P1"])
    assert next(c for c in engine.clusters(day=DAY) if "P2" in c.members).id == first["P1"]
    assert next(c for c in engine.clusters(day=DAY) if "D1" in c.members).id == first["D1"]
    kinds = [event.kind for event in engine.cooperation.identities[Filter()].log]
    assert kinds == ["born", "born", "grew", "shrank"]


def test_new_solutions_are_taken_into_account(engine: Engine) -> None:
    """The pair model for solutions beside, and their profiles, from the next run on."""
    engine.tuning = replace(engine.tuning, grouping=replace(GROUPING, linkage_beside=0.99))
    assert ("D1", "D2") in members(engine.clusters(day=DAY))
    engine.add(SOLUTIONS)
    assert ("D1", "D2") not in members(engine.clusters(day=DAY))
    engine.remove(Kind.SOLUTION, ["S1", "S2"])
    assert ("D1", "D2") in members(engine.clusters(day=DAY))


BESIDE = LogisticCalibrator(
    "hashing@1", tuple(4.0 if name in ("meaning", "solutions") else 0.3 for name in FEATURES), -4.0, 10, ""
)
OFFERED = ("Fire pump that floats", "Floating pump", "Dry suit for divers", "Camera that sees heat")
MOVES = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 6), st.none() | st.sampled_from(WORDS), max_size=3),
        st.dictionaries(
            st.integers(0, 25),
            st.none() | st.tuples(st.sampled_from(OFFERED), st.sampled_from(["", "42122000"]), st.booleans()),
            max_size=9,
        ),
    ),
    min_size=1,
    max_size=4,
)


def judged_alike(one: Engine, other: Engine, where: Filter | None) -> None:
    """Both tell an audience the same, solutions included, and hold the same profiles."""
    for a, b in zip(told(one, where)[:2], told(other, where)[:2], strict=True):
        assert a == b
    first, second = (engine.candidates(where, day=DAY) for engine in (one, other))
    assert [(c.id, c.members, c.score, c.solutions) for c in first] == [
        (c.id, c.members, c.score, c.solutions) for c in second
    ]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.likeness, b.likeness, atol=1e-5)
        assert (a.offers is None) == (b.offers is None)
        if a.offers and b.offers:
            assert a.offers.solutions == b.offers.solutions
            np.testing.assert_allclose(a.offers.probability, b.offers.probability, atol=1e-6)


@settings(max_examples=25)
@given(MOVES, st.booleans())
def test_after_any_change_of_solutions_groups_and_offers_are_those_made_afresh(
    moves: list[tuple[dict[int, str | None], dict[int, tuple[str, str, bool] | None]]], fitted: bool
) -> None:
    """New, changed, closed and withdrawn ones, with pair models and without, beside changes of needs."""
    grouping = replace(GROUPING, answers=ANSWERS, beside=BESIDE) if fitted else GROUPING
    kept = engine_of([], grouping=grouping)
    for needs, solutions in moves:
        for kind, letter, changes in ((Kind.NEED, "N", needs), (Kind.SOLUTION, "S", solutions)):
            here = kept.collections[kind]
            gone = [f"{letter}{i}" for i, what in changes.items() if what is None and f"{letter}{i}" in here]
            kept.remove(kind, gone)
        kept.add(need(f"N{i}", title) for i, title in needs.items() if title is not None)
        kept.add(
            Solution(
                id=f"S{i}",
                name=f"{what[0]} {i}",
                cpv=(what[1],) if what[1] else (),
                visibility=Visibility.PUBLIC if what[2] else Visibility.PRIVATE,
            )
            for i, what in solutions.items()
            if what is not None
        )
        again = Engine(kept.embedder, kept.tuning)
        again.collections = kept.collections
        for where in (None, NETWORK):
            again.resume(kept.identities(where, day=DAY), where or Filter())
            judged_alike(kept, again, where)


def test_a_solution_concerns_the_needs_near_it_only(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other needs are not compared with the solutions again."""
    compared: list[int] = []
    search = solution_profiles
    monkeypatch.setattr(
        "matcher.audience.solution_profiles",
        lambda vectors, *rest: compared.append(len(vectors)) or search(vectors, *rest),
    )
    engine.add([Solution(id=f"P{i}", name=f"Floating fire pump {i}") for i in range(10)])
    engine.add([Solution(id=f"D{i}", name=f"Diving suit for rescue divers {i}") for i in range(10)])
    engine.add([Solution(id=f"C{i}", name=f"Thermal camera 4711 {i}") for i in range(10)])
    engine.groups()
    assert compared == []
    engine.add([Solution(id="new", name="Thermal camera 4711")])
    engine.groups()
    engine.remove(Kind.SOLUTION, ["new"])
    engine.groups()
    engine.add([Solution(id="far", name="zzzz")])
    engine.groups()
    assert compared == [1, 1, 0]


def test_only_groups_that_changed_are_judged_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one write those of the need, of the offers near it, or of another day."""
    groups: list[set[str]] = []

    def counted(needs: list[Need], *rest: Any, **more: Any) -> JointCandidate | NotJoint:
        groups.append({need.id for need in needs})
        return judge(needs, *rest, **more)

    monkeypatch.setattr(cooperation, "judge", counted)
    engine.tuning = replace(engine.tuning, grouping=replace(GROUPING, answers=ANSWERS))
    engine.add([Solution(id=f"P{i}", name=f"Floating fire pump {i}") for i in range(10)])
    engine.add([Solution(id=f"D{i}", name=f"Diving suit for rescue divers {i}") for i in range(10)])
    pumps, suits = {"P1", "P2", "P3"}, {"D1", "D2"}
    for change, expected in (
        ([], [pumps, suits]),
        ([], []),
        ([need("P4", "Floating fire pump")], [pumps | {"P4"}]),
        ([need("X2", "Radio mast")], []),
        ([Solution(id="D1", name="Diving suit for rescue divers", trl=9)], [suits]),
    ):
        engine.add(change)
        groups.clear()
        engine.candidates(day=DAY)
        assert sorted(groups, key=sorted) == sorted(expected, key=sorted)
    groups.clear()
    engine.candidates(day=date(2026, 3, 2))
    assert len(groups) == 2
    engine.edit(edit("cannot_link", "P1", "P2"))
    groups.clear()
    engine.candidates(day=date(2026, 3, 2))
    assert suits not in groups


def test_one_candidate_can_be_had_without_judging_the_others(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its id or by one that leads to it; an id without a candidate is unknown."""
    ids = {c.members[0]: c.id for c in engine.clusters(day=DAY)}
    judged: list[str] = []
    monkeypatch.setattr(
        cooperation, "judge", lambda *given, **more: judged.append(more["id"]) or judge(*given, **more)
    )
    found = engine.candidate(ids["P1"], day=DAY)
    assert judged == [ids["P1"]]
    assert found == next(c for c in engine.candidates(day=DAY) if c.id == ids["P1"])
    for unknown in ("c-nobody", ids["X1"]):
        with pytest.raises(ClusterUnknown, match=unknown):
            engine.candidate(unknown, day=DAY)
    with pytest.raises(ClusterUnknown):
        engine.candidate(ids["P1"], Filter(countries=("DE",)), day=DAY)
    engine.edit(edit("must_link", "X1", "P1"))
    assert {m.id for m in engine.candidate(ids["X1"], day=DAY).members} >= {"X1", "P1"}
    engine.add([replace(NEEDS[3], joint_interest=JointInterest.NO)])
    with pytest.raises(ClusterUnknown, match=ids["D1"]):
        engine.candidate(ids["D1"], day=DAY)


def test_several_processes_share_one_history(engine: Engine) -> None:
    """What one stored another goes on from; the same groups again change nothing."""
    engine.edit(edit("rename", "P1", name="Pumps"))
    stored = engine.identities(NETWORK, day=DAY)
    other = engine_of([*NEEDS[1:], need("A0", "Floating fire pump")])
    other.resume(Identities.from_json(json.loads(json.dumps(stored.as_json()))), NETWORK)
    grown = other.identities(NETWORK, day=date(2026, 3, 2))
    assert grown.of("P2") == stored.of("P2")
    assert [event.kind for event in grown.since(stored)] == ["grew", "shrank"]
    assert other.identities(NETWORK, day=date(2026, 3, 9)) is grown
    engine.resume(grown, NETWORK)
    assert engine.identities(NETWORK, day=date(2026, 3, 9)).of("P1") == stored.of("P1")


def test_phrases_are_counted_on_as_needs_come_and_go(engine: Engine) -> None:
    """As if they had been counted afresh."""
    ids = {c.members[0]: c.id for c in engine.clusters(day=DAY)}
    engine.named(engine.candidate(ids["P1"], day=DAY))
    engine.add([need("P9", "Diesel hose"), replace(NEEDS[3], title="Suits that float")])
    engine.remove(Kind.NEED, ["X1"])
    again = engine_of([stored.record for stored in engine.needs])
    one = engine.candidate(ids["P1"], day=DAY)
    assert engine.named(one) == again.named(one)


def test_many_ask_while_needs_and_solutions_come_and_go(engine: Engine) -> None:
    """Each answer is of one state: needs, groups and offers fit together, and nothing fails."""
    engine.tuning = replace(engine.tuning, grouping=replace(GROUPING, answers=ANSWERS, beside=BESIDE))
    engine.add(SOLUTIONS)
    faults: list[BaseException] = []
    done = threading.Event()

    def ask(number: int) -> None:
        try:
            while not done.is_set():
                joint = engine.candidates(day=DAY)
                assert all(c.offers and len(c.offers.probability) == len(c.members) for c in joint)
                needs = [each.id for group in engine.groups() for each in group]
                assert len(set(needs)) == len(needs)
                assert {"P1", "P2", "P3"} <= set(needs)
                if number % 2:
                    market = engine.market(day=DAY)
                    assert {each.id for each in market.needs} == {
                        each for members in market.clusters.values() for each in members
                    }
                    engine.named(joint[0])
                    engine.likeness(["P1", "P2"])
                assert engine.match("P1", where=Filter(exclude=frozenset({"S9"}))).items
                assert engine.demand("fire pump").items
                engine.why_not("P1", "S1")
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for number in range(25):
        engine.add([need(f"N{number}", WORDS[number % 4]), Solution(id=f"T{number}", name=WORDS[number % 3])])
        if number % 3:
            engine.remove(Kind.NEED, [f"N{number}"])
            engine.remove(Kind.SOLUTION, [f"T{number}"])
    done.set()
    for thread in threads:
        thread.join(timeout=60)
    assert not faults
    assert not any(thread.is_alive() for thread in threads)


def test_what_records_change_under_is_begun_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """And if they change each time, they are held still in the end."""
    engine.groups()
    looked = 0
    likeness = cooperation.Audience.likeness

    def moved(audience: cooperation.Audience, rows: Any) -> Any:
        nonlocal looked
        looked += 1
        if looked < 20 and not engine.needs._turns._readers:
            engine.add([need(f"N{looked}", "Radio mast")])
        return likeness(audience, rows)

    monkeypatch.setattr(cooperation.Audience, "likeness", moved)
    joint = engine.candidates(day=DAY)
    masts = {f"N{i}" for i in range(20)}
    assert [len(c.members) for c in joint if {m.id for m in c.members} <= masts] == [cooperation.ATTEMPTS]
    assert sum(1 for stored in engine.needs if stored.record.id.startswith("N")) == cooperation.ATTEMPTS


def test_offers_are_those_compared(engine: Engine) -> None:
    """With a fitted calibrator each candidate knows what could serve it; without one, nothing is said."""
    engine.add(SOLUTIONS)
    assert all(c.offers is None for c in engine.candidates(day=DAY))
    engine.tuning = replace(engine.tuning, grouping=replace(GROUPING, answers=ANSWERS))
    pumps = next(c for c in engine.candidates(day=DAY) if "P1" in {m.id for m in c.members})
    assert pumps.offers is not None
    assert [s.id for s in pumps.offers.solutions] == ["S1", "S2"]
    assert pumps.offers.probability.shape == (len(pumps.members), 2)
    assert (pumps.offers.probability[:, 0] > pumps.offers.probability[:, 1]).all()
    assert pumps.solutions[0].solution.id == "S1"


# -- copies ---------------------------------------------------------------------------------------


def test_a_need_entered_twice_by_one_buyer_counts_once() -> None:
    """The later id is left out and named; three copies are one need."""
    own = {"organisation": "Fire brigade"}
    twice = [need(i, "Floating fire pump", **own) for i in ("A1", "A2", "A3")]
    engine = engine_of([*twice, need("B1", "Floating fire pump, diesel", "PL")])
    (candidate,) = engine.candidates(day=DAY)
    assert [m.id for m in candidate.members] == ["A1", "B1"]
    assert candidate.copies == (("A2", "A1"), ("A3", "A1"))
    alone = engine_of([*twice])
    assert alone.candidates(day=DAY) == []
    assert [len(other.members) for other in alone.not_joint(day=DAY)] == [3]


def test_like_needs_of_two_buyers_are_two() -> None:
    """Word for word the same: that is what a joint purchase is made of. So are needs of unnamed buyers."""
    for one, other in (("Fire brigade", "Police"), ("", "")):
        pair = [need("A1", "Floating fire pump", organisation=one)]
        pair += [need("A2", "Floating fire pump", organisation=other)]
        (candidate,) = engine_of([*pair]).candidates(day=DAY)
        assert len(candidate.members) == 2
        assert candidate.copies == ()


def test_unlike_needs_of_one_buyer_are_two_and_without_a_model_all_are() -> None:
    """What tells copies is the model, not the buyer."""
    own = {"organisation": "Fire brigade"}
    pair: list[Record] = [
        need("A1", "Floating fire pump", **own),
        need("A2", "Fire pump, floating, for lakes", **own),
    ]
    assert [c.copies for c in engine_of(pair).candidates(day=DAY)] == [()]
    same: list[Record] = [need(i, "Floating fire pump", **own) for i in ("A1", "A2")]
    assert [c.copies for c in engine_of(same, duplicates=None).candidates(day=DAY)] == [()]


# -- analysts -------------------------------------------------------------------------------------


def test_edits_shape_the_groups(engine: Engine) -> None:
    """Together, apart, locked and named; what contradicts an earlier edit is refused."""
    engine.edit(edit("must_link", "X1", "D1"))
    engine.edit(edit("cannot_link", "P1", "P2"))
    engine.edit(edit("rename", "D1", "D2", name="Suits"))
    found = engine.clusters(day=DAY)
    homes = {member: cluster for cluster in found for member in cluster.members}
    assert homes["X1"] == homes["D1"]
    assert homes["P1"] != homes["P2"]
    assert homes["D1"].name == "Suits"
    with pytest.raises(ReviewConflict):
        engine.edit(edit("must_link", "P1", "P2"))
    engine.edit(edit("lock", "P2", "P3"))
    engine.add([need("P4", "Fire pump that floats", "IT")])
    found = engine.clusters(day=DAY)
    assert [c.members for c in found if c.locked] == [("P2", "P3")]
    engine.edit(edit("undo", undoes=2))
    engine.edit(edit("unlock", "P2"))
    assert ("P1", "P2", "P3", "P4") in members(engine.clusters(day=DAY))


def test_edits_that_name_hidden_needs_change_nothing_for_those_who_do_not_see_them(engine: Engine) -> None:
    """They are passed over."""
    before = told(engine, NETWORK)
    engine.add(HIDDEN[:1])
    engine.edit(edit("must_link", "A0", "X1"))
    assert told(engine, NETWORK) == before
    assert any({"A0", "X1"} <= set(c.members) for c in engine.clusters(day=DAY))


# -- kept beside the records ----------------------------------------------------------------------


def test_state_comes_back_as_it_was(engine: Engine) -> None:
    """Ids of every audience with their history, and edits, through plain text."""
    where = Filter(
        countries=("FR", "PL"),
        cpv=("42",),
        open_to=Visibility.NETWORK,
        exclude=frozenset({"P3", "D2"}),
        only=frozenset({"P1", "P2", "P3"}),
    )
    engine.clusters(day=DAY)
    engine.clusters(where, day=DAY)
    engine.edit(edit("must_link", "P1", "X1"))
    engine.edit(edit("rename", "P1", name="Pumps\u2028für Élan"))
    engine.add([need("P4", "Floating fire pump")])
    engine.clusters(day=DAY)
    state = engine.cooperation.state()
    other = engine_of([*NEEDS, need("P4", "Floating fire pump")])
    other.cooperation.restore(json.loads(json.dumps(state)))
    assert other.cooperation.identities == engine.cooperation.identities
    assert other.cooperation.review == engine.cooperation.review
    assert other.clusters(day=DAY) == engine.clusters(day=DAY)
    assert other.clusters(where, day=DAY) == engine.clusters(where, day=DAY)
    assert other.cooperation.state() == engine.cooperation.state()


def test_without_state_there_is_no_history(engine: Engine) -> None:
    """A snapshot of an earlier release has none."""
    engine.edit(edit("must_link", "P1", "X1"))
    engine.clusters(day=DAY)
    engine.cooperation.restore({})
    assert engine.cooperation.identities == {}
    assert engine.cooperation.review.edits == ()


@pytest.mark.parametrize("text", ["{", "[1]", '[{"audience": {}}]', '[{"audience": {"open_to": 7}}]', "{}x"])
def test_state_that_cannot_be_read_is_corrupt(engine: Engine, text: str) -> None:
    """The message names the file."""
    with pytest.raises(SnapshotCorrupt, match=IDENTITIES):
        engine.cooperation.restore({IDENTITIES: text, REVIEW: ""})


def test_a_candidate_can_be_named_by_what_sets_it_apart(engine: Engine) -> None:
    """Phrases are weighed against the needs that the audience sees, counted anew when these change."""
    pumps = next(c for c in engine.candidates(day=DAY) if "P1" in {m.id for m in c.members})
    named = engine.named(pumps)
    assert named.label is not None
    assert any("pump" in phrase.lower() for phrase in named.label.phrases["en"])
    assert replace(named, label=pumps.label) == pumps
    assert named.label.representative == pumps.medoid.id
