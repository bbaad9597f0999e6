"""Grouping at scale, and against peers: `python -m service.measure.scale` writes docs/scale.md and its plot.

A corpus of any size is made of worlds. A world is all needs of the sample and of the tuning set: their
vectors turned by a random rotation of its own, so that distances inside it stay those of real texts and
worlds are far from each other, and shaken a little. Parts and facts are those of the needs themselves, and
so are texts but for the number of the world at their end: what was read of one text is of no use for
another. Every job runs in a process of its own, which tells its time and memory.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from corpora import load_sample
from corpora.tuning import load as load_tuning
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.evaluate.clustering import overlap
from matcher.protocols import Float32, Role
from matcher.records import Need
from service.cli import screen
from service.measure import overview
from service.measure.machine import machine, peak_bytes
from service.report.plots import INK, MARK, MUTED, PALE, canvas
from service.report.tables import table
from service.settings import Settings
from service.wiring import open_embedder, tuning_of, vocabulary

SIZES = (5_000, 10_000, 20_000, 50_000, 100_000)
AGAINST_PEERS = 20_000
SHAKEN = 0.1
"""Length of the noise added to a unit vector: the cosine to the text's own vector is about .995."""
SEED = 20_261
DAY = date(2026, 12, 1)
BAR_SECONDS, BAR_SIZE = 180, 100_000
"""Grouping and judging so many needs should take no longer."""
THRESHOLDS = tuple(round(0.4 + 0.05 * step, 2) for step in range(11))
CUTS = tuple(round(0.1 + 0.05 * step, 2) for step in range(17))
Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Needs in worlds, with one vector each."""

    needs: tuple[Need, ...]
    vectors: Float32
    languages: tuple[str | None, ...]
    parts: tuple[Any, ...]
    groups: dict[str, str]
    """Need id to the group it truly belongs to, within its world."""


def corpus(size: int) -> tuple[Corpus, Embedder]:
    """The first `size` needs of as many worlds as it takes, and the embedder that read them."""
    embedder = open_embedder(Settings())
    tuning = tuning_of(embedder.encoder)
    sample, training = load_sample(), load_tuning()
    source = [*sample.needs, *training.needs]
    truth = {**sample.groups, **training.groups}
    engine = Engine(embedder, tuning)
    engine.add(source)
    own = engine.needs
    rows = own.rows()
    vectors = own.centroids(rows)
    if embedder.neutraliser is not None and tuning.grouping.strength is not None:
        spoken = [own.languages[row] for row in rows.tolist()]
        vectors = embedder.neutraliser.renewed(vectors, spoken, Role.PASSAGE, tuning.grouping.strength)
    random = np.random.default_rng(SEED)
    needs: list[Need] = []
    groups: dict[str, str] = {}
    turned: list[Float32] = []
    world = 0
    while len(needs) < size:
        rotation = np.linalg.qr(random.standard_normal((vectors.shape[1],) * 2))[0].astype(np.float32)
        noise = random.standard_normal(vectors.shape).astype(np.float32)
        noise *= SHAKEN / np.linalg.norm(noise, axis=1, keepdims=True)
        shaken = vectors @ rotation + noise
        turned.append(shaken / np.linalg.norm(shaken, axis=1, keepdims=True))
        for need in source:
            other = replace(
                need,
                id=f"{need.id}/{world}",
                organisation=f"{need.organisation} {world}",
                description=f"{need.description} ({world})",
            )
            needs.append(other)
            groups[other.id] = f"{truth[need.id]}/{world}"
        world += 1
    kept = needs[:size]
    made = Corpus(
        tuple(kept),
        np.concatenate(turned)[:size],
        tuple(own.languages[row] for row in rows.tolist()) * world,
        tuple(own.parts[row] for row in rows.tolist()) * world,
        {need.id: groups[need.id] for need in kept},
    )
    return made, embedder


def loaded(made: Corpus, embedder: Embedder, size: int, linkage: float | None = None) -> Engine:
    """An engine that holds the first needs of a corpus, as fitted for its model or with another cut."""
    tuning = tuning_of(embedder.encoder)
    # vectors stand as grouping wants them: their language offset was taken off before they were turned
    grouping = replace(tuning.grouping, strength=None)
    if linkage is not None:
        grouping = replace(grouping, linkage=linkage)
    engine = Engine(Embedder(embedder.encoder, None), replace(tuning, grouping=grouping), vocabulary())
    engine.needs.restore(list(made.needs[:size]), list(made.languages[:size]), list(made.parts[:size]))
    engine.needs.dense.upsert(np.arange(size), made.vectors[:size])
    return engine


def ours(size: int) -> Found:
    """Groups and candidates of our own, from vectors that are there."""
    made, embedder = corpus(size)
    engine = loaded(made, embedder, size)
    began = time.perf_counter()
    groups = engine.groups()
    grouped = time.perf_counter()
    found = engine.candidates(day=DAY)
    judged = time.perf_counter()
    engine.remove(made.needs[0].kind, [made.needs[0].id])
    engine.groups()
    changed = time.perf_counter()
    return {
        "size": size,
        "seconds_grouping": grouped - began,
        "seconds_judging": judged - grouped,
        "seconds_one_need_less": changed - judged,
        "groups": sum(len(group) > 1 for group in groups),
        "candidates": len(found),
        **_quality(_named(groups), made),
    }


def likewise(size: int) -> Found:
    """Groups of our own at the cut that is best on one world, as the peer has its threshold."""
    made, embedder = corpus(max(size, _world()))
    truth = {need.id: made.groups[need.id] for need in made.needs[: _world()]}

    def reached(linkage: float) -> float:
        groups = loaded(made, embedder, _world(), linkage).groups()
        return overlap(_named(groups), truth)[1]

    best = max(CUTS, key=reached)
    engine = loaded(made, embedder, size, best)
    began = time.perf_counter()
    groups = engine.groups()
    seconds = time.perf_counter() - began
    return {"size": size, "threshold": best, "seconds_grouping": seconds, **_quality(_named(groups), made)}


def _named(groups: Sequence[Sequence[Need]]) -> dict[str, str]:
    return {need.id: group[0].id for group in groups for need in group}


def _world() -> int:
    """How many needs a world has."""
    return len(load_sample().needs) + len(load_tuning().needs)


def community(size: int) -> Found:
    """`community_detection` of sentence-transformers, at the threshold that is best on one world."""
    import torch
    from sentence_transformers.util import community_detection

    made, _ = corpus(size)

    def grouped(vectors: Float32, threshold: float) -> dict[int, int]:
        found = community_detection(
            torch.from_numpy(vectors), threshold=threshold, min_community_size=2, batch_size=1024
        )
        labels = {row: -1 - row for row in range(len(vectors))}
        labels |= {row: number for number, rows in enumerate(found) for row in rows}
        return labels

    first = _world()
    best = max(THRESHOLDS, key=lambda t: _bcubed(grouped(made.vectors[:first], t), made, first))
    began = time.perf_counter()
    labels = grouped(made.vectors, best)
    seconds = time.perf_counter() - began
    named = {made.needs[row].id: str(label) for row, label in labels.items()}
    return {"size": size, "threshold": best, "seconds_grouping": seconds, **_quality(named, made)}


def bertopic(size: int) -> Found:
    """BERTopic with its defaults but for the smallest topic, on the same vectors."""
    if find_spec("bertopic") is None:
        return {"size": size, "failed": "BERTopic is not installed (pip install -e '.[peers]')"}
    from bertopic import BERTopic

    made, _ = corpus(size)
    began = time.perf_counter()
    model = BERTopic(min_topic_size=2, calculate_probabilities=False, language="multilingual")
    topics, _ = model.fit_transform([need.text for need in made.needs], made.vectors)
    seconds = time.perf_counter() - began
    named = {
        need.id: f"alone {need.id}" if topic < 0 else str(topic)
        for need, topic in zip(made.needs, topics, strict=True)
    }
    return {"size": size, "seconds_grouping": seconds, **_quality(named, made)}


def _bcubed(labels: dict[int, int], made: Corpus, count: int) -> float:
    named = {made.needs[row].id: str(label) for row, label in labels.items()}
    truth = {need.id: made.groups[need.id] for need in made.needs[:count]}
    return overlap(named, truth)[1]


def _quality(labels: dict[str, str], made: Corpus) -> Found:
    pair_f1, bcubed_f1 = overlap(labels, made.groups)
    return {
        "pair_f1": pair_f1,
        "bcubed_f1": bcubed_f1,
        "peak_gb": peak_bytes() / 1e9,
    }


JOBS: dict[str, Callable[[int], Found]] = {
    "ours": ours,
    "likewise": likewise,
    "community": community,
    "bertopic": bertopic,
}
NAMES = {
    "ours": "needmatch",
    "likewise": "needmatch, its cut chosen as theirs",
    "community": "community_detection",
    "bertopic": "BERTopic",
}
OWN = ("ours", "likewise")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write scale.md, scale.json and scale/growth.svg into docs."""
    parser = argparse.ArgumentParser(prog="python -m service.measure.scale", description=__doc__)
    parser.add_argument("--job", choices=sorted(JOBS), help="do one job here and print what it found")
    parser.add_argument("--size", type=int, default=AGAINST_PEERS, help="needs of a job, or of the peers")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="sizes of the growth")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    chosen = parser.parse_args(arguments)
    if chosen.job:
        print(json.dumps(JOBS[chosen.job](chosen.size)))
        return
    tell = screen.errors().print
    growth: list[Found] = []
    peers: dict[str, Found] = {}
    for size in map(int, chosen.sizes.split(",")):
        tell(f"needmatch on {size}")
        growth.append(_alone("ours", size))
    for job in JOBS:
        tell(f"{NAMES[job]} on {chosen.size}")
        known = [one for one in growth if job == "ours" and one["size"] == chosen.size]
        peers[job] = known[0] if known else _alone(job, chosen.size)
    facts = machine(Settings())
    plot = chosen.out / "scale" / "growth.svg"
    plot.parent.mkdir(parents=True, exist_ok=True)
    drawn(plot, growth, peers)
    (chosen.out / "scale.json").write_text(
        json.dumps({"machine": facts, "growth": growth, "peers": peers}, indent=1, default=str) + "\n",
        encoding="utf-8",
    )
    (chosen.out / "scale.md").write_text(page(growth, peers, facts), encoding="utf-8")
    tell(f"Written to {chosen.out / 'scale.md'}")
    tell(f"Written to {overview.write(chosen.out)}")


def _alone(job: str, size: int) -> Found:
    done = subprocess.run(
        [sys.executable, "-m", "service.measure.scale", "--job", job, "--size", str(size)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        return {"size": size, "failed": reason[0]}
    found: Found = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def exponent(growth: Sequence[Found], measure: str) -> float | None:
    """To which power of the size a time grows, by least squares over the logarithms; None of fewer than two.

    >>> slow = [{"size": size, "seconds": size**2} for size in (10, 20, 40)]
    >>> round(exponent(slow, "seconds"), 3)
    2.0
    """
    ran = _ran(growth)
    if len({one["size"] for one in ran}) < 2:
        return None
    sizes, seconds = np.log([one["size"] for one in ran]), np.log([one[measure] for one in ran])
    return float(np.polyfit(sizes, seconds, 1)[0])


def drawn(path: Path, growth: Sequence[Found], peers: dict[str, Found]) -> None:
    """Time against size, both on scales of powers, with the peers at their size and the bar."""
    with canvas(path, 6, 4) as figure:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        axes.set_yscale("log")
        ran = _ran(growth)
        sizes = [one["size"] for one in ran]
        both = [one["seconds_grouping"] + one["seconds_judging"] for one in ran]
        grouping = [one["seconds_grouping"] for one in ran]
        axes.plot(sizes, both, color=INK, marker="o", label="needmatch: grouping and judging")
        axes.plot(sizes, grouping, color=MUTED, marker="s", linestyle="--", label="needmatch: grouping")
        for marker, (job, one) in zip("^Dv", _ran_peers(peers).items(), strict=False):
            axes.plot([one["size"]], [one["seconds_grouping"]], marker, color=MARK, label=NAMES[job])
        axes.plot([BAR_SIZE], [BAR_SECONDS], "_", color=MARK, markersize=18, label="bar")
        axes.grid(True, color=PALE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("needs")
        axes.set_ylabel("seconds")
        axes.legend(frameon=False, fontsize=8)


def page(growth: Sequence[Found], peers: dict[str, Found], facts: Found) -> str:
    """The Markdown page."""
    return "\n".join(
        [
            "# Grouping at scale",
            "",
            "Written by `python -m service.measure.scale`; do not edit. "
            f"Measured {facts.get('date', date.today().isoformat())} on {facts.get('processor', '')}",
            "with 2 threads; figures are noisy, compare them within one run.",
            "",
            "Needs are those of the sample and the tuning set, in as many worlds as it takes: the vectors of",
            "each world turned by a random rotation, so that distances inside a world stay those of real",
            "texts, and shaken (cosine .995). Most of these themes were seen in training, so that the scores",
            "compare methods on the same vectors and flatter all of them.",
            "",
            "## Growth",
            "",
            "Every pair of neighbours is exact. Grouping is all from vectors to groups; judging makes every",
            "group of two or more a joint candidate with its score and sentences.",
            "",
            *table(
                [
                    "needs",
                    "grouping",
                    "judging",
                    "together",
                    "one need less",
                    "candidates",
                    "peak memory",
                    "B-cubed F1",
                ],
                [_step(one) for one in growth],
            ),
            "",
            *_powers(growth),
            "![Time against size, on scales of powers](scale/growth.svg)",
            "",
            f"## Against peers, {next(iter(peers.values()))['size']:,} needs",
            "",
            "`community_detection` is at the threshold that is best for it on one world (true groups known),",
            "and in a row of its own so is needmatch; its first row is as it ships, with a cut that was",
            "fitted on other needs, some hundred at a time, where what looks alike is rarer.",
            "BERTopic has its defaults with topics of two, outliers counted as singles. Time is that of",
            "grouping alone, vectors given.",
            "",
            *table(
                ["method", "time", "times needmatch's", "pair F1", "B-cubed F1", "peak memory"],
                [_beside(job, one, peers["ours"]) for job, one in peers.items()],
            ),
            "",
            _verdict(peers),
            "",
        ]
    )


def _step(one: Found) -> list[str]:
    if "failed" in one:
        return [f"{one['size']:,}", f"not run: {one['failed']}", *[""] * 6]
    return [
        f"{one['size']:,}",
        f"{one['seconds_grouping']:.1f} s",
        f"{one['seconds_judging']:.1f} s",
        f"{one['seconds_grouping'] + one['seconds_judging']:.1f} s",
        f"{one['seconds_one_need_less']:.2f} s",
        f"{one['candidates']:,}",
        f"{one['peak_gb']:.2f} GB",
        f"{one['bcubed_f1']:.3f}",
    ]


def _powers(growth: Sequence[Found]) -> list[str]:
    """To which powers of the number of needs times grow, in words."""
    grouping, judging = (exponent(growth, f"seconds_{part}") for part in ("grouping", "judging"))
    if grouping is None or judging is None:
        return []
    return [
        f"Over these sizes grouping grows with the number of needs to the power of {grouping:.2f}, and",
        f"judging to that of {judging:.2f}.",
        "",
    ]


def _beside(job: str, one: Found, ours: Found) -> list[str]:
    if "failed" in one:
        return [NAMES[job], f"not run: {one['failed']}", *[""] * 4]
    times = "" if "failed" in ours else f"{one['seconds_grouping'] / ours['seconds_grouping']:.1f}"
    return [
        NAMES[job],
        f"{one['seconds_grouping']:.1f} s",
        times,
        f"{one['pair_f1']:.3f}",
        f"{one['bcubed_f1']:.3f}",
        f"{one['peak_gb']:.2f} GB",
    ]


def _verdict(peers: dict[str, Found]) -> str:
    """How needmatch stands beside the fastest peer that ran, and who is missing."""
    ran, ours = _ran_peers(peers), peers["ours"]
    missing = [f"{NAMES[job]} was not run: {one['failed']}." for job, one in peers.items() if "failed" in one]
    if "failed" in ours or not ran:
        return " ".join(["Nothing can be compared.", *missing])
    fastest = min(ran, key=lambda job: float(ran[job]["seconds_grouping"]))
    times = ran[fastest]["seconds_grouping"] / ours["seconds_grouping"]
    alike = peers.get("likewise", ours)
    apart = (ours if "failed" in alike else alike)["bcubed_f1"] - ran[fastest]["bcubed_f1"]
    told = f"{times:.1f} times as fast" if times >= 1 else f"{1 / times:.1f} times as slow"
    against = f"needmatch is {told} as {NAMES[fastest]}, the fastest peer that ran"
    return " ".join([f"{against}, at a B-cubed F1 {abs(apart):.3f} {_side(apart)}.", *missing])


def _side(apart: float) -> str:
    return "higher" if apart >= 0 else "lower"


def _ran(growth: Sequence[Found]) -> list[Found]:
    return [one for one in growth if "failed" not in one]


def _ran_peers(peers: dict[str, Found]) -> dict[str, Found]:
    return {job: one for job, one in peers.items() if job not in OWN and "failed" not in one}


if __name__ == "__main__":
    main()
