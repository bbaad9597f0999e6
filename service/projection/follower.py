"""Keeps a catalogue up to date with the database, and its index on disk."""

import fcntl
import json
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from matcher.engine import Engine
from matcher.errors import NeedmatchError
from service.confidentiality.audience import Audience
from service.projection.catalogue import Catalogue
from service.projection.entry import CLOSED, Entry, entry_of
from service.store.database import Database
from service.store.outbox import epoch, floor, last, since
from service.store.records import all_ids, every, of_ids
from service.store.rows import record_of
from service.store.tables import RecordRow

AT_ONCE = 64
"""Records taken in together: few enough that whoever waits for the end need not wait long."""
POLL_S = 0.25
APPLIED = "applied.json"

logger = logging.getLogger("needmatch.projection")


def entry_of_row(row: RecordRow) -> Entry:
    """The entry of a database row."""
    return _entry(row, [share.organisation_id for share in row.shares])


def _entry(row: RecordRow | Row[Any], shared_with: Sequence[str]) -> Entry:
    return entry_of(
        record_of(row),
        organisation_id=row.organisation_id,
        status=row.status,
        version=row.version,
        shared_with=shared_with,
        redactions=row.redactions,
    )


class Follower:
    """Takes the database's changes into a catalogue, in order, in this process."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        folder: Path | None = None,
        *,
        load: Callable[[Path], Engine] | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        self.database = database
        self.catalogue = catalogue
        self.folder = folder
        self._load = load
        self._today = today
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._saved = -1
        self.epoch = 0
        """Names this history of the database: a restored or another one has another."""

    def start(self) -> None:
        """Bring the catalogue up to date, from disk where that can be trusted, and stay so."""
        self.epoch = _epoch(self.database)
        self._restore()
        self.catch_up()
        self._thread = threading.Thread(target=self._follow, name="needmatch-follower", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End following; the index on disk is as of the last `save`."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def catch_up(self) -> int:
        """Take in every change that is committed; returns the number of the last one."""
        catalogue = self.catalogue
        with catalogue.changing:
            while not self._stop.is_set():
                with self.database.read() as session:
                    changes = since(session, catalogue.sequence, AT_ONCE)
                    if not changes:
                        return catalogue.sequence
                    ids = sorted({change.record_id for change in changes})
                    entries = [entry_of_row(row) for row in of_ids(session, ids)]
                there = {entry.id for entry in entries}
                catalogue.take(entries, [one for one in ids if one not in there], day=self._today())
                catalogue.sequence = changes[-1].sequence
            return catalogue.sequence

    def rebuild(self) -> None:
        """Make everything again from the database."""
        with self.catalogue.changing:
            fresh = Catalogue(self.catalogue._make)
            with self.database.read() as session:
                sequence = last(session)
                ids = all_ids(session)
            for start in range(0, len(ids), AT_ONCE):
                fresh.take(self._entries(ids[start : start + AT_ONCE]), day=self._today())
            fresh.sequence = sequence
            self._adopt(fresh)

    def save(self) -> None:
        """Write the index to disk, where it differs from what is there."""
        if self.folder is None or self.catalogue.sequence == self._saved:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            for engine in self._named().values():
                # first these turns, which may be long in coming: nobody waits with a write meanwhile
                held.enter_context(engine.cooperation.alone())
            held.enter_context(self.catalogue.changing)
            lock = held.enter_context((self.folder / ".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)  # processes that share the folder take turns
            sequence = self.catalogue.sequence
            known = self._applied()
            if known is not None and known >= sequence:
                self._saved = sequence
                return
            (self.folder / APPLIED).unlink(missing_ok=True)
            for name, engine in self._named().items():
                engine.save(self.folder / name)
            state = {"epoch": self.epoch, "sequence": sequence}
            part = self.folder / f".{APPLIED}"
            part.write_text(json.dumps(state), encoding="utf-8")
            part.replace(self.folder / APPLIED)
            self._saved = sequence

    def _named(self) -> dict[str, Engine]:
        return {CLOSED: self.catalogue.closed} | {a.value: e for a, e in self.catalogue.engines.items()}

    def _restore(self) -> None:
        """The index from disk; made again where it is absent, broken, or of another database."""
        state = self._applied()
        if state is None or self._load is None or self.folder is None:
            self.rebuild()
            return
        catalogue, folder, load = self.catalogue, self.folder, self._load
        with catalogue.changing, ThreadPoolExecutor(1) as beside:
            # files are read beside the database: each waits for the disk a good part of its time
            loading = {name: beside.submit(load, folder / name) for name in self._named()}
            with self.database.read() as session:
                entries = [_entry(row, shared) for row, shared in every(session)]
            try:
                engines = {name: one.result() for name, one in loading.items()}
            except NeedmatchError as error:
                logger.warning("index is made again", extra={"reason": str(error)})
                # else `save` would take what is there for as good as its own
                (folder / APPLIED).unlink(missing_ok=True)
                self.rebuild()
                return
            catalogue.closed = engines.pop(CLOSED)
            catalogue.engines = {Audience(name): engine for name, engine in engines.items()}
            catalogue.take(entries, day=self._today(), fill=False)
            # what changed or left since then is put in by `catch_up`
            catalogue.sequence = self._saved = state

    def _applied(self) -> int | None:
        if self.folder is None:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            state = json.loads((self.folder / APPLIED).read_text(encoding="utf-8"))
            if state["epoch"] == self.epoch:
                with self.database.read() as session:
                    known = floor(session) <= state["sequence"] <= last(session)
                    return int(state["sequence"]) if known else None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def _entries(self, ids: Sequence[str]) -> list[Entry]:
        with self.database.read() as session:
            return [entry_of_row(row) for row in of_ids(session, ids)]

    def _adopt(self, fresh: Catalogue) -> None:
        own = self.catalogue
        own.engines, own.closed, own.entries = fresh.engines, fresh.closed, fresh.entries
        own._own, own._plain = fresh._own, fresh._plain
        own._shared, own._ids = fresh._shared, fresh._ids
        own.sequence = fresh.sequence
        own.stamps = {audience: stamp + 1 for audience, stamp in own.stamps.items()}

    def _follow(self) -> None:
        while not self._stop.wait(POLL_S):
            try:
                self.catch_up()
            except Exception:
                # the database may be away for a while; what was not taken in is taken in later
                logger.exception("following the database failed")


def _epoch(database: Database) -> int:
    """The number of this history of the database, given on first use."""
    with database.write() as session:
        return epoch(session)
