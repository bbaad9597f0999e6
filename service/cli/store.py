"""What was imported, as the commands find it: a snapshot in the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli import screen

if TYPE_CHECKING:
    from datetime import date

    from matcher.engine import Engine
    from matcher.filters import Filter
    from matcher.joint import JointCandidate
    from matcher.records import Kind, Record
    from service.settings import Settings


def snapshot_folder(settings: "Settings") -> Path:
    """Where the snapshot is kept."""
    return settings.data / "snapshot"


def open_stored(settings: "Settings") -> "Engine":
    """The engine with everything imported. Raises `SnapshotMissing` when there is nothing yet."""
    from service.wiring import open_engine

    with screen.saying("Opening the model and the index") as say:
        return open_engine(snapshot_folder(settings), settings=settings, say=say)


@contextmanager
def keeping_ids(settings: "Settings", *, keep: bool = True) -> Iterator["Engine"]:
    """The engine with everything imported; ids that it gives to clusters are kept, so that they last.

    Ids of a search narrowed to countries or codes are not kept, nor any where `keep` says so. Where the
    data folder cannot be written to, a warning says so.
    """
    from matcher.filters import Filter

    engine = open_stored(settings)
    before = dict(engine.cooperation.identities)
    yield engine
    changed = [where for where, ids in engine.cooperation.identities.items() if before.get(where) != ids]
    if not keep or all(where != Filter(open_to=where.open_to) for where in changed):
        return
    try:
        engine.save(snapshot_folder(settings))
    except OSError as error:
        screen.errors().print(f"Ids of candidates are not kept: {error}", style="yellow", markup=False)


@contextmanager
def changing(settings: "Settings") -> Iterator["Engine"]:
    """The engine with everything imported; what is changed in it is kept, unless an error comes first."""
    engine = open_stored(settings)
    yield engine
    engine.save(snapshot_folder(settings))


def candidate(engine: "Engine", wanted: str, where: "Filter", day: "date | None" = None) -> "JointCandidate":
    """A candidate by its id, by an id that led to it, or by a need that is part of it.

    Raises `SettingInvalid` for an id that nothing has or had, and where no candidate is left.
    """
    from matcher.errors import ClusterUnknown, SettingInvalid

    found = {item.id: item for item in engine.candidates(where, day=day)}
    ids = engine.cooperation.identities[where]
    home = ids.of(wanted)
    if home is None and wanted in engine.needs:
        raise SettingInvalid(f"The filter leaves out {wanted}. Leave out --country and --cpv.")
    if home is None:
        try:
            home = ids.current(wanted)
        except ClusterUnknown:
            raise SettingInvalid(
                f"{wanted!r} is no candidate, nor a need. 'needmatch candidates --all' lists what there is."
            ) from None
    if home in found:
        return found[home]
    members = ids.clusters.get(home, ()) if home else ()
    if not members:
        raise SettingInvalid(f"Nothing is left of {wanted}: its needs are gone.")
    if len(members) == 1:
        raise SettingInvalid(
            f"{members[0]} stands alone: no other need asks for the same. "
            f"'needmatch similar {members[0]}' shows the nearest."
        )
    reasons = {frozenset(need.id for need in item.members): item.reason for item in engine.not_joint(where)}
    reason = reasons.get(frozenset(members), "fewer than two needs are left to buy together")
    raise SettingInvalid(f"{', '.join(members)} are no candidate: {reason}.")


def names(engine: "Engine", where: "Filter") -> "dict[str, str]":
    """What analysts call clusters, by id; of the groups that were last made for a filter."""
    return engine.cooperation.reviewed(where).names(engine.cooperation.identities[where].homes)


def open_empty(settings: "Settings") -> "Engine":
    """An engine without records."""
    from service.wiring import open_engine

    with screen.saying("Opening the model") as say:
        return open_engine(settings=settings, say=say)


def open_growing(settings: "Settings") -> "Engine":
    """The engine with what was imported, or none yet, for more that comes bit by bit.

    Its words weigh the same whatever comes first.
    """
    from service.wiring import open_engine, reference_statistics

    folder = snapshot_folder(settings)
    stored = folder if (folder / "CURRENT").exists() else None
    with screen.saying("Opening the model and the index") as say:
        return open_engine(stored, settings=settings, say=say, statistics=reference_statistics())


def add(engine: "Engine", records: "list[Record]", label: str) -> None:
    """Add records under a progress bar."""
    with screen.progress(label, len(records)) as done:
        engine.add(records, done)


def read(path: Path, kind: "Kind", settings: "Settings", mapping: list[str] | None = None) -> "list[Record]":
    """All records of a file; what was wrong with it goes to standard error."""
    from corpora import Report, parse_mapping, read_records

    report = Report()
    records = list(
        read_records(
            path, kind, report=report, mapping=parse_mapping(mapping or [], kind), rates=settings.rates
        )
    )
    warn(report, path)
    return records


def warn(report: object, path: Path) -> None:
    """Say on standard error how many rows of a file were refused or changed, if any were."""
    from corpora import Report

    if isinstance(report, Report) and report.issues:
        out = screen.errors()
        out.print(f"{path.name}: {report.summary()}", style="yellow")
        for issue in report.issues[:5]:
            out.print(f"  {issue}", style="dim", markup=False)
        if len(report.issues) > 5:
            out.print(f"  ... and {len(report.issues) - 5} more", style="dim")
