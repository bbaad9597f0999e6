"""The seams of the engine: what a model, an index and a calibrator must be able to do.

Everything else in `matcher` is plain functions and values between these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from matcher.rows import RowSet

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Span = tuple[int, int]
"""Half-open range of characters of a text."""


class Role(StrEnum):
    """On which side of a search a text stands; a model may prefix the two sides differently."""

    QUERY = "query"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights and which arithmetic made a vector; vectors of two identities never mix.

    >>> ModelIdentity("e5-small", "1", "openvino-int8", 384).key
    'e5-small@1/openvino-int8'
    """

    id: str
    revision: str
    engine: str
    dimension: int
    languages: tuple[str, ...] = ()
    late_dimension: int = 0
    """Length of its token vectors; 0 for a model without late interaction."""

    @property
    def model(self) -> str:
        """The weights alone, whatever arithmetic runs them: offsets and calibrators belong to these."""
        return f"{self.id}@{self.revision}"

    @property
    def key(self) -> str:
        """The identity in one word, for caches and manifests."""
        return f"{self.id}@{self.revision}/{self.engine}"


@dataclass(frozen=True, slots=True)
class Late:
    """The small vectors of the tokens of one text, for comparing two texts token by token."""

    vectors: Float32
    """`float32[t, e]`, unit rows, first to last."""
    weights: Float32
    """`float32[t]`: how much each counts, above 0."""
    starts: Int64
    """`int64[t]`: the character each begins at."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What one pass of a model gives: vectors of whole texts, of the spans asked for, and of tokens."""

    pooled: Float32
    """`float32[n, d]`, rows of unit length."""
    spans: tuple[Float32, ...] = ()
    """For each text `float32[s, d]`, the unit mean of the token vectors inside each of its spans."""
    late: tuple[Late, ...] = ()
    """For each text its token vectors, where spans were asked for and the model makes any."""


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and arithmetic these are."""

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text, prefix included; what is beyond is cut off."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without prefix and without cutting."""

    def encode(
        self,
        texts: Sequence[str],
        role: Role,
        spans: Sequence[Sequence[Span]] | None = None,
    ) -> Encoded:
        """Vectors of the texts, in their order; a span without any token gets its text's vector.

        The vector of a text does not depend on the other texts of the call beyond rounding.
        """


@runtime_checkable
class Neutraliser(Protocol):
    """Removes from vectors what they say about their language rather than their matter."""

    @property
    def key(self) -> str:
        """Names the offsets and their strength; vectors of two keys never mix."""

    def neutral(self, vectors: Float32, languages: Sequence[str | None], role: Role) -> Float32:
        """`float32[n, d]` unit rows, less their language's offset, of unit length again."""

    def renewed(
        self, vectors: Float32, languages: Sequence[str | None], role: Role, strength: float
    ) -> Float32:
        """What `neutral` would have given at another strength, from what it gave."""


@runtime_checkable
class VectorIndex(Protocol):
    """Stores vectors under row numbers and finds the nearest by inner product.

    A row may hold several vectors (the passages of one record) and scores as its best one.
    """

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    def __len__(self) -> int:
        """Number of distinct rows stored."""

    def upsert(self, rows: Int64, vectors: Float32) -> None:
        """Store `float32[n, d]` under `int64[n]`; earlier vectors of these rows are replaced.

        Raises `ValueError` when shapes disagree.
        """

    def delete(self, rows: Int64) -> int:
        """Forget rows; unknown ones are ignored. Returns how many were stored."""

    def search(self, queries: Float32, k: int, allowed: RowSet) -> tuple[Int64, Float32]:
        """The best `k` allowed rows for each query, best first, ties by row.

        Returns `int64[q, k]` and `float32[q, k]`; places that cannot be filled hold row -1 and
        score -inf. `min(k, allowed and stored)` places are always filled.
        """

    def score(self, queries: Float32, rows: Int64) -> Float32:
        """Exact scores `float32[q, n]` of the given rows; -inf for a row that is not stored."""

    def centroids(self, rows: Int64) -> Float32:
        """`float32[n, d]`: the unit mean of what each row holds; zeros for a row that is not stored."""

    def save(self, path: Path) -> None:
        """Write the index to one file."""


@runtime_checkable
class Calibrator(Protocol):
    """Turns the features of a pair into the probability that the one answers the other."""

    @property
    def model(self) -> str:
        """`ModelIdentity.model` of the weights whose scores it was fitted on."""

    def probability(self, features: Float32) -> Float32:
        """`float32[n]` in [0, 1] for `float32[n, f]`, monotone in the dense and lexical scores."""

    def uses(self, features: slice) -> bool:
        """Whether any of some features counts at all."""

    def contributions(self, features: Float32) -> Float32:
        """`float32[n, f]`: what each feature adds to the logit of that probability."""
