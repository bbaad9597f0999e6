"""A record that somebody enters: read, guarded and settled, until it is a row to keep.

`read` makes a record of a flat row and says what could not be taken as given. `enter` sets what the owner's
organisation says of itself, holds the record against the guards, and keeps an account of all it found: who
calls decides whether to raise it (`Attempt.kept`, `Entered.refuse`) or to show it. Imports begin with
`enter`: their readers have read already.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from corpora.report import Issue, Report, Severity
from corpora.rows import build_record
from corpora.taxonomy.cpv import CpvTable
from matcher.errors import RecordInvalid
from matcher.phrases import joined, phrase
from matcher.records import Kind, Need, Record, Visibility
from service.confidentiality.markings import Marking, markings_in
from service.confidentiality.redaction import Redaction, checked
from service.confidentiality.sensitive import Sensitive, sensitive_in
from service.confidentiality.tlp import Tlp, capped
from service.problems import FieldError, Problem, forbidden, told
from service.records.columns import cleaned, pointer
from service.store.records import RecordDraft
from service.store.rows import body_of
from service.store.tables import OrganisationRow

TITLE_MAX = 400
TEXT_MAX = 20_000
COLUMN_MAX = 2_000
COLUMNS_MAX = 100
USUAL = {Kind.NEED: Visibility.NETWORK, Kind.SOLUTION: Visibility.PUBLIC}
"""The visibility of a record whose owner names none."""
HEADING = {Kind.NEED: "title", Kind.SOLUTION: "name"}
_REFUSING = frozenset({Severity.REFUSED, Severity.DROPPED})


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a field that its owner should know of; the record is kept."""

    pointer: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a flat row."""

    record: Record | None
    """None where it cannot be a record at all."""
    issues: tuple[Issue, ...]
    """What was refused or left out: nothing may be kept with these."""
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """The organisation that a record is entered for."""

    id: str
    name: str
    country: str | None = None
    buyer_type: str = ""
    size: str = ""
    vetted: bool = False

    @classmethod
    def of(cls, row: OrganisationRow) -> "Owner":
        """An organisation of the database."""
        vetted = row.vetting == "vetted"
        return cls(row.id, row.name, row.country, row.buyer_type, row.size, vetted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a record is kept: its owner's id for it, who may see it, and until when."""

    ref: str | None = None
    status: str = "open"
    visibility: Visibility | None = None
    """None for the usual one, as far as the handling mark allows it."""
    tlp: Tlp | None = None
    shared_with: tuple[str, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What was kept before a change."""

    record: Record
    terms: Terms


@dataclass(frozen=True, slots=True)
class Entered:
    """A record as it would be kept, and what was found about it."""

    record: Record
    terms: Terms
    owner: Owner
    errors: tuple[FieldError, ...] = ()
    """What makes it impossible to keep."""
    remarks: tuple[Remark, ...] = ()
    markings: tuple[Marking, ...] = ()
    """Marks of classified information that were not there before."""
    sensitive: tuple[Sensitive, ...] = ()
    unvetted: str = ""
    """Why an organisation that is not vetted cannot open it to others; empty where it can."""

    def refuse(self, *, override: bool = False) -> None:
        """Pass a record that may be kept; `override` lets markings through.

        Raises `Problem`: 422 for fields, 422 `classified` for markings, 403 for what must wait for vetting.
        """
        if self.errors:
            raise refused(self.errors)
        if self.markings and not override:
            raise classified(self.markings, self.record.kind)
        if self.unvetted:
            raise forbidden(self.unvetted)

    def draft(self) -> RecordDraft:
        """The record as a new row."""
        changes = self.changes()
        return RecordDraft(kind=self.record.kind.value, organisation_id=self.owner.id, **changes)

    def changes(self) -> dict[str, Any]:
        """The columns of its row."""
        terms = self.terms
        return {
            "ref": terms.ref,
            "status": terms.status,
            "visibility": self.record.visibility.value,
            "tlp": terms.tlp.value if terms.tlp else None,
            "body": body_of(self.record),
            "redactions": [redaction_row(each) for each in terms.redactions],
            "expires_at": terms.expires_at,
            "shares": terms.shared_with,
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything that was found about a record that is entered over the interface."""

    kind: Kind
    reading: Reading
    errors: tuple[FieldError, ...]
    """Of what is no field of a row: languages of titles, names of columns, the owner."""
    found: Entered | None
    """None where the row is no record at all."""

    def kept(self, *, override: bool = False) -> Entered:
        """What may be kept. Raises `Problem`: 422 and 403, as `Entered.refuse`."""
        read_errors = [issue_error(issue, self.kind) for issue in self.reading.issues]
        errors = [*read_errors, *self.errors, *(self.found.errors if self.found else ())]
        if errors or self.found is None:
            raise refused(errors)
        self.found.refuse(override=override)
        return replace(self.found, remarks=(*self.reading.remarks, *self.found.remarks))


def read(row: Mapping[str, object], kind: Kind, extra: Mapping[str, str], record_id: str) -> Reading:
    """The record of a flat row in contract names; columns that the contract does not name come beside it.

    >>> found = read({"title": "Vests", "country": "EL", "cpv": ["35815100-1"]}, Kind.NEED, {}, "N1")
    >>> found.record.country, found.record.cpv, found.issues
    ('GR', ('35815100',), ())
    """
    report = Report()
    record = build_record(
        {**row, "id": record_id}, kind, file="", line=0, report=report, cpv_codes=CpvTable.load()
    )
    issues = tuple(issue for issue in report.issues if issue.severity in _REFUSING)
    remarks = [
        Remark(pointer(issue.field, kind), issue.problem, issue.remedy)
        for issue in report.issues
        if issue.severity not in _REFUSING
    ]
    remarks += [Remark("", note, phrase("check what is kept")) for note in report.notes]
    if record is not None:
        record = replace(record, extra={**record.extra, **cleaned(extra)})
    return Reading(record, issues, tuple(remarks))


def enter(
    record: Record,
    terms: Terms,
    owner: Owner,
    *,
    at: datetime,
    speaks_for_others: bool = False,
    organisations: Container[str] | None = None,
    before: Before | None = None,
) -> Entered:
    """Settle a record under its owner's organisation and hold it against all guards; never raises.

    `speaks_for_others` lets name and country of another organisation stand as given. `organisations` are
    those that a record may be shared with, None where nothing new is shared. What stood in `before` is not
    held against a change.
    """
    kind = record.kind
    remarks: list[Remark] = []
    errors = _too_long(record)
    record = _owned(record, owner, remarks, speaks_for_others, before)
    terms, visibility = _open_to(terms, kind, remarks, errors)
    record = replace(record, visibility=visibility)
    if isinstance(record, Need):
        record = replace(record, status=terms.status)
    terms = replace(
        terms,
        visibility=visibility,
        shared_with=_shared(terms, visibility, owner, organisations, errors),
        redactions=_redacted(terms.redactions, kind, errors),
    )
    known = before.terms.expires_at if before else None
    if terms.expires_at is not None and terms.expires_at != known and terms.expires_at <= at:
        errors.append(FieldError("/expires_at", phrase("the moment is past; give a later one, or none")))
    return Entered(
        record,
        terms,
        owner,
        tuple(errors),
        tuple(remarks),
        _marked(record, before),
        sensitive_in(record),
        unvetted(owner, terms.status, visibility),
    )


def unvetted(owner: Owner, status: str, visibility: Visibility) -> str:
    """Why an organisation may not keep a record so before it is vetted; empty where it may.

    >>> unvetted(Owner("O1", "Police of Saaremaa"), "draft", Visibility.NETWORK)
    ''
    """
    if owner.vetted or status == "draft" or visibility is Visibility.PRIVATE:
        return ""
    return phrase(
        "{organisation} is not vetted yet, so it may keep drafts and private records only. Send status "
        "'draft' or visibility 'private', and ask your national contact to vet the organisation.",
        organisation=owner.name,
    )


def redaction_row(redaction: Redaction) -> dict[str, Any]:
    """A redaction as its row holds it."""
    until = redaction.until.isoformat() if redaction.until else None
    return {
        "field": redaction.field,
        "reason_code": redaction.reason_code.value,
        "reason": redaction.reason,
        "until": until,
    }


def refused(errors: Sequence[FieldError]) -> Problem:
    """The answer to fields that cannot be kept as given."""
    found = [
        phrase("{field}: {detail}", field=error.pointer or phrase("body"), detail=error.detail)
        for error in errors[:5]
    ]
    return Problem(422, "invalid", joined(found, between="; ") + ".", errors)


def classified(markings: Sequence[Marking], kind: Kind) -> Problem:
    """The answer to marks of classified information."""
    errors = [
        FieldError(
            pointer(mark.field, kind),
            phrase(
                "{text!r} marks classified information ({level}), at {start} to {end}",
                text=mark.text,
                level=mark.level.value,
                start=mark.start,
                end=mark.end,
            ),
        )
        for mark in markings
    ]
    detail = phrase(
        "The text carries a marking of classified information, for which this service is not accredited. "
        "Take out what is classified. If nothing is, an administrator may enter it with ?override_reason=."
    )
    return Problem(422, "classified", detail, errors)


def issue_error(issue: Issue, kind: Kind) -> FieldError:
    """What was not understood about a field, with what to do."""
    return FieldError(
        pointer(issue.field, kind), phrase("{problem}; {remedy}", problem=issue.problem, remedy=issue.remedy)
    )


def _too_long(record: Record) -> list[FieldError]:
    limits = {HEADING[record.kind]: (record.title, TITLE_MAX), "description": (record.description, TEXT_MAX)}
    if record.title == record.description:
        del limits[HEADING[record.kind]]  # the one stands in for the other
    if isinstance(record, Need):
        limits["requirements"] = record.requirements, TEXT_MAX
    found = [
        FieldError(f"/{name}", _length(text, most))
        for name, (text, most) in limits.items()
        if len(text) > most
    ]
    for name, text in record.extra.items():
        most = TEXT_MAX if name == "outcome" else COLUMN_MAX
        if len(text) > most:
            where = pointer(f"extra.{name}", record.kind)
            found.append(FieldError(where, _length(text, most)))
    if len(record.extra) > COLUMNS_MAX:
        said = phrase("{columns} columns, at most {most}", columns=len(record.extra), most=COLUMNS_MAX)
        found.append(FieldError("/extra", said))
    return found


def _length(text: str, most: int) -> str:
    return phrase("{length} characters, at most {most}; shorten it", length=len(text), most=most)


def _owned(
    record: Record, owner: Owner, remarks: list[Remark], speaks_for_others: bool, before: Before | None
) -> Record:
    """The record with what its owner's organisation says of itself."""
    need = isinstance(record, Need)
    name_field = "organisation" if need else "vendor"
    own: dict[str, Any] = {}
    for field_, said in ((name_field, owner.name), ("country", owner.country)):
        given = getattr(record, field_)
        stood = before is not None and given == getattr(before.record, field_)
        if not said or given == said or (given and (speaks_for_others or stood)):
            continue
        if given:
            remarks.append(
                Remark(
                    f"/{field_}",
                    phrase(
                        "{given!r} was set to {said!r}, as your organisation is known here",
                        given=given,
                        said=said,
                    ),
                    phrase("leave it out, or have the organisation changed"),
                )
            )
        own[field_] = said
    if isinstance(record, Need):
        own |= {"organisation_id": owner.id, "buyer_type": record.buyer_type or owner.buyer_type}
    else:
        own |= {"vendor_id": owner.id, "size": record.size or owner.size}
    return replace(record, **own)


def _open_to(
    terms: Terms, kind: Kind, remarks: list[Remark], errors: list[FieldError]
) -> tuple[Terms, Visibility]:
    wanted = terms.visibility or USUAL[kind]
    allowed = capped(wanted, terms.tlp)
    if allowed is wanted or terms.tlp is None:
        return terms, wanted
    known = {"tlp": terms.tlp.value, "allowed": allowed.value, "wanted": wanted.value}
    if terms.visibility is None:
        said = phrase("{tlp} allows the visibility {allowed} at most, so it is that", **known)
        remarks.append(Remark("/visibility", said, phrase("give a visibility to choose another")))
    else:
        said = phrase(
            "{tlp} allows the visibility {allowed} at most, not {wanted}; lower one of the two", **known
        )
        errors.append(FieldError("/tlp", said))
    return terms, allowed


def _shared(
    terms: Terms,
    visibility: Visibility,
    owner: Owner,
    organisations: Container[str] | None,
    errors: list[FieldError],
) -> tuple[str, ...]:
    if terms.shared_with and visibility is not Visibility.GROUP:
        errors.append(
            FieldError(
                "/shared_with",
                phrase("a record is shared by name only as group, not as {wanted}", wanted=visibility.value),
            )
        )
    if organisations is not None:
        errors += [
            FieldError(f"/shared_with/{place}", phrase("no organisation has the id {each!r}", each=each))
            for place, each in enumerate(terms.shared_with)
            if each not in organisations
        ]
    return tuple(dict.fromkeys(each for each in terms.shared_with if each != owner.id))


def _redacted(redactions: Sequence[Redaction], kind: Kind, errors: list[FieldError]) -> tuple[Redaction, ...]:
    kept: dict[str, Redaction] = {}
    for place, redaction in enumerate(redactions):
        try:
            sound = checked(redaction, kind)
        except RecordInvalid as error:
            errors.append(FieldError(f"/redactions/{place}", told(error)))
            continue
        if sound.field in kept:
            twice = phrase("{field!r} is withheld twice", field=sound.field)
            errors.append(FieldError(f"/redactions/{place}/field", twice))
        kept[sound.field] = sound
    return tuple(kept.values())


def _marked(record: Record, before: Before | None) -> tuple[Marking, ...]:
    # what an administrator once let through stays
    stood = {(mark.field, mark.text) for mark in markings_in(before.record)} if before else set()
    return tuple(mark for mark in markings_in(record) if (mark.field, mark.text) not in stood)
