"""Any number of vectors that lie as those of real texts do: `lifelike` moves real ones by real differences.

The texts are how needs and solutions of the sample, and a third of the tuning set, begin. Each vector
made is one of theirs, moved by parts of the differences between near neighbours among them, and of unit
length again: so neighbours are near because their texts are, and what all texts have in common stays.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from matcher.protocols import Float32, Role
from matcher.records import Record

NEIGHBOURS = 5
"""Of each text, the nearest ones whose differences move others."""
MOVES = 2
"""Differences that a vector is moved by, each in part."""
OPENING = 160
"""Characters that are read of each text: its title, and how it begins."""
EVERY = 3
"""One of so many texts of the tuning set is taken; all of the sample are."""
TOGETHER = 64
BLOCK = 20_000
SEED = 20_261


def real(progress: Callable[[int], None]) -> Float32:
    """`float32[n, d]`: vectors of how needs and solutions of the sample and of the tuning set begin."""
    from corpora import load_sample
    from corpora.tuning import load as load_tuning
    from matcher.text.language import language_of
    from service.settings import Settings
    from service.wiring import open_embedder

    embedder = open_embedder(Settings())
    sample, tuning = load_sample(), load_tuning()
    records: list[Record] = [
        *sample.needs,
        *sample.solutions,
        *tuning.needs[::EVERY],
        *tuning.solutions[::EVERY],
    ]
    made = []
    for start in range(0, len(records), TOGETHER):
        some = records[start : start + TOGETHER]
        vectors = embedder.encoder.encode([one.text[:OPENING] for one in some], Role.PASSAGE).pooled
        if embedder.neutraliser is not None:
            vectors = embedder.neutraliser.neutral(vectors, [language_of(one) for one in some], Role.PASSAGE)
        made.append(vectors)
        progress(start + len(some))
    return np.concatenate(made)


def nearest(vectors: Float32, number: int = NEIGHBOURS) -> np.ndarray:
    """`int64[n, number]`: the nearest others of each vector."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    return np.argsort(-products, axis=1, kind="stable")[:, :number]


def lifelike(source: Float32, count: int, seed: int = SEED) -> Float32:
    """`float32[count, d]` unit vectors, made of real ones; the same for the same seed.

    >>> made = lifelike(np.eye(8, dtype=np.float32), 100)
    >>> made.shape, bool(np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5))
    ((100, 8), True)
    """
    random = np.random.default_rng(seed)
    near = nearest(source)
    return moved(source[random.integers(0, len(source), count)], source, near, random)


def moved(made: Float32, source: Float32, near: np.ndarray, random: np.random.Generator) -> Float32:
    """`float32[count, d]`: vectors moved by parts of differences between near ones, of unit length again."""
    made = made.copy()
    count = len(made)
    for _ in range(MOVES):
        from_ = random.integers(0, len(source), count)
        to = near[from_, random.integers(0, near.shape[1], count)]
        made += random.random((count, 1), dtype=np.float32) * (source[to] - source[from_])
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def kept(folder: Path, count: int, progress: Callable[[int], None]) -> tuple[Float32, Float32]:
    """`count` vectors, mapped from a file that is made when it is not there; and the real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    texts, file = folder / "real.npy", folder / f"lifelike-{count}.npy"
    if not texts.is_file():
        _put(texts, lambda unfinished: np.save(unfinished, real(progress)))
    source: Float32 = np.load(texts)

    def fill(unfinished: Path) -> None:
        out = open_memmap(unfinished, "w+", np.float32, (count, source.shape[1]))
        for number, start in enumerate(range(0, count, BLOCK)):
            end = min(start + BLOCK, count)
            out[start:end] = lifelike(source, end - start, SEED + number)
            progress(end)
        out.flush()

    if not file.is_file():
        _put(file, fill)
    return np.load(file, mmap_mode="r"), source


def _put(file: Path, write: Callable[[Path], None]) -> None:
    """Have a file whole or not at all."""
    unfinished = file.with_name(f"unfinished-{file.name}")  # NumPy would add an ending that is not there
    write(unfinished)
    unfinished.replace(file)
