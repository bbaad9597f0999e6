"""Where batches come from: judged themes, groups of needs, and plain pairs of texts that say the same."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher.protocols import Float32
from models.training.batches import Batch

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
WHOLE = 0.3
"""Share of texts that are read from their beginning, as they are in use."""
PADDED = 0.35
"""Share of needs that are read with sentences about procedure put between theirs."""
UNTITLED = 0.15
"""Share of texts read without their title: half of the titles in use say little."""


@dataclass(frozen=True, slots=True)
class Block:
    """Themes that are easily taken for one another, with all that is judged in them."""

    needs: Mapping[str, str]
    """Text by need id."""
    solutions: Mapping[str, str]
    """Text by solution id."""
    queries: Mapping[str, tuple[str, ...]]
    """Short questions, by the id of the solution they ask for."""
    grades: Mapping[str, Mapping[str, int]]
    """Need id to solution id to grade."""
    groups: Mapping[str, str]
    """Need id to group."""
    procedure: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Need id to sentences about procedure in its language, as they might stand in it."""

    def need(self, need_id: str, rng: np.random.Generator, characters: int) -> str:
        """Part of a need, now and then with procedure around it."""
        sentences = self.procedure.get(need_id, ())
        if not sentences or rng.random() >= PADDED:
            return crop(self.needs[need_id], rng, characters)
        return padded(crop(self.needs[need_id], rng, characters * 3 // 4), sentences, rng)


def padded(text: str, sentences: Sequence[str], rng: np.random.Generator) -> str:
    """A text with one to four sentences about procedure somewhere in its body.

    How offers are handed in says nothing about what is bought, and must not bring two texts together.
    """
    title, _, body = text.partition("\n")
    own = [s for s in _SENTENCE.split(body) if s.strip()]
    count = min(len(sentences), int(rng.integers(1, 5)))
    for at in rng.choice(len(sentences), size=count, replace=False).tolist():
        own.insert(int(rng.integers(0, len(own) + 1)), sentences[at])
    return f"{title}\n{' '.join(own)}"


def gain(grade: int) -> float:
    """What a grade is worth, as in nDCG with exponential gain.

    >>> [gain(grade) for grade in (0, 1, 2, 3)]
    [0.0, 1.0, 3.0, 7.0]
    """
    return float(2**grade - 1)


def crop(text: str, rng: np.random.Generator, characters: int) -> str:
    """Part of a text: its title and some of its sentences, in order; now and then without the title.

    What a text asks for must be found from any part of it, and not hang on its first lines.
    """
    title, _, body = text.partition("\n")
    if not body or len(text) <= characters // 2:
        return text
    if rng.random() < WHOLE:
        return text[:characters]
    sentences = [s for s in _SENTENCE.split(body) if s.strip()]
    untitled = rng.random() < UNTITLED and len(body) > 80
    room = characters - (0 if untitled else len(title))
    kept: set[int] = set()
    for at in rng.permutation(len(sentences)).tolist():
        if kept and len(sentences[at]) > room:
            break
        kept.add(at)
        room -= len(sentences[at])
    part = " ".join(sentences[at] for at in sorted(kept))[: max(characters, 200)]
    return part if untitled else f"{title}\n{part}"


@dataclass(frozen=True, slots=True)
class Answers:
    """Needs, and short questions, against the solutions of their own and neighbouring themes."""

    blocks: Sequence[Block]
    anchors: int
    characters: int
    questions: float = 0.3
    """Share of solutions that are also asked for by a short question."""
    name: str = field(default="answers", init=False)

    def examples(self, count: int) -> list[str]:
        """A few texts, to begin a late head with."""
        return [text for block in self.blocks for text in block.solutions.values()][:count]

    def batch(self, rng: np.random.Generator) -> Batch:
        """Whole blocks until there are enough anchors."""
        chosen = _drawn(self.blocks, self.anchors, rng)
        solutions = {s: text for block in chosen for s, text in block.solutions.items()}
        asked: list[tuple[str, Mapping[str, int]]] = []
        for block in chosen:
            asked += [(block.need(n, rng, self.characters), block.grades.get(n, {})) for n in block.needs]
            for solution, questions in block.queries.items():
                if questions and rng.random() < self.questions:
                    asked.append((str(rng.choice(questions)), {solution: 3}))
        gains = np.array([[gain(grades.get(s, 0)) for s in solutions] for _, grades in asked], np.float32)
        return Batch(
            self.name,
            tuple(text for text, _ in asked),
            tuple(crop(text, rng, self.characters) for text in solutions.values()),
            gains,
            np.ones_like(gains),
            tuple(solutions),
        )


@dataclass(frozen=True, slots=True)
class Likes:
    """Needs against needs: those of one group are the same, their neighbours are not."""

    blocks: Sequence[Block]
    anchors: int
    characters: int
    name: str = field(default="likes", init=False)

    def examples(self, count: int) -> list[str]:
        """A few texts, to begin a late head with."""
        return [text for block in self.blocks for text in block.needs.values()][:count]

    def batch(self, rng: np.random.Generator) -> Batch:
        """Whole blocks; each need as anchor and as candidate for all others."""
        chosen = _drawn(self.blocks, self.anchors, rng)
        needs = {n: block.need(n, rng, self.characters) for block in chosen for n in block.needs}
        labels = np.array([block.groups[n] for block in chosen for n in block.needs])
        same: Float32 = (labels[:, None] == labels[None, :]).astype(np.float32)
        others = 1 - np.eye(len(needs), dtype=np.float32)
        texts = tuple(needs.values())
        return Batch(self.name, texts, texts, same * others, others, tuple(needs))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Texts that say the same, in two languages or at two lengths; the rest of the batch are negatives."""

    name: str
    pairs: Sequence[tuple[str, str, str]]
    """Text, text, and the family that both are of: two pairs of one family never meet in a batch."""
    size: int
    characters: int

    def examples(self, count: int) -> list[str]:
        """A few texts, to begin a late head with."""
        return [text for text, _, _ in self.pairs[:: max(1, len(self.pairs) // count)]][:count]

    def batch(self, rng: np.random.Generator) -> Batch:
        """As many pairs as `size`, each of another family."""
        families: dict[str, tuple[str, str, str]] = {}
        for at in rng.permutation(len(self.pairs))[: 4 * self.size].tolist():
            if len(families) < self.size:
                families.setdefault(self.pairs[at][2], self.pairs[at])
        rows = list(families.values())
        gains = np.eye(len(rows), dtype=np.float32)
        return Batch(
            self.name,
            tuple(crop(a, rng, self.characters) for a, _, _ in rows),
            tuple(crop(b, rng, self.characters) for _, b, _ in rows),
            gains,
            np.ones_like(gains),
        )


def _drawn(blocks: Sequence[Block], needs: int, rng: np.random.Generator) -> list[Block]:
    """Whole blocks in random order, until they hold so many needs."""
    chosen: list[Block] = []
    for at in rng.permutation(len(blocks)).tolist():
        if chosen and sum(len(block.needs) for block in chosen) >= needs:
            break
        chosen.append(blocks[at])
    return chosen
