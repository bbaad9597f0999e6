"""Searches for one viewer: in the viewer's audience, with what the viewer's organisation sees besides.

Both engines score a pair by the pair alone, so that their results can be laid into one order.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from matcher.engine import Engine, Matches
from matcher.errors import RecordUnknown
from matcher.explain import Match
from matcher.filters import Filter
from matcher.records import Kind, Need, Record, Solution
from matcher.retrieve import Query
from matcher.whynot import WhyNot
from service.projection.catalogue import SHARED_MARK, Catalogue
from service.rights.viewer import Viewer

T = TypeVar("T")
KEPT = 1024
"""Results remembered, some tens of kB each; none is used once anything that it could see has changed."""
QUERIES_KEPT = 256
"""What was asked with; one takes up to 200 kB."""
MOST = 100
"""Results of one search, at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """The results of one search for one viewer."""

    items: tuple[Match, ...]
    hidden: Mapping[str, int]
    """For each condition of the filter, how many records that the viewer may see it hides."""
    language: str | None
    """Language of what was asked with."""


class Searches:
    """Answers from a catalogue, remembered until what they were made of changes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._found = _Memory[Found](KEPT)
        self._queries = _Memory[Query](QUERIES_KEPT)

    def solutions(self, viewer: Viewer, need: Need, k: int = 10, where: Filter | None = None) -> Found:
        """The solutions that answer a need best."""
        return self._search(viewer, "match", Kind.SOLUTION, need, k, where or Filter())

    def needs(
        self,
        viewer: Viewer,
        asked: Solution | str,
        k: int = 10,
        where: Filter | None = None,
        language: str | None = None,
    ) -> Found:
        """The needs that a solution or a text would answer."""
        return self._search(viewer, "demand", Kind.NEED, asked, k, where or Filter(), language)

    def similar(self, viewer: Viewer, need: Need, k: int = 10, where: Filter | None = None) -> Found:
        """The needs nearest to a need, never itself."""
        wanted = where or Filter()
        wanted = replace(wanted, exclude=wanted.exclude | {need.id, need.id + SHARED_MARK})
        found = self._search(viewer, "similar", Kind.NEED, need, k, wanted)
        # leaving out the need itself is no filter of the viewer's
        own = 0 if where is None else len(where.exclude)
        hidden = {name: count for name, count in found.hidden.items() if name != "exclude" or own}
        return replace(found, hidden=hidden)

    def pair(self, viewer: Viewer, asked: Need | Solution, other: Record) -> Match | None:
        """One pair as it would stand in a search, with everything that explains it."""
        only = Filter(only=frozenset({other.id, other.id + SHARED_MARK}))
        if isinstance(asked, Need):
            found = self.solutions(viewer, asked, 1, only)
        else:
            found = self.needs(viewer, asked, 1, only)
        return found.items[0] if found.items else None

    def why_not(
        self, viewer: Viewer, asked: Need | Solution, other: Record, k: int = 10, where: Filter | None = None
    ) -> WhyNot | None:
        """Where a record stands for a need or an offer, and what holds it back; None where it is not open."""
        engines = self._engines(viewer, where or Filter())
        found = next((why for one in engines if (why := _why_not(one, asked, other.id, k)) is not None), None)
        if found is None or found.rank is None or len(engines) == 1:
            return found
        ahead, others = _place(engines, asked, found.record)
        rank = ahead + 1
        return replace(found, rank=rank, shown=min(k, others), behind=found.behind if rank > k else ())

    # -- inside -------------------------------------------------------------------------------

    def _engines(self, viewer: Viewer, where: Filter) -> list[tuple[Engine, Filter]]:
        """The engines to ask, with what each may say; that of the audience is the last."""
        # what a group sees of a record may stand under an id of its own
        where = replace(where, exclude=where.exclude | {one + SHARED_MARK for one in where.exclude})
        found = []
        for engine, ids in self._catalogue.reach(viewer):
            if ids is None:
                found.append((engine, where))
            else:
                found.append((engine, replace(where, only=ids if where.only is None else ids & where.only)))
        return found

    def _search(
        self,
        viewer: Viewer,
        name: str,
        kind: Kind,
        asked: Record | str,
        k: int,
        where: Filter,
        language: str | None = None,
    ) -> Found:
        engines = self._engines(viewer, where)
        stamps = tuple((id(engine), engine.collections[kind].changes) for engine, _ in engines)
        version = self._version(asked)
        key = (name, version, language, k, tuple(wanted for _, wanted in engines), stamps)
        if version is not None and (known := self._found.get(key)) is not None:
            return known
        query = self._query(_knowing(engines, asked), asked, language)
        twice = _twice(engines, kind)
        results = [
            self._asked(engine, name, query, k + len(twice) if engine is engines[-1][0] else k, wanted)
            for engine, wanted in engines
        ]
        found = _laid(results, k, twice, where)
        if version is not None:
            self._found.keep(key, found)
        return found

    def _asked(self, engine: Engine, name: str, query: Query, k: int, where: Filter) -> Matches:
        search: Callable[..., Matches] = getattr(engine, name)
        return search(query, k, where)

    def _version(self, asked: Record | str) -> Hashable:
        """What names the state of what is asked with; None for a record that is not stored."""
        if isinstance(asked, str):
            return asked
        entry = self._catalogue.entries.get(asked.id)
        if entry is None:
            return None
        # one record is seen in several ways, each an object of its own state
        return (asked.id, entry.version, "own" if asked == entry.record else hash(repr(asked)))

    def _query(self, engine: Engine, asked: Record | str, language: str | None) -> Query:
        version = self._version(asked)
        key = (version, language)
        if version is not None and (known := self._queries.get(key)) is not None:
            return known
        query = engine.query(asked, language)
        if version is not None:
            self._queries.keep(key, query)
        return query


class _Memory(Generic[T]):
    """The last values asked for, by what they are of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, value: T) -> None:
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _knowing(engines: list[tuple[Engine, Filter]], asked: Record | str) -> Engine:
    """The engine that has read what is asked with already, else the first: all read it the same way."""
    if not isinstance(asked, str):
        for engine, _ in engines:
            collection = engine.collections[asked.kind]
            with collection.reading():
                if asked.id in collection and collection.record(collection.row(asked.id)) == asked:
                    return engine
    return engines[0][0]


def _twice(engines: list[tuple[Engine, Filter]], kind: Kind) -> dict[str, Record]:
    """Records of which the audience sees no more than the viewer does besides: as the audience sees them."""
    *besides, (audience, _) = engines
    collection = audience.collections[kind]
    with collection.reading():
        return {
            one: collection.record(collection.row(one))
            for _, where in besides
            for one in where.only or ()
            if one in collection
        }


def _laid(results: list[Matches], k: int, twice: Mapping[str, Record], where: Filter) -> Found:
    """Results of several engines in one order; what stands in two counts once, as its owner sees it."""
    *closed, matches = results
    every = [match for one in closed for match in one.items]
    every += [match for match in matches.items if match.record.id not in twice]
    every = [
        replace(match, record=replace(match.record, id=match.record.id.removesuffix(SHARED_MARK)))
        for match in every
    ]
    ordered = sorted(every, key=lambda match: (-match.score, match.record.id))[:k]
    hidden: Counter[str] = Counter()
    for one in results:
        hidden.update(one.hidden)
    for record in twice.values():
        hidden.subtract(where.why_not(record))
    items = tuple(replace(match, rank=place) for place, match in enumerate(ordered, 1))
    return Found(items, {name: n for name, n in hidden.items() if n}, results[0].query.language)


def _why_not(engine: tuple[Engine, Filter], asked: Record, record_id: str, k: int) -> WhyNot | None:
    for name in (record_id, record_id + SHARED_MARK):
        try:
            found = engine[0].why_not(asked, name, k, engine[1])
        except RecordUnknown:
            continue
        return replace(found, record=replace(found.record, id=record_id))
    return None


def _place(engines: list[tuple[Engine, Filter]], asked: Record, record: Record) -> tuple[int, int]:
    """How many records stand before one for who sees all these engines, and how many there are beside it."""
    kind = record.kind
    scores: dict[str, float] = {}
    for engine, where in engines:
        collection = engine.collections[kind]
        ((_, ranked),) = engine.rank([asked], kind, max(1, collection.size))
        with collection.reading():
            for name, score in ranked:
                own = name.removesuffix(SHARED_MARK)
                if name not in collection or own in scores or own == asked.id:
                    continue
                stored = collection.record(collection.row(name))
                if where.sees(stored) and (own == record.id or not where.why_not(stored)):
                    scores[own] = score
    mine = (-scores.pop(record.id, 0.0), record.id)
    return sum((-score, one) < mine for one, score in scores.items()), len(scores)
