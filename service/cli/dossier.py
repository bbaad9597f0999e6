"""`dossier`: what is handed to people about a candidate, as a file or on the screen."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, screen, store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matcher.engine import Engine
    from matcher.explain import Quote
    from matcher.joint import JointCandidate
    from matcher.records import Visibility

LOOKED_AT = 10
"""Solutions of a need; what none of them speaks to is asked of the market."""
FORMS = (".md", ".html", ".docx")


def dossier(
    wanted: options.Candidate,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write: .md, .html or .docx (.json with --ocds) \\[default: Markdown on the screen]."
        ),
    ] = None,
    consultation: Annotated[
        bool, typer.Option("--consultation", help="A draft of a preliminary market consultation instead.")
    ] = False,
    ocds: Annotated[
        bool, typer.Option("--ocds", help="An OCDS 1.1 package of planning releases instead.")
    ] = False,
    open_to: options.OpenTo = "network",
    day: options.Day = None,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Write the dossier of a candidate for an audience: what was found, what differs, what is to be settled.

    It suggests and binds nobody; the authorities decide, and ask a lawyer.
    """
    audience, on, where = options.visibility(open_to), options.day(day), options.where(country, cpv)
    _check(out, consultation, ocds)
    with store.keeping_ids(options.settings(model, engine, data), keep=on is None) as opened:
        # phrases are weighed against what the audience may see: hidden texts must not choose them
        found = opened.named(store.candidate(opened, wanted, where, on), replace(where, open_to=audience))
        unmet = _uncovered(opened, found, audience) if consultation else {}
    form = ".json" if ocds else ".md" if out is None else out.suffix.lower()
    content = _content(found, audience, form, opened.versions, unmet if consultation else None)
    if out is not None:
        from corpora.writers.atomic import replacing

        with replacing(out) as part:
            part.write_bytes(content)
    kind = "ocds" if ocds else "consultation" if consultation else "dossier"
    facts: dict[str, object] = {"candidate": found.id, "kind": kind, "open_to": audience.value}
    if out is None and as_json and not ocds:
        screen.print_json(facts | {"markdown": content.decode()})
    elif out is None:
        typer.echo(content.decode(), nl=False)
    elif as_json:
        screen.print_json(facts | {"file": str(out)})
    else:
        screen.console().print(
            f"The {kind} of {found.id}, for {audience.value}, is written to {out}", markup=False
        )


def _check(out: Path | None, consultation: bool, ocds: bool) -> None:
    """Raise `SettingInvalid` for what does not go together, before the engine is opened."""
    from matcher.errors import SettingInvalid

    if consultation and ocds:
        raise SettingInvalid("--consultation and --ocds are two documents: ask for one at a time.")
    forms = (".json",) if ocds else FORMS
    if out is not None and out.suffix.lower() not in forms:
        raise SettingInvalid(f"--out is {str(out)!r}: expected a name that ends in {' or '.join(forms)}.")


def _content(
    found: "JointCandidate",
    audience: "Visibility",
    form: str,
    versions: "Mapping[str, str]",
    uncovered: "Mapping[str, Sequence[Quote]] | None",
) -> bytes:
    """What is written; a consultation where something is given as uncovered, be it nothing."""
    import json

    from service.dossier import consultation_document, dossier_document, ocds
    from service.dossier.docx import render as word
    from service.dossier.html import render as page
    from service.dossier.markdown import render as text

    if form == ".json":
        package = ocds(found, open_to=audience)
        return (json.dumps(package, ensure_ascii=False, indent=2, default=str) + "\n").encode()
    if uncovered is None:
        document = dossier_document(found, open_to=audience, versions=versions)
    else:
        document = consultation_document(found, open_to=audience, uncovered=uncovered)
    if form == ".docx":
        return word(document)
    return (page if form == ".html" else text)(document).encode()


def _uncovered(
    opened: "Engine", found: "JointCandidate", audience: "Visibility"
) -> "dict[str, tuple[Quote, ...]]":
    """Requirements that none of the nearest solutions of a need speaks to, by need."""
    from matcher.filters import Filter

    where = Filter(open_to=audience)
    kept: dict[str, tuple[Quote, ...]] = {}
    for need in found.members:
        if not where.sees(need):
            continue
        items = opened.match(need.id, LOOKED_AT, where).items
        open_ = [{unmet.quote for unmet in match.explanation.uncovered} for match in items]
        if items and (everywhere := set.intersection(*open_)):
            first = [unmet.quote for unmet in items[0].explanation.uncovered]
            kept[need.id] = tuple(quote for quote in first if quote in everywhere)
    return kept
