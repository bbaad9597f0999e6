"""`demo`: the main job on the sample corpus, from nothing to matches and joint candidates."""

from typing import TYPE_CHECKING, Annotated

import typer

from service import plain
from service.cli import options, screen, store

if TYPE_CHECKING:
    from rich.console import Console

    from matcher.engine import Engine
    from matcher.joint import JointCandidate

SHOWN = 5
CANDIDATES = 3
"""Joint candidates shown."""


def demo(
    need: Annotated[str, typer.Option(help="Need of the sample to match.")] = "",
    solution: Annotated[str, typer.Option(help="Solution of the sample to find demand for.")] = "",
    results: Annotated[int, typer.Option("--results", "-k", min=1, max=50, help="Results to show.")] = SHOWN,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show what needmatch does, on the sample corpus: matches both ways, and joint candidates."""
    from corpora import load_sample

    sample = load_sample()
    opened = store.open_empty(options.settings(model, engine))
    store.add(opened, [*sample.needs, *sample.solutions], "Reading the sample corpus")
    need, solution = need or NEED, solution or SOLUTION
    found, wanted = opened.match(need, results), opened.demand(solution, results)
    joint = opened.candidates()
    if as_json:
        screen.print_json(
            {
                "match": screen.match_json(found),
                "demand": screen.match_json(wanted),
                "candidates": [plain.candidate(item) for item in joint],
            }
        )
        return
    out = screen.console()
    _introduce(out, opened)
    screen.heading(out, "1. For a need in one language, its best solutions in others")
    screen.print_query(out, found, "Need")
    screen.print_matches(out, found)
    screen.heading(out, "2. For a solution, the relevant demand")
    screen.print_query(out, wanted, "Solution")
    screen.print_matches(out, wanted)
    _cooperate(out, opened, joint)


def _cooperate(out: "Console", opened: "Engine", joint: "list[JointCandidate]") -> None:
    """The best candidates; few, since each says a lot."""
    from service.cli import show_candidates as show

    shown = [item for item in joint if item.shown]
    screen.heading(out, f"3. Needs of different countries that could be bought together: {len(shown)} groups")
    show.note_uncalibrated(out, opened)
    show.print_candidates(out, shown, CANDIDATES, more="import needs, then: needmatch candidates")


def _introduce(out: "Console", opened: "Engine") -> None:
    languages = {stored.language for collection in opened.collections.values() for stored in collection}
    countries = {stored.record.country for stored in opened.needs}
    out.print(
        f"{len(opened.needs)} needs from {len(countries)} countries and {len(opened.solutions)} solutions, "
        f"in {len(languages)} languages; invented for this sample, no real body is meant."
    )
    if opened.tuning.calibrator is None:
        out.print(
            "No calibrator is fitted for this model: results are ranked, without a level.", style="yellow"
        )


NEED = "N136"
SOLUTION = "S111"
