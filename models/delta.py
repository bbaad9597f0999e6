"""A tuned model as what training changed: a small file on top of the weights it began with.

Differences of matrices are kept in 4 bits with a scale for each block of 64 (after Q4_0 of the carried
weights themselves); those of vectors, and the late head, in half precision. With them go vectors of a few
reference texts, by which whoever unpacks the file checks that it came out right.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelCorrupt
from matcher.protocols import Float32
from models.late import Head

FORMAT = 1
BLOCK = 64
LEVELS = 7
"""Differences are whole steps from -7 to 7."""
_QUANTISED, _SCALES, _PLAIN = "q:", "s:", "p:"


@dataclass(frozen=True, slots=True)
class Delta:
    """What turns one model into another."""

    about: Mapping[str, Any]
    """`base` (id), `recipe`, `data`, `figures`: where it came from."""
    changes: Mapping[str, Float32]
    """Difference of each tensor, by its name in a BertModel."""
    head: Head
    reference: Float32
    """`float32[n, d]`: query vectors of the reference texts by the tuned model in full precision."""


def save(delta: Delta, path: Path) -> None:
    """Write the delta as one npz file."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, change in delta.changes.items():
        if change.ndim == 2:
            arrays[_QUANTISED + name], arrays[_SCALES + name] = quantised(change)
        else:
            arrays[_PLAIN + name] = change.astype(np.float16)
    head = delta.head
    arrays |= {
        "head.projection": head.projection.astype(np.float16),
        "head.bias": head.bias.astype(np.float16),
        "head.salience": head.salience.astype(np.float16),
        "head.salience_bias": np.array(head.salience_bias, np.float16),
        "reference": delta.reference.astype(np.float16),
        "about": np.array(json.dumps({"format": FORMAT, **delta.about})),
    }
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its stub knows no names but its own


def load(content: bytes, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Delta:
    """The delta that `save` wrote, for tensors of these shapes. Raises `ModelCorrupt`."""
    try:
        with np.load(BytesIO(content)) as stored:
            changes = {
                tensor: restored(stored[_QUANTISED + tensor], stored[_SCALES + tensor], shapes[tensor])
                for tensor in (key.removeprefix(_QUANTISED) for key in stored if key.startswith(_QUANTISED))
            }
            for key in stored:
                if key.startswith(_PLAIN):
                    changes[key.removeprefix(_PLAIN)] = stored[key].astype(np.float32)
            about = json.loads(str(stored["about"]))
            if about.pop("format") != FORMAT:
                raise ValueError("its format is another")
            head = Head(
                stored["head.projection"].astype(np.float32),
                stored["head.bias"].astype(np.float32),
                stored["head.salience"].astype(np.float32),
                float(stored["head.salience_bias"]),
            )
            return Delta(about, changes, head, stored["reference"].astype(np.float32))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise ModelCorrupt(
            f"The weights {name} cannot be read ({error!r}). Install needmatch again."
        ) from error


def quantised(change: Float32) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """A matrix in 4 bits: two values a byte, and a scale for each block of `BLOCK` values.

    >>> packed, scales = quantised(np.array([[0.7, -0.3] * 32], dtype=np.float32))
    >>> packed.shape, restored(packed, scales, (1, 64))[0, :2].round(3).tolist()
    ((32,), [0.699999988079071, -0.30000001192092896])
    """
    flat = np.ravel(change)
    values = np.pad(flat, (0, -flat.size % BLOCK)).reshape(-1, BLOCK)
    scales = (np.abs(values).max(axis=1) / LEVELS).astype(np.float16)
    steps = np.rint(values / np.maximum(scales.astype(np.float32), 1e-12)[:, None])
    whole = (np.clip(steps, -LEVELS, LEVELS) + LEVELS).astype(np.uint8)
    return (whole[:, 0::2] | whole[:, 1::2] << 4).ravel(), scales


def restored(packed: NDArray[np.uint8], scales: NDArray[np.float16], shape: tuple[int, ...]) -> Float32:
    """The matrix that `quantised` packed, to the nearest step."""
    pairs = packed.reshape(len(scales), BLOCK // 2)
    whole = np.empty((len(scales), BLOCK), np.float32)
    whole[:, 0::2], whole[:, 1::2] = pairs & 15, pairs >> 4
    values = ((whole - LEVELS) * scales.astype(np.float32)[:, None]).ravel()
    return values[: int(np.prod(shape))].reshape(shape)
