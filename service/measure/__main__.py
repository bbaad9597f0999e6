"""The benchmark: `python -m service.measure`, which is what `needmatch bench` and `make bench` run."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.cli import screen
from service.measure.parts import ALL, PARTS, runs


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that are asked for, and write the page of all that was ever measured."""
    parser = argparse.ArgumentParser(prog="python -m service.measure", description=__doc__)
    parser.add_argument("--only", default=",".join(ALL), help="parts, by commas [%(default)s]")
    parser.add_argument("--quick", action="store_true", help="small sizes: see that it works")
    parser.add_argument("--out", type=Path, help="folder of the page [docs; of a quick run build/bench]")
    parser.add_argument("--plan", action="store_true", help="say what would be done")
    parser.add_argument("--json", action="store_true", help="print what was measured as JSON")
    chosen = parser.parse_args(arguments)
    wanted = chosen.only.split(",")
    if unknown := set(wanted) - set(ALL):
        parser.error(f"--only is of {', '.join(ALL)}; got {', '.join(sorted(unknown))}")
    # a quick run must not write over what was measured
    out: Path = chosen.out or Path("build/bench" if chosen.quick else "docs")
    todo = runs(wanted, out, quick=chosen.quick)
    if chosen.plan:
        planned(wanted, todo, as_json=chosen.json)
        return
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for at, (parts, given) in enumerate(todo, 1):
        names = ", ".join(part.name for part in parts)
        screen.errors().print(f"[bold]{at}/{len(todo)}[/] {names}")
        began = time.perf_counter()
        quiet = subprocess.DEVNULL if chosen.json else None
        ended = subprocess.run([sys.executable, "-m", *given], stdout=quiet, check=False).returncode
        screen.errors().print(f"    {time.perf_counter() - began:,.0f} s")
        if ended:
            failed.append(names)
    from service.measure import overview

    page = overview.write(out)
    if chosen.json:
        screen.print_json(stored(out))
    screen.errors().print(f"Written to {page}")
    if failed:
        raise SystemExit(f"Not measured, for the reasons above: {'; '.join(failed)}.")


def planned(wanted: Sequence[str], todo: Sequence[tuple[Any, list[str]]], *, as_json: bool) -> None:
    """Say what would be measured, by which commands, into which files and in what time."""
    parts = [part for part in PARTS if part.name in wanted]
    commands = [f"python -m {' '.join(given)}" for _, given in todo]
    if as_json:
        rows = [
            {"part": part.name, "measures": part.says, "minutes": part.minutes, "file": part.file}
            for part in parts
        ]
        screen.print_json({"parts": rows, "commands": commands})
        return
    out = screen.console()
    rows_ = [[part.name, part.says, f"{part.minutes}", part.file] for part in parts]
    screen.table(out, ["part", "what is measured", "minutes", "file"], rows_)
    out.print("Minutes are of a full run on two idle cores; parts of one file share most of them.")
    for command in commands:
        out.print(command, markup=False, soft_wrap=True)


def stored(out: Path) -> dict[str, Any]:
    """What the files of a folder hold, by their names without the ending."""
    files = dict.fromkeys(part.file for part in PARTS)
    return {
        Path(name).stem: json.loads((out / name).read_text(encoding="utf-8"))
        for name in files
        if (out / name).is_file()
    }


if __name__ == "__main__":
    main()
