"""`candidates`: needs of different countries that could be bought together."""

from typing import TYPE_CHECKING, Annotated

import typer

from service import plain
from service.cli import options, screen, store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matcher.joint import JointCandidate, Standing

IN_DOUBT = "In doubt: see first whether all of them ask for the same"
AT_HOME = "Within one country"
WORDS = {"level_c": "at level C", "in_doubt": "in doubt", "national": "within one country"}
"""What is counted where it is not listed."""


def candidates(
    results: options.Results = 20,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also list level C, groups in doubt, and those within one country."),
    ] = False,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Also list groups that are no candidates, with the reason.")
    ] = False,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Say how far the rank depends on the weights of the score.")
    ] = False,
    day: options.Day = None,
    country: options.Country = None,
    cpv: options.Cpv = None,
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show groups of needs of different countries that could be bought together, best first.

    Each has a level (A ready to talk, B promising, C watch), S of 100 for how well the needs go together,
    K for how much of that is known, and an id for 'needmatch candidate' and 'needmatch dossier'.
    """
    where, on = options.where(country, cpv), options.day(day)
    with store.keeping_ids(options.settings(model, engine, data), keep=on is None) as opened:
        found = opened.candidates(where, day=on)
        names = store.names(opened, where)
        others = opened.not_joint(where, day=on) if rejected or as_json else []
    abroad = [item for item in found if item.scope == "cross-border"]
    listed = [item for item in abroad if item.shown or (everything and not item.doubt)]
    doubted = [item for item in abroad if item.doubt]
    home = [item for item in found if item.scope == "national"]
    parts = {"": listed} | ({IN_DOUBT: doubted, AT_HOME: home} if everything else {})
    standings = _standings(parts.values(), results) if sensitivity else []
    low = sum(not item.doubt and not item.shown for item in abroad)
    hidden = {} if everything else {"level_c": low, "in_doubt": len(doubted), "national": len(home)}
    if as_json:
        ranks = {standing.candidate.id: _standing_json(standing) for standing in standings}
        beyond = sum(max(0, len(part) - results) for part in parts.values())
        screen.print_json(
            {
                "candidates": [
                    plain.candidate(item, names.get(item.id, ""))
                    | ({"standing": ranks[item.id]} if item.id in ranks else {})
                    for part in parts.values()
                    for item in part[:results]
                ],
                "not_listed": {"beyond_results": beyond, **hidden},
                "rejected": [plain.rejected(item) for item in others],
            }
        )
        return
    from service.cli import show_candidates as show

    out = screen.console()
    show.note_uncalibrated(out, opened)
    if not abroad:
        out.print("No group of needs spans two countries.")
    elif not listed:
        out.print("Nothing across borders is beyond doubt and at level A or B yet.")
    for heading, part in parts.items():
        if heading and part:
            screen.heading(out, heading)
        show.print_candidates(out, part, results, standings, names)
    for what, number in hidden.items():
        if number:
            out.print(f"{number} more {WORDS[what]}: --all", style="dim")
    if rejected:
        screen.heading(out, "No candidates")
        show.print_rejected(out, others)
    if listed:
        out.print("S of 100: how well the needs go together; K: how much of that is known.", style="dim")
        out.print(f"All about one: needmatch candidate {listed[0].id}", style="dim")


def _standings(parts: "Iterable[Sequence[JointCandidate]]", k: int) -> "list[Standing]":
    """Ranks among those that are listed together."""
    from matcher.joint import sensitivity

    return [standing for part in parts for standing in sensitivity(part, k)]


def _standing_json(standing: "Standing") -> dict[str, object]:
    return {
        "rank": standing.rank,
        "best": standing.best,
        "worst": standing.worst,
        "in_top": round(standing.in_top, plain.DIGITS),
        "k": standing.k,
        "draws": standing.draws,
    }
