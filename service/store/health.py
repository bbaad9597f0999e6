"""Whether a database is sound: its tables, its pages, and the order of its changes."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select, text

from service.store import migrate, outbox
from service.store.database import Database
from service.store.tables import RecordRow, VersionRow


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found; sound where there are no faults."""

    revision: str | None
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check(database: Database) -> Health:
    """Look at everything that can be wrong with a database. Raises `StoreIncompatible`."""
    revision = migrate.current(database)
    if waiting := migrate.pending(database):
        told = f"migrations {', '.join(waiting)} are to be applied: run 'needmatch database up'"
        return Health(revision, (told,))
    faults = [f"a table is not as expected: {each}" for each in migrate.differences(database)]
    with database.read() as session:
        if database.sqlite:
            told_by_sqlite = session.scalars(text("PRAGMA integrity_check(20)"))
            faults += [f"damaged on disk: {line}" for line in told_by_sqlite if line != "ok"]
            faults += [
                f"a row of {row[0]} points to nothing in {row[2]}"
                for row in session.execute(text("PRAGMA foreign_key_check"))
            ]
        if missing := outbox.gaps(session):
            faults.append(
                f"{missing} changes are missing from the outbox: remove the index, so that it is made again"
            )
        versions = (
            select(
                VersionRow.record_id, func.count().label("count"), func.max(VersionRow.version).label("last")
            )
            .group_by(VersionRow.record_id)
            .subquery()
        )
        torn = session.scalars(
            select(RecordRow.id)
            .outerjoin(versions, versions.c.record_id == RecordRow.id)
            .where(
                or_(
                    versions.c.last.is_(None),
                    versions.c.last != RecordRow.version,
                    versions.c.count != RecordRow.version,
                )
            )
            .order_by(RecordRow.id)
            .limit(20)
        )
        faults += [f"the versions of record {each} are not whole" for each in torn]
    return Health(revision, tuple(faults))
