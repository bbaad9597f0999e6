"""A record as the service knows it: what it says, whose it is, and who may see it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from matcher.errors import RecordInvalid
from matcher.records import Kind, Need, Record, Solution
from service.confidentiality.audience import Audience
from service.confidentiality.redaction import Redaction
from service.confidentiality.sight import MATCHED as MATCHED
from service.confidentiality.sight import NARROW as NARROW
from service.confidentiality.sight import redaction_of, to_audience, to_group
from service.rights.viewer import Viewer

CLOSED = "closed"
"""The engine of what only some organisations may see; the others are called like their audience."""
SHARED_MARK = "~shared"
"""Ends the id under which a record stands as its group sees it, where that is less than the owner does."""

logger = logging.getLogger("needmatch.projection")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the database, whole."""

    record: Record
    """As its owner entered it, under the id of the database."""
    organisation_id: str
    status: str
    version: int
    shared_with: frozenset[str] = frozenset()
    """Organisations that may see it while it is of visibility `group`."""
    redactions: tuple[Redaction, ...] = ()

    @property
    def id(self) -> str:
        """The id of the record."""
        return self.record.id

    @property
    def kind(self) -> Kind:
        """Need or solution."""
        return self.record.kind

    @property
    def matched(self) -> bool:
        """Whether it takes part in searches."""
        return self.status in MATCHED

    def to(self, audience: Audience, day: date) -> Record | None:
        """The record as an audience sees it on a day; None where it does not."""
        try:
            return to_audience(self.record, audience, self.redactions, day)
        except RecordInvalid as error:
            self._hide(error)
            return None

    def to_group(self, day: date) -> Record | None:
        """The record as organisations it is shared with see it; None where it is shared with none."""
        if not self.shared_with:
            return None
        try:
            return to_group(self.record, self.redactions, day)
        except RecordInvalid as error:
            self._hide(error)
            return None

    def closed(self, day: date) -> Mapping[str, Record | None]:
        """What of the record stands in the engine of what only some may see, under which ids."""
        found: dict[str, Record | None] = {self.id: None, self.id + SHARED_MARK: None}
        if not self.matched:
            return found
        if self.record.visibility in NARROW:
            found[self.id] = self.record
            shared = self.to_group(day)
            if shared is not None and shared != self.record:
                found[self.id + SHARED_MARK] = replace(shared, id=self.id + SHARED_MARK)
        elif self.to(Audience.NETWORK, day) != self.record:
            found[self.id] = self.record
        return found

    def standing(self, day: date) -> Mapping[str, Mapping[str, Record | None]]:
        """For each engine what of the record stands in it on a day, by id; None under ids that do not."""
        shown = {a.value: {self.id: self.to(a, day) if self.matched else None} for a in Audience}
        return {CLOSED: self.closed(day), **shown}

    def to_viewer(self, viewer: Viewer, day: date) -> Record | None:
        """The record as one viewer sees it; None where the viewer may not know of it.

        The owner's organisation sees everything, drafts included.
        """
        if viewer.owns(self.organisation_id):
            return self.record
        if self.status == "draft":
            return None
        if viewer.vetted and viewer.organisation_id in self.shared_with:
            shared = self.to_group(day)
            if shared is not None:
                return shared
        return self.to(Audience(viewer.open_to.value), day)

    def _hide(self, error: RecordInvalid) -> None:
        # what withholds nothing known may mean anything: then nobody but the owner sees any of it
        logger.error("record hidden", extra={"record_id": self.id, "reason": str(error)})


def entry_of(
    record: Need | Solution,
    *,
    organisation_id: str,
    status: str,
    version: int,
    shared_with: Sequence[str] = (),
    redactions: Sequence[Mapping[str, Any]] = (),
) -> Entry:
    """An entry from the plain values of a row."""
    return Entry(
        record,
        organisation_id,
        status,
        version,
        frozenset(shared_with),
        tuple(map(redaction_of, redactions)),
    )
