"""A stream of files into the engine: a batch at a time, kept now and then, gone on with after a stop."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli import screen, store

if TYPE_CHECKING:
    from corpora import Report
    from corpora.formats import Placed
    from matcher.engine import Engine
    from matcher.records import Kind
    from service.settings import Settings

AT_ONCE = 512
"""Records that are read together: their texts fill the model's batches."""
KEPT_EVERY_S = 300.0
"""A stop loses what was read in about that time."""
KEEPING = 20.0
"""Keeping what is there takes at most one part of so many of the time."""
STATE = "import.json"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be read, and how."""

    files: tuple[Path, ...]
    kind: "Kind"
    mapping: tuple[str, ...] = ()
    awards: bool = False

    @property
    def key(self) -> str:
        """The same for the same files, as long as nobody changes them."""
        found = hashlib.sha256(f"{self.kind}\0{self.mapping}\0{self.awards}".encode())
        for path in self.files:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                with suppress(OSError):
                    told = file.stat()
                    found.update(f"{file.resolve()}\0{told.st_size}\0{told.st_mtime_ns}\n".encode())
        return found.hexdigest()

    def rows(self, settings: "Settings", report: "Report") -> "Iterator[Placed]":
        """Every row of every file, with its record if it is one; what is wrong goes into the report."""
        from corpora import parse_mapping
        from corpora.formats import read_placed

        columns = parse_mapping(list(self.mapping), self.kind)
        for file in self.files:
            yield from read_placed(
                file, self.kind, report=report, mapping=columns, rates=settings.rates, awards=self.awards
            )


def refused(order: Order, settings: "Settings", report: "Report") -> bool:
    """Whether any row would be refused: all are read, and none is kept."""
    for _ in order.rows(settings, report):
        pass
    return bool(report.refused)


def run(order: Order, settings: "Settings", report: "Report") -> int:
    """Read everything into the engine that is kept in the data folder; returns how many records came.

    What was kept of the same import before a stop is not embedded again. The memory holds one batch beside
    the engine.
    """
    opened: Engine | None = None
    passed = before = _passed(order, settings)
    number = taken = 0
    kept_at, keeping_s = time.monotonic(), 0.0
    label = "Reading texts" if not before else f"Going on behind row {before:,}"
    with screen.progress(label, total(order.files)) as show:
        for batch in _batches(order.rows(settings, report)):
            number += len(batch)
            records = [row.record for row in batch if row.record is not None]
            taken += len(records)
            if number <= before:
                show(number)
                continue
            if records:
                opened = opened or store.open_growing(settings)
                opened.add(records, partial(_shown, show, number - len(batch)))
            passed = number
            show(number)
            spent = time.monotonic() - kept_at
            if opened is not None and spent > max(KEPT_EVERY_S, KEEPING * keeping_s):
                keeping_s = _keep(opened, order, settings, passed)
                kept_at = time.monotonic()
    if opened is not None:
        opened.save(store.snapshot_folder(settings))
    (settings.data / STATE).unlink(missing_ok=True)
    return taken


def total(files: Sequence[Path]) -> int | None:
    """About how many rows there are, where files tell cheaply; None where they do not."""
    found = 0
    for path in files:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            match file.suffix.lower():
                case ".csv" | ".tsv" | ".jsonl" | ".ndjson":
                    found += _lines(file) - (file.suffix.lower() in {".csv", ".tsv"})
                case ".xml":
                    found += 1
                case _:
                    return None
    return found or None


def _shown(show: Callable[[int], None], before: int, done: int) -> None:
    show(before + done)


def _lines(file: Path) -> int:
    with suppress(OSError), file.open("rb") as content:
        return sum(block.count(b"\n") for block in iter(lambda: content.read(2**20), b""))
    return 0


def _batches(rows: "Iterator[Placed]") -> "Iterator[list[Placed]]":
    batch: list[Placed] = []
    for row in rows:
        batch.append(row)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _keep(engine: "Engine", order: Order, settings: "Settings", passed: int) -> float:
    """Keep what is there, and how far it came; how long that took, in seconds."""
    began = time.monotonic()
    engine.save(store.snapshot_folder(settings))
    state, part = settings.data / STATE, settings.data / f".{STATE}"
    # after the records: what is read twice replaces itself, what is left out would be lost
    part.write_text(json.dumps({"order": order.key, "passed": passed}), encoding="utf-8")
    part.replace(state)
    return time.monotonic() - began


def _passed(order: Order, settings: "Settings") -> int:
    """How many rows of the very same import are kept already."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        state = json.loads((settings.data / STATE).read_text(encoding="utf-8"))
        if state["order"] == order.key and (store.snapshot_folder(settings) / "CURRENT").exists():
            return int(state["passed"])
    return 0
