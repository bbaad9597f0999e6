"""What speed is measured on: records and texts made from the sample corpus, always the same ones."""

import hashlib
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import matcher
from corpora import load_sample
from matcher.records import Kind, Need, Record, Solution
from matcher.text.sentences import sentences

R = TypeVar("R", Need, Solution)


def sample_texts() -> list[str]:
    """The texts of the sample's needs and solutions."""
    sample = load_sample()
    return [need.text for need in sample.needs] + [solution.text for solution in sample.solutions]


def made_solutions(number: int, seed: int) -> list[Solution]:
    """Solutions put together from the sentences of the sample's solutions and needs, always the same."""
    sample = load_sample()
    return recombined(sample.solutions, (*sample.solutions, *sample.needs), number, seed)


def query_needs(number: int, seed: int) -> list[Need]:
    """Distinct needs that search: those of the sample, then recombined ones."""
    needs = load_sample().needs
    return [*needs, *recombined(needs, needs, max(0, number - len(needs)), seed)][:number]


def first_needs(each: int, seed: int) -> list[Need]:
    """So many recombined needs of each language of the sample, the languages in turn."""
    needs = load_sample().needs
    one_each = list({need.language: need for need in needs}.values())
    return recombined(one_each, needs, each * len(one_each), seed + 1)


def recombined(patterns: Sequence[R], sources: Sequence[Record], number: int, seed: int) -> list[R]:
    """Records like `patterns` in turn, with sentences of two of the `sources` in the same language.

    A record has the title of the first source and as many sentences as its pattern; no two texts
    are the same.
    """
    rng = random.Random(seed)
    cut = {id(record): _sentences(record) for record in (*patterns, *sources)}
    spoken: dict[str | None, list[Record]] = {}
    for source in sources:
        spoken.setdefault(source.language, []).append(source)
    made: dict[str, R] = {}
    numbers = count()
    while len(made) < number:
        at = next(numbers)
        pattern = patterns[at % len(patterns)]
        first, second = rng.sample(spoken[pattern.language], 2)
        pool = cut[id(first)] + cut[id(second)]
        drawn = " ".join(rng.sample(pool, min(len(pool), len(cut[id(pattern)]))))
        fresh = _retold(pattern, f"{pattern.id}-{at}", first.title, drawn)
        made.setdefault(fresh.text, fresh)
    return list(made.values())


def _retold(pattern: R, name: str, title: str, description: str) -> R:
    # Translated titles and unnamed columns would speak of the pattern, not of the new text.
    changed: dict[str, Any] = {"id": name, "description": description, "titles": {}, "extra": {}}
    if pattern.kind is Kind.NEED:
        return replace(pattern, title=title, requirements="", **changed)
    return replace(pattern, name=title, **changed)


def _sentences(record: Record) -> list[str]:
    return [record.description[a:b] for a, b in sentences(record.description, record.language)]


def fingerprint(records: Sequence[Record], *settings: str) -> str:
    """Names what a snapshot is made of: texts, model, offset, and the engine's own code."""
    digest = hashlib.sha256("\0".join(settings).encode())
    for record in records:
        digest.update(f"{record.id}\0{record.text}\0".encode())
    for file in sorted(Path(matcher.__file__ or "").parent.rglob("*")):
        if file.suffix in {".py", ".tsv"}:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def of_length(
    texts: Sequence[str], tokens: int, number: int, count_tokens: Callable[[Sequence[str]], list[int]]
) -> list[str]:
    """Runs of words of the joined texts, each the longest that has no more than `tokens` tokens.

    >>> of_length(["one two three", "four five"], 2, 2, lambda texts: [len(t.split()) for t in texts])
    ['one two', 'three four']
    """
    words = " ".join(texts).split()
    made: list[str] = []
    for i in range(number):
        start = i * len(words) // number
        run = (words[start:] + words[:start])[:tokens]
        fits = bisect_right(
            range(1, len(run) + 1),
            tokens,
            key=lambda n, run=run: count_tokens([" ".join(run[:n])])[0],  # type: ignore[misc]
        )
        made.append(" ".join(run[: max(1, fits)]))
    return made
