"""All that others than its owner are shown of a record: who is shown the same cannot tell that it was edited.

`to_audience` and `to_group` give the record itself; a `Sight` adds what is said beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from matcher.errors import RecordInvalid
from matcher.records import Record, Solution, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.masking import seen
from service.confidentiality.redaction import EXTRA, Reason, Redaction, in_force

MATCHED = frozenset({"open", "in_candidate"})
"""Statuses of records that are matched; drafts and what is over are seen by id alone."""
NARROW = frozenset({Visibility.PRIVATE, Visibility.GROUP})
"""Visibilities that enter no index of an audience."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A record as some are shown it on a day; two that are equal cannot be told apart by them."""

    record: Record
    status: str
    """Of a solution; a need says its own, as far as it is not withheld."""
    listed: bool
    """Whether it stands in lists and searches."""
    withheld: tuple[tuple[str, str, date | None], ...]
    """Field, code of the reason, and the day it ends; the owner's words are told to nobody."""


def sight(
    record: Record,
    status: str,
    redactions: Sequence[Redaction],
    day: date,
    audience: Audience | None,
) -> Sight | None:
    """What an audience is shown, or with None the organisations that a record is shared with.

    None where they are shown nothing.

    >>> offer, day = Solution(id="S1", name="Vest", visibility=Visibility.PUBLIC), date(2027, 1, 1)
    >>> paused = sight(offer, "paused", (), day, Audience.PUBLIC)
    >>> paused.status, paused.listed, sight(offer, "draft", (), day, Audience.PUBLIC)
    ('paused', False, None)
    """
    if status == "draft":
        return None
    try:
        if audience is None:
            shown = to_group(record, redactions, day)
        else:
            shown = to_audience(record, audience, redactions, day)
    except RecordInvalid:  # what withholds nothing known may mean anything: then others see none of it
        return None
    if shown is None:
        return None
    # the name of a column may tell what is in it
    told = (
        ("extra" if each.field.startswith(EXTRA) else each.field, each.reason_code.value, each.until)
        for each in in_force(redactions, day)
    )
    said = status if isinstance(shown, Solution) else ""
    return Sight(shown, said, status in MATCHED, tuple(dict.fromkeys(told)))


def to_audience(
    record: Record, audience: Audience, redactions: Sequence[Redaction], day: date
) -> Record | None:
    """The record as an audience sees it on a day; None where it does not. Raises `RecordInvalid`."""
    if record.visibility in NARROW:
        return None
    return seen(record, audience=audience, redactions=redactions, day=day)


def to_group(record: Record, redactions: Sequence[Redaction], day: date) -> Record | None:
    """The record as those it is shared with see it; None where it is not for a group.

    Raises `RecordInvalid`.
    """
    if record.visibility is not Visibility.GROUP:
        return None
    # what its group may see is what the network would, were it open to it
    opened = replace(record, visibility=Visibility.NETWORK)
    shown = seen(opened, audience=Audience.NETWORK, redactions=redactions, day=day)
    return None if shown is None else replace(shown, visibility=record.visibility)


def redaction_of(stored: Mapping[str, Any]) -> Redaction:
    """The redaction that a row holds as plain values.

    >>> redaction_of({"field": "value", "reason_code": "fair-comp", "until": "2027-03-01"}).until
    datetime.date(2027, 3, 1)
    """
    until = stored.get("until")
    return Redaction(
        field=stored["field"],
        reason_code=Reason(stored["reason_code"]),
        reason=stored.get("reason", ""),
        until=date.fromisoformat(until) if until else None,
    )
