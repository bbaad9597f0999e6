"""The commands, gathered. Each imports what it needs when it runs, so that help is instant."""

from typing import Annotated

import typer

from service.cli import (
    admin,
    backup,
    batch,
    bench,
    candidate,
    candidates,
    cycle,
    database,
    demo,
    dossier,
    duplicates,
    exchange,
    index,
    market,
    measure,
    model,
    review,
    scaling,
    search,
    serve,
    suggest,
)

app = typer.Typer(
    name="needmatch",
    help="Match security procurers' needs with solutions, and needs of different countries with each other.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(demo.demo)
app.command()(serve.serve)
app.command("import")(exchange.import_)
app.command()(exchange.export)
app.command()(search.match)
app.command()(search.demand)
app.command()(search.similar)
app.command("why-not")(search.why_not)
app.command()(duplicates.duplicates)
app.command()(suggest.suggest)
app.command()(candidates.candidates)
app.command()(candidate.candidate)
app.command()(dossier.dossier)
app.command()(market.market)
app.command()(measure.rank)
app.command()(measure.group)
app.command()(measure.evaluate)
app.command()(batch.batch)
app.command()(bench.bench)
app.command()(index.index)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(scaling.migrate)
app.add_typer(review.app, name="review")
app.add_typer(database.app, name="database")
app.add_typer(cycle.app, name="cycle")
app.add_typer(model.app, name="models")
app.add_typer(admin.app, name="admin")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"needmatch {version('needmatch')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    del version
