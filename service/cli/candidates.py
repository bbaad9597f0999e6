"""`candidates`: needs of different countries that could be bought together."""

from typing import Annotated

import typer

from service.cli import options, screen, store


def candidates(
    results: options.Results = 20,
    rejected: Annotated[
        bool, typer.Option(help="Also list groups that are no candidates, with the reason.")
    ] = False,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show groups of needs of different countries that could be bought together."""
    opened = store.open_stored(options.settings(model, engine, data))
    joint, others = opened.candidates(options.where(country, cpv))
    if as_json:
        screen.print_json(
            {
                "candidates": [screen.candidate_json(item) for item in joint[:results]],
                "rejected": [
                    {"members": [need.id for need in item.members], "reason": item.reason} for item in others
                ],
            }
        )
        return
    out = screen.console()
    if not joint:
        out.print("No group of needs spans two countries.")
    for number, item in enumerate(joint[:results], 1):
        screen.print_candidate(out, number, item)
    if len(joint) > results:
        out.print(f"... and {len(joint) - results} more (see --results)", style="dim")
    if rejected:
        screen.heading(out, "No candidates")
        for group in others:
            out.print(f"{', '.join(need.id for need in group.members)}: {group.reason}", markup=False)
