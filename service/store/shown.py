"""When what others see of a record last changed: kept for each audience and each share, beside the true time.

An edit of what somebody is not shown must not move the record for them, neither in time nor in order.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy.orm import InstrumentedAttribute

from matcher.records import Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.sight import Sight, redaction_of, sight
from service.rights.viewer import Viewer
from service.store.rows import record_of
from service.store.tables import RecordRow

Sights = Mapping[Audience | None, Sight | None]
"""What each audience is shown of a record; under None, organisations that it is shared with."""


def shown_to(audience: Audience) -> InstrumentedAttribute[datetime]:
    """The column of when an audience was last shown something new.

    >>> shown_to(Audience.PUBLIC).key
    'shown_public_at'
    """
    columns = {
        Audience.PUBLIC: RecordRow.shown_public_at,
        Audience.NETWORK_INDUSTRY: RecordRow.shown_network_industry_at,
        Audience.NETWORK: RecordRow.shown_network_at,
    }
    return columns[audience]


def changed_at(row: RecordRow, viewer: Viewer) -> datetime:
    """When the record last changed, as far as the viewer is shown it; the true time for its owner."""
    if viewer.owns(row.organisation_id):
        return row.updated_at
    if row.visibility == Visibility.GROUP.value:
        for share in row.shares:
            if share.organisation_id == viewer.organisation_id:
                return share.shown_at
    found: datetime = getattr(row, shown_to(Audience(viewer.open_to.value)).key)
    return found


def sights(row: RecordRow, day: date) -> Sights:
    """What each audience is shown of a record on a day."""
    record, redactions = record_of(row), tuple(map(redaction_of, row.redactions))
    return {audience: sight(record, row.status, redactions, day, audience) for audience in (None, *Audience)}


def day_told(row: RecordRow, day: date) -> date:
    """The last day that the times of a record tell of: a redaction that ended since is not told yet."""
    if row.redacted_until is None or row.redacted_until > day:
        return day
    return row.redacted_until - timedelta(days=1)


def tell(row: RecordRow, before: Sights, day: date, at: datetime) -> None:
    """Move the times of those who are shown something else than before."""
    for audience, after in sights(row, day).items():
        if after == before[audience]:
            continue
        if audience is None:
            for share in row.shares:
                share.shown_at = max(at, share.shown_at)
        else:
            name = shown_to(audience).key
            setattr(row, name, max(at, getattr(row, name)))
