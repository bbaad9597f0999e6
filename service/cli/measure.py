"""`rank`, `group`, `evaluate`: runs and figures in the forms that evaluation campaigns use."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, screen, store

if TYPE_CHECKING:
    from rich.console import Console

    from matcher.evaluate.trial import Result
    from matcher.records import Kind, Record
    from service.settings import Settings

Queries = Annotated[Path, typer.Option(help="jsonl of needs or solutions that search.")]
Documents = Annotated[Path, typer.Option(help="jsonl of needs or solutions that are searched.")]


def rank(
    queries: Queries,
    documents: Documents,
    out: Annotated[Path, typer.Option(help="TREC run file to write.")],
    depth: Annotated[int, typer.Option("-k", min=1, help="Documents a query.")] = 100,
    kind: Annotated[
        str | None, typer.Option(help="Kind of the documents, if their columns do not tell.")
    ] = None,
    queries_kind: Annotated[str | None, typer.Option(help="Kind of the queries, likewise.")] = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Rank all documents for every query and write a TREC run; queries are read as a stream."""
    from corpora import write_run

    settings = options.settings(model, engine)
    opened = store.open_empty(settings)
    searched = options.kind(kind) if kind else _kind_of(documents)
    searching = options.kind(queries_kind) if queries_kind else _kind_of(queries)
    store.add(opened, store.read(documents, searched, settings), "Reading documents")
    opened.embedder.cache = None  # queries pass once: keeping them would only fill the disk
    with screen.progress("Ranking", None) as done:
        count = write_run(
            (
                _counted(pair, at, done)
                for at, pair in enumerate(
                    opened.rank(_stream(queries, searching, settings), searched, depth), 1
                )
            ),
            out,
        )
    _told(as_json, {"queries": count, "documents": len(opened.collections[searched]), "out": str(out)})


def group(
    needs: Annotated[Path, typer.Option(help="jsonl of needs.")],
    out: Annotated[Path, typer.Option(help="File to write: need_id<TAB>group_id.")],
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Group needs that ask for the same, across languages and countries, and write one line a need."""
    from corpora import write_groups
    from matcher.records import Kind

    settings = options.settings(model, engine)
    opened = store.open_empty(settings)
    store.add(opened, store.read(needs, Kind.NEED, settings), "Reading needs")
    found = opened.groups()
    count = write_groups(([need.id for need in members] for members in found), out)
    _told(as_json, {"needs": count, "groups": len(found), "out": str(out)})


def evaluate(
    queries: Queries,
    documents: Documents,
    qrels: Annotated[Path, typer.Option(help="query_id<TAB>doc_id<TAB>grade, grades 0 to 3.")],
    groups: Annotated[
        Path | None, typer.Option(help="need_id<TAB>group_id, to judge the grouping of the queries.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON to this file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Folder to write report.md and its plots into.")] = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Measure ranking (and grouping) against judgements, beside the engine's own single legs."""
    import json

    from corpora import read_groups, read_qrels
    from matcher.errors import RecordInvalid
    from matcher.evaluate.trial import Trial, run
    from matcher.records import Need
    from service.report.evaluation import left_out, write_report
    from service.wiring import open_embedder, tuning_of

    settings = options.settings(model, engine)
    searching = store.read(queries, _kind_of(queries), settings)
    grouped = read_groups(groups) if groups else {}
    trial = Trial(
        queries=searching,
        documents=store.read(documents, _kind_of(documents), settings),
        qrels=read_qrels(qrels),
        needs=[need for need in searching if isinstance(need, Need) and need.id in grouped],
        groups=grouped,
    )
    if not trial.judged and not trial.needs:
        raise RecordInvalid(
            f"{qrels} holds {len(trial.qrels)} queries, and none is among the {len(searching)} of {queries}. "
            "Give the judgements of these queries; ids must be alike."
        )
    for sentence in left_out(trial.unknown):
        screen.errors().print(sentence, style="yellow")
    with screen.saying("Opening the model") as say:
        embedder = open_embedder(settings, say)
        result = run(trial, embedder, tuning_of(embedder.encoder), say)
    if out is not None:
        out.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=2), encoding="utf-8")
    if report is not None:
        page = write_report(result, report, "Evaluation")
        screen.errors().print(f"Report written to {page}")
    if as_json:
        screen.print_json(result.as_json())
    else:
        _show(result)


def _show(result: "Result") -> None:
    out = screen.console()
    out.print(f"Model {result.model}; offset {result.offset or 'none'}", markup=False)
    if result.rankings:
        _show_rankings(out, result)
    if result.reliability is not None:
        _show_levels(out, result)
    if result.groupings:
        screen.table(
            out,
            ["grouping", "pair F1", "B-cubed F1", "ARI", "AMI"],
            [
                [name, f"{s.pair_f1:.3f}", f"{s.bcubed_f1:.3f}", f"{s.ari:.3f}", f"{s.ami:.3f}"]
                for name, s in result.groupings.items()
            ],
        )


def _show_rankings(out: "Console", result: "Result") -> None:
    from matcher.evaluate.ranking import mean
    from matcher.evaluate.systems import HYBRID
    from matcher.evaluate.trial import FEW
    from service.report.evaluation import HEADINGS

    screen.table(
        out,
        ["system", *HEADINGS.values()],
        [
            [name, *(f"{value:.3f}" for value in mean(scores).values())]
            for name, scores in result.rankings.items()
        ],
    )
    gain = result.difference("ndcg_10")
    out.print(
        f"{HYBRID} over plain dense: nDCG@10 {gain.mean:+.3f} "
        f"(95 % interval {gain.low:+.3f} to {gain.high:+.3f}, p {result.chance('ndcg_10'):.4f})"
    )
    screen.table(
        out,
        ["language", "queries", "nDCG@10", "recall@10"],
        [
            [f"{code}{'' if n >= FEW else ' (few)'}", str(n), f"{m['ndcg_10']:.3f}", f"{m['recall_10']:.3f}"]
            for code, (n, m) in result.languages().items()
        ],
    )
    # The ratio is told in matcher/evaluate/bias.py: shown over expected among equally relevant documents.
    screen.table(
        out,
        ["top 10", "own language", "by chance", "ratio at equal merit"],
        [
            [
                name,
                f"{bias.same_in_top:.3f}",
                f"{bias.chance:.3f}",
                f"{bias.ratio.mean:.2f}" if bias.shown else "-",
            ]
            for name, bias in result.biases.items()
        ],
    )
    if result.coverages:
        screen.table(
            out,
            ["top 10", "distinct suppliers", "suppliers shown", "solutions never shown"],
            [
                [name, f"{c.diversity:.3f}", f"{c.suppliers_shown:.3f}", f"{c.never_shown:.3f}"]
                for name, c in result.coverages.items()
            ],
        )


def _show_levels(out: "Console", result: "Result") -> None:
    from service.report.evaluation import promised, reliability_rows

    columns = ["probabilities, by language", "results", "Brier", "ECE", "ECE, equal mass"]
    screen.table(out, columns, reliability_rows(result))
    if promised(result):
        out.print(promised(result), markup=False)


def _stream(path: Path, kind: "Kind", settings: "Settings") -> "Iterator[Record]":
    from corpora import Report, read_records

    report = Report()
    yield from read_records(path, kind, report=report, rates=settings.rates)
    store.warn(report, path)


def _kind_of(path: Path) -> "Kind":
    """Solutions have a name where needs have a title; the first row tells."""
    from corpora import first_row
    from matcher.records import Kind

    row = first_row(path)
    return Kind.SOLUTION if "name" in row and "title" not in row else Kind.NEED


def _counted(
    pair: tuple[str, list[tuple[str, float]]], at: int, done: Callable[[int], None]
) -> tuple[str, list[tuple[str, float]]]:
    done(at)
    return pair


def _told(as_json: bool, facts: dict[str, object]) -> None:
    if as_json:
        screen.print_json(facts)
    else:
        screen.console().print("; ".join(f"{name} {value}" for name, value in facts.items()), markup=False)
