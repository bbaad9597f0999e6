"""`suggest`: CPV codes for a text in any language."""

from typing import Annotated

import typer

from service.cli import options, screen


def suggest(
    text: Annotated[str, typer.Argument(help="What is to be bought, in any official language.")],
    results: options.Results = 5,
    language: Annotated[str | None, typer.Option(help="Its language, if known: de.")] = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Suggest CPV codes for a text, with how likely each is."""
    from service.wiring import open_suggester

    with screen.saying("Opening the model") as say:
        suggester = open_suggester(options.settings(model, engine), say)
        found = suggester.suggest(text, language, results)
    if as_json:
        screen.print_json(
            [{"code": s.code, "label": s.label, "likelihood": round(s.likelihood, 4)} for s in found]
        )
        return
    rows = [[f"{s.code}  {s.label}", f"{s.likelihood:.0%}"] for s in found]
    screen.table(screen.console(), ["CPV", "likely"], rows)
