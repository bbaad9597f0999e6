"""Everything that requests work with, opened once in each process."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path

from matcher.classify import Suggester
from matcher.embed import Embedder
from matcher.engine import Engine, Tuning
from matcher.pace import give_way, giving_way
from matcher.records import EU_LANGUAGES, Kind
from matcher.retrieve import ask
from matcher.text.language import detect
from matcher.text.sentences import sentences
from matcher.text.terms import terms
from service.confidentiality.audience import Audience
from service.projection.attendance import Attendance
from service.projection.catalogue import Catalogue
from service.projection.follower import Follower
from service.projection.keeper import Keeper
from service.projection.search import Searches
from service.projection.views import Views
from service.security.limits import Limiter
from service.settings import ServerSettings
from service.store import migrate
from service.store.database import Database, open_database
from service.wiring import open_embedder, reference_statistics, suggester_of, tuning_of, vocabulary

logger = logging.getLogger("needmatch")


@dataclass
class Backend:
    """Settings, database, catalogue and views of one process."""

    settings: ServerSettings
    database: Database
    embedder: Embedder
    catalogue: Catalogue
    follower: Follower
    views: Views
    searches: Searches
    attendance: Attendance = field(default_factory=Attendance)
    """Who is being served: what is computed beside requests gives way to them."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    limiter: Limiter = field(default_factory=Limiter)
    keeper: Keeper | None = None
    """Writes vectors beside the records, where the setting says so."""
    ready: threading.Event = field(default_factory=threading.Event)
    _starting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self.clock().date()

    @cached_property
    def suggester(self) -> Suggester | None:
        """CPV suggestions; None for a model without a fitted classifier."""
        return suggester_of(self.embedder)

    @property
    def tuning(self) -> Tuning:
        """What was fitted for the model in use."""
        return self.catalogue.closed.tuning

    @property
    def versions(self) -> dict[str, str]:
        """What answers are made with."""
        return self.catalogue.closed.versions

    @property
    def worker(self) -> str:
        """The name of this process, for jobs it takes."""
        return f"{os.uname().nodename}:{os.getpid()}"

    def start(self) -> None:
        """Bring the database's schema and the index up to date, once; `ready` is set at the end."""
        with self._starting:
            if not self.ready.is_set():
                migrate.up(self.database)
                if self.keeper is not None:
                    self.keeper.open()
                    self.keeper.complete()
                # what every question needs, read while the index waits for the disk
                words = threading.Thread(target=_read_words, name="needmatch-words", daemon=True)
                words.start()
                self.follower.start()
                words.join()
                self.ready.set()

    def start_beside(self) -> None:
        """Begin to start while something else is done; `start` waits for it, and says if it failed."""

        def begin() -> None:
            with suppress(Exception):  # `start` meets with it again
                self.start()

        threading.Thread(target=begin, name="needmatch-start", daemon=True).start()

    def warm(self) -> None:
        """Load what the first question in each language would wait for, in a thread of its own."""

        def load() -> None:
            folder = self.follower.folder
            if folder is not None:  # those who buy ask first, and wait for it: it goes on at half speed
                with giving_way(self.attendance.pause(rest=1.0)):
                    self.views.take_up(folder, Audience.NETWORK)
            # whoever asks in a language that is not loaded yet loads it; others are not kept from their turn
            with giving_way(self.attendance.pause()):
                for audience in Audience:
                    if folder is not None:
                        self.views.take_up(folder, audience)
                for language in EU_LANGUAGES:
                    give_way()
                    ask("Police. Fire brigade.", self.embedder, language)
                    detect("police")
                    sentences("Police. Fire brigade.", language)
                if self.suggester is not None:
                    self.suggester.suggest("police", "en")
            self.views.begin(self.today)

        threading.Thread(target=load, name="needmatch-warm", daemon=True).start()

    def save(self) -> None:
        """Keep the index, and what is shown of it, on disk."""
        self.follower.save()
        if self.follower.folder is not None:
            self.views.keep(self.follower.folder)

    def stop(self) -> None:
        """End following, keep the index, give connections back."""
        self.ready.clear()
        self.follower.stop()
        self.views.stop()
        try:
            self.save()
        except OSError as error:
            logger.warning("index not saved", extra={"reason": str(error)})
        self.database.close()
        if self.keeper is not None and self.keeper.reader is not None:
            self.keeper.reader.close()


def _read_words() -> None:
    """Read stop words and lemmas of all languages: the first question in each would wait for them."""
    for language in EU_LANGUAGES:
        terms("police", language)


def open_backend(
    settings: ServerSettings,
    *,
    clock: Callable[[], datetime] | None = None,
    embedder: Embedder | None = None,
) -> Backend:
    """The backend of some settings, not yet started; `embedder` where the model is open already."""
    settings.data.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    embedder = embedder or open_embedder(settings)
    tuning, words, statistics = tuning_of(embedder.encoder), vocabulary(), reference_statistics()
    moment = clock or (lambda: datetime.now(UTC))
    keeper = None
    if settings.vectors == "postgresql":
        reader = open_database(settings.replica) if settings.replica else None
        keeper = Keeper(database, embedder, today=lambda: moment().date(), reader=reader)

    def make(place: str) -> Engine:
        shelves = {kind: keeper.shelf(place, kind) for kind in Kind} if keeper else None
        return Engine(embedder, tuning, words, statistics, shelves)

    def load(path: Path) -> Engine:
        shelve = partial(keeper.shelf, path.name) if keeper else None
        return Engine.load(path, embedder, tuning, words, shelve=shelve)

    catalogue = Catalogue(make)
    # what was saved beside vectors in memory goes with other row numbers
    folder = "index" if keeper is None else "index-postgresql"
    follower = Follower(database, catalogue, settings.data / folder, load=load, today=lambda: moment().date())
    attendance = Attendance()
    return Backend(
        settings,
        database,
        embedder,
        catalogue,
        follower,
        Views(catalogue, database, follower.catch_up, attendance),
        Searches(catalogue),
        attendance,
        clock=moment,
        keeper=keeper,
    )
