"""Language offsets: the mean vector of each language, taken away so that languages lie on each other.

A multilingual encoder places texts of one language together. For a text of language l and role r
the offset is w_l mean[l, r] + (1 - w_l) mean[all, r] with w_l = n_l / (n_l + c): a language with
few reference texts leans on the mean of all, never on zero. The means come from a fixed reference
set and ship with the model revision, so no user's text moves them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from matcher.errors import ModelCorrupt
from matcher.protocols import Float32, ModelIdentity, Role

SHRINKAGE = 20.0
"""c: a language counts half when it has this many reference texts."""
ROLES = (Role.QUERY, Role.PASSAGE)


@dataclass(frozen=True, slots=True)
class LanguageOffsets:
    """Offsets of one model revision, applied with a strength between 0 (not at all) and 1 (whole).

    >>> x = np.array([[1, 1], [1, -1]], dtype=np.float32) / np.sqrt(2, dtype=np.float32)
    >>> offsets = fit({Role.QUERY: x, Role.PASSAGE: x}, ["de", "fr"], "m@1", shrinkage=0.0, strength=1.0)
    >>> print(offsets.neutral(x, ["de", None], Role.QUERY).round(2))
    [[ 0.71  0.71]
     [ 0.   -1.  ]]
    """

    model: str
    """`ModelIdentity.model`."""
    languages: tuple[str, ...]
    counts: tuple[int, ...]
    means: Float32
    """`float32[2, l, d]`: for queries and for passages, one row a language."""
    shrinkage: float = SHRINKAGE
    strength: float = 1.0

    @property
    def key(self) -> str:
        """Names the offsets and their strength."""
        return f"{self.model}:{sum(self.counts)}:{self.shrinkage:g}:{self.strength:g}"

    def offsets(self, role: Role) -> Float32:
        """`float32[l + 1, d]`: the offset of each language, and last the one of an unknown language."""
        means = self.means[ROLES.index(role)]
        overall = means.mean(axis=0, keepdims=True)
        n = np.array(self.counts, dtype=np.float32)[:, None]
        weight = n / (n + np.float32(self.shrinkage))
        shrunk = weight * means + (1 - weight) * overall
        return np.concatenate([shrunk, overall]) * np.float32(self.strength)

    def neutral(self, vectors: Float32, languages: Sequence[str | None], role: Role) -> Float32:
        """`float32[n, d]` unit rows less the offset of their language, of unit length again."""
        place = {language: i for i, language in enumerate(self.languages)}
        at = [place.get(language or "", len(place)) for language in languages]
        moved = vectors - self.offsets(role)[at]
        # A text that is nothing but its language's mean keeps its own direction.
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.where(norms > 1e-6, moved / np.maximum(norms, 1e-6), vectors).astype(np.float32)

    def renewed(
        self, vectors: Float32, languages: Sequence[str | None], role: Role, strength: float
    ) -> Float32:
        """What `neutral` would have given at another strength, from what it gave at this one.

        The text's own vector x, of length 1, is c y + o for the neutral y and the offset o taken away:
        c follows from the length.

        >>> x = np.array([[0.6, 0.8], [1, 0]], dtype=np.float32)
        >>> o = fit({Role.QUERY: x / 2, Role.PASSAGE: x / 2}, ["de", "fr"], "m@1", strength=1.0)
        >>> half = replace(o, strength=0.5)
        >>> y = o.renewed(o.neutral(x, ["de", "fr"], Role.QUERY), ["de", "fr"], Role.QUERY, 0.5)
        >>> bool(np.allclose(y, half.neutral(x, ["de", "fr"], Role.QUERY), atol=1e-6))
        True
        """
        if strength == self.strength:
            return vectors
        place = {language: i for i, language in enumerate(self.languages)}
        at = [place.get(language or "", len(place)) for language in languages]
        taken = self.offsets(role)[at]
        along = np.einsum("nd,nd->n", vectors, taken)
        scale = np.sqrt(np.maximum(along**2 + 1 - np.einsum("nd,nd->n", taken, taken), 0)) - along
        own = vectors * scale[:, None] + taken
        return replace(self, strength=strength).neutral(own.astype(np.float32), languages, role)

    def save(self, path: Path) -> None:
        """Write the means as one npz file (float16: 40 kB for 24 languages of 384 dimensions)."""
        about: dict[str, object] = {"model": self.model, "languages": self.languages, "counts": self.counts}
        about |= {"shrinkage": self.shrinkage, "strength": self.strength}
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                about=np.array(json.dumps(about)),
                means=self.means.astype(np.float16),
            )


def fit(
    vectors: Mapping[Role, Float32],
    languages: Sequence[str],
    model: str,
    *,
    shrinkage: float = SHRINKAGE,
    strength: float = 1.0,
) -> LanguageOffsets:
    """Offsets from the vectors `float32[n, d]` of the same reference texts in both roles."""
    names = tuple(sorted(set(languages)))
    labels = np.array(languages)
    means = [[vectors[role][labels == name].mean(axis=0) for name in names] for role in ROLES]
    counts = tuple(int(np.count_nonzero(labels == name)) for name in names)
    return LanguageOffsets(model, names, counts, np.array(means, dtype=np.float32), shrinkage, strength)


def load(content: bytes, name: str) -> LanguageOffsets:
    """Offsets that `save` wrote. Raises `ModelCorrupt` when they cannot be read."""
    try:
        with np.load(BytesIO(content)) as stored:
            about = json.loads(str(stored["about"]))
            return LanguageOffsets(
                about["model"],
                tuple(about["languages"]),
                tuple(about["counts"]),
                stored["means"].astype(np.float32),
                about["shrinkage"],
                about["strength"],
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelCorrupt(
            f"The language offsets {name} cannot be read ({error}). Install needmatch again."
        ) from error


def shipped(identity: ModelIdentity) -> LanguageOffsets | None:
    """The offsets that ship for a model revision, None if there are none."""
    file = files("models").joinpath("fitted", f"{identity.id}.npz")
    if not file.is_file():
        return None
    offsets = load(file.read_bytes(), file.name)
    return offsets if offsets.model == identity.model else None
