"""Laws of the projection: a catalogue that is kept up is the one that would be built now, for everybody."""

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.records import JointInterest, Need, Solution, Visibility
from service.confidentiality.audience import Audience
from service.projection.catalogue import SHARED_MARK, Catalogue
from service.projection.follower import Follower
from service.projection.views import Views
from service.rights.policy import Role
from service.rights.viewer import ANONYMOUS, Viewer
from service.store import migrate, records
from service.store.database import Database, open_database
from service.store.records import SYSTEM, RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow
from service.wiring import reference_statistics

DAY = date(2026, 12, 1)
OWNERS = ("alpha", "beta", "gamma")
CANARY = "xylograph"
TITLES = ("Ballistic vests for dog handlers", "Mobile flood pump for cellars", "Fast patrol boat with radar")


def viewer(organisation: str, role: Role = Role.PROCURER, *, vetted: bool = True) -> Viewer:
    """Somebody of an organisation."""
    return Viewer(f"user-{organisation}", organisation, role, vetted)


VIEWERS = (
    ANONYMOUS,
    *(viewer(one) for one in OWNERS),
    viewer("beta", vetted=False),
    viewer("shop", Role.INDUSTRY),
    viewer("nowhere"),
)


class World:
    """A database, and catalogues over it."""

    def __init__(self, url: str, embedder: Embedder, folder: Path | None = None) -> None:
        self.database = open_database(url)
        self.embedder = embedder
        self.folder = folder
        self.followers: list[Follower] = []

    def make(self, place: str = "") -> Engine:
        """An empty engine that learns from nobody's records."""
        return Engine(self.embedder, statistics=reference_statistics())

    def follower(self, *, folder: Path | None = None) -> Follower:
        """Another process."""
        made = Follower(
            self.database, Catalogue(self.make), folder, today=lambda: DAY,
            load=lambda path: Engine.load(path, self.embedder, statistics=reference_statistics()),
        )  # fmt: skip
        self.followers.append(made)
        return made

    def views(self, follower: Follower) -> Views:
        """The views of a process."""
        return Views(follower.catalogue, self.database, follower.catch_up)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with three organisations, made once."""
    path = tmp_path_factory.mktemp("projection") / "empty.db"
    database = open_database(f"sqlite:///{path}")
    migrate.up(database)
    with database.write() as session:
        for one in (*OWNERS, "shop"):
            session.add(OrganisationRow(id=one, name=one, kind="agency", country="EE", vetting="vetted"))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def world(tmp_path: Path, empty: Path, embedder: Embedder) -> Iterator[World]:
    """A database of one's own."""
    shutil.copy(empty, tmp_path / "own.db")
    made = World(f"sqlite:///{tmp_path / 'own.db'}", embedder, tmp_path)
    yield made
    for follower in made.followers:
        follower.stop()
    made.database.close()


def enter(database: Database, owner: str, record: Need | Solution, **columns: Any) -> str:
    """Keep a record."""
    draft = RecordDraft(
        kind=record.kind.value, organisation_id=owner, body=body_of(record),
        **{"status": "open", "visibility": record.visibility.value, **columns},
    )  # fmt: skip
    with database.write() as session:
        return records.create(session, draft, SYSTEM).id


def change(database: Database, record_id: str, **columns: Any) -> None:
    """Change a record."""
    with database.write() as session:
        records.change(session, record_id, None, columns, SYSTEM)


def contents(engine: Engine) -> dict[str, Need | Solution]:
    """Everything in an engine, by id."""
    return {
        stored.record.id: stored.record for collection in engine.collections.values() for stored in collection
    }


def whole(catalogue: Catalogue) -> dict[str, Any]:
    """All that a catalogue holds, as values that can be compared."""
    return {
        "entries": catalogue.entries,
        "closed": contents(catalogue.closed),
        **{audience.value: contents(engine) for audience, engine in catalogue.engines.items()},
        "reach": [[only for _, only in catalogue.reach(one)] for one in VIEWERS],
    }


# -- laws -------------------------------------------------------------------------------------

redaction = st.fixed_dictionaries(
    {
        "field": st.sampled_from(["contact", "url", "description", "value"]),
        "reason_code": st.just("fair-comp"),
        "reason": st.just("a consultation runs"),
        "until": st.sampled_from([None, "2020-01-01", "2030-01-01"]),
    }
)
said = st.builds(
    Need,
    id=st.just(""),
    title=st.sampled_from(TITLES),
    description=st.sampled_from(["", "Washable, with a cover.", "Bought by alpha for its station."]),
    country=st.sampled_from(["EE", "FI", None]),
    organisation=st.sampled_from(["", "Police of Alpha"]),
    value_eur=st.sampled_from([None, 1e5]),
    visibility=st.sampled_from(list(Visibility)),
) | st.builds(
    Solution,
    id=st.just(""),
    name=st.sampled_from(TITLES),
    vendor=st.sampled_from(["", "Vests of Tartu"]),
    visibility=st.sampled_from(list(Visibility)),
)
columns = st.fixed_dictionaries(
    {},
    optional={
        "visibility": st.sampled_from([one.value for one in Visibility]),
        "status": st.sampled_from(["draft", "open", "paused", "withdrawn", "expired", "in_candidate"]),
        "shares": st.lists(st.sampled_from(OWNERS), max_size=2, unique=True),
        "redactions": st.lists(redaction, max_size=2),
    },
)
steps = st.lists(
    st.tuples(st.just("create"), st.sampled_from(OWNERS), said, columns)
    | st.tuples(st.just("change"), st.integers(0, 9), columns)
    | st.tuples(st.just("say"), st.integers(0, 9), said)
    | st.tuples(st.just("erase"), st.integers(0, 9))
    | st.tuples(st.just("follow")),
    min_size=3,
    max_size=14,
)


def take(world: World, ids: list[str], step: tuple[Any, ...], follower: Follower) -> None:
    """One write of somebody, or a look of the follower."""
    kind, *given = step
    if kind == "create":
        owner, record, more = given
        ids.append(enter(world.database, owner, record, **more))
        return
    if kind == "follow":
        follower.catch_up()
        return
    if not ids:
        return
    own = ids[given[0] % len(ids)]
    with world.database.write() as session:
        row = records.get(session, own)
        assert row is not None
        if kind == "erase":
            records.erase(session, own, None, SYSTEM)
            ids.remove(own)
        elif kind == "change":
            records.change(session, own, None, given[1], SYSTEM)
        elif given[1].kind.value == row.kind:
            records.change(session, own, None, {"body": body_of(given[1])}, SYSTEM)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(planned=steps)
def test_what_is_kept_up_is_what_would_be_built(
    tmp_path_factory: pytest.TempPathFactory, empty: Path, embedder: Embedder, planned: list[tuple[Any, ...]]
) -> None:
    """Whatever is written, in whatever order; and everybody reaches what they may see, as it is shown."""
    folder = tmp_path_factory.mktemp("law")
    shutil.copy(empty, folder / "own.db")
    world = World(f"sqlite:///{folder / 'own.db'}", embedder)
    kept, ids = world.follower(), list[str]()
    kept.rebuild()
    for step in planned:
        take(world, ids, step, kept)
    kept.catch_up()
    built = world.follower()
    built.rebuild()
    assert whole(kept.catalogue) == whole(built.catalogue)
    for audience, engine in kept.catalogue.engines.items():
        shown = {
            entry.id: seen
            for entry in kept.catalogue.entries.values()
            if entry.matched and (seen := entry.to(audience, DAY)) is not None
        }
        assert contents(engine) == shown
    for who in VIEWERS:
        assert reached(kept.catalogue, who) == shown_to(kept.catalogue, who)
    world.database.close()


def reached(catalogue: Catalogue, who: Viewer) -> dict[str, Any]:
    """What the searches of a viewer reach, fuller versions first."""
    found: dict[str, Any] = {}
    for engine, only in catalogue.reach(who):
        for name, record in contents(engine).items():
            if only is None or name in only:
                found.setdefault(name.removesuffix(SHARED_MARK), record)
    return {name: replace(record, id=name) for name, record in found.items()}


def shown_to(catalogue: Catalogue, who: Viewer) -> dict[str, Any]:
    """What a viewer may see of what takes part in matching."""
    return {
        entry.id: record
        for entry in catalogue.entries.values()
        if entry.matched and (record := entry.to_viewer(who, DAY)) is not None
    }


# -- on disk ----------------------------------------------------------------------------------


def planted(world: World) -> dict[str, str]:
    """Records of every kind of openness, one of them hidden with a word of its own."""
    said = Need(id="", title=TITLES[0], country="EE", visibility=Visibility.NETWORK)
    return {
        "open": enter(world.database, "alpha", replace(said, visibility=Visibility.PUBLIC)),
        "network": enter(world.database, "beta", replace(said, country="FI")),
        "offer": enter(world.database, "shop", Solution(id="", name=TITLES[0], visibility=Visibility.PUBLIC)),
        "private": enter(world.database, "alpha", replace(said, title=CANARY, visibility=Visibility.PRIVATE)),
    }


def test_a_restart_finds_the_same_catalogue_on_disk(world: World, tmp_path: Path) -> None:
    """Saved and started again: the same, and without reading a text again."""
    planted(world)
    first = world.follower(folder=tmp_path / "index")
    first.start()
    first.save()
    again = world.follower(folder=tmp_path / "index")
    again.start()
    assert whole(again.catalogue) == whole(first.catalogue)
    assert again._saved == first.catalogue.sequence


def test_what_was_written_while_away_is_taken_in(world: World, tmp_path: Path) -> None:
    """Changed, hidden and erased between stop and start."""
    ids = planted(world)
    first = world.follower(folder=tmp_path / "index")
    first.start()
    first.save()
    first.stop()
    change(world.database, ids["network"], visibility="private")
    with world.database.write() as session:
        records.erase(session, ids["open"], None, SYSTEM)
    enter(world.database, "gamma", Need(id="", title=TITLES[1], visibility=Visibility.PUBLIC))
    again = world.follower(folder=tmp_path / "index")
    again.start()
    built = world.follower()
    built.rebuild()
    assert whole(again.catalogue) == whole(built.catalogue)


def test_changes_are_taken_in_while_saving_waits_for_who_groups_needs(world: World, tmp_path: Path) -> None:
    """A long grouping keeps the index from being written, but no write waits behind it."""
    planted(world)
    follower = world.follower(folder=tmp_path / "index")
    follower.rebuild()
    enter(world.database, "gamma", Need(id="", title=TITLES[1], visibility=Visibility.PUBLIC))
    with follower.catalogue.engines[Audience.PUBLIC].cooperation.alone():
        saving = threading.Thread(target=follower.save)
        saving.start()
        saving.join(0.3)
        waiting = saving.is_alive()
        taking = threading.Thread(target=follower.catch_up)
        taking.start()
        taking.join(20)
        taken = not taking.is_alive()
    saving.join(20)
    taking.join(20)
    assert waiting
    assert taken
    assert (tmp_path / "index" / "applied.json").exists()


@pytest.mark.parametrize("fault", ["altered", "absent", "state", "other database", "ahead"])
def test_an_index_that_cannot_be_trusted_is_made_again(world: World, tmp_path: Path, fault: str) -> None:
    """Broken, incomplete, of another history, or of a state that the database never reached."""
    planted(world)
    index = tmp_path / "index"
    first = world.follower(folder=index)
    first.start()
    first.save()
    first.stop()
    state = json.loads((index / "applied.json").read_text())
    if fault == "altered":
        for file in (index / "network").rglob("*"):
            if file.is_file():
                file.write_bytes(file.read_bytes()[:-3] + b"xyz")
    elif fault == "absent":
        shutil.rmtree(index / "closed")
    elif fault == "state":
        (index / "applied.json").write_text("{")
    elif fault == "other database":
        (index / "applied.json").write_text(json.dumps({**state, "epoch": 1}))
    else:
        (index / "applied.json").write_text(json.dumps({**state, "sequence": state["sequence"] + 9}))
    again = world.follower(folder=index)
    again.start()
    assert whole(again.catalogue) == whole(first.catalogue)
    again.save()
    assert json.loads((index / "applied.json").read_text()) == state


@pytest.mark.parametrize("hiding", ["private", "group", "draft", "erased", "redacted"])
def test_a_hidden_word_is_in_no_engine_of_an_audience(world: World, hiding: str) -> None:
    """Not in records, not among the terms, not in what is written to disk for an audience."""
    need = Need(id="", title=TITLES[0], description=f"With {CANARY}.", visibility=Visibility.PUBLIC)
    follower = world.follower(folder=None)
    follower.rebuild()
    own = enter(world.database, "alpha", need)
    follower.catch_up()
    assert CANARY in repr(contents(follower.catalogue.engines[Audience.PUBLIC]))
    if hiding == "erased":
        with world.database.write() as session:
            records.erase(session, own, None, SYSTEM)
    elif hiding == "draft":
        change(world.database, own, status="draft")
    elif hiding == "redacted":
        redacted = {"field": "description", "reason_code": "law-enf", "reason": "secret", "until": None}
        change(world.database, own, redactions=[redacted])
    else:
        change(world.database, own, visibility=hiding, shares=["beta"] if hiding == "group" else [])
    follower.catch_up()
    for audience, engine in follower.catalogue.engines.items():
        assert CANARY not in repr(contents(engine))
        assert not engine.needs.lexical.score(engine.query(CANARY).terms).rows.size
        engine.save(world.folder / audience.value)
        for file in (world.folder / audience.value).rglob("*"):
            assert not file.is_file() or CANARY.encode() not in file.read_bytes()


# -- two processes ----------------------------------------------------------------------------


def alike(database: Database, owner: str, country: str, at: int = 0, **more: Any) -> str:
    """A need that asks for the same as others of its number."""
    need = Need(
        id="", title=TITLES[at], description=f"{TITLES[at]}. Washable.", language="en", country=country,
        organisation=owner, visibility=Visibility.NETWORK, joint_interest=JointInterest.YES,
    )  # fmt: skip
    return enter(database, owner, replace(need, **more))


def ids_of(views: Views) -> dict[str, tuple[str, ...]]:
    """Cluster id to its needs."""
    return {one.id: one.members for one in views.cooperation(Audience.NETWORK, DAY).clusters}


def test_two_processes_give_the_same_ids_whoever_is_first(world: World) -> None:
    """Each follows the chain of runs that the database keeps, also one that lags behind."""
    one, other = world.follower(), world.follower()
    one.rebuild()
    other.rebuild()
    here, there = world.views(one), world.views(other)
    alike(world.database, "alpha", "EE")
    alike(world.database, "beta", "FI")
    one.catch_up()
    first = ids_of(here)
    assert max(map(len, first.values())) == 2
    assert ids_of(there) == first  # it had taken in nothing yet
    moved = alike(world.database, "gamma", "LT")
    other.catch_up()
    three = {next(iter(first)): tuple(sorted((*sum(first.values(), ()), moved)))}
    assert ids_of(there) == three
    assert ids_of(here) == first  # as it has taken in no more
    one.catch_up()
    assert ids_of(here) == three
    change(world.database, moved, visibility="private")
    one.catch_up()
    other.catch_up()
    assert ids_of(there) == ids_of(here) == first


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(planned=st.lists(st.tuples(st.sampled_from("nhcv12"), st.integers(0, 5)), min_size=4, max_size=16))
def test_processes_converge_after_any_interleaving(
    tmp_path_factory: pytest.TempPathFactory, empty: Path, embedder: Embedder, planned: list[tuple[str, int]]
) -> None:
    """New needs, hidden ones, catching up and looking, in any order: in the end all ids are the same."""
    folder = tmp_path_factory.mktemp("two")
    shutil.copy(empty, folder / "own.db")
    world = World(f"sqlite:///{folder / 'own.db'}", embedder)
    followers = [world.follower(), world.follower()]
    views = [world.views(each) for each in followers]
    for each in followers:
        each.rebuild()
    ids: list[str] = []
    for what, number in planned:
        if what == "n":
            ids.append(alike(world.database, OWNERS[number % 3], ("EE", "FI", "LT")[number % 3], number % 2))
        elif what == "h" and ids:
            change(world.database, ids[number % len(ids)], visibility=("private", "network")[number % 2])
        elif what == "c":
            followers[number % 2].catch_up()
        elif what == "v":
            ids_of(views[number % 2])
    for each in followers:
        each.catch_up()
    assert ids_of(views[0]) == ids_of(views[1])
    third = world.follower()
    third.rebuild()
    assert ids_of(world.views(third)) == ids_of(views[0])
    world.database.close()
