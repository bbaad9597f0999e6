"""Where batches come from: judged themes, groups of needs, and plain pairs of texts that say the same."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from matcher.protocols import Float32
from models.training.batches import Batch

Item = TypeVar("Item")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
WHOLE = 0.3
"""Share of texts that are read from their beginning, as they are in use."""
PADDED = 0.35
"""Share of needs that are read with sentences about procedure put between theirs."""
UNTITLED = 0.15
"""Share of texts read without their title: half of the titles in use say little."""


ANSWERS = 2
"""Grade from which a solution answers a need."""


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

    def answered(self, rng: np.random.Generator, needs: int, solutions: int) -> "Block":
        """Some needs with all that answers them, and with lookalikes up to so many solutions."""
        chosen = _some(list(self.needs), needs, rng)
        right = [s for n in chosen for s, grade in self.grades.get(n, {}).items() if grade >= ANSWERS]
        others = _some([s for s in self.solutions if s not in right], len(self.solutions), rng)
        return self._only(chosen, [*dict.fromkeys(right), *others][: max(solutions, len(set(right)))])

    def alike(self, rng: np.random.Generator, needs: int) -> "Block":
        """Whole groups of needs, in random order, until there are so many needs."""
        chosen: list[str] = []
        for group in _some(list(dict.fromkeys(self.groups.values())), len(self.needs), rng):
            if len(chosen) < needs:
                chosen += [n for n, own in self.groups.items() if own == group]
        return self._only(chosen, ())

    def _only(self, needs: Sequence[str], solutions: Sequence[str]) -> "Block":
        return replace(
            self,
            needs={n: text for n, text in self.needs.items() if n in needs},
            solutions={s: text for s, text in self.solutions.items() if s in solutions},
            queries={s: asked for s, asked in self.queries.items() if s in solutions},
        )

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
    if not body:
        title, body = "", text
    own = [s for s in _SENTENCE.split(body) if s.strip()]
    count = min(len(sentences), int(rng.integers(1, 5)))
    for at in rng.choice(len(sentences), size=count, replace=False).tolist():
        own.insert(int(rng.integers(0, len(own) + 1)), sentences[at])
    return "\n".join(part for part in (title, " ".join(own)) if part)


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
    """Needs, and short questions, against the solutions of their own, of neighbouring and of other themes.

    A few needs each of many blocks: most wrong answers to a need that does not name its product are of
    quite other themes, the rest are lookalikes.
    """

    blocks: Sequence[Block]
    drawn: int
    """Blocks in a batch."""
    characters: int
    needs: int = 4
    """Needs drawn of a block."""
    solutions: int = 4
    """Solutions drawn of a block, more if more of them answer."""
    questions: float = 0.3
    """Share of solutions that are also asked for by a short question."""
    name: str = field(default="answers", init=False)

    def examples(self, count: int) -> list[str]:
        """A few texts, to begin a late head with."""
        return [text for block in self.blocks for text in block.solutions.values()][:count]

    def batch(self, rng: np.random.Generator) -> Batch:
        """Parts of as many blocks as `drawn`."""
        blocks = _some(self.blocks, self.drawn, rng)
        chosen = [block.answered(rng, self.needs, self.solutions) for block in blocks]
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
        )


@dataclass(frozen=True, slots=True)
class Likes:
    """Needs against needs: those of one group are the same, their neighbours are not."""

    blocks: Sequence[Block]
    drawn: int
    """Blocks in a batch."""
    characters: int
    needs: int = 6
    """Needs drawn of a block, at least, if it has so many."""
    name: str = field(default="likes", init=False)

    def examples(self, count: int) -> list[str]:
        """A few texts, to begin a late head with."""
        return [text for block in self.blocks for text in block.needs.values()][:count]

    def batch(self, rng: np.random.Generator) -> Batch:
        """Groups of as many blocks as `drawn`; each need as anchor and as candidate for all others."""
        chosen = [block.alike(rng, self.needs) for block in _some(self.blocks, self.drawn, rng)]
        needs = {n: block.need(n, rng, self.characters) for block in chosen for n in block.needs}
        labels = np.array([block.groups[n] for block in chosen for n in block.needs])
        same: Float32 = (labels[:, None] == labels[None, :]).astype(np.float32)
        others = 1 - np.eye(len(needs), dtype=np.float32)
        texts = tuple(needs.values())
        return Batch(self.name, texts, texts, same * others, others)


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


def _some(items: Sequence[Item], count: int, rng: np.random.Generator) -> list[Item]:
    """As many of the items, in random order, as there are or are asked for."""
    return [items[at] for at in rng.permutation(len(items))[:count].tolist()]
