"""A record as the service knows it: what it says, whose it is, and who may see it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from matcher.errors import RecordInvalid
from matcher.records import Kind, Need, Record, Solution, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.masking import seen
from service.confidentiality.redaction import Reason, Redaction
from service.rights.viewer import Viewer

logger = logging.getLogger("needmatch.projection")

MATCHED = frozenset({"open", "in_candidate"})
"""Statuses of records that are matched; drafts and what is over are seen by id alone."""
NARROW = frozenset({Visibility.PRIVATE, Visibility.GROUP})
"""Visibilities that enter no index of an audience."""


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
        if self.record.visibility in NARROW:
            return None
        return self._seen(self.record, audience, day)

    def to_group(self, day: date) -> Record | None:
        """The record as organisations it is shared with see it; None where it is shared with none."""
        if self.record.visibility is not Visibility.GROUP or not self.shared_with:
            return None
        # what its group may see is what the network would, were it open to it
        shown = self._seen(_open(self.record, Visibility.NETWORK), Audience.NETWORK, day)
        return None if shown is None else _open(shown, self.record.visibility)

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

    def _seen(self, record: Record, audience: Audience, day: date) -> Record | None:
        try:
            return seen(record, audience=audience, redactions=self.redactions, day=day)
        except RecordInvalid as error:
            # what withholds nothing known may mean anything: then nobody but the owner sees any of it
            logger.error("record hidden", extra={"record_id": self.id, "reason": str(error)})
            return None


def _open(record: Record, visibility: Visibility) -> Record:
    return replace(record, visibility=visibility)


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
        tuple(_redaction(one) for one in redactions),
    )


def _redaction(stored: Mapping[str, Any]) -> Redaction:
    until = stored.get("until")
    return Redaction(
        field=stored["field"],
        reason_code=Reason(stored["reason_code"]),
        reason=stored.get("reason", ""),
        until=date.fromisoformat(until) if until else None,
    )
