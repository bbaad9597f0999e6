"""Queries from records: one that is stored is asked without being read again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from matcher.collection import Collection
from matcher.embed import Embedder
from matcher.records import Kind, Record
from matcher.retrieve import Query, ask_records
from matcher.text.terms import Terms, terms

QUERIES_KEPT = 128
"""Their words take up to 200 kB each."""
TERMS_KEPT = 2048


class Asking:
    """Makes queries, from what collections hold where a model reads a text alike in both roles.

    The last ones are remembered until their record comes again. Safe to use from several threads.
    """

    def __init__(
        self, collections: Mapping[Kind, Collection], embedder: Embedder, symmetric: Callable[[], bool]
    ) -> None:
        self._collections = collections
        self._embedder = embedder
        self._symmetric = symmetric
        self._lock = threading.Lock()
        self._queries: OrderedDict[tuple[Kind, str], tuple[int, Query]] = OrderedDict()
        self._terms: OrderedDict[tuple[Kind, int], tuple[int, Terms]] = OrderedDict()

    def by_id(self, kind: Kind, record_id: str) -> Query:
        """The query of a stored record. Raises `RecordUnknown`."""
        collection = self._collections[kind]
        with collection.reading():
            row = collection.row(record_id)
            stamp, record = collection.changed(row), collection.record(row)
            made = self._held(collection, row) if self._symmetric() else None
        with self._lock:
            known = self._queries.get((kind, record_id))
            if known is not None and known[0] == stamp:
                self._queries.move_to_end((kind, record_id))
                return known[1]
        query = made() if made else ask_records([record], self._embedder)[0]
        with self._lock:
            self._queries[kind, record_id] = stamp, query
            self._queries.move_to_end((kind, record_id))
            if len(self._queries) > QUERIES_KEPT:
                self._queries.popitem(last=False)
        return query

    def of(self, record: Record) -> Query:
        """The query of a record, be it stored or not."""
        if self._stored(record):
            return self.by_id(record.kind, record.id)
        return ask_records([record], self._embedder)[0]

    def many(self, records: Sequence[Record]) -> list[Query]:
        """Queries of records, those that are not stored read together; none is remembered."""
        made: list[Callable[[], Query] | None] = [None] * len(records)
        if self._symmetric():
            for at, record in enumerate(records):
                collection = self._collections[record.kind]
                with collection.reading():
                    if self._stored(record):
                        made[at] = self._held(collection, collection.row(record.id))
        fresh = [record for record, held in zip(records, made, strict=True) if held is None]
        read = iter(ask_records(fresh, self._embedder) if fresh else ())
        return [next(read) if held is None else held() for held in made]

    def named(self, collection: Collection, row: int) -> Terms:
        """Stems and codes of a stored record, without 4-grams; its collection must be kept still."""
        key, stamp, record = (collection.kind, row), collection.changed(row), collection.record(row)
        with self._lock:
            known = self._terms.get(key)
            if known is not None and known[0] == stamp:
                self._terms.move_to_end(key)
                return known[1]
        found = terms(record.text, collection.languages[row], grams=False, named=record.standards)
        with self._lock:
            self._terms[key] = stamp, found
            if len(self._terms) > TERMS_KEPT:
                self._terms.popitem(last=False)
        return found

    def _stored(self, record: Record) -> bool:
        collection = self._collections[record.kind]
        with collection.reading():
            return record.id in collection and collection.record(collection.row(record.id)) == record

    @staticmethod
    def _held(collection: Collection, row: int) -> Callable[[], Query] | None:
        """What makes the query of a row from what is held of it; None where that is not all of it."""
        record, language, parts = collection.record(row), collection.languages[row], collection.parts[row]
        passages = collection.passages(row)
        if parts is None or passages is None:
            return None

        def made() -> Query:
            words = terms(record.text, language, named=record.standards)
            return Query(record.text, language, passages, words, parts, record)

        return made
