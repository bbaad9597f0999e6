"""`make bench`: speed and memory of the default engine, measured and written to docs/performance.md.

Every figure comes from a process of its own, so that no import or cache of one counts for another.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from service.cli import screen
from service.measure.performance import (
    SHOWN,
    Figure,
    embedding,
    grouping,
    loading,
    querying,
    serving,
    starting,
    terminal_row,
    write,
)
from service.settings import Settings

ROOT = Path(__file__).parents[2]
SIZE = 10_000
LIBRARIES = ("openvino", "torch", "sentence-transformers", "faiss-cpu", "numpy")

Found = dict[str, Any]
"""What one job has measured, as it leaves its process."""
Run = Callable[..., Found]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    size: int = SIZE
    """Solutions stored."""
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


QUICK = Plan(size=50, rounds=1, repeats=1, queries=4, passes=1, warm_up=1, texts={20: 4, 120: 2, 300: 2})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write performance.md and performance.json into the folder `--out`."""
    parser = argparse.ArgumentParser(prog="python -m service.measure.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the page [docs]")
    parser.add_argument("--size", type=int, help=f"solutions stored [{SIZE}]")
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures say nothing")
    parser.add_argument("--only", choices=sorted(JOBS), help="do one job here and print what it found")
    parser.add_argument("--snapshot", type=Path, help="the snapshot that the job opens")
    chosen = parser.parse_args(arguments)
    plan = QUICK if chosen.quick else Plan()
    if chosen.size is not None:
        if chosen.size < 1:
            parser.error(f"--size is a number of solutions, 1 or more; got {chosen.size}")
        plan = replace(plan, size=chosen.size)
    if chosen.only:
        print(json.dumps(JOBS[chosen.only](plan, Settings(), chosen.snapshot)))
        return
    facts = {**machine(Settings()), "quick": chosen.quick, "plan": asdict(plan)}
    figures, engines = measure(
        plan, lambda job, **given: alone(job, quick=chosen.quick, size=plan.size, **given)
    )
    facts |= {"engines": engines, "load_after": load_average()}
    for file in write(figures, facts, chosen.out):
        screen.errors().print(f"Written to {file}")
    screen.table(screen.console(), ["figure", "value", "bar", "met"], [terminal_row(f) for f in figures])


# -- the whole, and its processes -------------------------------------------------------------


def measure(plan: Plan, run: Run) -> tuple[list[Figure], Found]:
    """All figures, and the names of the engines they are of; `run(job, snapshot=...)` does one job."""
    tell = screen.errors().print
    tell(f"1/7 {plan.size} solutions (embedded once, then kept)")
    built = run("build")
    stored = {"snapshot": built["snapshot"]}
    tell("2/7 Start of the command")
    figures = starting([command_seconds() for _ in range(plan.repeats)])
    tell("3/7 Opening the engine")
    figures += serving([run("serve") for _ in range(plan.repeats)])
    tell("4/7 Loading the snapshot")
    figures += loading([run("load", **stored) for _ in range(plan.repeats)], plan.size)
    tell("5/7 Queries")
    figures += querying(run("query", **stored), plan.size)
    tell("6/7 Grouping")
    figures += grouping(run("group", **stored), plan.size)
    tell("7/7 Embedding, against sentence-transformers")
    speed = run("throughput")
    return embedding(speed) + figures, {"fast": speed["fast"], "reference": speed["reference"]}


def alone(job: str, *, size: int, quick: bool = False, snapshot: str | None = None) -> Found:
    """What a job finds in a fresh process; its progress goes to standard error."""
    command = [sys.executable, "-m", "service.measure.bench", "--only", job, "--size", str(size)]
    command += ["--quick"] if quick else []
    command += ["--snapshot", snapshot] if snapshot else []
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if ran.returncode:
        raise SystemExit(f"The job {job!r} ended with {ran.returncode}; what it said stands above.")
    found: Found = json.loads(ran.stdout.splitlines()[-1])
    return found


def command_seconds() -> float:
    """Wall time of `needmatch --help`, from the start of its process to the end."""
    script = Path(sys.executable).with_name("needmatch")
    command = (
        [str(script)] if script.exists() else [sys.executable, "-c", "from service.cli import main; main()"]
    )
    started = time.perf_counter()
    subprocess.run([*command, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


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
    path = home / f"{plan.size}-{key}"
    reused = (path / "CURRENT").exists()
    if not reused:
        # Vectors are kept apart from the users' own: changed code needs new snapshots, not new vectors.
        engine.embedder.cache = SqliteCache(home / "vectors.db")
        with screen.progress("Reading the solutions", plan.size) as done:
            engine.add(records, done)
        engine.save(path)
    for other in home.glob(f"{plan.size}-*"):
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
    """Seconds of the default engine (A) and of sentence-transformers (B) for the same texts, in turn."""
    from matcher.protocols import Encoder, Role
    from models import open_encoder
    from service.measure.workload import of_length, sample_texts

    def opened(engine: str) -> Encoder:
        return open_encoder(settings.model, engine=engine, cache=settings.cache, threads=settings.threads)

    fast, reference = opened(settings.engine), opened("torch")
    corpus = sample_texts()
    lengths: Found = {}
    with screen.progress("Embedding", len(plan.texts) * plan.rounds) as done:
        for tokens, number in plan.texts.items():
            texts = of_length(corpus, tokens, number, fast.count_tokens)
            lengths[str(tokens)] = {
                "texts": number,
                "mean_tokens": sum(fast.count_tokens(texts)) / number,
                "pairs": alternated(
                    partial(fast.encode, texts, Role.PASSAGE),
                    partial(reference.encode, texts, Role.PASSAGE),
                    plan.rounds,
                ),
            }
            done(len(lengths) * plan.rounds)
    return {"fast": fast.identity.key, "reference": reference.identity.key, "lengths": lengths}


JOBS: Mapping[str, Callable[[Plan, Settings, Path | None], Found]] = {
    "build": build,
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


def alternated(a: Callable[[], object], b: Callable[[], object], rounds: int) -> list[tuple[float, float]]:
    """Seconds of both in each round, after one unmeasured; who goes first changes every round."""
    a()
    b()
    pairs: list[tuple[float, float]] = []
    for turn in range(rounds):
        if turn % 2:
            later, sooner = timed(b), timed(a)
            pairs.append((sooner, later))
        else:
            pairs.append((timed(a), timed(b)))
    return pairs


def peak_bytes() -> int:
    """The most memory this process has had resident, mapped files included."""
    # The starting process counts too on Linux, so it must stay small: it imports no engine.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def load_average() -> float:
    """Processes that wanted to run in the last minute, this one's included."""
    return round(os.getloadavg()[0], 1)


def given(snapshot: Path | None) -> Path:
    """The snapshot that a job needs. Raises `SettingInvalid` without one."""
    from matcher.errors import SettingInvalid

    if snapshot is None:
        raise SettingInvalid("This job opens a snapshot: give --snapshot, as --only build printed it.")
    return snapshot


def machine(settings: Settings) -> Found:
    """Where and on what code it is measured."""
    from models import processor

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": date.today().isoformat(),
        "commit": commit(ROOT),
        "processor": processor.name(),
        "threads": settings.threads or usable,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "load_before": load_average(),
    }


def commit(folder: Path) -> str:
    """The short hash of what is checked out, marked where files differ from it; generated pages aside."""
    try:
        head = _git(folder, "rev-parse", "--short", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".", ":(exclude)docs")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no repository)"
    return f"{head} with changes" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return ran.stdout.strip()


if __name__ == "__main__":
    main()
