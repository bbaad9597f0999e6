"""One engine for each audience, and one for what only some organisations may see.

What an audience may not see has no part in its engine: no vector, no count, no neighbour, no cluster. Private
and group records, and what the network sees less of than their owner, stand in an engine of their own that
is searched only by id lists; its results are laid over those of the audience by score.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from matcher.engine import Engine
from matcher.records import Kind, Record
from service.confidentiality.audience import Audience
from service.projection.entry import CLOSED, Entry
from service.projection.entry import SHARED_MARK as SHARED_MARK
from service.rights.viewer import Viewer

Reach = tuple[tuple[Engine, frozenset[str] | None], ...]
"""Engines with the ids that may be searched in each, None for all; a fuller version of a record first."""


class Catalogue:
    """All records, and the engines that are made from them; `make` makes one of an audience, or `CLOSED`."""

    def __init__(self, make: Callable[[str], Engine]) -> None:
        self._make = make
        self.engines: dict[Audience, Engine] = {audience: make(audience.value) for audience in Audience}
        self.closed = make(CLOSED)
        self.entries: dict[str, Entry] = {}
        self.stamps: dict[Audience, int] = dict.fromkeys(Audience, 0)
        """How often each audience's records changed: what it does not see leaves its number alone."""
        self.narrowed: dict[Audience, int] = dict.fromkeys(Audience, 0)
        """How often something left an audience's sight: then nothing made before may be shown."""
        self.sequence = 0
        """Number of the last change of the database that was taken in."""
        self.changing = threading.RLock()
        self._own: dict[str, set[str]] = defaultdict(set)
        """Organisation to ids in the closed engine that are its own."""
        self._plain: dict[str, set[str]] = defaultdict(set)
        """Organisation to ids of its own that the network sees whole."""
        self._shared: dict[str, set[str]] = defaultdict(set)
        self._ids: dict[str, set[str]] = defaultdict(set)

    def engine(self, viewer: Viewer) -> Engine:
        """The engine of a viewer's audience."""
        return self.engines[Audience(viewer.open_to.value)]

    def get(self, record_id: str, kind: Kind | None = None) -> Entry | None:
        """The entry of an id, whoever asks: show it only through `Entry.to_viewer`."""
        found = self.entries.get(record_id)
        return found if found is not None and kind in (None, found.kind) else None

    def reach(self, viewer: Viewer) -> Reach:
        """What a viewer may search: what is closed to others, then what is open to the viewer's audience."""
        own = viewer.organisation_id or ""
        closed = self._own.get(own, set()) | (self._shared.get(own, set()) if viewer.vetted else set())
        found: list[tuple[Engine, frozenset[str] | None]] = []
        if closed:
            found.append((self.closed, frozenset(closed)))
        network = self.engines[Audience.NETWORK]
        audience = self.engine(viewer)
        # who is not of the network sees its own there, and nothing else
        if audience is not network and (plain := self._plain.get(own)):
            found.append((network, frozenset(plain)))
        return (*found, (audience, None))

    def take(
        self, changed: Iterable[Entry], gone: Iterable[str] = (), *, day: date, fill: bool = True
    ) -> None:
        """Take over new and changed records, and forget those that are gone.

        `fill` puts them into the engines; without it only the entries are taken (the engines came from
        a snapshot).
        """
        with self.changing:
            changed, gone = list(changed), list(gone)
            closing = {entry.id for entry in changed if _closes(self.entries.get(entry.id), entry)}
            for record_id in gone:
                self.entries.pop(record_id, None)
            for record_id in [*gone, *(entry.id for entry in changed)]:
                self._unlist(record_id)
            for entry in changed:
                self.entries[entry.id] = entry
                self._list(entry, day)
            if fill:
                for audience, engine in self.engines.items():
                    shown = {e.id: e.to(audience, day) if e.matched else None for e in changed}
                    shown |= dict.fromkeys(gone)
                    if any(_narrows(engine, one, record, one in closing) for one, record in shown.items()):
                        self.narrowed[audience] += 1
                    if _put(engine, shown):
                        self.stamps[audience] += 1
                closed: dict[str, Record | None] = {}
                for entry in changed:
                    closed |= entry.closed(day)
                for record_id in gone:
                    closed |= {record_id: None, record_id + SHARED_MARK: None}
                _put(self.closed, closed)

    def _list(self, entry: Entry, day: date) -> None:
        narrow = {name for name, record in entry.closed(day).items() if record is not None}
        if entry.id in narrow:
            self._own[entry.organisation_id].add(entry.id)
            self._ids[entry.id].add(entry.organisation_id)
        elif entry.matched:
            self._plain[entry.organisation_id].add(entry.id)
            self._ids[entry.id].add(entry.organisation_id)
        if entry.matched and entry.to_group(day) is not None:
            name = entry.id + SHARED_MARK if entry.id + SHARED_MARK in narrow else entry.id
            for organisation in entry.shared_with - {entry.organisation_id}:
                self._shared[organisation].add(name)
                self._ids[entry.id].add(organisation)

    def _unlist(self, record_id: str) -> None:
        for organisation in self._ids.pop(record_id, ()):
            self._own[organisation].discard(record_id)
            self._plain[organisation].discard(record_id)
            self._shared[organisation].discard(record_id)
            self._shared[organisation].discard(record_id + SHARED_MARK)


def _narrows(engine: Engine, record_id: str, shown: Record | None, closing: bool) -> bool:
    """Whether something that the engine holds of a record will no longer be seen."""
    for collection in engine.collections.values():
        if record_id in collection:
            return shown is None or (closing and collection.record(collection.row(record_id)) != shown)
    return False


def _closes(before: Entry | None, after: Entry) -> bool:
    """Whether a change may take something out of sight that was seen before."""
    return before is not None and (
        before.redactions != after.redactions
        or before.record.visibility is not after.record.visibility
        or before.status != after.status
    )


def _put(engine: Engine, shown: Mapping[str, Record | None]) -> bool:
    """Bring an engine to what is shown, None for what is not; whether anything changed."""
    fresh: list[Record] = []
    changed = False
    for record_id, record in shown.items():
        for collection in engine.collections.values():
            if record_id not in collection:
                continue
            if record is None or record.kind is not collection.kind:
                engine.remove(collection.kind, [record_id])
                changed = True
            elif collection.record(collection.row(record_id)) == record:
                record = None
                break
        if record is not None:
            fresh.append(record)
    if fresh:
        engine.add(fresh)
    return changed or bool(fresh)
