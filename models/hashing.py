"""A tiny encoder that needs no weights: hashed character n-grams, the same on every machine.

For tests and examples. It sees letters, not meanings: texts of different languages meet only in the words
they share.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from matcher.protocols import Encoded, Float32, Int64, ModelIdentity, Role, Span
from models.registry import ModelEntry, entry
from models.spans import check_spans, span_vectors, unit

_TOKEN = re.compile(r"\w+|[^\w\s]")
_GRAMS = (3, 4)


class HashingEncoder:
    """Texts as sums of hashed character n-grams of their words.

    >>> encoder = HashingEncoder()
    >>> pooled = encoder.encode(["body armour", "body armor", "fishing nets"], Role.QUERY).pooled
    >>> bool(pooled[0] @ pooled[1] > pooled[0] @ pooled[2])
    True
    """

    def __init__(self, known: ModelEntry | None = None) -> None:
        known = known or entry("hashing")
        self._max_tokens = known.max_tokens
        self._identity = ModelIdentity(known.id, known.revision, "hashing", known.dimension, known.languages)

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and arithmetic these are."""
        return self._identity

    @property
    def max_tokens(self) -> int:
        """Tokens (words and marks) read of one text; what is beyond is cut off."""
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without cutting.

        >>> HashingEncoder().count_tokens(["EN 1063, glass"])
        [4]
        """
        return [sum(1 for _ in _TOKEN.finditer(text)) for text in texts]

    def encode(
        self,
        texts: Sequence[str],
        role: Role,  # noqa: ARG002 -- part of the protocol; both roles are read alike
        spans: Sequence[Sequence[Span]] | None = None,
    ) -> Encoded:
        """Vectors `float32[n, 64]` of the texts, the same for both roles; see `matcher.protocols.Encoder`."""
        check_spans(texts, spans)
        dimension = self._identity.dimension
        pooled = np.empty((len(texts), dimension), np.float32)
        found: list[Float32] = []
        for row, text in enumerate(texts):
            tokens, ranges = self._tokens(text)
            total = tokens.sum(axis=0)
            # nothing to read, or hashes that cancel out: a vector of its own, of unit length like the others
            pooled[row] = unit(total) if np.any(total) else unit(_hashed("", dimension))
            if spans is not None:
                found.append(span_vectors(tokens, ranges, spans[row], pooled[row]))
        return Encoded(pooled, tuple(found))

    def _tokens(self, text: str) -> tuple[Float32, Int64]:
        matches = [match for match, _ in zip(_TOKEN.finditer(text), range(self._max_tokens), strict=False)]
        dimension = self._identity.dimension
        vectors = [_word(match.group().casefold(), dimension) for match in matches]
        tokens = np.stack(vectors) if vectors else np.zeros((0, dimension), np.float32)
        ranges = np.array([match.span() for match in matches], np.int64).reshape(-1, 2)
        return tokens, ranges


@lru_cache(maxsize=50_000)
def _word(word: str, dimension: int) -> Float32:
    padded = f"<{word}>"
    grams = [padded, *(padded[i : i + n] for n in _GRAMS for i in range(len(padded) - n + 1))]
    summed: Float32 = np.stack([_hashed(gram, dimension) for gram in grams]).sum(axis=0)
    summed.setflags(write=False)  # shared by all callers of the cache
    return summed


def _hashed(gram: str, dimension: int) -> Float32:
    """+1 or -1 in each dimension, from the bits of a hash that does not change between processes."""
    bits = np.unpackbits(np.frombuffer(blake2b(gram.encode("utf-8", "surrogatepass")).digest(), np.uint8))
    return bits[:dimension].astype(np.float32) * 2 - 1
