"""`models`: which there are, where they lie, and what was fitted for them."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli import options, screen

app = typer.Typer(help="List, prepare, check and fit models.", no_args_is_help=True)


@app.command("list")
def list_(as_json: options.Json = False) -> None:
    """Show the models that needmatch knows."""
    from models import ENTRIES

    rows = list(ENTRIES.values())
    if as_json:
        screen.print_json(
            [
                {
                    "id": e.id,
                    "revision": e.revision,
                    "source": e.source,
                    "licence": e.licence,
                    "dimension": e.dimension,
                }
                for e in rows
            ]
        )
        return
    screen.table(
        screen.console(),
        ["model", "source", "licence", "dimension", "languages"],
        [[e.id, str(e.source), e.licence, str(e.dimension), str(len(e.languages) or "?")] for e in rows],
    )


@app.command()
def prepare(
    model: options.Model = None, engine: options.Engine = None, as_json: options.Json = False
) -> None:
    """Convert, check and compile a model now rather than at its first use."""
    from service.wiring import open_embedder

    with screen.saying("Preparing the model") as say:
        identity = open_embedder(options.settings(model, engine), say).encoder.identity
    if as_json:
        screen.print_json(
            {"model": identity.model, "engine": identity.engine, "dimension": identity.dimension}
        )
    else:
        screen.console().print(
            f"{identity.model} is ready ({identity.engine}, {identity.dimension} dimensions)"
        )


@app.command()
def offsets(
    reference: Annotated[list[Path], typer.Argument(help="Files of records in known languages.")],
    out: Annotated[Path, typer.Option(help="npz file to write.")],
    mapping: options.Map = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only rows whose column has this value: fold=train.")
    ] = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Fit the language offsets of a model on reference texts and the sample's tuning half."""
    from service.fit.offsets import fit_offsets

    settings = options.settings(model, engine)
    with screen.saying("Fitting offsets") as say:
        fitted = fit_offsets(reference, settings, mapping=mapping or [], only=only or [], say=say)
    fitted.save(out)
    counts = dict(zip(fitted.languages, fitted.counts, strict=True))
    if as_json:
        screen.print_json({"model": fitted.model, "out": str(out), "texts": counts})
    else:
        screen.console().print(f"{sum(counts.values())} texts in {len(counts)} languages; written to {out}")


@app.command()
def cpv(
    data: Annotated[Path, typer.Argument(help="Folder with notices.jsonl and, if there, cpv24.tsv.")],
    out: Annotated[Path, typer.Option(help="npz file to write.")],
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Fit the CPV classifier of a model on the fold `train` of public notices."""
    from models import classifier
    from service.fit.classification import fit_classifier

    with screen.saying("Fitting") as say:
        fitted, figures = fit_classifier(data, options.settings(model, engine), say)
    classifier.save(fitted, out)
    if as_json:
        screen.print_json({"model": fitted.model, "out": str(out), **figures})
    else:
        screen.console().print(f"Fitted for {fitted.model}; written to {out}: {figures}")


@app.command()
def grouping(
    out: Annotated[Path, typer.Option(help="json file of fitted values; its grouping is written anew.")],
    data: Annotated[Path | None, typer.Option(help="Folder of notices and their language versions.")] = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Fit when needs ask for the same, and leave all else in the file as it is."""
    import json

    from service.fit.tuning import refit_grouping

    stored = json.loads(out.read_text(encoding="utf-8"))
    with screen.saying("Fitting") as say:
        found = refit_grouping(options.settings(model, engine), stored, data, say)
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    figures = found["tuning_figures"]["grouping"]
    if as_json:
        screen.print_json({"model": found["model"], "out": str(out), "grouping": figures})
    else:
        screen.console().print(f"Fitted for {found['model']}; written to {out}: {figures}")


@app.command()
def duplicates(
    data: Annotated[Path, typer.Argument(help="Folder of notices and their language versions.")],
    out: Annotated[Path, typer.Option(help="json file to write.")],
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Fit what tells a need entered twice from two needs for the same thing."""
    import json

    from service.fit.duplicates import fit_duplicates

    with screen.saying("Fitting") as say:
        fitted, figures = fit_duplicates(data, options.settings(model, engine), say)
    out.write_text(json.dumps(fitted.as_json(), indent=1) + "\n", encoding="utf-8")
    if as_json:
        screen.print_json({"model": fitted.model, "out": str(out), **figures})
    else:
        screen.console().print(f"Fitted for {fitted.model}; written to {out}: {figures}")


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="npz file to write: what training changed.")],
    work: Annotated[Path, typer.Option(help="Folder of checkpoints; the same call goes on from there.")],
    data: Annotated[Path | None, typer.Option(help="Folder of notices to train on as well.")] = None,
    start: Annotated[
        Path | None, typer.Option(help="Delta or checkpoints of an earlier training to begin with.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Batches.")] = 600,
    stop_at: Annotated[
        int | None, typer.Option(min=1, help="End after so many batches; rates stay those of the recipe.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at its highest.")] = 6e-5,
    scope: Annotated[str, typer.Option(help="What learns: all, last:N layers, or lora:R ranks.")] = "all",
    share: Annotated[
        list[str] | None, typer.Option(help="How often a source is drawn: answers=0.5; others 0.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides all that is drawn.")] = 7,
    as_json: options.Json = False,
) -> None:
    """Tune the carried model on the tuning set and public notices (hours on a processor)."""
    from models.training.trainer import Progress, Recipe
    from service.fit.training import SHARES, shares_of, train_model

    recipe = Recipe(
        steps=steps,
        learning_rate=rate,
        scope=scope,
        seed=seed,
        shares=shares_of(share) if share else dict(SHARES),
    )
    settings = options.settings(None, None)
    with screen.progress("Training", steps) as done:

        def tell(stand: Progress) -> None:
            done(stand.step)

        facts = train_model(settings, data, work, out, recipe, start=start, stop_at=stop_at, report=tell)
    if as_json:
        screen.print_json({"out": str(out), **facts})
    else:
        screen.console().print(f"Written to {out} ({out.stat().st_size / 1e6:.1f} MB)")


@app.command()
def fit(
    out: Annotated[Path, typer.Option(help="json file to write.")],
    data: Annotated[Path | None, typer.Option(help="Folder of notices and tests to fit on as well.")] = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Fit fusion weights, grouping thresholds and the calibrator of a model, on tuning splits only."""
    import json

    from service.fit.tuning import fit_tuning

    with screen.saying("Fitting") as say:
        fitted = fit_tuning(options.settings(model, engine), data, say)
    out.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    if as_json:
        screen.print_json(fitted)
    else:
        screen.console().print(f"Fitted for {fitted['model']}; written to {out}: {fitted['tuning_figures']}")
