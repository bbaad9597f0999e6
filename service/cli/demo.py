"""`demo`: the main job on the sample corpus, from nothing to matches and joint candidates."""

from pathlib import Path
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
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Open the sample in the browser instead: a service with its users."),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of --serve; 0 takes a free one.")] = 8080,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps what is done with --serve \\[default: thrown away at the end]."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show what needmatch does, on the sample corpus: matches both ways, and joint candidates."""
    if serve:
        raise typer.Exit(_serve(data, port, model, engine))
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


def _serve(data: Path | None, port: int, model: str | None, engine: str | None) -> int:
    """A service with the sample and a user for each role; what it ended with."""
    from contextlib import ExitStack
    from tempfile import TemporaryDirectory

    from service import logs, sample
    from service.server.supervisor import Supervisor
    from service.store.database import open_database

    with ExitStack() as held:
        home = data or Path(held.enter_context(TemporaryDirectory(prefix="needmatch-demo-")))
        home.mkdir(parents=True, exist_ok=True)
        settings = options.server_settings(data=home, port=port, database="", model=model, engine=engine)
        logs.configure(settings.log_level, "supervisor")
        out = screen.console()
        if (home / "needmatch.db").exists():
            out.print(f"{home} holds a network already: sign in as before.")
        else:
            database = open_database(settings.database_url)
            people = sample.fill(database)
            database.close()
            out.print("Invented users of the sample; their passwords were made up now:")
            rows = [[one.role.value, one.email, one.password] for one in people]
            screen.table(out, ["role", "e-mail", "password"], rows)

        def say(line: str) -> None:
            print(line, flush=True)

        return Supervisor(settings, say).run()


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
