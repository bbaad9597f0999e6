"""Jobs, imports and exports as they are shown and asked for."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import ConfigDict, Field

from matcher.phrases import from_json
from matcher.records import Nature
from service.schemas.forms import Answer, Code, Flag, Model, Said, UtcDateTime
from service.store.tables import JobRow
from service.store.tables.operation import Status

SHOWN = 100
"""Rows of a report that stand in a job itself; the rest is in report.csv."""


class What(StrEnum):
    """What can be exported."""

    NEEDS = "needs"
    SOLUTIONS = "solutions"
    MATCHES = "matches"
    FEEDBACK = "feedback"
    CANDIDATES = "candidates"


class RowIssue(Answer):
    """What was found about one field of one row."""

    file: str
    line: int = Field(description="Line of the file, row of the sheet, or position in the document; from 1.")
    field: str
    severity: Literal["refused", "dropped", "changed", "warned", "skipped"]
    problem: Said
    remedy: Said


class JobOut(Answer):
    """A job, how far it is, and what came of it."""

    id: str
    kind: str
    user_id: str | None = Field(description="Whose it is.")
    user: str = Field(description="Their name, where an administrator lists the jobs of all; else empty.")
    status: Status
    done: int = Field(description="Rows done so far.")
    total: int | None = Field(description="Null while it is not known.")
    attempts: int
    options: dict[str, Any]
    result: dict[str, Any] = Field(description="Counts; empty until the job is over.")
    issues: list[RowIssue] = Field(
        description=f"The first {SHOWN} rows of the report; all are in report.csv."
    )
    issues_in_all: int
    error: Said = Field(description="Why it failed; empty unless it did.")
    created_at: UtcDateTime
    finished_at: UtcDateTime | None
    links: dict[str, str] = Field(description="`file` and `report`, where there is one.")


class Filters(Model):
    """What a list is narrowed to; what a record does not state passes."""

    countries: list[Code] = Field(default=[], max_length=40, examples=[["FR", "PL"]])
    languages: list[Code] = Field(default=[], max_length=24)
    cpv: list[Code] = Field(default=[], max_length=40, description="Prefixes of 2 to 8 digits.")
    nature: Nature | None = None
    trl_min: int | None = Field(default=None, ge=1, le=9)


class ExportIn(Model):
    """What is wanted as a file."""

    what: What
    format: Literal["csv", "tsv", "xlsx", "jsonl", "ocds"] = "csv"
    filters: Filters = Filters()
    own: Flag = Field(default=False, description="Only what belongs to your organisation.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"what": "needs", "format": "ocds", "filters": {"countries": ["EE", "FI"]}}]
        }
    )


def job_out(row: JobRow, made: list[str], user: str = "") -> JobOut:
    """A job as its owner sees it; `made` are the files that it made, `user` the name of whose it is."""
    result = dict(row.result)
    issues = result.pop("issues", [])
    links = {}
    if "report.csv" in made:
        links["report"] = f"/api/v1/jobs/{row.id}/report.csv"
    if any(name != "report.csv" for name in made):
        links["file"] = f"/api/v1/jobs/{row.id}/file"
    return JobOut(
        id=row.id,
        kind=row.kind,
        user_id=row.user_id,
        user=user,
        status=Status(row.status),
        done=row.done,
        total=row.total,
        attempts=row.attempts,
        options=row.options,
        result=result,
        issues=[
            issue | {"problem": from_json(issue["problem"]), "remedy": from_json(issue["remedy"])}
            for issue in issues[:SHOWN]
        ],
        issues_in_all=int(result.get("issues_in_all", len(issues))),
        error=from_json(row.error_said) if row.error_said else row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        links=links,
    )
