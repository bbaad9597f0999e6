"""Records are asked as they are stored, where the model allows it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from matcher.asking import QUERIES_KEPT, Asking
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.errors import RecordUnknown
from matcher.protocols import Encoded, Encoder, Role, Span
from matcher.records import Kind, Need, Record, Solution
from matcher.retrieve import Query, ask_records

LONG = " ".join(f"It pumps {i} litres and conforms to EN {1000 + i}." for i in range(300))
RECORDS: list[Record] = [
    Need(id="N1", title="Floating fire pump", description="It starts cold.", language="en"),
    Need(id="N2", title="Fire pump", description=LONG, language="en", standards=("EN 1063",)),
    Solution(id="S1", name="Pumpe, die schwimmt", language="de"),
]


class Counting:
    """An encoder that counts the texts it reads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.identity, self.max_tokens = encoder.identity, encoder.max_tokens
        self.count_tokens = encoder.count_tokens
        self.read = 0

    def encode(
        self, texts: Sequence[str], role: Role, spans: Sequence[Sequence[Span]] | None = None
    ) -> Encoded:
        """Vectors as ever."""
        self.read += len(texts)
        return self._encoder.encode(texts, role, spans)


@pytest.fixture
def counting(encoder: Encoder) -> Counting:
    """The tiny encoder."""
    return Counting(encoder)


def engine_of(counting: Counting, *, symmetric: bool) -> Engine:
    """An engine with the records."""
    made = Engine(Embedder(counting), Tuning(symmetric=symmetric))
    made.add(RECORDS)
    counting.read = 0
    return made


def same(one: Query, other: Query) -> None:
    """Two queries that ask the same."""
    assert (one.text, one.language, one.terms, one.record) == (
        other.text,
        other.language,
        other.terms,
        other.record,
    )
    np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-6)
    assert one.parts.spans == other.parts.spans
    assert np.array_equal(one.parts.vectors, other.parts.vectors)
    np.testing.assert_allclose(one.parts.weights, other.parts.weights, atol=1e-6)


@pytest.mark.parametrize("record", RECORDS)
def test_a_stored_record_asks_as_its_text_would(counting: Counting, record: Record) -> None:
    """Nothing is read again, be it by id, as a record, or among many."""
    engine = engine_of(counting, symmetric=True)
    asked = [
        engine._asking.by_id(record.kind, record.id),
        engine.query(record),
        *engine._asking.many([record]),
    ]
    assert counting.read == 0
    for query in asked:
        same(query, ask_records([record], engine.embedder)[0])


def test_a_model_that_tells_roles_apart_reads_again_once(counting: Counting) -> None:
    """The query is remembered until the record comes again."""
    engine = engine_of(counting, symmetric=False)
    first = engine.match("N1").query
    read = counting.read
    assert read
    assert engine.match("N1").query is first
    assert counting.read == read
    engine.add([replace(RECORDS[0], language="fr")])
    assert engine.match("N1").query.language == "fr"


def test_another_version_of_a_record_is_read(counting: Counting) -> None:
    """What is asked is what was given, not what is stored under its id."""
    engine = engine_of(counting, symmetric=True)
    other = Need(id="N1", title="Diving suit")
    query = engine.query(other)
    assert counting.read
    assert query.record is other
    assert query.text == "Diving suit"
    assert [query.text for query in engine._asking.many([RECORDS[0], other, RECORDS[1]])] == [
        RECORDS[0].text,
        "Diving suit",
        RECORDS[1].text,
    ]


def test_a_record_that_comes_again_asks_anew(counting: Counting) -> None:
    """And one that is gone asks nothing."""
    engine = engine_of(counting, symmetric=True)
    engine.similar("N1")
    engine.add([Need(id="N1", title="Diving suit")])
    assert engine.similar("N1").query.text == "Diving suit"
    engine.remove(Kind.NEED, ["N1"])
    with pytest.raises(RecordUnknown, match="'N1'"):
        engine.similar("N1")


def test_what_a_snapshot_holds_is_not_read_again(counting: Counting, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """It says where one passage ends."""
    engine = engine_of(counting, symmetric=True)
    engine.save(tmp_path)
    again = Engine.load(tmp_path, engine.embedder, engine.tuning)
    read = counting.read
    found = again.match("N2")
    assert counting.read == read
    same(found.query, engine.match("N2").query)


def test_few_queries_are_remembered(counting: Counting) -> None:
    """The last ones."""
    engine = engine_of(counting, symmetric=False)
    engine.add(Need(id=f"X{i}", title=f"Pump {i}") for i in range(QUERIES_KEPT + 5))
    asking = Asking(engine.collections, engine.embedder, lambda: False)
    for number in range(QUERIES_KEPT + 5):
        asking.by_id(Kind.NEED, f"X{number}")
    assert len(asking._queries) == QUERIES_KEPT
    assert (Kind.NEED, "X0") not in asking._queries
    assert (Kind.NEED, f"X{QUERIES_KEPT}") in asking._queries
