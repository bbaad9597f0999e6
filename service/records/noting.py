"""Who of others was shown what is not open to everybody: written down, whatever the answer was."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from matcher.records import Kind, Record, Visibility
from service.backend import Backend
from service.rights.viewer import Viewer
from service.store import audit

SHOWN = "shown"
"""Under this name a row of the audit log holds the ids of the records that were shown."""


class Sightings:
    """Restricted records of others that one answer shows a user, or is computed for."""

    def __init__(self, held: Backend, viewer: Viewer) -> None:
        self._held = held
        self._viewer = viewer
        # a dict keeps their order, each once
        self._found: dict[Kind, dict[str, None]] = {kind: {} for kind in Kind}

    def __bool__(self) -> bool:
        return any(self._found.values())

    def add(self, record: Record) -> None:
        """Take a record in; what is public, or the viewer's own, and all that nobody sees is left out."""
        if self._viewer.user_id is None or record.visibility is Visibility.PUBLIC:
            return
        entry = self._held.catalogue.get(record.id, record.kind)
        # whose it is may not be known here yet, or not any more: then it is another's
        if entry is None or not self._viewer.owns(entry.organisation_id):
            self._found[record.kind][record.id] = None

    def write(self, session: Session, verb: str) -> None:
        """One row of the audit log for each kind: `need.match`, `solution.match`."""
        for kind, found in self._found.items():
            ids = list(found)
            if ids:
                audit.record(
                    session,
                    action=f"{kind.value}.{verb}",
                    viewer=self._viewer,
                    kind=kind.value,
                    id=ids[0] if len(ids) == 1 else "",
                    versions={SHOWN: ids},
                )


def noted(held: Backend, viewer: Viewer, verb: str, seen: Iterable[Record]) -> None:
    """Write down which restricted records of others an answer shows; outside any other transaction.

    `verb` says what the viewer did: `view`, `list`, `match`. Where nothing is restricted nothing is written.
    """
    found = Sightings(held, viewer)
    for record in seen:
        found.add(record)
    if found:
        with held.database.write() as session:
            found.write(session, verb)
