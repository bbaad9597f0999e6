"""Both legs under one filter."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.protocols import Role
from matcher.records import Need, Solution
from matcher.retrieve import DEPTH, Candidates, ask, ask_many, ask_records, retrieve
from matcher.retrieve import _highest as highest
from matcher.rows import RowSet

TITLES = ["Fire pump that floats", "Diving suit", "Thermal camera for search", "Ballistic glass EN 1063"]


@pytest.fixture
def engine(embedder: Embedder) -> Engine:
    """Four solutions in English, then a German one."""
    made = Engine(embedder)
    made.add([Solution(id=f"S{i}", name=title, language="en") for i, title in enumerate(TITLES)])
    made.add([Solution(id="S4", name="Tauchanzug EN 1063", language="de")])
    return made


def found_by(engine: Engine, text: str, allowed: RowSet | None = None, language: str = "en") -> Candidates:
    """The candidates of a free text."""
    query = ask(text, engine.embedder, language)
    return retrieve(
        query, engine.solutions, RowSet.all(engine.solutions.size) if allowed is None else allowed, 10
    )


def test_each_row_stands_with_the_scores_of_both_legs(engine: Engine) -> None:
    """Dense scores are exact for all; words and codes are those of the lexical index, 0 where it has none."""
    query = ask("ballistic glass to EN 1063", engine.embedder, "en")
    found = retrieve(query, engine.solutions, RowSet.all(5), 10)
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found.dense, engine.solutions.dense.score(query.vectors, found.rows)[0])
    lexical = engine.solutions.lexical.score(query.terms)
    words = dict(zip(lexical.rows.tolist(), lexical.words.tolist(), strict=True))
    codes = dict(zip(lexical.rows.tolist(), lexical.codes.tolist(), strict=True))
    assert found.words.tolist() == [words.get(row, 0.0) for row in range(5)]
    assert found.codes.tolist() == [codes.get(row, 0.0) for row in range(5)]
    assert found.codes[3] > 0
    assert found.codes[4] > 0
    assert found.same_language.tolist() == [True, True, True, True, False]


def test_a_query_without_a_code_scores_none(engine: Engine) -> None:
    """Words alone give no score of codes, and a code alone none of words."""
    assert not found_by(engine, "diving suit").codes.any()
    assert not found_by(engine, "EN 1063").words.any()


@pytest.mark.parametrize("allowed", [*map(set, combinations(range(5), 2)), {0, 2, 4}, {1, 2, 3, 4}])
def test_only_allowed_rows_come_back(engine: Engine, allowed: set[int]) -> None:
    """Neither leg brings a row that the searcher may not see; all others are few enough to come."""
    found = found_by(engine, "fire pump and diving suit EN 1063", RowSet.of(allowed, size=5))
    assert found.rows.tolist() == sorted(allowed)


def test_nothing_allowed_gives_nothing(engine: Engine) -> None:
    """An empty answer has empty arrays."""
    found = found_by(engine, "pump", RowSet.none(5))
    assert found.rows.size == found.dense.size == found.words.size == found.same_language.size == 0


def test_a_word_finds_what_the_vectors_pass_over(embedder: Embedder) -> None:
    """Beyond the depth of the dense leg, a text that names the code is among the candidates."""
    engine = Engine(embedder)
    crowd = [
        Solution(id=f"C{i}", name="something that is not with the others but between all of them")
        for i in range(DEPTH + 60)
    ]
    engine.add([*crowd, Solution(id="S", name="Plates, shields and hoods: STANAG 4569")])
    query = ask("something that is not with the others but between all of them, STANAG 4569", embedder, "en")
    everything = engine.solutions.select(Filter()).allowed
    dense, _ = engine.solutions.dense.search(query.vectors, DEPTH, everything)
    row = engine.solutions.row("S")
    assert row not in dense
    assert row in retrieve(query, engine.solutions, everything, 10).rows


def test_as_many_rows_as_asked_for_come_if_there_are(embedder: Embedder) -> None:
    """A deep ranking is not cut at the usual depth."""
    engine = Engine(embedder)
    engine.add([Solution(id=f"S{i}", name=f"pump {i}") for i in range(DEPTH + 50)])
    query = ask("something else", embedder, "en")
    allowed = engine.solutions.select(Filter()).allowed
    assert retrieve(query, engine.solutions, allowed, DEPTH + 40).rows.size >= DEPTH + 40


def test_a_text_is_asked_in_its_own_language(embedder: Embedder) -> None:
    """The language is the one given, else the one detected; without letters there is none."""
    assert ask("Die Feuerwehr braucht tragbare Pumpen für Keller", embedder).language == "de"
    assert ask("Die Feuerwehr", embedder, "en").language == "en"
    assert ask("4711", embedder).language is None


def test_records_are_asked_together_and_keep_their_order(embedder: Embedder) -> None:
    """Each query holds its record, its terms and its sentences; role and language are passed on."""
    needs = [
        Need(id="1", title="Fire pump", description="It has to float."),
        Need(id="2", title="Tauchanzug"),
    ]
    queries = ask_records(needs, embedder, Role.QUERY)
    assert [query.record for query in queries] == needs
    assert [query.text[a:b] for query in queries for a, b in query.parts.spans] == [
        "Fire pump",
        "It has to float.",
        "Tauchanzug",
    ]
    for query in queries:
        assert query.parts.vectors.shape == (len(query.parts.spans), 64)
        assert query.terms.stems
    assert ask_many(["EN 1063"], [None], embedder)[0].record is None


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=40), st.integers(1, 12))
def test_the_highest_are_those_of_a_whole_sort(values: list[float], count: int) -> None:
    """Sorting the top only gives what sorting all would, ties by position."""
    scores = np.array(values, dtype=np.float32)
    assert highest(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=9), st.integers(1, 3))
def test_the_highest_of_very_many_are_those_of_a_whole_sort(values: list[float], count: int) -> None:
    """Where only a part is looked at first, the same come out, be they rare, common or all there is."""
    scores = np.resize(np.array(values, dtype=np.float32), 1_000)
    scores[::7] *= np.linspace(0.5, 1.5, scores[::7].size, dtype=np.float32)
    assert highest(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()


def test_cpv_codes_are_held_against_each_other_where_both_are_stated(engine: Engine) -> None:
    """A record without codes, and words that somebody typed, leave it open."""
    engine.add(
        [
            Solution(id="S0", name="Fire pump", cpv=("42122000",), language="en"),
            Solution(id="S1", name="Diving suit", cpv=("42122100", "18100000"), language="en"),
        ]
    )
    query = ask_records([Need(id="N", title="Pump", cpv=("42122110",), language="en")], engine.embedder)[0]
    found = retrieve(query, engine.solutions, RowSet.all(5), 10)
    np.testing.assert_allclose(found.branch[:2], [0.95, 1.0], atol=1e-6)
    assert np.isnan(found.branch[2:]).all()
    assert np.isnan(found_by(engine, "pump").branch).all()


def test_a_standard_in_its_field_is_found_as_if_the_text_named_it(engine: Engine) -> None:
    """On either side: buyers fill in the field and vendors write prose, or the other way round."""
    engine.add([Solution(id="S0", name="Fire pump", standards=("EN 1147",), language="en")])
    assert found_by(engine, "hose to EN 1147").codes[0] > 0
    need = Need(id="N", title="Glass", standards=("EN 1063",), language="en")
    query = ask_records([need], engine.embedder)[0]
    assert retrieve(query, engine.solutions, RowSet.all(5), 10).codes[[3, 4]].all()
