"""`make quality`: how good the default engine is, measured and written to docs/quality.md.

Everything is measured on what nothing was fitted on: the test half of the sample corpus and, given
a folder of notices (`make quality DATA=folder`, see `corpora.campaign`), its fold `test`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from corpora import load_sample
from corpora.campaign import language_versions, titles_to_notices
from corpora.tuning import load as load_tuning
from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.ranking import RELEVANT
from matcher.evaluate.systems import DENSE, PLAIN, System, engine_system, own_systems
from matcher.evaluate.trial import Result, Trial, run
from matcher.fuse import FusionWeights
from matcher.records import Need, Record
from matcher.text.language import language_of
from models import classifier, tunings
from models.registry import BASE, entry
from service.cli import screen
from service.fit import classification, duplicates
from service.measure import joining
from service.report.evaluation import COMPARED, HEADINGS, section
from service.report.tables import spread, table
from service.settings import Settings
from service.wiring import DUPLICATES, Say, duplicate_model, open_embedder, tuning_of

DOCS = Path("docs")
PLOTS = "quality"
E5, E5_FULL, E5_OFFSET = "plain e5", "plain e5 in fp32", "e5, offset"
"""What the tuned model is held against: the model it began as."""
SECTIONS: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "joint": joining.section,
    "cpv": classification.section,
    "duplicates": duplicates.section,
}
"""What writes each part that is measured beside ranking and grouping."""
SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")
PROCEDURE = 4
"""Sentences about procedure added to each need, to see whether they change what is found."""


def main(arguments: Sequence[str]) -> None:
    """Measure and write docs/quality.md and docs/quality.json."""
    folder = Path(arguments[0]) if arguments else None
    with screen.saying("Measuring quality") as say:
        results = measure(Settings(), folder, say)
        beside = {} if folder is None else further(Settings(), folder, say)
    DOCS.mkdir(exist_ok=True)
    figures = {
        name: {
            **result.as_json(),
            "gains": {
                over: {system: result.gains(system, over) for system in result.rankings if system != over}
                for over in references(result)
            },
        }
        for name, result in results.items()
    }
    facts = {"date": date.today().isoformat(), "version": version("needmatch"), "commit": _commit()}
    (DOCS / "quality.json").write_text(
        json.dumps({**facts, "trials": figures, **beside}, indent=1) + "\n", encoding="utf-8"
    )
    (DOCS / "quality.md").write_text(page(results, facts, DOCS, beside), encoding="utf-8")
    screen.console().print(f"Written to {DOCS / 'quality.md'} and {DOCS / 'quality.json'}")


def measure(settings: Settings, folder: Path | None, say: Say) -> dict[str, Result]:
    """The trials that can be run here, by name."""
    embedder = open_embedder(settings, say)
    tuning = tuning_of(embedder.encoder)
    sample = load_sample().part("test")
    trials = {
        "Sample, test half: needs to solutions": Trial(
            queries=sample.needs,
            documents=sample.solutions,
            qrels={need: grades for need, grades in sample.qrels.items() if max(grades.values()) >= RELEVANT},
            needs=sample.needs,
            groups=sample.groups,
            families={need.id: sample.themes[need.id] for need in sample.needs},
            without_answer=frozenset(
                n.id for n in sample.needs if max(sample.qrels.get(n.id, {}).values(), default=0) < RELEVANT
            ),
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
    systems = compared(settings, embedder, tuning, say)
    padded = engine_system("hybrid, procedure added", embedder, tuning, with_procedure)
    return {
        name: run(
            trial,
            embedder,
            tuning,
            lambda text, name=name: say(f"{name}. {text}"),  # type: ignore[misc]
            [*systems, padded] if name.startswith("Sample") else systems,
        )
        for name, trial in trials.items()
    }


def with_procedure(query: Record) -> Record:
    """A need with `PROCEDURE` sentences about procedure before, between and after its own.

    They are of the half that nothing was trained on. How offers are handed in must not drive what is found.
    """
    if not isinstance(query, Need):
        return query
    sentences = load_tuning().procedure["test"].get(language_of(query) or "", ())[:PROCEDURE]
    own = [sentence for sentence in SENTENCE_END.split(query.description) if sentence]
    for at, sentence in enumerate(sentences):
        own.insert(at * len(own) // max(1, PROCEDURE - 1), sentence)
    return replace(query, description=" ".join(own))


def further(settings: Settings, folder: Path, say: Say) -> dict[str, dict[str, Any]]:
    """What is measured beside ranking and grouping, as far as it is fitted for the model."""
    embedder = open_embedder(settings, say)
    found: dict[str, dict[str, Any]] = {"joint": joining.measure(settings, folder, say)}
    if classifier.shipped(embedder.encoder.identity) is not None:
        say("Suggesting CPV codes")
        found["cpv"] = classification.measure(folder, settings, say=say)
    if tunings.shipped(embedder.encoder.identity, DUPLICATES) is not None:
        say("Looking for near-duplicates")
        model = duplicate_model(embedder.encoder)
        found["duplicates"] = duplicates.measure(folder, embedder, model, "test")
    return found


def compared(settings: Settings, embedder: Embedder, tuning: Tuning, say: Say) -> list[System]:
    """The engine, its own legs, what each part of it brought, and the model that it began as."""
    own = own_systems(embedder, tuning)
    if (entry(settings.model).base or settings.model) != BASE:
        return own
    base = settings.model_copy(update={"model": BASE})
    if embedder.encoder.identity.id != BASE:
        before = open_embedder(base, say)
        dense = replace(tuning_of(before.encoder), fusion=FusionWeights(0.0, 0.0, 0.0))
        plain = Embedder(before.encoder, None, before.cache)
        own += [engine_system(E5, plain, dense), engine_system(E5_OFFSET, before, dense)]
    full = open_embedder(base.model_copy(update={"engine": "torch"}), say)
    own.append(
        engine_system(E5_FULL, Embedder(full.encoder, None, full.cache), Tuning(FusionWeights(0, 0, 0)))
    )
    if tuning.fusion.late:
        late = tuning.fusion.late / (tuning.fusion.late + tuning.fusion.meaning)
        own += [
            engine_system("dense and late", embedder, replace(tuning, fusion=FusionWeights(0, 0, 0, late))),
            engine_system("late alone", embedder, replace(tuning, fusion=FusionWeights(0, 0, 0, 1))),
            engine_system(
                "hybrid without late", embedder, replace(tuning, fusion=replace(tuning.fusion, late=0.0))
            ),
        ]
    for name, part in (("codes", "codes"), ("CPV", "branch")):
        without = replace(tuning.fusion, **{part: 0.0})
        own.append(engine_system(f"hybrid without {name}", embedder, replace(tuning, fusion=without)))
    return own


def page(
    results: Mapping[str, Result],
    facts: Mapping[str, str],
    docs: Path,
    beside: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """The Markdown page of the figures; its plots are written beside it, into `docs`."""
    (docs / PLOTS).mkdir(parents=True, exist_ok=True)
    model = next(iter(results.values()))
    parts = [
        "# Quality",
        "",
        "Written by `make quality`; do not edit. "
        f"needmatch {facts['version']} at {facts['commit']}, {facts['date']}; model `{model.model}`, "
        f"language offset `{model.offset or 'none'}`.",
        "",
        "Nothing here was fitted on what it is measured on: weights, thresholds and offsets come from the",
        "tuning half of the sample, themes of the tuning set that the model was not trained on, and the fold",
        f"`train` of the notices. Where procedure is added, {PROCEDURE} sentences about how offers are",
        "handed in and weighed stand between those of each need (sentences that nothing was trained on).",
        "Intervals are 95 % bootstrap intervals of paired differences, drawn by whole themes (sample) or",
        "notices (T1). The folder for T1 and T4 is described in `corpora/campaign.py`; with one,",
        "`make quality DATA=folder` repeats this.",
    ]
    for name, result in results.items():
        parts += ["", f"## {name}"]
        parts += section(result, docs, f"{PLOTS}/{name.split(',')[0].lower()}-")
        parts += _ablation(result)
    for name, figures in (beside or {}).items():
        parts += SECTIONS[name](figures)
    return "\n".join(parts) + "\n"


def references(result: Result) -> list[str]:
    """What each system is held against: the model it began as, without and with an offset."""
    if E5 in result.rankings:
        return [E5, E5_OFFSET]
    return [name for name in (PLAIN, DENSE) if name in result.rankings]


def _ablation(result: Result) -> list[str]:
    """What each part brings, over the model that all began as."""
    lines: list[str] = []
    for over in references(result):
        rows = [
            [
                name,
                *(spread(result.difference(measure, name, over)) for measure in COMPARED),
                f"{result.chance('ndcg_10', name, over):.4f}",
            ]
            for name in result.rankings
            if name != over
        ]
        lines += [
            "",
            f"Each system less `{over}`, with 95 % intervals, and the p of the first by randomisation:",
            "",
            *table(["system", *(HEADINGS[measure] for measure in COMPARED), "p"], rows),
        ]
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
