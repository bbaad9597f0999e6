"""Many inputs for each target, counted; what was neither taken nor refused in words of ours is a fault."""

import math
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matcher.errors import NeedmatchError
from service.problems import Problem
from tests.fuzz.mutation import Mutator
from tests.fuzz.targets import TARGETS, Target

SEED = "needmatch"
SLOW_S = 5.0
"""Seconds of the processor that one small input may take; more is a fault too."""
TOLD_MAX = 20
"""Faults of one kind that are told in full."""


HEAD = """\
# Fuzzing

Written by `make fuzz` (`python -m tests.fuzz`). Each input is something valid that was changed: cells,
fields, elements, parts of archives, bytes; always the same for the same seed. A reader takes it, or refuses
it with an error of ours that says why; anything else, and anything that takes the processor more than
{slow:g} s, is a fault. Of files that are taken, rows may be refused; the reader's report says which.

Seed `{seed}`. Errors that refused: {said}.

| Target | Inputs | Taken | Refused | Faults | Slowest, ms |
| --- | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Fault:
    """One input that was neither taken nor refused in words."""

    target: str
    number: int
    """Which input: `--only TARGET --at NUMBER` makes it again."""
    what: str
    where: str


@dataclass
class Tally:
    """What became of the inputs of one target."""

    target: str
    inputs: int = 0
    taken: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    slowest: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    """How often each error of ours refused one."""
    faults: list[Fault] = field(default_factory=list)


def run(
    total: int,
    *,
    seed: str = SEED,
    targets: Sequence[Target] = TARGETS,
    first: int = 0,
    told: Callable[[int], None] = lambda done: None,
) -> list[Tally]:
    """Try so many inputs in all, by the shares of the targets; the same for the same seed."""
    whole, done, found = sum(target.share for target in targets), 0, []
    for target in targets:
        tally = Tally(target.name)
        found.append(tally)
        with (
            tempfile.TemporaryDirectory(prefix="needmatch-fuzz-") as folder,
            target.open(Path(folder)) as one,
        ):
            for number in range(first, first + math.ceil(total * target.share / whole)):
                _try(tally, one, number, seed)
                done += 1
                told(done)
    return found


def _try(tally: Tally, one: Callable[[Mutator], None], number: int, seed: str) -> None:
    begun = time.process_time()
    tally.inputs += 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of zip: names that come twice are meant
            one(Mutator(f"{seed} {tally.target} {number}"))
        tally.taken += 1
    except (NeedmatchError, Problem) as refusal:
        tally.refused += 1
        name = type(refusal).__name__
        tally.refusals[name] = tally.refusals.get(name, 0) + 1
        if not str(refusal).strip():
            tally.faults.append(_fault(tally, number, refusal))
    except Exception as error:
        tally.faults.append(_fault(tally, number, error))
    spent = time.process_time() - begun
    if spent > tally.slowest_s:
        tally.slowest_s, tally.slowest = spent, number
    if spent > SLOW_S:
        tally.faults.append(Fault(tally.target, number, f"took {spent:.1f} s of the processor", ""))


def _fault(tally: Tally, number: int, error: Exception) -> Fault:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        frame
        for frame in frames
        if "site-packages" not in frame.filename and "/lib/python" not in frame.filename
    ]
    last = (ours or frames)[-1]
    where = f"{Path(last.filename).name}:{last.lineno} {last.name}"
    return Fault(tally.target, number, f"{type(error).__name__}: {str(error)[:300]}", where)


def kinds(tallies: Sequence[Tally]) -> Iterator[tuple[str, int, Fault]]:
    """Faults by where they arose: place, how many, and the first of them."""
    first: dict[str, Fault] = {}
    many: Counter[str] = Counter()
    for fault in (fault for tally in tallies for fault in tally.faults):
        key = f"{fault.target} {fault.where} {fault.what.partition(':')[0]}"
        first.setdefault(key, fault)
        many[key] += 1
    for key, number in many.most_common(TOLD_MAX):
        yield key, number, first[key]


def page(tallies: Sequence[Tally], seed: str) -> str:
    """The page of docs: a row for each target."""
    rows = [
        "| "
        + " | ".join((t.target, *_figures(t.inputs, t.taken, t.refused, len(t.faults), t.slowest_s)))
        + " |"
        for t in tallies
    ]
    total = [sum(getattr(t, name) for t in tallies) for name in ("inputs", "taken", "refused")]
    faults = sum(len(t.faults) for t in tallies)
    slowest = max(t.slowest_s for t in tallies)
    rows.append("| " + " | ".join(("**all**", *_figures(*total, faults, slowest))) + " |")
    refusals: Counter[str] = Counter()
    for tally in tallies:
        refusals.update(tally.refusals)
    said = ", ".join(f"{name} {number:,}" for name, number in refusals.most_common())
    return "\n".join([HEAD.format(slow=SLOW_S, seed=seed, said=said), *rows, ""])


def _figures(inputs: int, taken: int, refused: int, faults: int, slowest_s: float) -> list[str]:
    return [f"{number:,.0f}" for number in (inputs, taken, refused, faults, 1000 * slowest_s)]
