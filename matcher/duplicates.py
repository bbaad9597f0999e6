"""The same need entered twice: an edited copy, or the need in another language.

Two authorities that want the same thing in their own words are no duplicates, and vectors alone do not
tell the two apart. Numbers, dates, codes and names do: a copy carries them along, in any language. So do
the words themselves, within one language. Two texts that name neither and are of two languages are not
flagged however alike they are: nothing would tell a translation from a like wish.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from matcher.collection import Collection
from matcher.phrases import Phrase, joined, phrase
from matcher.protocols import Float32, Int64
from matcher.records import Need, Record
from matcher.rows import RowSet

NEIGHBOURS = 10
"""Nearest needs that are compared with each."""
FEATURES = ("meaning", "numbers", "names", "words", "length", "two languages")
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?")
_WORD = re.compile(r"[^\W\d_]+")
# bounded: a long run of capitals and hyphens has many beginnings, and no name has its digit that far behind
_NAME = re.compile(r"\b[A-Z][A-Z0-9][\w/-]{0,60}\d[\w/-]*|\b[A-Z]{2,}\b")


@dataclass(frozen=True, slots=True)
class DuplicateModel:
    """Logistic weights of the signals, with provenance.

    >>> DuplicateModel("m@1", (0.0,) * 6, 0.0, 0.5).probability(np.zeros((1, 6))).tolist()
    [0.5]
    """

    model: str
    """`ModelIdentity.model` of the vectors it was fitted on."""
    coefficients: tuple[float, ...]
    intercept: float
    threshold: float
    """Least probability that is flagged."""

    def probability(self, values: Float32) -> Float32:
        """`float32[n]` for `float32[n, 6]` in the order of `FEATURES`."""
        chances: Float32 = expit(values @ np.array(self.coefficients) + self.intercept).astype(np.float32)
        return chances

    def as_json(self) -> dict[str, Any]:
        """Plain values, for the file that ships with the model."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "DuplicateModel":
        """The inverse of `as_json`."""
        return cls(**{**stored, "coefficients": tuple(stored["coefficients"])})


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two needs that look like one."""

    one: Need
    other: Need
    probability: float
    reasons: tuple[str, ...]


def near_duplicates(
    collection: Collection, model: DuplicateModel, allowed: RowSet, of: RowSet | None = None
) -> list[Duplicate]:
    """Pairs of needs that look like one, the surest first; those of `of` with any, or all with all.

    Only the nearest `NEIGHBOURS` of each are compared, so that the work grows with the needs and not
    with their pairs.
    """
    pairs = nearest_pairs(collection, allowed, of or allowed)
    if not len(pairs):
        return []
    chances = judged(model, features(collection, pairs))
    flagged = [
        Duplicate(one, other, float(chance), reasons(one, other))
        for (a, b), chance in zip(pairs.tolist(), chances, strict=True)
        if chance >= model.threshold
        and isinstance(one := collection.record(a), Need)
        and isinstance(other := collection.record(b), Need)
    ]
    return sorted(flagged, key=lambda d: (-d.probability, d.one.id, d.other.id))


def judged(model: DuplicateModel, values: Float32) -> Float32:
    """`float32[n]`: probabilities, 0 where two languages share neither a number nor a name."""
    _, in_numbers, in_names, _, _, two_languages = values.T
    silent = (two_languages > 0) & (in_numbers == 0) & (in_names == 0)
    chances: Float32 = np.where(silent, np.float32(0), model.probability(values))
    return chances


def nearest_pairs(collection: Collection, allowed: RowSet, of: RowSet) -> Int64:
    """`int64[n, 2]`, ascending: each need of `of` with the allowed ones nearest to it."""
    rows = np.array(list(of & allowed), dtype=np.int64)
    if not rows.size:
        return np.empty((0, 2), dtype=np.int64)
    near, _ = collection.dense.search(collection.centroids(rows), NEIGHBOURS + 1, allowed)
    own = np.repeat(rows[:, None], near.shape[1], axis=1)
    there = (near >= 0) & (near != own)
    pairs = np.sort(np.stack([own[there], near[there]], axis=1), axis=1)
    return np.unique(pairs, axis=0)


def features(collection: Collection, pairs: Int64) -> Float32:
    """`float32[n, 6]` of pairs of rows `int64[n, 2]`, in the order of `FEATURES`."""
    rows, at = np.unique(pairs, return_inverse=True)
    at = at.reshape(pairs.shape)
    vectors = collection.centroids(rows)
    records = [collection.record(row) for row in rows.tolist()]
    marks = [(numbers(r.text), names(r.text), words(r.text), max(len(r.text), 1)) for r in records]
    spoken = [collection.languages[row] for row in rows.tolist()]
    cosines = np.einsum("nd,nd->n", vectors[at[:, 0]], vectors[at[:, 1]])
    rest = [
        (
            overlap(marks[i][0], marks[j][0]),
            overlap(marks[i][1], marks[j][1]),
            0.0 if spoken[i] != spoken[j] else overlap(marks[i][2], marks[j][2]),
            min(marks[i][3], marks[j][3]) / max(marks[i][3], marks[j][3]),
            float(spoken[i] != spoken[j]),
        )
        for i, j in zip(at[:, 0].tolist(), at[:, 1].tolist(), strict=True)
    ]
    return np.column_stack([cosines, np.array(rest)]).astype(np.float32)


def numbers(text: str) -> Counter[str]:
    """Numbers of a text however they are grouped, those of one digit left out.

    >>> sorted(numbers("1 250,50 EUR for 12 units, 3 lots").items())
    [('12', 1), ('125050', 1)]
    """
    found = (re.sub(r"\D", "", match) for match in _NUMBER.findall(text))
    return Counter(number for number in found if len(number) > 1)


def names(text: str) -> Counter[str]:
    """Designations and acronyms of a text, which translations keep.

    >>> sorted(names("TETRA radios to EN 300 392"))
    ['EN', 'TETRA']
    """
    return Counter(_NAME.findall(text))


def words(text: str) -> Counter[str]:
    """Words of a text without digits; only texts of one language have many in common.

    >>> sorted(words("Two red pumps, 12 l").items())
    [('l', 1), ('pumps', 1), ('red', 1), ('two', 1)]
    """
    return Counter(_WORD.findall(text.casefold()))


def overlap(one: Counter[str], other: Counter[str]) -> float:
    """What two bags have in common over what both hold; nothing where both are empty: silence is no sign.

    >>> overlap(Counter("aab"), Counter("abb")), overlap(Counter(), Counter())
    (0.5, 0.0)
    """
    both = sum((one | other).values())
    return sum((one & other).values()) / both if both else 0.0


def reasons(one: Record, other: Record) -> tuple[Phrase, ...]:
    """What the two share, in words; whose they are is said, and decides nothing."""
    said: list[Phrase] = []
    if shared := sorted((numbers(one.text) & numbers(other.text)).keys(), key=lambda n: (-len(n), n)):
        said.append(phrase("the same numbers: {numbers}", numbers=joined(shared[:5], ", ")))
    if shared := sorted((names(one.text) & names(other.text)).keys()):
        said.append(phrase("the same names: {names}", names=joined(shared[:5], ", ")))
    if isinstance(one, Need) and isinstance(other, Need):
        if one.organisation and one.organisation == other.organisation:
            said.append(phrase("the same organisation"))
        if one.language != other.language:
            said.append(
                phrase(
                    "in two languages: {one}, {other}",
                    one=one.language or "?",
                    other=other.language or "?",
                )
            )
    return tuple(said)
