"""`match`, `demand`, `similar`: the three searches."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, screen, store

if TYPE_CHECKING:
    from matcher.engine import Matches


def match(
    need: Annotated[str, typer.Argument(help="Id of a need that was imported.")],
    results: options.Results = 10,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show the solutions that answer a need best, with level, reasons and a quoted sentence of each side."""
    opened = store.open_stored(options.settings(model, engine, data))
    found = opened.match(need, results, options.where(country, cpv))
    _show(found, "Need", as_json)


def demand(
    offer: Annotated[str, typer.Argument(help="Id of a solution, or what you offer in your own words.")],
    results: options.Results = 10,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show the needs that a solution, or what you offer in your own words, would answer."""
    opened = store.open_stored(options.settings(model, engine, data))
    found = opened.demand(offer, results, options.where(country, cpv))
    _show(found, "Offer", as_json)


def similar(
    need: Annotated[str, typer.Argument(help="Id of a need that was imported.")],
    results: options.Results = 10,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show the needs most like a need, at home and abroad."""
    opened = store.open_stored(options.settings(model, engine, data))
    found = opened.similar(need, results, options.where(country, cpv))
    _show(found, "Need", as_json)


def why_not(
    query: Annotated[str, typer.Argument(help="Id of the need, or of the solution, that searches.")],
    record: Annotated[str, typer.Argument(help="Id of the solution, or need, that you miss.")],
    results: options.Results = 10,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Tell why a record is not among the results: its place, the filter that hides it, the score it lacks."""
    opened = store.open_stored(options.settings(model, engine, data))
    found = opened.why_not(query, record, results, options.where(country, cpv))
    if as_json:
        screen.print_json(screen.why_not_json(found))
    else:
        screen.print_why_not(screen.console(), found)


def _show(found: "Matches", label: str, as_json: bool) -> None:
    if as_json:
        screen.print_json(screen.match_json(found))
        return
    out = screen.console()
    screen.print_query(out, found, label)
    screen.print_matches(out, found)
