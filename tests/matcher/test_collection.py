"""Records of one kind under their row numbers."""

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.collection import SELECTIONS_KEPT, WRITES_KEPT, Collection
from matcher.embed import Embedder
from matcher.errors import RecordUnknown
from matcher.filters import Filter, select
from matcher.protocols import Role
from matcher.records import Kind, Need, Visibility
from matcher.rows import RowSet
from matcher.text.sentences import sentences
from matcher.text.terms import terms
from models import open_encoder

NEEDS = [
    Need(id=f"N{i}", title=title) for i, title in enumerate(["Fire pump", "Diving suit", "Thermal camera"])
]


@pytest.fixture
def collection(embedder: Embedder) -> Collection:
    """Three needs."""
    made = Collection.empty(Kind.NEED, embedder.encoder.identity.dimension)
    made.upsert(NEEDS, embedder, fit_statistics=True)
    return made


def test_records_stand_under_dense_rows(collection: Collection) -> None:
    """Rows count from 0 in the order of adding, and lead both ways."""
    assert [(stored.row, stored.record.id) for stored in collection] == [(0, "N0"), (1, "N1"), (2, "N2")]
    assert collection.row("N2") == 2
    assert collection.record(2).id == "N2"
    assert collection.rows().tolist() == [0, 1, 2]
    assert "N1" in collection
    assert "N9" not in collection
    assert len(collection) == collection.size == 3


def test_a_record_that_comes_again_keeps_its_row(collection: Collection, embedder: Embedder) -> None:
    """Text, vectors, words and sentences are those of the new version."""
    rows = collection.upsert(
        [Need(id="N1", title="Inflatable tent"), Need(id="N7", title="Rescue boat")],
        embedder,
        fit_statistics=False,
    )
    assert rows.tolist() == [1, 3]
    assert collection.record(1).title == "Inflatable tent"
    assert 1 in collection.lexical.score(terms("tent")).rows
    assert 1 not in collection.lexical.score(terms("diving suit")).rows
    query = embedder.embed(["Inflatable tent"], [None], Role.PASSAGE)[0].passages
    assert collection.dense.search(query, 1, RowSet.all(4))[0].tolist() == [[1]]
    kept = collection.parts[1]
    assert kept is not None
    assert kept.spans == ((0, len("Inflatable tent")),)


def test_of_one_id_twice_in_a_call_the_later_stands(embedder: Embedder) -> None:
    """Both get the same row, and the first leaves nothing behind."""
    made = Collection.empty(Kind.NEED, embedder.encoder.identity.dimension)
    both = [Need(id="A", title="Fire pump"), Need(id="A", title="Diving suit")]
    assert made.upsert(both, embedder, fit_statistics=True).tolist() == [0, 0]
    assert len(made) == len(made.dense) == len(made.lexical) == 1
    assert made.record(0).title == "Diving suit"
    assert made.lexical.score(terms("pump")).rows.size == 0


def test_the_row_of_a_deleted_record_is_not_given_away(collection: Collection, embedder: Embedder) -> None:
    """A row means one record for ever; a deleted one is found nowhere."""
    assert collection.delete(["N1", "N1"]) == 1
    assert len(collection) == len(collection.dense) == len(collection.lexical) == 2
    assert collection.size == 3
    with pytest.raises(RecordUnknown, match="row 1"):
        collection.record(1)
    collection.upsert([NEEDS[1]], embedder, fit_statistics=False)
    assert collection.row("N1") == 3


def test_an_unknown_id_deletes_nothing(collection: Collection) -> None:
    """Either all are there, or none is deleted."""
    with pytest.raises(RecordUnknown, match="'N9'"):
        collection.delete(["N0", "N9"])
    assert len(collection) == 3


def test_a_selection_is_remembered_until_records_change(collection: Collection, embedder: Embedder) -> None:
    """A filter is evaluated once; a changed collection is looked at anew."""
    first = collection.select(Filter(countries=("FR",)))
    assert collection.select(Filter(countries=("FR",))) is first
    collection.upsert([Need(id="N0", title="Fire pump", country="PL")], embedder, fit_statistics=False)
    assert list(collection.select(Filter(countries=("FR",))).allowed) == [1, 2]
    collection.delete(["N1"])
    assert list(collection.select(Filter(countries=("FR",))).allowed) == [2]


def test_selections_do_not_grow_without_bound(collection: Collection) -> None:
    """Filters that never come again are forgotten, and answered rightly all the same."""
    for number in range(3 * SELECTIONS_KEPT):
        assert len(collection.select(Filter(exclude=frozenset({f"X{number}"}))).allowed) == 3
    assert len(collection._selections) <= SELECTIONS_KEPT


def test_part_vectors_are_kept_to_two_decimals(collection: Collection, embedder: Embedder) -> None:
    """Stored in 8 bits they are the model's own within a hundredth."""
    spans = sentences(NEEDS[0].text, "en")
    exact = embedder.encoder.encode([NEEDS[0].text], Role.PASSAGE, [spans]).spans[0]
    kept = collection.parts[0]
    assert kept is not None
    assert kept.vectors.dtype == np.int8
    np.testing.assert_allclose(kept.unit(), exact, atol=0.01)


def test_statistics_are_fitted_only_when_asked(collection: Collection, embedder: Embedder) -> None:
    """Later records are weighed by the statistics that are there."""
    before = collection.lexical.statistics
    collection.upsert([Need(id="N8", title="Tent")], embedder, fit_statistics=False)
    assert collection.lexical.statistics is before
    assert before.texts == 3


def test_private_texts_do_not_move_the_statistics(embedder: Embedder) -> None:
    """How common a term is, is learnt from records that the whole network may see, and from no other."""
    shared = [Need(id=f"N{i}", title=f"pump number {word}") for i, word in enumerate(("one", "two"))]
    secret = Need(id="S", title="pump pump secret", visibility=Visibility.PRIVATE)
    alone, beside = (Collection.empty(Kind.NEED, embedder.encoder.identity.dimension) for _ in range(2))
    alone.upsert(shared, embedder, fit_statistics=True)
    beside.upsert([*shared, secret], embedder, fit_statistics=True)
    assert np.array_equal(alone.lexical.statistics.frequency, beside.lexical.statistics.frequency)
    assert alone.lexical.statistics.mean_length == beside.lexical.statistics.mean_length


def test_changes_are_counted_and_dated(collection: Collection, embedder: Embedder) -> None:
    """Each call that stores or deletes is one change; a record is of the change that stored it last."""
    assert collection.changes == 1
    assert [collection.changed(row) for row in range(3)] == [1, 1, 1]
    collection.upsert([NEEDS[1], Need(id="N9", title="Tent")], embedder, fit_statistics=False)
    assert collection.changes == 2
    assert [collection.changed(row) for row in range(4)] == [1, 2, 1, 2]
    collection.delete(["N0"])
    assert collection.changes == 3
    assert [collection.changed(row) for row in range(1, 4)] == [2, 1, 2]
    assert collection.changed(99) == 0


def test_what_was_restored_is_older_than_any_change(collection: Collection, embedder: Embedder) -> None:
    """A record that comes again after loading is told from the one that was loaded."""
    other = Collection(Kind.NEED, collection.dense, collection.lexical)
    other.restore(collection.records, collection.languages, collection.parts)
    before = [other.changed(row) for row in range(3)]
    other.upsert([NEEDS[2]], embedder, fit_statistics=False)
    assert [other.changed(row) > old for row, old in enumerate(before)] == [False, False, True]


COUNTRIES = st.sampled_from(["FR", "PL", None])
STEP = st.dictionaries(
    st.integers(0, 6),
    st.none() | st.tuples(COUNTRIES, st.sampled_from(list(Visibility))),
    max_size=4,
)
IDS = st.frozensets(st.integers(0, 8).map("N{}".format), max_size=5)
WHERE = st.builds(
    Filter,
    countries=st.sampled_from([(), ("FR",), ("FR", "PL")]),
    open_to=st.sampled_from([Visibility.PRIVATE, Visibility.NETWORK]),
    exclude=IDS,
    only=st.none() | IDS,
)


@settings(max_examples=40)
@given(st.lists(st.tuples(STEP, st.lists(WHERE, max_size=3)), min_size=1, max_size=6))
def test_a_selection_equals_one_made_afresh(steps: list[tuple[dict[int, Any], list[Filter]]]) -> None:
    """After any storing and deleting, for any filter, whether it was asked for before or not."""
    embedder = Embedder(open_encoder("hashing"))
    made = Collection.empty(Kind.NEED, embedder.encoder.identity.dimension)
    for changes, asked in steps:
        made.delete([f"N{i}" for i, what in changes.items() if what is None and f"N{i}" in made])
        fresh = [
            Need(id=f"N{i}", title="Pump", country=what[0], visibility=what[1])
            for i, what in changes.items()
            if what is not None
        ]
        made.upsert(fresh, embedder, fit_statistics=False)
        for where in [Filter(), *asked]:
            found, expected = made.select(where), select(made.records, where)
            assert found.allowed.mask.tolist() == expected.allowed.mask.tolist()
            assert found.hidden == expected.hidden


def test_only_records_that_changed_are_judged_anew(
    collection: Collection, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids that a filter names cost nothing more, and after too many writes all are judged again."""
    seen: list[str] = []
    monkeypatch.setattr(Filter, "sees", lambda _, record: not seen.append(record.id))
    collection.select(Filter(countries=("FR",)))
    assert seen == ["N0", "N1", "N2"]
    seen.clear()
    collection.select(Filter(countries=("FR",), exclude=frozenset({"N1"})))
    collection.select(Filter(countries=("FR",), only=frozenset({"N1", "N7"})))
    assert seen == []
    collection.upsert([NEEDS[1]], embedder, fit_statistics=False)
    collection.delete(["N0"])
    collection.select(Filter(countries=("FR",)))
    assert seen == ["N1"]
    seen.clear()
    for _ in range(WRITES_KEPT + 1):
        collection.delete([])
    collection.select(Filter(countries=("FR",)))
    assert seen == ["N1", "N2"]


def test_passages_are_told_apart(embedder: Embedder) -> None:
    """A text longer than the window has a vector for each passage, a short one has one."""
    long = Need(id="L", title="Fire pump", description=" ".join(f"It pumps {i} litres." for i in range(400)))
    made = Collection.empty(Kind.NEED, embedder.encoder.identity.dimension)
    made.upsert([long, NEEDS[0]], embedder, fit_statistics=False)
    exact = embedder.embed([long.text, NEEDS[0].text], ["en", "en"], Role.PASSAGE)
    assert len(exact[0].passages) > 1
    for row, own in enumerate(exact):
        held = made.passages(row)
        assert held is not None
        np.testing.assert_allclose(held, own.passages, atol=1e-6)
    other = Collection(Kind.NEED, made.dense, made.lexical)
    other.restore(made.records, made.languages, made.parts)
    assert other.passages(0) is None
    assert other.several() is None


def test_readers_get_one_state_while_records_come_and_go(embedder: Embedder) -> None:
    """What is asked inside one `reading()` fits together, and nobody waits for ever."""
    made = Collection.empty(Kind.NEED, embedder.encoder.identity.dimension)
    made.upsert([Need(id=f"K{i}", title=f"Fire pump {i}") for i in range(20)], embedder, fit_statistics=True)
    query = embedder.embed(["Fire pump"], ["en"], Role.PASSAGE)[0].passages
    faults: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                with made.reading():
                    allowed = made.select(Filter(countries=("FR",))).allowed
                    rows = made.dense.search(query, 80, allowed)[0][0]
                    found = rows[rows >= 0].tolist()
                    assert len(found) == len(allowed) == len(made)
                    assert sorted(made.rows().tolist()) == sorted(found)
                    assert all(made.row(made.record(row).id) == row for row in found)
                    words = made.lexical.score(terms("pump", "en")).rows
                    assert set(words.tolist()) == set(found)
                assert len(list(made)) >= 20
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(40):
        fresh = [Need(id=f"N{number}-{i}", title=f"Fire pump {number}", country="FR") for i in range(3)]
        made.upsert(fresh, embedder, fit_statistics=False)
        made.delete([need.id for need in fresh[:2]])
    done.set()
    for thread in threads:
        thread.join(timeout=30)
    assert not faults
    assert not any(thread.is_alive() for thread in threads)
    assert len(made) == 60
