"""The index by size and filter, and against peers: `python -m service.measure.index` writes docs/index.md.

Vectors are made from those of real texts (`service.measure.lifelike`). Truth is a look at all of them in four
bytes a number, under the same filter. A filter allows rows drawn at random. Indexes are built once and kept
in the user's cache; every job runs in a process of its own, which tells its time and memory. With `--costs`
it measures the steps that searches are made of, for the planner, and writes `matcher/index/costs.json`.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from matcher.index import FlatIndex, LadderIndex, Planner, Rung, Way
from matcher.index import plan as plans
from matcher.index.plan import Costs
from matcher.index.settled import BLOCK, Base, halved
from matcher.protocols import Float32, Int64
from matcher.rows import RowSet
from service.cli import screen
from service.measure import lifelike, overview, rivals, rungs
from service.measure.machine import load_average, machine, peak_bytes
from service.measure.rungs import SHARES, Found
from service.settings import Settings

SIZES = (20_000, 100_000, 1_000_000)
QUERIES, K, PASSES = 100, 10, 3
CHANGES = 200
LOOKED = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
PATIENCE_S = 30.0
"""Of a rival that takes longer to answer all questions once, only a fifth of them is timed, once."""
NARROWED = (0.5, 0.3, 0.1, 0.03)
"""Shares at which it is tried whether lists still hold the nearest."""
AIM = 0.98
"""Recall that a search by way of lists must reach: more than is promised, at little cost."""
NEVER = 2.0
"""A share of rows that no filter allows."""
RUNGS = tuple(Rung)


@dataclass(frozen=True, slots=True)
class World:
    """Vectors, what is asked, and what is true under each filter."""

    vectors: Float32
    queries: Float32
    allowed: Mapping[float, RowSet]
    truth: Mapping[float, Int64]

    def recall(self, share: float, found: Iterable[Int64]) -> float:
        """Which part of the true nearest was found, in the mean over all queries."""
        pairs = zip(self.truth[share], found, strict=True)
        return float(np.mean([len(set(a.tolist()) & set(b.tolist())) / K for a, b in pairs]))


def folder() -> Path:
    """Where vectors and indexes are kept."""
    return Settings().cache / "measure"


def world(size: int) -> World:
    """The world of a size; made when it is not kept."""
    with screen.progress("Vectors", size) as done:
        vectors, source = lifelike.kept(folder(), size, done)
    queries = lifelike.lifelike(source, QUERIES, seed=7)
    random = np.random.default_rng(size)
    allowed = {
        share: RowSet.of(random.permutation(size)[: max(K, round(share * size))].tolist(), size)
        for share in SHARES
    }
    file = folder() / f"truth-{size}.npz"
    if not file.is_file():
        truth = {f"{share:g}": nearest(vectors, queries, rows) for share, rows in allowed.items()}
        np.savez(file.with_suffix(".unfinished.npz"), **truth)  # type: ignore[arg-type]
        file.with_suffix(".unfinished.npz").replace(file)
    with np.load(file) as kept:
        return World(vectors, queries, allowed, {share: kept[f"{share:g}"] for share in SHARES})


def nearest(vectors: Float32, queries: Float32, allowed: RowSet) -> Int64:
    """`int64[q, K]`: the true nearest allowed rows, from all their products."""
    rows = np.flatnonzero(allowed.mask)
    scores = np.empty((len(queries), rows.size), dtype=np.float32)
    for start in range(0, rows.size, BLOCK):
        scores[:, start : start + BLOCK] = queries @ vectors[rows[start : start + BLOCK]].T
    best = np.argpartition(-scores, K - 1, axis=1)[:, :K]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    found: Int64 = rows[np.take_along_axis(best, order, axis=1)]
    return found


# -- jobs, each in a process of its own -------------------------------------------------------


def build(size: int, rung: Rung) -> Found:
    """Make the index of a rung, keep it, and say what that took."""
    file, told = _file(size, rung), _file(size, rung).with_suffix(".json")
    if not (file.is_file() and told.is_file()):
        made = world(size)
        planner = Planner(rung=rung)
        began = time.perf_counter()
        if rung is Rung.EXACT32:
            index = LadderIndex(made.vectors.shape[1], planner)
            index.upsert(np.arange(size), np.ascontiguousarray(made.vectors))
        else:
            with screen.progress(f"{rung.name} of {size:,}", size) as done:
                index = LadderIndex.over(
                    Base.build(rung, np.arange(size), _blocks(made.vectors), done), planner
                )
        seconds = time.perf_counter() - began
        index.save(file)
        told.write_text(json.dumps({"build_seconds": seconds, "file_bytes": file.stat().st_size}))
    found: Found = json.loads(told.read_text())
    return found


def search(size: int, rung: Rung) -> Found:
    """Restart, memory, recall and time under every filter, and the cost of one change."""
    made, file = world(size), _file(size, rung)
    dimension = made.vectors.shape[1]
    before = resident_bytes()
    began = time.perf_counter()
    index = LadderIndex.load(file, dimension, Planner(rung=rung))
    loaded = time.perf_counter() - began
    index.search(made.queries[:1], K, made.allowed[0.01])
    restart = time.perf_counter() - began
    shares: Found = {}
    with screen.progress(f"{rung.name} of {size:,}", len(SHARES) * PASSES) as done:
        for share, rows in made.allowed.items():
            found = np.concatenate([index.search(query[None], K, rows)[0] for query in made.queries])
            passes = []
            for _ in range(PASSES):
                passes.append([_ms(index.search, query[None], K, rows) for query in made.queries])
                done(len(shares) * PASSES + len(passes))
            choice = index.choice(rows)
            shares[f"{share:g}"] = {
                "way": str(choice.way),
                "why": choice.why,
                "recall": made.recall(share, found),
                **_spread(passes),
            }
    memory = resident_bytes() - before
    rows_, vectors = np.arange(size, size + CHANGES), made.queries[np.arange(CHANGES) % QUERIES]
    upserts = [_ms(index.upsert, rows_[at : at + 1], vectors[at : at + 1]) for at in range(CHANGES)]
    replaced = [_ms(index.upsert, np.array([at * 7]), vectors[at : at + 1]) for at in range(CHANGES)]
    deletions = [_ms(index.delete, rows_[at : at + 1]) for at in range(CHANGES)]
    return {
        "load_seconds": loaded,
        "restart_seconds": restart,
        "memory_bytes": memory,
        "upsert_ms": _busy(upserts),
        "replace_ms": _busy(replaced),
        "delete_ms": _busy(deletions),
        "shares": shares,
        "load_average": load_average(),
    }


def rival(size: int, name: str) -> Found:
    """A rival on the same vectors and filters."""
    from importlib.util import find_spec
    from tempfile import TemporaryDirectory

    one = next(one for one in rivals.RIVALS if one.name == name)
    if find_spec(one.package) is None:
        return {"failed": f"{one.package} is not installed (pip install -e '.[peers]')"}
    made = world(size)
    with TemporaryDirectory() as scratch:
        began = time.perf_counter()
        ask = one.made(made.vectors, made.allowed, K, Path(scratch))
        built = time.perf_counter() - began
        shares: Found = {}
        for share in SHARES:
            began_asking = time.perf_counter()
            found = [ask(query, share) for query in made.queries]
            slow = time.perf_counter() - began_asking > PATIENCE_S
            passes = [
                [_ms(ask, query, share) for query in made.queries[: QUERIES // 5 if slow else QUERIES]]
                for _ in range(1 if slow else PASSES)
            ]
            shares[f"{share:g}"] = {"recall": made.recall(share, found), **_spread(passes)}
    return {
        "build_seconds": built,
        "shares": shares,
        "peak_bytes": peak_bytes(),
        "load_average": load_average(),
    }


def stepwise(size: int) -> Costs:
    """The steps that searches are made of, on one thread; those by way of lists where they are kept."""
    made = world(size)
    count, dimension = made.vectors.shape
    some, queries, rows = min(count, 100_000), made.queries, np.arange(min(count, 100_000))
    vectors = np.ascontiguousarray(made.vectors[:some])
    flat = FlatIndex(dimension)
    flat.upsert(rows, vectors)
    half, byte = (Base.build(rung, rows, _blocks(vectors), _quietly) for rung in (Rung.EXACT16, Rung.INT8))
    every, few = np.ones(some, dtype=np.bool_), np.zeros(some, dtype=np.bool_)
    drawn = np.sort(np.random.default_rng(1).permutation(some)[: some // 10])
    few[::1000] = True

    def each(ask: Callable[[Float32], object]) -> float:
        return median(_busy(_ms(ask, query[None]) for query in queries) for _ in range(PASSES))

    with screen.saying("Measuring steps"):
        whole = RowSet.all(some)
        known = {
            "flat_ns": each(lambda q: flat.search(q, K, whole)) * 1e6 / some / dimension,
            "scan16_ns": each(lambda q: half.scan(q, 2 * K + 1, every)) * 1e6 / some / dimension,
            "scan8_ns": each(lambda q: byte.scan(q, 8 * K + 1, every)) * 1e6 / some / dimension,
            "skip_ns": each(lambda q: half.scan(q, 2 * K + 1, few)) * 1e6 / some,
            "gather_ns": each(lambda q: half.gather(q, 2 * K + 1, drawn)) * 1e6 / drawn.size / dimension,
        }
    facts = machine(Settings())
    measured = Costs(
        machine=facts["processor"],
        date=facts["date"],
        commit=facts["commit"],
        **known,
        lists_ms=0.0,
        lists_vectors=count,
        lists_looked=LOOKED[-1],
        lists_share=1.0,
    )
    return _listed(made, measured)


def _listed(made: World, measured: Costs) -> Costs:
    """The fewest lists that suffice without a filter, and how narrow a filter may get."""
    file = _file(len(made.vectors), Rung.LISTS16)
    if not file.is_file():
        build(len(made.vectors), Rung.LISTS16)

    def tried(looked: int, share: float) -> tuple[float, float]:
        given = replace(measured, lists_ms=-1e9, lists_looked=looked, lists_share=0.0)
        index = LadderIndex.load(file, made.vectors.shape[1], Planner(rung=Rung.LISTS16, measured=given))
        drawn = np.random.default_rng(3).permutation(len(made.vectors))[: round(share * len(made.vectors))]
        rows = RowSet.of(drawn.tolist(), len(made.vectors))
        assert index.choice(rows).way is Way.LISTS
        held = replace(made, truth={share: nearest(made.vectors, made.queries, rows)})
        found = np.concatenate([index.search(query[None], K, rows)[0] for query in made.queries])
        return held.recall(share, found), _busy(
            _ms(index.search, query[None], K, rows) for query in made.queries
        )

    with screen.saying("Looking into lists"):
        looked, ms, recall = LOOKED[-1], 0.0, 0.0
        for looked in LOOKED:
            recall, ms = tried(looked, 1.0)
            if recall >= AIM:
                break
        # where even the most do not suffice, lists are not looked into at all
        narrowest = 1.0 if recall >= AIM else NEVER
        for share in NARROWED if recall >= AIM else ():
            if tried(looked, share)[0] < AIM:
                break
            narrowest = share
    return replace(measured, lists_ms=ms, lists_looked=looked, lists_share=narrowest)


# -- clocks and meters ------------------------------------------------------------------------


def resident_bytes() -> int:
    """What this process holds in memory now, mapped pages that were touched included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _file(size: int, rung: Rung) -> Path:
    return folder() / f"{rung.name.lower()}-{size}.index"


def _quietly(done: int) -> None:
    """Tell nobody how far it is."""


def _blocks(vectors: Float32) -> Callable[[], Iterator[Float32]]:
    return lambda: (halved(vectors[start : start + BLOCK]) for start in range(0, len(vectors), BLOCK))


def _ms(work: Callable[..., object], *given: object) -> tuple[float, float]:
    """Milliseconds that the work takes, and of the processor: waiting for others is in the first alone."""
    busy, began = time.process_time(), time.perf_counter()
    work(*given)
    return (time.perf_counter() - began) * 1e3, (time.process_time() - busy) * 1e3


def _busy(times: Iterable[tuple[float, float]]) -> float:
    return median(busy for _, busy in times)


def _spread(passes: Sequence[Sequence[tuple[float, float]]]) -> Found:
    """The median over passes of the median, and of the 95th of 100; and the range of the medians."""
    walls = [[wall for wall, _ in times] for times in passes]
    middles = [median(times) for times in walls]
    return {
        "p50_ms": median(middles),
        "p95_ms": median(float(np.percentile(times, 95)) for times in walls),
        "busy_ms": median(_busy(times) for times in passes),
        "p50_from_ms": min(middles),
        "p50_to_ms": max(middles),
    }


# -- the whole, and its page ------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write index.md, index.json and the plots of index/ into docs."""
    parser = argparse.ArgumentParser(prog="python -m service.measure.index", description=__doc__)
    parser.add_argument("--job", choices=("build", "search", "rival"), help="do one job here, and print it")
    parser.add_argument("--size", type=int, default=max(SIZES), help="vectors of a job, or of --costs")
    parser.add_argument("--which", help="rung or rival of a job")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="sizes of the whole")
    parser.add_argument("--rivals-size", type=int, default=100_000, help="vectors that rivals are given")
    parser.add_argument("--costs", action="store_true", help="measure the steps, and write costs.json alone")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    chosen = parser.parse_args(arguments)
    if chosen.job:
        job = {"build": build, "search": search}.get(chosen.job)
        found = rival(chosen.size, chosen.which) if job is None else job(chosen.size, Rung[chosen.which])
        print(json.dumps(found))
        return
    tell = screen.errors().print
    if chosen.costs:
        plans.kept(stepwise(chosen.size))
        tell(f"Written to {plans.COSTS}")
        return
    facts = {**machine(Settings()), "queries": QUERIES, "passes": PASSES}
    sizes = [int(size) for size in chosen.sizes.split(",")]
    ours: Found = {}
    for size in sizes:
        for rung in RUNGS:
            tell(f"{rung} on {size:,}")
            made = alone("build", size, rung.name)
            ours[f"{size}/{rung.name}"] = (
                made if "failed" in made else {**made, **alone("search", size, rung.name)}
            )
    others: Found = {}
    for one in rivals.RIVALS:
        tell(f"{one.name} on {chosen.rivals_size:,}")
        others[one.name] = alone("rival", chosen.rivals_size, one.name)
    due = {size: Planner().plan(size, 384).rung.name for size in sizes}
    found = {"machine": facts, "ours": ours, "rivals": {"size": chosen.rivals_size, **others}, "due": due}
    for share in SHARES:
        plot = chosen.out / "index" / f"filter-{share:g}.svg"
        plot.parent.mkdir(parents=True, exist_ok=True)
        rungs.drawn(plot, found, share)
    (chosen.out / "index.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "index.md").write_text(rungs.page(found), encoding="utf-8")
    tell(f"Written to {chosen.out / 'index.md'}")
    tell(f"Written to {overview.write(chosen.out)}")


def alone(job: str, size: int, which: str) -> Found:
    """What a job found in a process of its own; its bar shows on the terminal."""
    command = [sys.executable, "-m", "service.measure.index", "--job", job, "--size", str(size)]
    done = subprocess.run([*command, "--which", which], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {"failed": f"the process ended with {done.returncode}"}
    found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
