"""The evaluation report: tables in Markdown, with a plot beside each that people look at rather than read."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matcher.evaluate.bias import LEAST_QUERIES, TOLERATED
from matcher.evaluate.ranking import MEASURES, mean
from matcher.evaluate.reliability import BINS, Reliability
from matcher.evaluate.systems import DENSE, HYBRID, PLAIN
from matcher.evaluate.trial import FEW, Result, Unknown
from service.report import plots
from service.report.tables import spread, table

HEADINGS = {
    "ndcg_10": "nDCG@10",
    "recall_10": "recall@10",
    "recall_100": "recall@100",
    "mrr": "MRR",
    "acc_1": "acc@1",
}
COMPARED = ("ndcg_10", "recall_10", "acc_1")
"""Measures whose differences are written out."""


def write_report(result: Result, folder: Path, title: str) -> Path:
    """Write `report.md` and its plots into a folder, and return the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# {title}", "", f"Model `{result.model}`, language offset `{result.offset or 'none'}`."]
    lines += section(result, folder)
    page = folder / "report.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return page


def section(result: Result, folder: Path, prefix: str = "") -> list[str]:
    """The tables of a result; plots go into `folder`, their names beginning with `prefix`.

    `prefix` may name a folder below, which must be there; links in the page follow it.
    """
    lines: list[str] = []
    if any(asdict(result.unknown).values()):
        lines += ["", *(f"- {sentence}" for sentence in left_out(result.unknown))]
    if result.rankings:
        lines += _systems(result, folder, prefix)
        lines += _languages(result, folder, prefix)
        lines += _bias(result, folder, prefix)
        lines += _coverage(result)
    if result.reliability is not None:
        lines += _reliability(result, result.reliability, folder, prefix)
    if result.groupings:
        lines += _groupings(result)
    return lines


def gain(result: Result, measure: str, system: str, over: str) -> str:
    """A difference with its interval and p, in words."""
    found = spread(result.difference(measure, system, over))
    return f"{HEADINGS[measure]} {found}, p {result.chance(measure, system, over):.4f}"


def left_out(unknown: Unknown) -> list[str]:
    """What the judgements name and the records do not hold, a sentence each.

    >>> left_out(Unknown(documents=2, judgements_of_documents=3))
    ['Counted as not found: 3 judgements that name documents which are not there (documents: 2).']
    """
    found = {
        f"Left out: {unknown.judgements} judgements of queries that are not there "
        f"(queries: {unknown.queries}).": unknown.queries,
        f"Counted as not found: {unknown.judgements_of_documents} judgements that name documents which are "
        f"not there (documents: {unknown.documents}).": unknown.documents,
        f"Left out of the true grouping: {unknown.grouped} needs that are not there.": unknown.grouped,
    }
    return [sentence for sentence, count in found.items() if count]


def reliability_rows(result: Result) -> list[list[str]]:
    """Overall and by group of languages: results, Brier score, calibration error in two ways."""
    groups = {"all": result.reliability, **result.reliabilities}
    return [
        [name, str(one.count), f"{one.brier:.3f}", f"{one.ece:.3f}", f"{one.ece_equal_mass:.3f}"]
        for name, one in groups.items()
        if one is not None
    ]


def promised(result: Result) -> str:
    """What queries without an answer are told; empty if there are none."""
    told = []
    if result.nothing_promised is not None:
        told.append(
            f"Of {result.unanswered} queries without an answer, {result.nothing_promised:.0%} are shown "
            'nothing above "possible".'
        )
    if result.bereft_promised_nothing is not None:
        told.append(
            f"Were the answers of the {result.bereft} others not there, {result.bereft_promised_nothing:.0%} "
            'of them would be shown nothing above "possible".'
        )
    return " ".join(told)


def _systems(result: Result, folder: Path, prefix: str) -> list[str]:
    queries, families = result.asked
    of = f" of {families} families" if families < queries else ""
    lines = [
        "",
        f"{queries} queries{of}. Intervals are 95 % bootstrap intervals, p is by randomisation, both by",
        "family; with few families the p is the more careful of the two.",
    ]
    if result.nowhere_relevant:
        lines.append(f"To {result.nowhere_relevant} of the queries no document is relevant: they count as 0.")
    averages = {name: result.average("ndcg_10", name) for name in result.rankings}
    rows = [
        [
            name,
            *(f"{values[m]:.3f}" for m in MEASURES),
            f"{averages[name].low:.2f} to {averages[name].high:.2f}",
        ]
        for name, values in ((name, mean(scores)) for name, scores in result.rankings.items())
    ]
    name = f"{prefix}systems.svg"
    plots.systems(folder / name, averages, HYBRID)
    lines += ["", f"![nDCG@10 of each system]({name})", ""]
    lines += table(["system", *HEADINGS.values(), "nDCG@10 within"], rows)
    compared = [over for over in (PLAIN, DENSE) if {over, HYBRID} <= result.rankings.keys()]
    if compared:
        lines.append("")
    for over in compared:
        lines.append(f"- {HYBRID} less {over}: {'; '.join(gain(result, m, HYBRID, over) for m in COMPARED)}.")
    return lines


def _languages(result: Result, folder: Path, prefix: str) -> list[str]:
    found = result.languages()
    if not found:
        return []
    rows = [
        [code + (" (few)" if n < FEW else ""), str(n), f"{means['ndcg_10']:.3f}", f"{means['recall_10']:.3f}"]
        for code, (n, means) in found.items()
    ]
    name = f"{prefix}languages.svg"
    plots.languages(folder / name, {code: (n, means["ndcg_10"]) for code, (n, means) in found.items()}, FEW)
    return [
        "",
        f"By language of the query, for {HYBRID}:",
        "",
        f"![nDCG@10 by language]({name})",
        "",
        *table(["language", "queries", "nDCG@10", "recall@10"], rows),
    ]


def _bias(result: Result, folder: Path, prefix: str) -> list[str]:
    chances = [
        [name, f"{bias.same_in_top:.3f}", f"{bias.chance:.3f}", spread(bias.over_chance)]
        for name, bias in result.biases.items()
    ]
    lines = [
        "",
        "Language: the share of the top 10 in the query's language, and of all documents (chance):",
        "",
        *table(["system", "in top 10", "chance", "difference"], chances),
        "",
    ]
    compared = max((bias.queries for bias in result.biases.values()), default=0)
    if compared:
        merits = [
            [
                name,
                str(bias.shown),
                str(bias.own_shown),
                f"{bias.own_expected:.1f}",
                f"{bias.ratio.mean:.2f} [{bias.ratio.low:.2f}, {bias.ratio.high:.2f}]" if bias.shown else "-",
            ]
            for name, bias in result.biases.items()
        ]
        lines += [
            f"Queries with equally relevant documents both in their own language and in others: {compared}.",
            "How many of these documents the top 10 shows, how many in the query's language, and how many",
            f"would be if language played no part. A ratio of 1 is fair, over {TOLERATED} is not tolerated.",
            "",
            *table(["system", "shown", "own language", "expected", "ratio"], merits),
        ]
    else:
        lines.append("No query has equally relevant documents both in its own language and in others.")
    if result.pairs:
        cells = [
            [f"{one} to {other}", str(n), f"{value:.3f}"] for (one, other), (n, value) in result.pairs.items()
        ]
        name = f"{prefix}language-pairs.svg"
        plots.language_pairs(folder / name, result.pairs)
        lines += [
            "",
            f"nDCG@10 by language pair, query to document, from {LEAST_QUERIES} queries on:",
            "",
            f"![nDCG@10 by language pair]({name})",
            "",
            *table(["pair", "queries", "nDCG@10"], cells),
        ]
    else:
        lines += ["", f"No pair of languages has {LEAST_QUERIES} queries with a relevant document."]
    return lines


def _coverage(result: Result) -> list[str]:
    if not result.coverages:
        return []
    rows = [
        [name, f"{c.diversity:.3f}", f"{c.suppliers_shown:.3f}", f"{c.never_shown:.3f}"]
        for name, c in result.coverages.items()
    ]
    return [
        "",
        "Suppliers: distinct ones in a top 10 (of the most there could be), share of them that stand in any",
        "top 10, and share of solutions that stand in none:",
        "",
        *table(["system", "distinct", "suppliers shown", "never shown"], rows),
    ]


def _reliability(result: Result, whole: Reliability, folder: Path, prefix: str) -> list[str]:
    name = f"{prefix}reliability.svg"
    plots.reliability(folder / name, whole, result.reliabilities)
    lines = [
        "",
        "What the probabilities are worth, over the ten results shown for each query; ECE is the expected",
        "calibration error, over bins of equal width and of equally many results:",
        "",
        f"![share that was relevant, by probability]({name})",
        "",
        *table(["languages", "results", "Brier", "ECE", "ECE, equal mass"], reliability_rows(result)),
        "",
        *table(
            ["level", "results", "said", "relevant"],
            [[word, str(b.count), f"{b.said:.3f}", f"{b.held:.3f}"] for word, b in whole.levels.items()],
        ),
        "",
        "Each bin as: said, relevant (results).",
        "",
        *_bins({"all": whole, **result.reliabilities}),
    ]
    return [*lines, "", promised(result)] if promised(result) else lines


def _bins(groups: Mapping[str, Reliability]) -> list[str]:
    """The numbers of the diagrams: a row a bin, a column a group."""
    columns = [
        {min(int(b.said * BINS), BINS - 1): f"{b.said:.2f}, {b.held:.2f} ({b.count})" for b in one.bins}
        for one in groups.values()
    ]
    rows = [
        [f"{at / BINS:.1f} to {(at + 1) / BINS:.1f}", *(column.get(at, "") for column in columns)]
        for at in range(BINS)
        if any(at in column for column in columns)
    ]
    return table(["probability", *groups], rows)


def _groupings(result: Result) -> list[str]:
    shown = ("pair_precision", "pair_recall", "pair_f1", "bcubed_f1", "ari", "ami")
    rows = []
    for system, scores in result.groupings.items():
        values: dict[str, Any] = asdict(scores)
        rows.append([system, str(scores.items), *(f"{values[m]:.3f}" for m in shown)])
    columns = ["grouping", "items", "pair P", "pair R", "pair F1", "B-cubed F1", "ARI", "AMI"]
    return ["", *table(columns, rows)]
