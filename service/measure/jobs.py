"""What speed and memory are measured by: jobs, each for a process of its own (`service.measure.bench`)."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.cli import screen
from service.measure.machine import peak_bytes
from service.measure.performance import OURS, SHOWN
from service.settings import Settings

if TYPE_CHECKING:
    from matcher.engine import Engine
    from matcher.late import Parts
    from matcher.records import Record

SIZE, LARGE = 10_000, 100_000
SENTENCE_TRANSFORMERS, TXTAI = "sentence-transformers", "txtai"

Found = dict[str, Any]
"""What one job has measured, as it leaves its process."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    size: int = SIZE
    """Solutions stored, each of which the model has read."""
    large: int = LARGE
    """Solutions stored beside, put together from what the model has read of others; 0 for none."""
    seed: int = 20_260
    """Of the drawing that makes them."""
    rounds: int = 7
    """Pairs of A and B at each length of text."""
    repeats: int = 5
    """Processes, or passes, of which the median counts."""
    queries: int = 200
    passes: int = 3
    """How often all queries are asked, one after the other."""
    warm_up: int = 2
    """Needs of every language that are asked before the clock counts."""
    texts: Mapping[int, int] = field(default_factory=lambda: {20: 256, 120: 96, 300: 32})
    """How many texts a round embeds, by their length in tokens."""


QUICK = Plan(
    size=50, large=200, rounds=1, repeats=1, queries=4, passes=1, warm_up=1, texts={20: 4, 120: 2, 300: 2}
)


# -- jobs, each in its process ----------------------------------------------------------------


def build(plan: Plan, settings: Settings, _: Path | None = None) -> Found:
    """Make the solutions' snapshot, unless the cache has it for this very code, model and corpus."""
    from matcher.embed import SqliteCache
    from service.measure.workload import fingerprint, made_solutions
    from service.wiring import open_engine

    engine = open_engine(settings=settings, keep=False)
    records = made_solutions(plan.size, plan.seed)
    key = fingerprint(records, engine.embedder.encoder.identity.key, engine.embedder.offset_key)
    home = settings.cache / "bench"

    def fill() -> None:
        # Vectors are kept apart from the users' own: changed code needs new snapshots, not new vectors.
        engine.embedder.cache = SqliteCache(home / "vectors.db")
        with screen.progress("Reading the solutions", plan.size) as done:
            engine.add(records, done)

    return _kept(home, str(plan.size), key, engine, fill)


def assemble(plan: Plan, settings: Settings, _: Path | None = None) -> Found:
    """Make the snapshot of the many solutions that nobody read, unless the cache has it."""
    import numpy as np

    from corpora import load_sample
    from matcher.text.terms import terms
    from service.measure.assembled import assembled
    from service.measure.workload import fingerprint
    from service.wiring import open_engine, reference_statistics

    # as in the service, words weigh what they weigh in texts that ship
    engine = open_engine(settings=settings, keep=False, statistics=reference_statistics())
    sample = load_sample()
    made_of: list[Record] = [*sample.solutions, *sample.needs]
    key = fingerprint(
        made_of, engine.embedder.encoder.identity.key, engine.embedder.offset_key, str(plan.seed)
    )

    def fill() -> None:
        kept = engine.solutions
        records: list[Record] = []
        languages: list[str | None] = []
        parts: list[Parts] = []
        with screen.progress("Putting solutions together", plan.large) as done:
            for block in assembled(plan.large, plan.seed, engine.embedder):
                rows = np.arange(len(records), len(records) + len(block.records))
                kept.dense.upsert(rows, block.vectors)
                words = [
                    terms(one.text, spoken, named=one.standards)
                    for one, spoken in zip(block.records, block.languages, strict=True)
                ]
                kept.lexical.upsert(rows, words)
                records += block.records
                languages += block.languages
                parts += block.parts
                done(len(records))
        kept.restore(records, languages, parts, {})

    return _kept(settings.cache / "bench", f"assembled-{plan.large}", key, engine, fill)


def _kept(home: Path, stem: str, key: str, engine: "Engine", fill: Callable[[], None]) -> Found:
    """The snapshot of an engine under a key, made where it is not there; those of other keys are removed."""
    path = home / f"{stem}-{key}"
    reused = (path / "CURRENT").exists()
    if not reused:
        fill()
        engine.save(path)
    for other in home.glob(f"{stem}-*"):
        if other != path:
            shutil.rmtree(other, ignore_errors=True)
    return {"snapshot": str(path), "reused": reused}


def serve(_: Plan, settings: Settings, __: Path | None = None) -> Found:
    """A process with the model and no record, that has answered one question."""
    started = time.perf_counter()
    from service.wiring import open_engine

    engine = open_engine(settings=settings, keep=False)
    seconds = time.perf_counter() - started
    engine.demand("body armour for patrol officers", SHOWN, language="en")
    return {"open_seconds": seconds, "peak_bytes": peak_bytes()}


def load(_: Plan, settings: Settings, snapshot: Path | None) -> Found:
    """`Engine.load` alone: the model is open before the clock starts."""
    from matcher.engine import Engine
    from service.wiring import open_embedder, tuning_of

    embedder = open_embedder(settings, keep=False)
    tuning = tuning_of(embedder.encoder)
    started = time.perf_counter()
    engine = Engine.load(given(snapshot), embedder, tuning)
    return {"load_seconds": time.perf_counter() - started, "records": len(engine.solutions)}


def query(plan: Plan, settings: Settings, snapshot: Path | None) -> Found:
    """Needs one after the other, each embedded, searched on both legs, fused, calibrated and explained."""
    from matcher.retrieve import ask_records
    from service.measure.workload import first_needs, query_needs
    from service.wiring import open_engine

    engine = open_engine(given(snapshot), settings=settings, keep=False)
    needs, before = query_needs(plan.queries, plan.seed), first_needs(plan.warm_up, plan.seed)
    first = timed(lambda: [engine.match(need, SHOWN) for need in before])
    whole = [
        [timed(partial(engine.match, need, SHOWN)) for need in needs]  # a pass over all before any again
        for _ in range(plan.passes)
    ]
    peak = peak_bytes()
    read = [timed(partial(ask_records, [need], engine.embedder)) for need in needs]
    return {
        "warm_up_queries": len(before),
        "warm_up_seconds": first,
        "seconds": whole,
        "reading_seconds": read,
        "peak_bytes": peak,
        "records": len(engine.solutions),
        "calibrated": engine.tuning.calibrator is not None,
    }


def group(plan: Plan, settings: Settings, snapshot: Path | None) -> Found:
    """Grouping without embedding: the sample's needs, and the stored vectors as if they were needs'."""
    from corpora import load_sample
    from matcher.collection import Collection
    from matcher.cooperation import Cooperation
    from matcher.filters import Filter
    from matcher.records import Kind, Need
    from service.wiring import open_engine

    engine = open_engine(given(snapshot), settings=settings, keep=False)
    engine.add(load_sample().needs)
    stored, none = engine.solutions, Collection.empty(Kind.SOLUTION, engine.solutions.dense.dimension)
    many = Collection(Kind.NEED, stored.dense, stored.lexical)
    records = [
        Need(id=kept.record.id, title=kept.record.title, description=kept.record.text, cpv=kept.record.cpv)
        for kept in stored
    ]
    many.restore(records, stored.languages, stored.parts)

    def grouped(needs: Collection, solutions: Collection) -> int:
        # Whoever was asked before remembers the groups: each time counts from the start.
        fresh = Cooperation(lambda: needs, lambda: solutions, engine.embedder)
        return len(fresh.groups(Filter(), engine.tuning.grouping))

    few, all_stored = partial(grouped, engine.needs, stored), partial(grouped, many, none)
    return {
        "sample_needs": len(engine.needs),
        "sample_groups": few(),
        "sample_seconds": [timed(few) for _ in range(plan.repeats)],
        "many_groups": all_stored(),
        "many_seconds": [timed(all_stored) for _ in range(plan.repeats)],
    }


def throughput(plan: Plan, settings: Settings, _: Path | None = None) -> Found:
    """Seconds that the default engine and others take for the same texts, in turn."""
    from importlib.util import find_spec

    from matcher.protocols import Encoder, Role
    from models import open_encoder
    from service.measure.workload import of_length, sample_texts

    def opened(engine: str) -> Encoder:
        return open_encoder(settings.model, engine=engine, cache=settings.cache, threads=settings.threads)

    fast, reference = opened(settings.engine), opened("torch")
    sides: dict[str, Callable[[list[str]], object]] = {
        OURS: lambda texts: fast.encode(texts, Role.PASSAGE),
        SENTENCE_TRANSFORMERS: lambda texts: reference.encode(texts, Role.PASSAGE),
    }
    missing = {}
    folder = folder_of(settings)
    if find_spec(TXTAI) is None:
        missing[TXTAI] = "txtai is not installed (pip install -e '.[peers]')"
    elif folder is None:
        missing[TXTAI] = f"{settings.model} is no model that txtai opens"
    else:
        from txtai.embeddings import Embeddings

        sides[TXTAI] = Embeddings(path=str(folder), gpu=False).batchtransform
    corpus = sample_texts()
    lengths: Found = {}
    with screen.progress("Embedding", len(plan.texts) * plan.rounds) as done:
        for tokens, number in plan.texts.items():
            texts = of_length(corpus, tokens, number, fast.count_tokens)
            works = {name: partial(side, texts) for name, side in sides.items()}
            lengths[str(tokens)] = {
                "texts": number,
                "mean_tokens": sum(fast.count_tokens(texts)) / number,
                "seconds": in_turn(works, plan.rounds),
            }
            done(len(lengths) * plan.rounds)
    engines = {OURS: fast.identity.key, SENTENCE_TRANSFORMERS: reference.identity.key}
    return {"engines": engines, "lengths": lengths, "missing": missing}


def folder_of(settings: Settings) -> Path | None:
    """The folder of the model in the form that others read; None where there is none."""
    from models.registry import Source, entry
    from models.tuned import tuned

    known = entry(settings.model)
    return tuned(known, settings.cache).folder if known.source is Source.TUNED else known.folder


JOBS: Mapping[str, Callable[[Plan, Settings, Path | None], Found]] = {
    "build": build,
    "assemble": assemble,
    "serve": serve,
    "load": load,
    "query": query,
    "group": group,
    "throughput": throughput,
}


# -- clocks and meters ------------------------------------------------------------------------


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turn(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each in each round, after one unmeasured; who goes first changes every round."""
    names = list(works)
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(timed(works[name]))
    return found


def given(snapshot: Path | None) -> Path:
    """The snapshot that a job needs. Raises `SettingInvalid` without one."""
    from matcher.errors import SettingInvalid

    if snapshot is None:
        raise SettingInvalid("This job opens a snapshot: give --snapshot, as --only build printed it.")
    return snapshot
