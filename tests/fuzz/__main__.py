"""Fuzz what reads: `python -m tests.fuzz [--inputs N] [--seed TEXT] [--only TARGET] [--at NUMBER]`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from service.cli import screen
from tests.fuzz.run import SEED, kinds, page, run
from tests.fuzz.targets import TARGETS

PAGE = Path("docs") / "fuzz.md"
INPUTS = 100_000


def fuzz(
    inputs: Annotated[int, typer.Option(min=1, help="How many in all.")] = INPUTS,
    seed: Annotated[str, typer.Option(help="The same seed makes the same inputs.")] = SEED,
    only: Annotated[str, typer.Option(help="One target alone; nothing is written.")] = "",
    at: Annotated[int, typer.Option(min=-1, help="One input of it alone, by its number.")] = -1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fuzz all that reads what strangers send, and write docs/fuzz.md."""
    chosen = [target for target in TARGETS if only in ("", target.name)]
    if not chosen:
        known = ", ".join(target.name for target in TARGETS)
        raise typer.BadParameter(f"There is no target {only!r}. Known: {known}.", param_hint="--only")
    total = 1 if at >= 0 else inputs
    with screen.progress("Fuzzing", total) as done:
        found = run(total, seed=seed, targets=chosen, first=max(at, 0), told=done)
    if as_json:
        screen.print_json([asdict(tally) for tally in found])
    else:
        out = screen.console()
        screen.table(
            out,
            ("Target", "Inputs", "Taken", "Refused", "Faults", "Slowest, ms"),
            [
                (
                    t.target,
                    f"{t.inputs:,}",
                    f"{t.taken:,}",
                    f"{t.refused:,}",
                    f"{len(t.faults):,}",
                    f"{1000 * t.slowest_s:.0f}",
                )
                for t in found
            ],
        )
        for place, number, first in kinds(found):
            out.print(
                f"{number} x {place}\n   --only {first.target} --at {first.number}: {first.what}",
                markup=False,
            )
    if not only:
        PAGE.write_text(page(found, seed), encoding="utf-8")
    if any(tally.faults for tally in found):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(fuzz)
