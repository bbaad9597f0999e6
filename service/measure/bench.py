"""Speed and memory of the default engine: `python -m service.measure.bench` writes docs/performance.json.

Every figure comes from a process of its own, so that no import or cache of one counts for another. What is
stored is shown in docs/performance.md, with all else that was measured (`service.measure.overview`).
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from service.cli import screen
from service.measure.jobs import JOBS, LARGE, QUICK, SIZE, Found, Plan, timed
from service.measure.machine import load_average, machine
from service.measure.performance import (
    Figure,
    embedding,
    grouping,
    holding,
    loading,
    opening,
    querying,
    starting,
    stored,
    terminal_row,
)
from service.settings import Settings

PARTS = ("embedding", "start", "query", "clustering", "memory")
"""What can be measured apart from the rest."""
Run = Callable[..., Found]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write performance.json and performance.md into the folder `--out`."""
    parser = argparse.ArgumentParser(prog="python -m service.measure.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the page [docs]")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by commas [%(default)s]")
    parser.add_argument("--size", type=int, help=f"solutions stored [{SIZE}]")
    parser.add_argument("--large", type=int, help=f"solutions put together, 0 for none [{LARGE}]")
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures say nothing")
    parser.add_argument("--job", choices=sorted(JOBS), help="do one job here and print what it found")
    parser.add_argument("--snapshot", type=Path, help="the snapshot that the job opens")
    chosen = parser.parse_args(arguments)
    plan = QUICK if chosen.quick else Plan()
    if chosen.size is not None:
        if chosen.size < 1:
            parser.error(f"--size is a number of solutions, 1 or more; got {chosen.size}")
        plan = replace(plan, size=chosen.size)
    if chosen.large is not None:
        if chosen.large < 0:
            parser.error(f"--large is a number of solutions, 0 or more; got {chosen.large}")
        plan = replace(plan, large=chosen.large)
    parts = chosen.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only is of {', '.join(PARTS)}; got {', '.join(sorted(unknown))}")
    if chosen.job:
        print(json.dumps(JOBS[chosen.job](plan, Settings(), chosen.snapshot)))
        return
    facts = {**machine(Settings()), "quick": chosen.quick, "plan": asdict(plan)}
    found = measure(
        plan,
        parts,
        lambda job, **given: alone(job, quick=chosen.quick, size=plan.size, large=plan.large, **given),
    )
    facts["load_after"] = load_average()
    from service.measure import overview  # it imports what would count as the jobs' memory

    for file in (stored(found, facts, chosen.out), overview.write(chosen.out)):
        screen.errors().print(f"Written to {file}")
    rows = [terminal_row(figure) for part in found.values() for figure in part["figures"]]
    screen.table(screen.console(), ["figure", "value", "bar", "met"], rows)


# -- the whole, and its processes -------------------------------------------------------------


def measure(plan: Plan, parts: Sequence[str], run: Run) -> dict[str, Found]:
    """The figures of each part, and what its tables need besides; `run(job, snapshot=...)` does one job."""
    tell = screen.errors().print
    found: dict[str, Found] = {part: {"figures": []} for part in PARTS if part in parts}

    def add(part: str, figures: Sequence[Figure]) -> None:
        if part in found:
            found[part]["figures"] += figures

    if "embedding" in found:
        tell("Embedding, against others")
        speed = run("throughput")
        figures, tables = embedding(speed)
        found["embedding"] = {"figures": figures, **tables, "engines": speed["engines"]}
    if "start" in found:
        tell("Start of the command")
        add("start", starting([command_seconds() for _ in range(plan.repeats)]))
    if {"start", "memory"} & set(found):
        tell("Opening the engine")
        served = [run("serve") for _ in range(plan.repeats)]
        add("start", opening(served))
        add("memory", holding(served))
    for size, job in ((plan.size, "build"), (plan.large, "assemble")):
        needed = {"start", "query", "memory"} | ({"clustering"} if job == "build" else set())
        if not size or not needed & set(found):
            continue
        tell(f"{size:,} solutions (made once, then kept)")
        snapshot = run(job)["snapshot"]
        if "start" in found:
            tell("Loading the snapshot")
            add("start", loading([run("load", snapshot=snapshot) for _ in range(plan.repeats)], size))
        if {"query", "memory"} & set(found):
            tell("Queries")
            asked, held = querying(run("query", snapshot=snapshot), size)
            add("query", asked)
            add("memory", held)
        if job == "build" and "clustering" in found:
            tell("Grouping")
            add("clustering", grouping(run("group", snapshot=snapshot), size))
    return found


def alone(job: str, *, size: int, large: int = 0, quick: bool = False, snapshot: str | None = None) -> Found:
    """What a job finds in a fresh process; its progress goes to standard error."""
    command = [sys.executable, "-m", "service.measure.bench", "--job", job]
    command += ["--size", str(size), "--large", str(large)]
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
    return timed(lambda: subprocess.run([*command, "--help"], check=True, stdout=subprocess.DEVNULL))


if __name__ == "__main__":
    main()
