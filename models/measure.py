"""What each engine of a model costs and loses: `python -m models.measure` writes it into the model's card.

Each engine has a process of its own, so that none disturbs another's threads; they take turns on the same
texts, round after round, and the best round of each counts. Ratios between engines can be compared, figures
of two runs only roughly. The texts measured are not
those used for calibration.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Self, TextIO

import numpy as np

from matcher.errors import FileUnreadable
from matcher.protocols import Encoded, Encoder, Role
from models import processor
from models.cache import cache_folder, read_manifest
from models.loader import open_encoder
from models.registry import DEFAULT

CARDS = Path(__file__).parent / "cards"
REFERENCE = "torch"
COMPARED = ("openvino-int8", "openvino-bf16")
LENGTHS: Mapping[int, int] = {20: 192, 120: 64, 300: 24}
"""Tokens of a text, and how many such texts a round encodes."""
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"

Facts = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a model's engines and write its card."""
    parser = argparse.ArgumentParser(prog="python -m models.measure", description=__doc__)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--texts", type=Path, help="jsonl with `text`, or `title` and `description`")
    parser.add_argument("--rounds", type=int, default=4, help="the best of so many counts")
    parser.add_argument("--cards", type=Path, default=CARDS, help="folder of <model>.json and <model>.md")
    parser.add_argument("--serve", metavar="ENGINE", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.serve:
        serve(chosen.model, chosen.serve, sys.stdin, sys.stdout)
        return
    facts = measured(chosen.model, read_texts(chosen.texts), rounds=chosen.rounds)
    write_card(facts, chosen.cards)
    print(table(facts))


def read_texts(path: Path | None = None) -> list[str]:
    """The texts to measure on: of a jsonl file, or the shipped ones; raises `FileUnreadable`."""
    try:
        source = path or files("models").joinpath("reference/measuring.jsonl")
        rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise FileUnreadable(f"{path} cannot be read as jsonl ({error}).") from error
    texts = [
        row.get("text") or f"{row.get('title', '')}\n{row.get('description', '')}".strip() for row in rows
    ]
    if not any(texts):
        raise FileUnreadable(f"{path} holds no row with a `text`, or a `title` and `description`.")
    return [text for text in texts if text]


def measured(model: str, texts: Sequence[str], *, rounds: int) -> Facts:
    """Loss against float32, speed at each length, delay of one text, memory and load time of every engine."""
    names = (REFERENCE, *COMPARED)
    # what others do on this machine, before our own work shows in it
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    encoders = {name: open_encoder(model, engine=name) for name in names}
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.?!])\s+", text) if sentence]
    compared = [*texts, *sentences]
    spans = [[(0, len(text) // 2), (len(text) // 2, len(text))] for text in compared]
    vectors = {name: one.encode(compared, Role.PASSAGE, spans) for name, one in encoders.items()}
    sized = {length: _of_length(encoders[REFERENCE], texts, length, n) for length, n in LENGTHS.items()}
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(_Worker(model, name)) for name in names}
        alone = {name: worker.ask(read_texts()) for name, worker in workers.items()}
        seconds = {length: _fastest(workers, batch, rounds) for length, batch in sized.items()}
        single = _fastest(workers, sized[120][:1], rounds * 10)
    built = {}
    for name, encoder in encoders.items():
        built[encoder.identity.engine] = {
            **_loss(vectors[name], vectors[REFERENCE]),
            "texts_per_second": {str(n): round(len(sized[n]) / seconds[n][name], 1) for n in LENGTHS},
            "times_torch": {str(n): round(seconds[n][REFERENCE] / seconds[n][name], 2) for n in LENGTHS},
            "one_text_ms": round(single[name] * 1000, 1),
            "load_seconds": alone[name]["load_seconds"],
            "resident_gb": alone[name]["resident_gb"],
        }
    identity = encoders[REFERENCE].identity
    check = (read_manifest(cache_folder() / f"{identity.id}-{identity.revision}.openvino") or {}).get("check")
    return {
        "model": identity.id,
        "revision": identity.revision,
        "date": date.today().isoformat(),
        "processor": processor.name(),
        "load_average": load,
        "versions": {name: version(name) for name in ("openvino", "nncf", "torch", "sentence-transformers")},
        "texts_compared": len(compared),
        "converted_against_carrier": check,
        "engines": built,
    }


def serve(model: str, engine: str, requests: TextIO, answers: TextIO) -> None:
    """Encode one line of texts (a JSON list) after another, telling the seconds that each took.

    An answer also has the seconds until the engine was ready, imports included, and the resident memory.
    """
    started = time.perf_counter()
    encoder = open_encoder(model, engine=engine)
    loaded = time.perf_counter() - started
    for line in requests:
        texts = json.loads(line)
        started = time.perf_counter()
        encoder.encode(texts, Role.PASSAGE)
        seconds = time.perf_counter() - started
        answer = {"seconds": seconds, "load_seconds": round(loaded, 1), "resident_gb": resident_gb()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def resident_gb() -> float | None:
    """Resident memory of this process in 10^9 bytes, mapped files included; None where it is hidden."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e9, 2)


class _Worker:
    """A process that serves one engine."""

    def __init__(self, model: str, engine: str) -> None:
        self._command = [sys.executable, "-m", "models.measure", "--model", model, "--serve", engine]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, at which it ends

    def ask(self, texts: Sequence[str]) -> dict[str, float]:
        """What encoding the texts took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(texts)) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer


def _of_length(encoder: Encoder, texts: Sequence[str], length: int, count: int) -> list[str]:
    """Texts of close to so many tokens, prefix and special tokens aside: runs of words of the texts."""
    words = " ".join(texts).split()
    made = []
    for row in range(count):
        start = row * 37 % max(1, len(words) - length)
        run = words[start:] + words[:start]
        low, high = 1, length
        while low < high:
            middle = (low + high + 1) // 2
            if encoder.count_tokens([" ".join(run[:middle])])[0] <= length:
                low = middle
            else:
                high = middle - 1
        made.append(" ".join(run[:low]))
    return made


def _fastest(workers: Mapping[str, _Worker], texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Seconds of the best round of each engine, the engines taking turns; a first round only warms up."""
    best = dict.fromkeys(workers, float("inf"))
    for number in range(rounds + 1):
        for name, worker in workers.items():
            seconds = worker.ask(texts)["seconds"]
            if number:
                best[name] = min(best[name], seconds)
    return best


def _loss(vectors: Encoded, reference: Encoded) -> Facts:
    pooled = np.einsum("nd,nd->n", vectors.pooled, reference.pooled)
    spans = np.einsum("nd,nd->n", np.concatenate(vectors.spans), np.concatenate(reference.spans))
    return {
        "mean_cosine": round(float(pooled.mean()), 5),
        "least_cosine": round(float(pooled.min()), 5),
        "mean_cosine_spans": round(float(spans.mean()), 5),
    }


def table(facts: Facts) -> str:
    """The results as a table in Markdown, with one line on where they come from.

    >>> run = {"date": "2026-01-31", "processor": "P", "load_average": 0.1, "texts_compared": 2}
    >>> print(table({**run, "engines": {}}))
    Measured 2026-01-31 on P, 2 texts compared. Load average at its start 0.1: ...
    """
    engines = facts["engines"]
    assert isinstance(engines, dict)
    lengths = list(LENGTHS)
    head = [
        "engine",
        "cosine to torch, mean (least)",
        "of spans, mean",
        *(f"texts/s at {length} tokens" for length in lengths),
        "one text of 120 tokens, ms",
        "load, s",
        "resident, GB",
    ]
    lines = [head, ["---"] * len(head)]
    for name, of in engines.items():
        speed, times = of["texts_per_second"], of["times_torch"]
        lines.append(
            [
                name,
                f"{of['mean_cosine']:.5f} ({of['least_cosine']:.5f})",
                f"{of['mean_cosine_spans']:.5f}",
                *(f"{speed[str(n)]:g} ({times[str(n)]:.1f}x)" for n in lengths),
                f"{of['one_text_ms']:g}",
                f"{of['load_seconds']:g}",
                f"{of['resident_gb']:g}" if of["resident_gb"] is not None else "?",
            ]
        )
    said = f"Measured {facts['date']} on {facts['processor']}, {facts['texts_compared']} texts compared."
    said += (
        f" Load average at its start {facts['load_average']}: speeds depend on what else the machine does."
    )
    said += " The ratio to torch (x) comes from the same run."
    return "\n".join([said, "", *("| " + " | ".join(cells) + " |" for cells in lines)])


def write_card(facts: Facts, folder: Path) -> None:
    """Write `<model>.json`, and the table between the marks of `<model>.md` where that card exists."""
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (folder / f"{facts['model']}.json").write_text(text + "\n", encoding="utf-8")
    card = folder / f"{facts['model']}.md"
    if not card.is_file():
        return
    before, begin, rest = card.read_text(encoding="utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not (begin and end):
        raise FileUnreadable(
            f"{card} lacks the lines {MARKS[0]} and {MARKS[1]}, between which the table goes."
        )
    card.write_text(f"{before}{begin}\n{table(facts)}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
