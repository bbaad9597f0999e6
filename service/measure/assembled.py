"""Many solutions with vectors and parts, of which no text was read: `assembled` puts both together.

A text is a title and sentences of two records of the sample, as in `service.measure.workload`. Its parts are
those that the model found for these very sentences where they stood; its vector lies between the vectors of
both records, moved by parts of the differences between near neighbours, as in `service.measure.lifelike`.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from corpora import load_sample
from matcher.embed import Embedded, Embedder
from matcher.late import Parts, parts
from matcher.protocols import Float32, Role, Span
from matcher.records import Record, Solution
from matcher.text.language import language_of
from service.measure.lifelike import moved, nearest

BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Assembled:
    """Some records with all that an engine keeps of them but their words."""

    records: list[Solution]
    languages: list[str | None]
    vectors: Float32
    """`float32[n, d]`, unit rows."""
    parts: list[Parts]


@dataclass(frozen=True, slots=True)
class _Source:
    """A record that was read, and the sentences that others may take from it."""

    record: Record
    read: Embedded
    vector: Float32
    title: int
    """The place of its title among the spans of its parts."""
    sentences: tuple[int, ...]
    """The places of the others."""

    @classmethod
    def of(cls, record: Record, read: Embedded) -> "_Source":
        mean = read.passages.mean(axis=0)
        title, *below = range(len(read.parts.spans))
        return cls(record, read, mean / np.linalg.norm(mean), title, tuple(below))

    def quote(self, place: int) -> str:
        """A sentence."""
        start, end = self.read.parts.spans[place]
        return self.record.text[start:end].strip()


def assembled(number: int, seed: int, embedder: Embedder) -> Iterator[Assembled]:
    """So many solutions in blocks, always the same for the same model and seed; no two texts are alike."""
    sample = load_sample()
    records: list[Record] = [*sample.solutions, *sample.needs]
    read = embedder.embed([one.text for one in records], [language_of(one) for one in records], Role.PASSAGE)
    sources = [_Source.of(record, own) for record, own in zip(records, read, strict=True)]
    vectors = np.stack([source.vector for source in sources])
    near, drawn, noise = nearest(vectors), random.Random(seed), np.random.default_rng(seed)
    places = {id(source.record): at for at, source in enumerate(sources)}
    spoken = {
        language: list(group)
        for language, group in groupby(
            sorted(sources, key=lambda one: one.record.language or ""), lambda one: one.record.language
        )
    }
    patterns = sample.solutions
    seen: set[str] = set()
    at = 0
    while (left := number - len(seen)) > 0:
        made: list[Solution] = []
        own: list[Parts] = []
        middle: list[Float32] = []
        while len(made) < min(BLOCK, left):
            pattern = patterns[at % len(patterns)]
            first, second = drawn.sample(spoken[pattern.language], 2)
            pool = [(source, one) for source in (first, second) for one in source.sentences]
            wanted = len(sources[places[id(pattern)]].sentences)
            taken = [(first, first.title), *drawn.sample(pool, min(len(pool), wanted))]
            record, spans = _told(pattern, f"{pattern.id}-{at}", [one.quote(place) for one, place in taken])
            at += 1
            if record.text in seen:
                continue
            seen.add(record.text)
            made.append(record)
            own.append(_parts(taken, spans))
            share = sum(source is first for source, _ in taken) / len(taken)
            middle.append(share * first.vector + (1 - share) * second.vector)
        yield Assembled(
            made, [language_of(one) for one in made], moved(np.stack(middle), vectors, near, noise), own
        )


def _told(pattern: Solution, name: str, quotes: Sequence[str]) -> tuple[Solution, list[Span]]:
    """The record of a title and sentences, and where each of these stands in its text."""
    record = replace(pattern, id=name, name=quotes[0], description=" ".join(quotes[1:]), titles={}, extra={})
    ends = np.cumsum([len(quote) + 1 for quote in quotes]).tolist()
    return record, [(end - 1 - len(quote), end - 1) for quote, end in zip(quotes, ends, strict=True)]


def _parts(taken: Sequence[tuple[_Source, int]], spans: Sequence[Span]) -> Parts:
    vectors, weights, owners = [], [], []
    for place, (source, one) in enumerate(taken):
        held = source.read.parts
        rows = held.owners == one
        vectors.append(held.unit()[rows])
        weights.append(held.weights[rows])
        owners.append(np.full(int(rows.sum()), place, dtype=np.int64))
    return parts(spans, np.concatenate(vectors), np.concatenate(weights), np.concatenate(owners))
