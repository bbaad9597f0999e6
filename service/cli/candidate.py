"""`candidate`: one candidate in full, and what a change would do to it."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service import plain
from service.cli import options, screen, store

if TYPE_CHECKING:
    from datetime import date

    from matcher.engine import Engine
    from matcher.filters import Filter
    from matcher.joint import JointCandidate, WhatIf

Window = tuple["date | None", "date | None"]


def candidate(
    wanted: options.Candidate,
    drop: Annotated[
        list[str] | None, typer.Option(help="What if this need left? May be given several times.")
    ] = None,
    add: Annotated[str | None, typer.Option(help="What if this need joined?")] = None,
    move: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NEED=START..END",
            help="What if its window were this: N1=2027-03-01..2027-06-30; an end may be left open.",
        ),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NEED.FIELD=VALUE",
            help="What if it said this: N1.value_eur=90000, N1.joint_interest=yes, N1.cpv=35815100.",
        ),
    ] = None,
    day: options.Day = None,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Explain one candidate in full; with --drop, --add, --move or --state, show what that would change.

    Nothing is stored by a what-if.
    """
    where, on = options.where(country, cpv), options.day(day)
    with store.keeping_ids(options.settings(model, engine, data), keep=on is None) as opened:
        found = opened.named(store.candidate(opened, wanted, where, on), where)
        name = store.names(opened, where).get(found.id, "")
    changed = None
    if drop or add or move or state:
        changed = _what_if(opened, found, where, drop or [], add, move or [], state or [])
    if as_json:
        screen.print_json(plain.candidate(found, name) if changed is None else plain.what_if(changed))
        return
    from service.cli import show_candidate as show
    from service.cli.show_candidates import note_uncalibrated

    out = screen.console()
    note_uncalibrated(out, opened)
    if changed is None:
        show.print_candidate(out, found, name)
    else:
        show.print_what_if(out, changed)


def _what_if(
    opened: "Engine",
    found: "JointCandidate",
    where: "Filter",
    drop: list[str],
    add: str | None,
    move: list[str],
    state: list[str],
) -> "WhatIf":
    return opened.what_if(
        found,
        drop=drop,
        add=add,
        move=dict(_moved(text) for text in move),
        state=_stated(state),
        where=where,
    )


def _moved(text: str) -> tuple[str, Window]:
    from matcher.errors import SettingInvalid

    need, found, days = text.rpartition("=")
    start, dots, end = days.partition("..")
    if not found or not dots:
        raise SettingInvalid(
            f"--move is {text!r}: expected NEED=START..END, as in N1=2027-03-01..2027-06-30."
        )
    return need, (options.day(start, "--move: the start"), options.day(end, "--move: the end"))


def _stated(given: list[str]) -> dict[str, dict[str, Any]]:
    from matcher.errors import SettingInvalid

    found: dict[str, dict[str, Any]] = {}
    for text in given:
        parts = re.fullmatch(r"([^\s=]+)\.(\w+)=(.*)", text, re.DOTALL)
        if parts is None:
            raise SettingInvalid(f"--state is {text!r}: expected NEED.FIELD=VALUE, as in N1.value_eur=90000.")
        need, field, value = parts.groups()
        found.setdefault(need, {})[field] = _value(need, field, value)
    return found


def _value(need: str, field: str, text: str) -> Any:
    """A value as an import of the column would read it; empty is not stated. Raises `SettingInvalid`."""
    from dataclasses import fields

    from corpora import Report, build_record
    from matcher.errors import SettingInvalid
    from matcher.records import Kind, Need

    if field in ("value", "currency", "titles"):
        raise SettingInvalid(f"{field} of {need} counts for nothing: state value_eur, or another field.")
    if field in ("id", "extra") or field not in {each.name for each in fields(Need)}:
        return text
    report = Report()
    row = {"id": "N", "title": "T", "language": "en"} | {field: text}
    record = build_record(row, Kind.NEED, file="--state", line=1, report=report)
    for issue in report.issues:
        raise SettingInvalid(f"--state {need}.{field} is {text!r}: {issue.problem}; {issue.remedy}.")
    return getattr(record, field)
