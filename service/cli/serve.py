"""`serve`: the service over HTTP."""

from typing import Annotated

import typer

from service.cli import options


def serve(
    data: options.Data = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port \\[default: 8080, or NEEDMATCH_PORT]; 0 takes a free one."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on \\[default: 127.0.0.1, or NEEDMATCH_HOST].")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Processes that answer requests \\[default: 1, or NEEDMATCH_WORKERS]."
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="sqlite:///FILE or postgresql://USER@HOST/NAME \\[default: a file in the data folder]."
        ),
    ] = None,
    no_jobs: Annotated[
        bool, typer.Option("--no-jobs", help="Leave background jobs to another service on this database.")
    ] = False,
    model: options.Model = None,
    engine: options.Engine = None,
) -> None:
    """Serve needs, solutions and candidates over HTTP; it brings its database up to date first."""
    from service import logs
    from service.server.supervisor import Supervisor

    settings = options.server_settings(
        data=data,
        port=port,
        host=host,
        workers=workers,
        database=database,
        jobs=False if no_jobs else None,
        model=model,
        engine=engine,
    )
    settings.data.mkdir(parents=True, exist_ok=True)
    logs.configure(settings.log_level, "supervisor")

    def say(line: str) -> None:
        print(line, flush=True)

    raise typer.Exit(Supervisor(settings, say).run())
