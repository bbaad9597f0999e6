"""A record of the database as one viewer is shown it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from corpora.report import Severity
from matcher.records import Kind, Record
from service.confidentiality.completeness import Gap, completeness
from service.confidentiality.redaction import EXTRA, Redaction, in_force
from service.confidentiality.sensitive import Sensitive
from service.problems import not_found
from service.projection.follower import entry_of_row
from service.records.columns import TYPED, pointer, typed
from service.records.entering import Attempt, Entered, Remark
from service.records.repeats import Repeat
from service.rights.viewer import Viewer
from service.schemas.records import (
    Checked,
    CopyOut,
    Finding,
    GapOut,
    Issue,
    MarkingOut,
    MaskedOut,
    NeedOut,
    RedactionIn,
    SensitiveOut,
    SolutionOut,
    SuggestedCode,
    VersionOut,
)
from service.store.rows import IN_COLUMNS
from service.store.shown import changed_at
from service.store.tables import RecordRow, VersionRow

Shown = NeedOut | SolutionOut
MODELS: dict[Kind, type[NeedOut] | type[SolutionOut]] = {Kind.NEED: NeedOut, Kind.SOLUTION: SolutionOut}


def shown(
    row: RecordRow, viewer: Viewer, day: date, *, entered: Entered | None = None, own: bool | None = None
) -> Shown | None:
    """The record as the viewer sees it; None where the viewer may not know of it.

    `entered` is what was found when it was kept just now; `own` shows it as to its owner.
    """
    entry = entry_of_row(row)
    own = viewer.owns(row.organisation_id) if own is None else own
    record = entry.record if own else entry.to_viewer(viewer, day)
    if record is None:
        return None
    fields = said(record)
    fields["status"] = row.status if own or record.kind is Kind.SOLUTION else fields["status"]
    fields |= {
        "visibility": record.visibility,
        "updated_at": row.updated_at if own else changed_at(row, viewer),
        "own": own,
    }
    fields["masked"] = [] if own else masked(entry.redactions, day)
    fields |= of_owner(row, record, entered) if own else dict.fromkeys(OWNERS_ONLY)
    return MODELS[record.kind](**fields)


def need_out(
    row: RecordRow, viewer: Viewer, day: date, *, entered: Entered | None = None, own: bool | None = None
) -> NeedOut:
    """A need that the viewer sees for certain. Raises `Problem` 404 otherwise."""
    found = shown(row, viewer, day, entered=entered, own=own)
    if not isinstance(found, NeedOut):
        raise not_found("need", row.id)
    return found


def solution_out(
    row: RecordRow, viewer: Viewer, day: date, *, entered: Entered | None = None, own: bool | None = None
) -> SolutionOut:
    """A solution that the viewer sees for certain. Raises `Problem` 404 otherwise."""
    found = shown(row, viewer, day, entered=entered, own=own)
    if not isinstance(found, SolutionOut):
        raise not_found("solution", row.id)
    return found


OWNERS_ONLY = (
    "ref", "version", "tlp", "shared_with", "redactions", "expires_at", "created_at", "completeness",
    "missing", "warnings", "sensitive",
)  # fmt: skip


def said(record: Record) -> dict[str, Any]:
    """What a record says, under the names of the interface."""
    own, rest = typed(record.extra, record.kind)
    numbers = ("budget_year", "duration_months")
    found: dict[str, Any] = {
        name: [] if name in ("nuts", "tags") else None if name in numbers else ""
        for name in TYPED[record.kind]
    }
    for name in MODELS[record.kind].model_fields:
        if hasattr(record, name) and name not in ("extra", "masked"):
            value = getattr(record, name)
            found[name] = list(value) if isinstance(value, tuple) else value
    found["titles"] = dict(record.titles)
    return found | own | {"extra": rest}


def masked(redactions: Sequence[Redaction], day: date) -> list[MaskedOut]:
    """What is withheld on a day, by the code of its reason: the owner's words are as closed as the field."""
    found: dict[tuple[str, str, date | None], MaskedOut] = {}
    for each in in_force(redactions, day):
        # the name of a column may tell what is in it
        name = "extra" if each.field.startswith(EXTRA) else each.field
        found.setdefault(
            (name, each.reason_code.value, each.until),
            MaskedOut(
                field=name, reason_code=each.reason_code, reason=each.reason_code.label, until=each.until
            ),
        )
    return list(found.values())


def of_owner(row: RecordRow, record: Record, entered: Entered | None) -> dict[str, Any]:
    """What only the owner is told."""
    complete = completeness(record)
    return {
        "ref": row.ref,
        "version": row.version,
        "tlp": row.tlp,
        "shared_with": sorted(share.organisation_id for share in row.shares),
        "redactions": [RedactionIn(**each) for each in row.redactions],
        "expires_at": row.expires_at,
        "created_at": row.created_at,
        "completeness": complete.share,
        "missing": gaps(complete.missing),
        "warnings": findings(entered.remarks) if entered else None,
        "sensitive": sensitive_out(entered.sensitive, record.kind) if entered else None,
    }


def gaps(missing: Sequence[Gap]) -> list[GapOut]:
    """Gaps as they are shown."""
    return [GapOut(field=g.field, weight=min(1.0, round(g.weight, 4)), effect=g.effect) for g in missing]


def findings(remarks: Sequence[Remark]) -> list[Finding]:
    """Remarks as they are shown."""
    return [Finding(pointer=r.pointer, problem=r.problem, remedy=r.remedy) for r in remarks]


def sensitive_out(found: Sequence[Sensitive], kind: Kind) -> list[SensitiveOut]:
    """Sensitive words as they are shown."""
    return [
        SensitiveOut(
            pointer=pointer(each.field, kind),
            kind=each.kind.value,
            text=each.text,
            start=each.start,
            end=each.end,
            advice=each.advice,
        )
        for each in found
    ]


def checked(
    tried: Attempt, codes: list[SuggestedCode] | None, copies: Sequence[Repeat] | None, viewer: Viewer
) -> Checked:
    """What would come of entering a record."""
    kind, found = tried.kind, tried.found
    issues = [
        Issue(
            pointer=pointer(each.field, kind),
            problem=each.problem,
            remedy=each.remedy,
            severity="refused" if each.severity is Severity.REFUSED else "dropped",
        )
        for each in tried.reading.issues
    ]
    errors = (*tried.errors, *(found.errors if found else ()))
    issues += [Issue(pointer=e.pointer, problem=e.detail, remedy="", severity="refused") for e in errors]
    complete = completeness(found.record) if found else None
    remarks = (*tried.reading.remarks, *(found.remarks if found else ()))
    marks = found.markings if found else ()
    unvetted = (found.unvetted or None) if found else None
    return Checked(
        acceptable=found is not None and not issues and not marks and unvetted is None,
        issues=issues,
        warnings=findings(remarks),
        sensitive=sensitive_out(found.sensitive, kind) if found else [],
        classified=[
            MarkingOut(
                pointer=pointer(mark.field, kind),
                text=mark.text,
                level=mark.level.value,
                country=mark.country,
                start=mark.start,
                end=mark.end,
            )
            for mark in marks
        ],
        vetting=unvetted,
        completeness=complete.share if complete else None,
        missing=gaps(complete.missing) if complete else [],
        cpv=codes,
        duplicates=None if copies is None else [copy_out(each, viewer) for each in copies],
    )


def copy_out(repeat: Repeat, viewer: Viewer) -> CopyOut:
    """A need that may be the same, as it is shown."""
    need = repeat.need
    return CopyOut(
        id=need.id,
        title=need.title,
        country=need.country,
        organisation=need.organisation,
        own=viewer.owns(need.organisation_id),
        probability=min(1.0, round(repeat.probability, 4)),
        reasons=list(repeat.reasons),
    )


def versions(rows: Sequence[VersionRow]) -> list[VersionOut]:
    """Every version of a record with what changed, the newest first; `rows` begin with the oldest."""
    befores: list[dict[str, Any] | None] = [None, *(row.state for row in rows)]
    return [
        VersionOut(
            version=row.version,
            at=row.at,
            by=row.by,
            changed=changed(before, row.state),
            status=row.state["status"],
            visibility=row.state["visibility"],
            body=row.state["body"],
        )
        for before, row in zip(befores, rows, strict=False)
    ][::-1]


def changed(before: dict[str, Any] | None, after: dict[str, Any]) -> list[str]:
    """Names of the fields that differ between two kept states; of the body, its own fields."""
    if before is None:
        return []
    outer = [n for n in after if n != "body" and after[n] != before.get(n)]
    one, other = before.get("body", {}), after["body"]
    inner = [n for n in {**one, **other} if n not in IN_COLUMNS and one.get(n) != other.get(n)]
    return sorted({*outer, *inner})
