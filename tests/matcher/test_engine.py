"""The whole flow: three searches, ranking, what is loaded, and buying together."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.calibrate import LogisticCalibrator, level
from matcher.cluster import Grouping
from matcher.embed import Embedder
from matcher.engine import QUERIES_AT_ONCE, Engine, Tuning
from matcher.errors import RecordUnknown, SettingInvalid
from matcher.explain import Match
from matcher.filters import Filter
from matcher.joint import JointCandidate, NotJoint
from matcher.lexical import TermStatistics
from matcher.records import JointInterest, Kind, Need, Record, Solution, Visibility
from matcher.text.terms import terms
from models import open_encoder

NEEDS = [
    Need(id="N1", title="Floating fire pump", description="It starts cold.", country="PL", organisation="A"),
    Need(
        id="N2", title="Fire pump that floats", description="It starts cold.", country="FR", organisation="B"
    ),
    Need(id="N3", title="Diving suit for rescue divers", country="FR", organisation="B"),
    Need(id="N4", title="Ballistic glass to EN 1063 for cars", country="EE", visibility=Visibility.PRIVATE),
]
SOLUTIONS = [
    Solution(id="S1", name="Fire pump that floats", trl=9),
    Solution(id="S2", name="Dry suit for divers", delivery_countries=("FR",)),
    Solution(id="S3", name="Glass for armoured cars, EN 1063", trl=4, delivery_countries=("EU",)),
]


@pytest.fixture
def engine(embedder: Embedder) -> Engine:
    """Four needs and three solutions."""
    made = Engine(embedder)
    made.add([*NEEDS, *SOLUTIONS])
    return made


def ids(items: tuple[Match, ...]) -> list[str]:
    """The ids of matches."""
    return [match.record.id for match in items]


# -- the three searches ---------------------------------------------------------------------------


def test_a_need_finds_the_solution_that_answers_it(engine: Engine) -> None:
    """Given as a record or by id, the best comes first and all are ranked from one."""
    for need, best in (("N1", "S1"), (NEEDS[2], "S2"), ("N4", "S3")):
        found = engine.match(need)
        assert found.items[0].record.id == best
        assert [match.rank for match in found.items] == [1, 2, 3]
        assert all(a.score >= b.score for a, b in pairwise(found.items))
        assert found.query.record is not None


def test_a_solution_or_free_text_finds_the_needs_it_would_answer(engine: Engine) -> None:
    """By id, by record, or as somebody types it."""
    assert engine.demand("S2").items[0].record.id == "N3"
    assert engine.demand(SOLUTIONS[2]).items[0].record.id == "N4"
    typed = engine.demand("a pump for fires that floats on water", language="en")
    assert typed.items[0].record.id in {"N1", "N2"}
    assert typed.query.record is None
    assert typed.query.language == "en"


def test_similar_needs_never_include_the_need_itself(engine: Engine) -> None:
    """Not as a stored need, and not as a newer version of it either."""
    assert ids(engine.similar("N1").items)[0] == "N2"
    for need in NEEDS:
        assert need.id not in ids(engine.similar(need.id).items)
        assert need.id not in ids(engine.similar(replace(need, title="Other words")).items)
    assert len(engine.similar(Need(id="new", title="Fire pump")).items) == len(NEEDS)


def test_k_limits_the_results(engine: Engine) -> None:
    """As many as asked for, and the same as the first of more."""
    everything = ids(engine.match("N1", k=10).items)
    for k in (0, 1, 2, 3):
        assert ids(engine.match("N1", k=k).items) == everything[:k]


def test_an_unknown_id_is_told_not_guessed(engine: Engine) -> None:
    """A need is named by id; only offers may be free text."""
    for search in (engine.match, engine.similar):
        with pytest.raises(RecordUnknown, match="'fire pump'"):
            search("fire pump")


def test_an_empty_engine_finds_nothing(embedder: Embedder) -> None:
    """No records, no results, no groups, no error."""
    empty = Engine(embedder)
    assert empty.match(NEEDS[0]).items == ()
    assert empty.demand("pump").items == ()
    assert empty.groups() == []
    assert empty.clusters() == empty.candidates() == empty.not_joint() == []
    assert list(empty.rank(NEEDS, Kind.SOLUTION)) == [(need.id, []) for need in NEEDS]


# -- filters --------------------------------------------------------------------------------------


def test_a_filter_narrows_and_says_what_it_hides(engine: Engine) -> None:
    """Conditions are counted one by one; what is not stated passes."""
    found = engine.match("N1", where=Filter(countries=("PL",), trl_min=8))
    assert set(ids(found.items)) == {"S1"}
    assert found.hidden == {"countries": 1, "trl_min": 1}
    assert engine.match("N1").hidden == {}


def test_what_the_viewer_may_not_see_is_neither_found_nor_counted(engine: Engine) -> None:
    """A private need leaves no trace in results, counts, groups or candidates."""
    public = Filter(open_to=Visibility.NETWORK)
    found = engine.demand("S3", where=public)
    assert "N4" not in ids(found.items)
    assert found.hidden == {}
    assert "N4" not in {need.id for group in engine.groups(public) for need in group}
    assert "N4" in {need.id for group in engine.groups() for need in group}


def test_a_hidden_need_moves_nobodys_score(engine: Engine) -> None:
    """Scores are the same whether the private need was ever added or not."""
    public = Filter(open_to=Visibility.NETWORK)
    before = [(m.record.id, m.score) for m in engine.demand("EN 1063 glass", where=public).items]
    engine.add([Need(id="H", title="EN 1063 glass", visibility=Visibility.PRIVATE)])
    assert [(m.record.id, m.score) for m in engine.demand("EN 1063 glass", where=public).items] == before


def test_excluded_ids_are_left_out_and_counted(engine: Engine) -> None:
    """The user said so, and is told so."""
    found = engine.match("N1", where=Filter(exclude=frozenset({"S1"})))
    assert set(ids(found.items)) == {"S2", "S3"}
    assert found.hidden == {"exclude": 1}


def test_only_named_records_are_searched(engine: Engine) -> None:
    """As if there were no others: they are not found, not counted, and not told of."""
    where = Filter(only=frozenset({"S1", "S3", "N1"}), countries=("PL",))
    found = engine.match("N1", where=where)
    assert set(ids(found.items)) == {"S1", "S3"}
    assert found.hidden == {}
    assert ids(engine.demand("pump", where=where).items) == ["N1"]
    with pytest.raises(RecordUnknown, match="'S2'"):
        engine.why_not("N1", "S2", where=where)
    assert [solution.id for solution in engine.market(where).solutions] == ["S1", "S3"]
    assert list(engine.to_frame("solutions", where)["id"]) == ["S1", "S3"]


# -- levels and explanations ----------------------------------------------------------------------


def test_without_a_calibrator_no_level_is_shown(engine: Engine) -> None:
    """There is an order only."""
    for match in engine.match("N1").items:
        assert match.level is None
        assert match.probability is None
        assert {part.logit for part in match.explanation.contributions} == {None}


def test_with_a_calibrator_levels_follow_the_probability(embedder: Embedder) -> None:
    """The level is the word for the probability, and the logits are those of the features."""
    calibrator = LogisticCalibrator("hashing@1", (8.0, 0.0, 3.0, 1.0, 2.0, 0.5), -4.0, 10, "2026-01-31")
    engine = Engine(embedder, Tuning(calibrator=calibrator))
    engine.add([*NEEDS, *SOLUTIONS])
    found = engine.match("N1").items
    assert len({match.level for match in found}) > 1
    for match in found:
        assert match.probability is not None
        assert match.level is level(match.probability)
        logit = calibrator.intercept + sum(part.logit or 0 for part in match.explanation.contributions)
        assert match.probability == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-5)


def test_a_match_explains_itself(engine: Engine) -> None:
    """Reasons, gaps and quotations come with the result."""
    best = engine.match("N4").items[0]
    assert any("EN1063" in reason for reason in best.explanation.reasons)
    assert "delivers to EE" in best.explanation.reasons
    assert "TRL 4: not yet on the market" in best.explanation.gaps
    assert best.explanation.evidence[0].found.text in best.record.text


# -- what is loaded -------------------------------------------------------------------------------


def test_a_record_added_again_replaces_the_first(engine: Engine) -> None:
    """The new text is found, the old one is not."""
    engine.add([replace(SOLUTIONS[0], name="Inflatable tent")])
    assert len(engine.solutions) == 3
    assert engine.match(Need(id="Q", title="inflatable tent")).items[0].record.id == "S1"
    scores = {match.record.id: match.score for match in engine.match("N1").items}
    assert scores["S1"] < 0.8


def test_removed_records_are_found_no_more(engine: Engine) -> None:
    """Removing tells how many went; an unknown id removes nothing."""
    assert engine.remove(Kind.SOLUTION, ["S1"]) == 1
    assert "S1" not in ids(engine.match("N1").items)
    with pytest.raises(RecordUnknown, match="'S1'"):
        engine.remove(Kind.SOLUTION, ["S2", "S1"])
    assert len(engine.solutions) == 2
    assert engine.remove(Kind.NEED, []) == 0


def test_progress_counts_all_records_of_both_kinds(embedder: Embedder) -> None:
    """It ends at the number of records."""
    heard: list[int] = []
    records: list[Record] = [*NEEDS, *SOLUTIONS]
    Engine(embedder).add(iter(records), heard.append)
    assert heard == [4, 7]


def test_term_statistics_stay_as_first_fitted(engine: Engine) -> None:
    """Later records are weighed by them; an emptied collection is fitted anew."""
    first = engine.needs.lexical.statistics
    engine.add([Need(id="N9", title="Thermal camera")])
    assert engine.needs.lexical.statistics is first
    engine.remove(Kind.NEED, ["N1", "N2", "N3", "N4", "N9"])
    engine.add(NEEDS[:1])
    assert engine.needs.lexical.statistics.texts == 1


def test_given_statistics_are_kept_whatever_is_loaded(embedder: Embedder, tmp_path: Path) -> None:
    """Nothing is learnt from records, neither at first nor after a collection was emptied."""
    given = TermStatistics.fit([terms("pump"), terms("fire pump that floats on water")])
    engine = Engine(embedder, statistics=given)
    engine.add([*NEEDS, *SOLUTIONS])
    engine.remove(Kind.NEED, ["N1", "N2", "N3", "N4"])
    engine.add(NEEDS)
    assert engine.needs.lexical.statistics is engine.solutions.lexical.statistics is given
    scores = {m.record.id: m.score for m in engine.match("N1").items}
    alone = Engine(embedder, statistics=given)
    alone.add([NEEDS[0], SOLUTIONS[0]])
    assert {m.record.id: m.score for m in alone.match("N1").items} == {"S1": scores["S1"]}
    engine.save(tmp_path)
    again = Engine.load(tmp_path, embedder, statistics=TermStatistics())
    assert np.array_equal(again.needs.lexical.statistics.frequency, given.frequency)


def test_one_query_can_be_asked_of_several_engines(engine: Engine, embedder: Embedder) -> None:
    """A record or a text is read once; what is found is what each would find by itself."""
    other = Engine(embedder)
    other.add([NEEDS[0], SOLUTIONS[1]])
    query = engine.query(NEEDS[1])
    for one in (engine, other):
        assert ids(one.match(query).items) == ids(one.match(NEEDS[1]).items)
        assert ids(one.similar(query).items) == ids(one.similar(NEEDS[1]).items)
        typed = one.demand(engine.query("floating pump", "en"))
        assert ids(typed.items) == ids(one.demand("floating pump", language="en").items)


# -- ranking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 100])
def test_every_query_gets_k_documents_if_there_are_so_many(engine: Engine, k: int) -> None:
    """No level and no filter cuts a ranking; scores never rise along it."""
    ranked = dict(engine.rank([*SOLUTIONS, Solution(id="odd", name="4711")], Kind.NEED, k))
    assert list(ranked) == ["S1", "S2", "S3", "odd"]
    for found in ranked.values():
        assert len(found) == min(k, len(NEEDS))
        assert len({document for document, _ in found}) == len(found)
        assert all(a >= b for (_, a), (_, b) in pairwise(found))


def test_ties_are_ranked_by_id(embedder: Embedder) -> None:
    """Documents of one text have one score and come in the order of their ids."""
    engine = Engine(embedder)
    names = [f"D{number:03}" for number in np.random.default_rng(1).permutation(101)]
    engine.add([Solution(id=name, name="Fire pump that floats on water") for name in names])
    ((_, found),) = engine.rank(NEEDS[:1], Kind.SOLUTION, 101)
    assert [document for document, _ in found] == sorted(names)
    assert len({score for _, score in found}) == 1
    assert ids(engine.match(NEEDS[0], k=101).items) == sorted(names)


def test_ranking_does_not_hold_the_queries_in_memory(engine: Engine) -> None:
    """Queries are drawn as their answers are taken, one batch ahead at most."""
    drawn = 0

    def stream() -> Iterator[Need]:
        nonlocal drawn
        for number in range(5 * QUERIES_AT_ONCE):
            drawn += 1
            yield Need(id=f"Q{number}", title="Fire pump")

    ranked = engine.rank(stream(), Kind.SOLUTION, 1)
    assert drawn == 0
    for taken, (query, _) in enumerate(ranked):
        assert query == f"Q{taken}"
        assert drawn <= taken + QUERIES_AT_ONCE
    assert drawn == 5 * QUERIES_AT_ONCE


def test_a_ranking_gives_what_a_search_gives(engine: Engine) -> None:
    """Evaluation measures what users get."""
    for query, found in engine.rank(NEEDS, Kind.SOLUTION, 3):
        shown = [(match.record.id, match.score) for match in engine.match(query).items]
        assert [document for document, _ in shown] == [document for document, _ in found]
        np.testing.assert_allclose([s for _, s in shown], [s for _, s in found], atol=1e-6)


# -- buying together ------------------------------------------------------------------------------

GROUPING = Tuning(grouping=Grouping(edge=0.5, linkage=0.6))


@pytest.fixture
def buyers(embedder: Embedder) -> Engine:
    """The needs, with others that nearly say the same."""
    made = Engine(embedder, GROUPING)
    made.add(
        [
            *NEEDS,
            Need(id="N5", title="Diving suit for rescue divers", country="FR", organisation="C"),
            Need(
                id="N6",
                title="Floating fire pump",
                country="LV",
                organisation="D",
                joint_interest=JointInterest.NO,
            ),
        ]
    )
    return made


def grouped(engine: Engine, where: Filter | None = None) -> set[frozenset[str]]:
    """Groups as sets of ids."""
    return {frozenset(need.id for need in group) for group in engine.groups(where)}


def test_needs_that_ask_for_the_same_are_grouped(buyers: Engine) -> None:
    """A need without partners is a group of one; a filter applies before grouping."""
    assert grouped(buyers) == {frozenset({"N1", "N2", "N6"}), frozenset({"N3", "N5"}), frozenset({"N4"})}
    assert grouped(buyers, Filter(countries=("FR",))) == {frozenset({"N2"}), frozenset({"N3", "N5"})}
    buyers.remove(Kind.NEED, ["N1", "N5"])
    assert frozenset({"N3"}) in grouped(buyers)


def test_groups_are_candidates_those_across_borders_first(buyers: Engine) -> None:
    """Refusing owners are left out; a single is neither candidate nor refusal."""
    joint = buyers.candidates()
    assert [[need.id for need in candidate.members] for candidate in joint] == [["N2", "N1"], ["N3", "N5"]]
    assert [candidate.scope for candidate in joint] == ["cross-border", "national"]
    assert [need.id for need in joint[0].declined] == ["N6"]
    assert buyers.not_joint() == []


def test_a_group_that_cannot_buy_together_says_why(buyers: Engine) -> None:
    """With fewer than two willing members it is no candidate."""
    buyers.add([replace(NEEDS[1], joint_interest=JointInterest.NO)])
    assert [[need.id for need in candidate.members] for candidate in buyers.candidates()] == [["N3", "N5"]]
    (other,) = buyers.not_joint()
    assert {need.id for need in other.members} == {"N1", "N2", "N6"}
    assert other.reason


def test_an_owner_can_ask_what_if(buyers: Engine) -> None:
    """Without a member, with another need; what the filter hides cannot be added."""
    candidate = buyers.candidates()[0]
    found = buyers.what_if(candidate, add="N3")
    assert isinstance(found.after, JointCandidate)
    assert {need.id for need in found.after.members} == {"N1", "N2", "N3"}
    assert found.after.cohesion < candidate.cohesion
    assert isinstance(buyers.what_if(candidate, drop=["N1"]).after, NotJoint)
    with pytest.raises(RecordUnknown, match="'N4'"):
        buyers.what_if(candidate, add="N4", where=Filter(open_to=Visibility.NETWORK))


def test_a_need_that_is_not_loaded_can_be_tried(buyers: Engine) -> None:
    """It is judged as if it were, by the solutions that are there, and is not kept."""
    buyers.add(SOLUTIONS)
    candidate = buyers.candidates()[0]
    need = buyers.needs.record(buyers.needs.row("N3"))
    assert isinstance(need, Need)
    loaded = buyers.what_if(candidate, add="N3")
    before = buyers.needs.changes
    assert buyers.what_if(candidate, add=need).changes == loaded.changes
    buyers.remove(Kind.NEED, ["N3"])
    found = buyers.what_if(candidate, add=need)
    assert isinstance(found.after, JointCandidate)
    assert found.after.likeness == pytest.approx(loaded.after.likeness, abs=1e-5)
    assert "N3" not in buyers.needs
    assert buyers.needs.changes == before + 1
    with pytest.raises(RecordUnknown):
        buyers.what_if(candidate, add=need, where=Filter(countries=("XX",)))


@pytest.mark.parametrize(
    "kind", [*Kind, "needs", "solutions", "clusters", "candidates", "factors", "members"]
)
def test_everything_can_be_had_as_a_table(buyers: Engine, kind: str) -> None:
    """By the singular or the plural; an unknown name lists the known ones."""
    buyers.add(SOLUTIONS)
    found = buyers.to_frame(kind)
    assert len(found)
    assert buyers.to_frame(str(kind).removesuffix("s")).equals(found)
    with pytest.raises(SettingInvalid, match="needs, solutions, clusters"):
        buyers.to_frame("tables")


def test_tables_hold_what_the_viewer_may_see(buyers: Engine) -> None:
    """A private need is in none of them."""
    public = Filter(open_to=Visibility.NETWORK)
    assert "N4" in set(buyers.to_frame("needs")["id"])
    assert "N4" not in set(buyers.to_frame("needs", public)["id"])
    assert "N4" not in set(buyers.to_frame("clusters", public)["need"])


def test_two_days_can_be_compared(buyers: Engine) -> None:
    """A group that grew is the same group."""
    before = buyers.snapshot(day=date(2026, 3, 1))
    buyers.add([Need(id="N7", title="Floating fire pump", country="EE", organisation="E")])
    changes = buyers.diff(before, buyers.snapshot(day=date(2026, 9, 1)))
    assert changes.new == ("N7",)
    assert [(grown.joined, grown.left) for grown in changes.resized] == [(("N7",), ())]
    assert not changes.births
    assert not changes.deaths


def test_a_market_is_seen_as_the_viewer_may(buyers: Engine) -> None:
    """Needs, solutions and clusters of one audience; without a calibrator nothing is said to fit."""
    buyers.add([*SOLUTIONS, Solution(id="S9", name="Secret pump", visibility=Visibility.PRIVATE)])
    market = buyers.market(Filter(open_to=Visibility.NETWORK), day=date(2026, 3, 1))
    assert {need.id for need in market.needs} == {"N1", "N2", "N3", "N5", "N6"}
    assert {solution.id for solution in market.solutions} == {"S1", "S2", "S3"}
    assert sorted(need for held in market.clusters.values() for need in held) == sorted(
        need.id for need in market.needs
    )
    assert market.fit.nnz == 0


SHUFFLED = [
    *NEEDS,
    Need(id="N5", title="Diving suit for rescue divers", country="DE", organisation="C"),
    Need(id="N6", title="Floating fire pump", description="It starts cold.", country="LV", organisation="D"),
    Need(id="N7", title="Floating fire pump", description="It starts cold.", country="EE", organisation="E"),
]


@settings(max_examples=20)
@given(st.permutations(range(len(SHUFFLED))))
def test_the_order_of_the_records_changes_nothing(order: list[int]) -> None:
    """Added in another order, the same records give the same results, groups and candidates."""
    one, other = (Engine(Embedder(open_encoder("hashing")), GROUPING) for _ in range(2))
    one.add(SHUFFLED)
    other.add([SHUFFLED[i] for i in order])
    assert grouped(one) == grouped(other)
    for a, b in zip(one.candidates(), other.candidates(), strict=True):
        assert (a.id, a.members, a.medoid, a.weakest[:2]) == (b.id, b.members, b.medoid, b.weakest[:2])
    for text in ("fire pump", "diving suit EN 1063"):
        found = [[(m.record.id, m.score) for m in engine.demand(text).items] for engine in (one, other)]
        assert found[0] == found[1]


def test_codes_that_are_not_stated_are_marked(embedder: Embedder) -> None:
    """A likeness taken for lack of codes is in the sum, and told apart from one that the records state."""
    engine = Engine(embedder)
    engine.add([Need(id="N", title="fire pump", cpv=("42122000",))])
    engine.add([Solution(id="S", name="fire pump", cpv=("42122100",)), Solution(id="T", name="fire pump")])
    stated = {
        match.record.id: part.stated
        for match in engine.match("N").items
        for part in match.explanation.contributions
        if part.feature == "CPV branch"
    }
    assert stated == {"S": True, "T": False}


def test_a_standard_in_a_field_is_a_reason(embedder: Embedder) -> None:
    """What scores is told: also where only the solution's field names what the need's text asks for."""
    engine = Engine(embedder)
    engine.add([Need(id="N", title="glass to EN 1063", language="en")])
    engine.add([Solution(id="S", name="panes for cars", standards=("EN 1063",), language="en")])
    assert "both name EN1063" in engine.match("N").items[0].explanation.reasons


def test_a_need_like_another_has_no_level(embedder: Embedder) -> None:
    """The calibrator speaks of solutions that answer needs; between needs there is an order only."""
    calibrator = LogisticCalibrator("any", (9.0, 0.0, 1.0, 1.0, 1.0, 0.0), -1.0, 10, "2026-01-01")
    engine = Engine(embedder, Tuning(calibrator=calibrator))
    engine.add([Need(id="A", title="fire pump"), Need(id="B", title="pumps for fires")])
    engine.add([Solution(id="S", name="fire pump")])
    assert engine.match("A").items[0].level is not None
    assert engine.demand("fire pump").items[0].level is not None
    assert [match.level for match in engine.similar("A").items] == [None]
