"""Imports: a file becomes needs or solutions of one organisation, by the guards of those entered by hand.

The whole file is read and judged before anything is written, so that a file which breaks off writes nothing.
Then rows are kept in batches, each one transaction that also notes how far it came: a job that is taken up
again goes on behind the last batch. A row whose id the organisation knows changes that record.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from corpora.formats import Placed, read_placed
from corpora.mapping import ColumnMapping, parse_mapping
from corpora.money import load_rates
from corpora.report import Issue, Report, Severity
from corpora.taxonomy.cpv import CpvTable
from matcher.errors import FileTooLarge, InputError
from matcher.phrases import as_json, phrase, replaced
from matcher.records import Kind, Need, Record, Visibility
from service.jobs import queue
from service.jobs.formats import MEDIA_TYPES
from service.jobs.queue import Upload
from service.jobs.sheets import write_rows
from service.jobs.work import Work
from service.records.entering import USUAL, Before, Entered, Owner, Terms, enter
from service.records.keeping import SPEAKERS, terms_of
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.store import audit, records
from service.store.errors import RefTaken
from service.store.records import RUNNING, RecordDraft
from service.store.rows import record_of
from service.store.tables import JobRow, OrganisationRow, RecordRow

KIND = "import"
REPORT = "report.csv"
REPORTED = ("file", "line", "field", "severity", "problem", "remedy")
BATCH = 200
"""Rows of one transaction."""
WHOLE_MOST = 5_000
"""Rows that are kept all or none: others wait while one transaction writes them."""
SHOWN = 100
TRIES = 3
"""Times that a batch is tried when somebody else enters the same rows at that moment."""
REF_MAX = 200
WRITING: Mapping[Kind, Permission] = {
    Kind.NEED: Permission.WRITE_NEEDS,
    Kind.SOLUTION: Permission.WRITE_SOLUTIONS,
}
_STATED = ("draft", "paused", "fulfilled", "withdrawn", "expired")

T = TypeVar("T")
_Row = tuple[Placed, Record]
Outcome = Literal["created", "updated", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported, and how."""

    kind: Kind
    format: str | None = None
    map: tuple[str, ...] = ()
    visibility: Visibility | None = None
    dry_run: bool = False
    whole: bool = False
    """Keep all rows or none."""

    @property
    def mapping(self) -> ColumnMapping | None:
        """Columns that are renamed. Raises `SettingInvalid`."""
        return parse_mapping(self.map, self.kind) if self.map else None

    def as_options(self) -> dict[str, Any]:
        """The order as a job keeps it."""
        return {
            "kind": self.kind.value + "s",
            "format": self.format,
            "map": list(self.map),
            "visibility": self.visibility.value if self.visibility else None,
            "dry_run": self.dry_run,
            "on_error": "refuse_all" if self.whole else "keep_good",
        }

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Order":
        """The order that the options of a job hold.

        >>> Order.of({"kind": "needs", "on_error": "refuse_all"}).whole
        True
        """
        stated = options.get("visibility")
        return cls(
            Kind(str(options["kind"]).removesuffix("s")),
            options.get("format"),
            tuple(options.get("map") or ()),
            Visibility(stated) if stated else None,
            bool(options.get("dry_run")),
            options.get("on_error") == "refuse_all",
        )


@dataclass(slots=True)
class Account:
    """What became of the rows so far."""

    counts: Counter[str] = field(default_factory=Counter)
    through: int = 0
    """Rows that are done with."""

    def refused(self, report: Report) -> int:
        """Rows that were wanted and could not be kept."""
        kept = sum(self.counts[name] for name in ("created", "updated", "unchanged"))
        return report.rows - report.skipped - kept

    def as_result(self, order: Order, report: Report) -> dict[str, Any]:
        """The result of the job as it is shown."""
        # a package has more notices of awards than all else: what was skipped comes last
        told = sorted(report.issues, key=lambda issue: issue.severity is Severity.SKIPPED)
        issues = [
            _as_row(issue) | {"problem": as_json(issue.problem), "remedy": as_json(issue.remedy)}
            for issue in told[:SHOWN]
        ]
        return {
            "rows": report.rows,
            **{name: self.counts[name] for name in ("created", "updated", "unchanged")},
            "refused": self.refused(report),
            "skipped": report.skipped,
            "dry_run": order.dry_run,
            "notes": dict(report.notes),
            "by_severity": {severity.value: n for severity, n in sorted(report.counts.items()) if n},
            "issues": issues,
            "issues_in_all": sum(report.counts.values()),
            "issues_in_report": len(report.issues),
        }


def run(work: Work) -> None:
    """Import the file of a job. Raises `InputError` for a file that cannot be read; then nothing is kept."""
    held, order = work.backend, Order.of(work.options)
    viewer = work.viewer(WRITING[order.kind])
    with TemporaryDirectory(prefix="needmatch-") as folder:
        path = work.fetch(Path(folder))
        try:
            importing = _Import(work, order, viewer, path)
            report, account = importing.check()
        except InputError as error:
            # where the file lay for a moment is nobody's business
            raise type(error)(replaced(str(error), str(path), path.name)) from error
        refused = account.refused(report)
        if order.whole and refused:
            said = phrase(
                "{refused} of {rows} rows cannot be kept, so none was. Correct them by the report.",
                refused=refused,
                rows=report.rows,
            )
            importing.end(report, Account(Counter({"refused": report.rows})), error=said)
        elif order.dry_run:
            importing.end(report, account)
        elif order.whole:
            importing.keep_whole(report)
        else:
            importing.keep(report)
    held.follower.catch_up()


class _Import:
    """One attempt at an import."""

    def __init__(self, work: Work, order: Order, viewer: Viewer, path: Path) -> None:
        self.work, self.order, self.viewer, self.path = work, order, viewer, path
        self.database, self.clock = work.backend.database, work.backend.clock
        self.rates = load_rates(work.backend.settings.rates) if work.backend.settings.rates else load_rates()
        with self.database.read() as session:
            self.owner = owner_of(session, viewer)
            job = session.get(JobRow, work.lease.job_id)
            kept = dict(job.result) if job is not None else {}
        self.before = Account(Counter(kept.get("counts") or {}), int(kept.get("through") or 0))
        """What an earlier attempt had kept."""

    def check(self) -> tuple[Report, Account]:
        """Read and judge all rows, writing nothing."""
        report, account = Report(), Account()
        for batch in _batches(self._rows(report)):
            self.work.step(account.through)
            with self.database.read() as session:
                for entered, known in self._settled(session, batch, report):
                    account.counts[_outcome(entered, known)] += 1
            account.through += len(batch)
        if self.order.whole and account.through > WHOLE_MOST:
            raise FileTooLarge(
                phrase(
                    "{rows:,} rows cannot be kept all or none; the limit is {most:,}. "
                    "Split the file, or import it with on_error=keep_good.",
                    rows=account.through,
                    most=WHOLE_MOST,
                )
            )
        return report, account

    def keep(self, report: Report) -> None:
        """Keep the good rows batch by batch, behind those that an earlier attempt kept."""
        account, total = self.before, report.rows
        number = 0
        for batch in _batches(self._rows(Report())):
            self.work.step(number, total)
            number += len(batch)
            if number <= account.through:
                continue
            account = _tried(partial(self._keep_batch, batch, account, number, total))
        self.end(report, account)

    def _keep_batch(self, batch: Sequence[_Row], before: Account, number: int, total: int) -> Account:
        with self.database.write() as session:
            job = queue.hold(session, self.work.lease)
            counts = before.counts + self._write(session, batch)
            job.result = {"counts": dict(counts), "through": number}
            job.done, job.total = number, total
        return Account(counts, number)

    def keep_whole(self, report: Report) -> None:
        """Keep all rows in one transaction, or none."""
        _tried(partial(self._keep_whole, report))

    def _keep_whole(self, report: Report) -> None:
        account = Account()
        with self.database.write() as session:
            queue.hold(session, self.work.lease)
            for batch in _batches(self._rows(Report())):
                self.work.check()
                counts = self._write(session, batch)
                if counts["refused"]:
                    raise InputError(
                        phrase("A row was changed by somebody else meanwhile. Import the file again.")
                    )
                account.counts += counts
            self._end(session, report, account, "")

    def end(self, report: Report, account: Account, error: str = "") -> None:
        """Note that the job is over, with its report."""
        with self.database.write() as session:
            self._end(session, report, account, error)

    # -- inside -------------------------------------------------------------------------------

    def _rows(self, report: Report) -> Iterator[_Row]:
        found = read_placed(
            self.path,
            self.order.kind,
            report=report,
            mapping=self.order.mapping,
            source_format=self.order.format,
            rates=self.rates,
            cpv_codes=CpvTable.load(),
        )
        for one in found:
            self.work.check()  # a package may hold thousands of notices that are not wanted
            if one.record is not None:
                yield one, one.record

    def _settled(
        self, session: Session, batch: Sequence[_Row], report: Report
    ) -> Iterator[tuple[Entered | None, RecordRow | None]]:
        """Each row as it would be kept, None where it cannot be, and the record that it changes."""
        known = known_rows(session, self.order.kind, self.owner.id, [record.id for _, record in batch])
        for place, record in batch:
            row = known.get(record.id)
            issues: list[Issue] = []
            entered = self._entered(place, record, row, issues)
            for issue in issues:
                report.add(issue)
            yield entered, row

    def _entered(
        self, place: Placed, record: Record, row: RecordRow | None, issues: list[Issue]
    ) -> Entered | None:
        def say(field_: str, severity: Severity, problem: str, remedy: str) -> None:
            issues.append(Issue(place.file, place.line, field_, severity, problem, remedy))

        if len(record.id) > REF_MAX:
            problem = phrase("the id has {n} characters", n=len(record.id))
            say("id", Severity.REFUSED, problem, phrase("use at most {n}", n=REF_MAX))
            return None
        terms, before = self._terms(record, row, say)
        entered = enter(
            record,
            terms,
            self.owner,
            at=self.clock(),
            speaks_for_others=self.viewer.role in SPEAKERS,
            before=before,
        )
        for error in entered.errors:
            say(error.pointer.lstrip("/"), Severity.REFUSED, error.detail, phrase("correct the row"))
        for mark in entered.markings:
            problem = phrase(
                "{text} marks classified information ({level})", text=repr(mark.text), level=mark.level.value
            )
            remedy = phrase("take out what is classified; it must not be entered")
            say(mark.field, Severity.REFUSED, problem, remedy)
        if entered.unvetted:
            say("visibility", Severity.REFUSED, entered.unvetted, _with("private", meanwhile=True))
        for remark in entered.remarks:
            say(remark.pointer.lstrip("/"), Severity.CHANGED, remark.problem, remark.remedy)
        for found in entered.sensitive:
            problem = phrase("{text} looks like {kind}", text=repr(found.text), kind=found.kind.words)
            say(found.field, Severity.WARNED, problem, found.advice)
        refused = entered.errors or entered.markings or entered.unvetted
        return None if refused else entered

    def _terms(self, record: Record, row: RecordRow | None, say: Any) -> tuple[Terms, Before | None]:
        stated = self.order.visibility or record.visibility
        given = record.status if isinstance(record, Need) else ""
        if row is None:
            status = given if given in _STATED else "open"
            return Terms(ref=record.id, status=status, visibility=stated), None
        terms = terms_of(row)
        assert terms.visibility is not None
        visibility = terms.visibility
        if self.order.visibility is not None or record.visibility is not USUAL[record.kind]:
            visibility = stated
        elif visibility is not record.visibility:
            # a file without this column must not open what its owner closed since
            problem = phrase("the record stays {visibility}, as it is here", visibility=visibility.value)
            say("visibility", Severity.WARNED, problem, _with(record.visibility.value))
        status = "withdrawn" if given == "withdrawn" and terms.status in RUNNING else terms.status
        shared = terms.shared_with if visibility is Visibility.GROUP else ()
        return replace(terms, visibility=visibility, status=status, shared_with=shared), Before(
            record_of(row), terms
        )

    def _write(self, session: Session, batch: Sequence[_Row]) -> Counter[str]:
        counts: Counter[str] = Counter()
        drafts: list[RecordDraft] = []
        reason = f"import {self.work.lease.job_id}"
        for entered, row in self._settled(session, batch, Report()):
            if entered is None:
                counts["refused"] += 1
            elif row is None:
                drafts.append(entered.draft())
                counts["created"] += 1
            else:
                version = row.version
                changed = records.change(
                    session, row.id, None, entered.changes(), self.viewer, action="import", reason=reason
                )
                counts["unchanged" if changed.version == version else "updated"] += 1
        if drafts:
            records.create_all(session, drafts, self.viewer, reason=reason)
        return counts

    def _end(self, session: Session, report: Report, account: Account, error: str) -> None:
        lease, result = self.work.lease, account.as_result(self.order, report)
        job = queue.hold(session, lease)
        job.total = job.done = report.rows
        self._put_report(session, report)
        audit.record(
            session,
            action=f"{self.order.kind.value}s.import",
            viewer=self.viewer,
            kind="job",
            id=lease.job_id,
            reason=str(error)
            or f"{result['created']} created, {result['updated']} updated of {report.rows} rows",
        )
        queue.drop_given(session, lease.job_id)
        if error:
            queue.fail(session, lease, error, self.clock(), result)
        else:
            queue.finish(session, lease, result, self.clock())

    def _put_report(self, session: Session, report: Report) -> None:
        with TemporaryDirectory(prefix="needmatch-") as folder:
            path = Path(folder) / REPORT
            issues = sorted(report.issues, key=lambda issue: (issue.file, issue.line))
            write_rows(REPORTED, map(_as_row, issues), path, "csv")
            with path.open("rb") as file:
                upload = Upload(REPORT, MEDIA_TYPES["csv"], file)
                queue.put_file(session, self.work.lease.job_id, upload, made=True)


def owner_of(session: Session, viewer: Viewer) -> Owner:
    """The organisation of a viewer. Raises `InputError` when it is gone."""
    row = session.get(OrganisationRow, viewer.organisation_id) if viewer.organisation_id else None
    if row is None:
        raise InputError(phrase("The organisation that this is imported for is no longer there."))
    return Owner.of(row)


def known_rows(
    session: Session, kind: Kind, organisation_id: str, refs: Iterable[str]
) -> dict[str, RecordRow]:
    """The organisation's records by the ids that it calls them: its own, or those given here.

    What was exported carries the ids given here, and comes back to the same records.
    """
    wanted = list(refs)
    rows = session.scalars(
        select(RecordRow).where(
            RecordRow.kind == kind.value,
            RecordRow.organisation_id == organisation_id,
            or_(RecordRow.ref.in_(wanted), RecordRow.id.in_(wanted)),
        )
    ).all()
    by_id = {row.id: row for row in rows}
    return by_id | {row.ref: row for row in rows if row.ref is not None}


def _tried(write: Callable[[], T]) -> T:
    """The result of a transaction, begun again when somebody else entered the same rows at that moment."""
    for attempt in range(TRIES):
        try:
            return write()
        except (IntegrityError, RefTaken) as error:
            if attempt == TRIES - 1:
                raise InputError(
                    phrase(
                        "Somebody else is entering the same rows. Import the file again when that is over."
                    )
                ) from error
    raise AssertionError("unreachable")


def _outcome(entered: Entered | None, row: RecordRow | None) -> Outcome:
    if entered is None:
        return "refused"
    if row is None:
        return "created"
    changes = entered.changes()
    now = records.state_of(row)
    shares = {"shares": sorted(changes["shares"]), "expires_at": now["expires_at"]}
    return "unchanged" if now == now | changes | shares else "updated"


def _batches(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    batch: list[_Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _with(visibility: str, *, meanwhile: bool = False) -> str:
    if meanwhile:
        return phrase("import with visibility={visibility} meanwhile", visibility=visibility)
    return phrase("import with visibility={visibility}", visibility=visibility)


def _as_row(issue: Issue) -> dict[str, Any]:
    return {
        "file": issue.file,
        "line": issue.line,
        "field": issue.field,
        "severity": issue.severity.value,
        "problem": issue.problem,
        "remedy": issue.remedy,
    }
