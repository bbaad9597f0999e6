"""`make quality`: how good the default engine is, measured and written to docs/quality.md.

Everything is measured on what nothing was fitted on: the test half of the sample corpus and, given
a folder of notices (`make quality DATA=folder`, see `corpora.campaign`), its fold `test`.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from corpora import load_sample
from corpora.campaign import language_versions, titles_to_notices
from matcher.evaluate.ranking import MEASURES
from matcher.evaluate.trial import FEW, Result, Trial, run
from service.cli import screen
from service.settings import Settings
from service.wiring import Say, open_embedder, tuning_of

DOCS = Path("docs")
HEADINGS = {
    "ndcg_10": "nDCG@10",
    "recall_10": "recall@10",
    "recall_100": "recall@100",
    "mrr": "MRR",
    "acc_1": "acc@1",
}


def main(arguments: Sequence[str]) -> None:
    """Measure and write docs/quality.md and docs/quality.json."""
    folder = Path(arguments[0]) if arguments else None
    with screen.saying("Measuring quality") as say:
        results = measure(Settings(), folder, say)
    DOCS.mkdir(exist_ok=True)
    figures = {name: result.as_json() for name, result in results.items()}
    facts = {"date": date.today().isoformat(), "version": version("needmatch"), "commit": _commit()}
    (DOCS / "quality.json").write_text(
        json.dumps({**facts, "trials": figures}, indent=1) + "\n", encoding="utf-8"
    )
    (DOCS / "quality.md").write_text(page(results, facts), encoding="utf-8")
    screen.console().print(f"Written to {DOCS / 'quality.md'} and {DOCS / 'quality.json'}")


def measure(settings: Settings, folder: Path | None, say: Say) -> dict[str, Result]:
    """The trials that can be run here, by name."""
    embedder = open_embedder(settings, say)
    tuning = tuning_of(embedder.encoder)
    sample = load_sample().part("test")
    trials = {
        "Sample, test half: needs to solutions": Trial(
            queries=[n for n in sample.needs if max(sample.qrels.get(n.id, {}).values(), default=0) > 1],
            documents=sample.solutions,
            qrels=sample.qrels,
            needs=sample.needs,
            groups=sample.groups,
            families={need.id: sample.themes[need.id] for need in sample.needs},
        )
    }
    if folder is not None:
        titles, versions = titles_to_notices(folder, "test"), language_versions(folder, "test")
        trials["T1, fold test: official titles to notices in another language"] = Trial(
            queries=titles.queries, documents=titles.documents, qrels=titles.qrels, families=titles.families
        )
        trials["T4, fold test: the language versions of a notice"] = Trial(
            needs=versions.needs, groups=versions.groups
        )
    return {
        name: run(trial, embedder, tuning, lambda text, name=name: say(f"{name}. {text}"))  # type: ignore[misc]
        for name, trial in trials.items()
    }


def page(results: Mapping[str, Result], facts: Mapping[str, str]) -> str:
    """The Markdown page of the figures."""
    model = next(iter(results.values()))
    parts = [
        "# Quality",
        "",
        "Written by `make quality`; do not edit. "
        f"needmatch {facts['version']} at {facts['commit']}, {facts['date']}; model `{model.model}`, "
        f"language offset `{model.offset or 'none'}`.",
        "",
        "Nothing here was fitted on what it is measured on: weights, thresholds and offsets come from the",
        "tuning half of the sample and from the fold `train` of the notices. Intervals are 95 % bootstrap",
        "intervals of paired differences, drawn by whole themes (sample) or notices (T1). The folder for T1",
        "and T4 is described in `corpora/campaign.py`; with one, `make quality DATA=folder` repeats this.",
    ]
    for name, result in results.items():
        parts += ["", f"## {name}", ""]
        if result.rankings:
            parts += _ranking(result)
        if result.groupings:
            parts += _grouping(result)
    return "\n".join(parts) + "\n"


def _ranking(result: Result) -> list[str]:
    figures = result.as_json()
    lines = [f"{figures['queries']} queries.", "", "| system | " + " | ".join(HEADINGS.values()) + " |"]
    lines.append("|---|" + "---|" * len(HEADINGS))
    for system, means in figures["systems"].items():
        lines.append(f"| {system} | " + " | ".join(f"{means[m]:.3f}" for m in MEASURES) + " |")
    lines += [
        "",
        "Hybrid less plain dense: " + "; ".join(_gain(result, m) for m in ("ndcg_10", "recall_10", "acc_1")),
    ]
    lines += ["", "| language | queries | nDCG@10 | recall@10 |", "|---|---|---|---|"]
    for language, (count, means) in result.languages().items():
        few = " (few)" if count < FEW else ""
        lines.append(f"| {language}{few} | {count} | {means['ndcg_10']:.3f} | {means['recall_10']:.3f} |")
    return lines


def _gain(result: Result, measure: str) -> str:
    gain = result.difference(measure)
    return f"{HEADINGS[measure]} {gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def _grouping(result: Result) -> list[str]:
    lines = [
        "",
        "| grouping | items | pair P | pair R | pair F1 | B-cubed F1 | ARI | AMI |",
        "|---|" + "---|" * 7,
    ]
    for system, scores in result.groupings.items():
        values: dict[str, Any] = asdict(scores)
        shown = ("pair_precision", "pair_recall", "pair_f1", "bcubed_f1", "ari", "ami")
        lines.append(f"| {system} | {scores.items} | " + " | ".join(f"{values[m]:.3f}" for m in shown) + " |")
    return lines


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "no commit"
    return done.stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
