"""Which CPV code a text is about: a division by its language-neutral vectors, then the label that is nearest.

P(code) = P(division) P(code | division). The division comes from a classifier fitted on public notices
(`divisions`); the codes of a division share its probability by how near their labels are. About a fifth of
the codes that buyers publish are wrong, so a suggestion is a likelihood to choose from, never a correction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import softmax

from matcher.divisions import DivisionClassifier
from matcher.embed import Embedder
from matcher.protocols import Float32, Role

SHORTLIST = 8
"""Divisions whose codes are compared; what the others hold is not given away."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code, or a division, with how likely the text is about it."""

    code: str
    label: str
    likelihood: float


class Suggester:
    """Suggests CPV codes for texts in any language, over a table of labels.

    Vectors of labels that do not ship with the classifier are made when their division first comes up.
    """

    def __init__(self, embedder: Embedder, fitted: DivisionClassifier, labels: Mapping[str, str]) -> None:
        self._embedder = embedder
        self._fitted = fitted
        self._labels = labels
        self._known: dict[str, tuple[list[str], Float32]] = {}

    @cached_property
    def _codes(self) -> dict[str, list[str]]:
        by_division: dict[str, list[str]] = {}
        for code in sorted(self._labels):
            by_division.setdefault(code[:2], []).append(code)
        return by_division

    def divisions(self, text: str, language: str | None = None, k: int = 5) -> tuple[Suggestion, ...]:
        """The likeliest divisions of a text, best first, with their labels."""
        return tuple(
            Suggestion(f"{division}000000", self._labels.get(f"{division}000000", ""), likelihood)
            for division, likelihood in self._likely(self._views(text, language))[:k]
        )

    def suggest(self, text: str, language: str | None = None, k: int = 5) -> tuple[Suggestion, ...]:
        """The likeliest codes of a text, best first; their likelihoods add up to 1 at most."""
        both = self._views(text, language)
        whole = both[: both.size // 2]
        found: list[tuple[float, str]] = []
        for division, likelihood in self._likely(both)[:SHORTLIST]:
            codes, shares = self._shares(whole, division)
            found += [(-likelihood * float(share), code) for share, code in zip(shares, codes, strict=True)]
        return tuple(Suggestion(code, self._labels[code], -negative) for negative, code in sorted(found)[:k])

    @property
    def known_codes(self) -> frozenset[str]:
        """Codes that can be suggested."""
        return frozenset(self._labels)

    def share(self, vector: Float32, code: str) -> float:
        """P(code | its division) for a text's vector `float32[d]`."""
        codes, shares = self._shares(vector, code[:2])
        return float(shares[codes.index(code)])

    def _shares(self, vector: Float32, division: str) -> tuple[list[str], Float32]:
        codes, vectors = self._labelled(division)
        near = self._fitted.sharpness * np.einsum("nd,d->n", vectors, vector)
        shares: Float32 = softmax(near).astype(np.float32)
        return codes, shares

    def _likely(self, both: Float32) -> list[tuple[str, float]]:
        likelihoods = self._fitted.probabilities(both[None, :])[0]
        order = np.argsort(-likelihoods, kind="stable").tolist()
        named = [(self._fitted.divisions[i], float(likelihoods[i])) for i in order]
        return [(division, likelihood) for division, likelihood in named if division in self._codes]

    def _views(self, text: str, language: str | None) -> Float32:
        own: Float32 = views(self._embedder, [text], [language])[0]
        return own

    def _labelled(self, division: str) -> tuple[list[str], Float32]:
        if division not in self._known:
            codes = self._codes[division]
            self._known[division] = codes, self._vectors(codes)
        return self._known[division]

    def _vectors(self, codes: Sequence[str]) -> Float32:
        """Vectors of labels: those that ship, and read anew for codes of another table."""
        if all(code in self._shipped for code in codes):
            return self._fitted.labels[[self._shipped[code] for code in codes]]
        return pooled(self._embedder, [self._labels[code] for code in codes], ["en"] * len(codes))

    @cached_property
    def _shipped(self) -> dict[str, int]:
        """Place of each code whose label's vector ships with the classifier."""
        return {code: place for place, code in enumerate(self._fitted.codes)}


def views(embedder: Embedder, texts: Sequence[str], languages: Sequence[str | None]) -> Float32:
    """`float32[n, 2d]`: the unit vector of each whole text, and beside it that of its title.

    A title says what is bought, the text adds how: a classifier weighs each by itself.
    """
    titles = [text.partition("\n")[0] for text in texts]
    joined: Float32 = np.hstack([pooled(embedder, part, languages) for part in (texts, titles)])
    return joined


def pooled(embedder: Embedder, texts: Sequence[str], languages: Sequence[str | None]) -> Float32:
    """`float32[n, d]`: one unit vector a text, the mean of its passages; language offset removed."""
    embedded = embedder.embed(texts, languages, Role.QUERY)
    means = np.stack([e.passages.mean(axis=0) for e in embedded])
    unit: Float32 = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return unit.astype(np.float32)
