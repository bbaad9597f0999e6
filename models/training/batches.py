"""What one training step sees: texts, and how much each candidate is worth to each anchor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matcher.protocols import Float32


@dataclass(frozen=True, slots=True)
class Batch:
    """Anchors against candidates; every candidate that is worth nothing to an anchor is a negative."""

    source: str
    anchors: tuple[str, ...]
    candidates: tuple[str, ...]
    gains: Float32
    """`float32[a, c]`: worth of each candidate, 0 for a negative."""
    known: Float32
    """`float32[a, c]`: 1 where the pair counts, 0 where it must not (a text and itself)."""

    def __post_init__(self) -> None:
        shape = (len(self.anchors), len(self.candidates))
        if self.gains.shape != shape or self.known.shape != shape:
            raise ValueError(f"gains {self.gains.shape} and known {self.known.shape}, expected {shape}")


class Source(Protocol):
    """Gives batches of one kind, drawn with the generator it is handed and nothing else."""

    @property
    def name(self) -> str:
        """What the batches are of."""

    def examples(self, count: int) -> list[str]:
        """A few of its texts."""

    def batch(self, rng: np.random.Generator) -> Batch:
        """A batch; the same state of `rng` gives the same batch."""


class Mixture:
    """Batches from several sources in given shares; the batch of a step follows from seed and step alone.

    So a training that was stopped goes on with what it would have seen.
    """

    def __init__(self, sources: Sequence[Source], shares: Mapping[str, float], seed: int) -> None:
        self.sources = [source for source in sources if shares.get(source.name, 0) > 0]
        if not self.sources:
            raise ValueError(f"no source has a share above 0 in {dict(shares)}")
        weights = np.array([shares[source.name] for source in self.sources], dtype=np.float64)
        self._shares = weights / weights.sum()
        self._seed = seed

    def batch(self, step: int) -> Batch:
        """The batch of a step, counted from 0."""
        rng = np.random.default_rng((self._seed, step))
        source = self.sources[int(rng.choice(len(self.sources), p=self._shares))]
        return source.batch(rng)
