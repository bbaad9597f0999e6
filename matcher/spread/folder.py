"""A folder that machines share: each file is there whole, under a name that says what it was made of."""

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.errors import SnapshotCorrupt, SnapshotError
from matcher.index import container
from matcher.index.container import Container, Part

PATIENCE_S = 60.0
"""How long a file that another machine wrote may take to be seen here: network file systems remember."""
PAUSE_S = 0.1
UNFINISHED = ".unfinished-"
ARRAYS = "arrays"


@dataclass(frozen=True, slots=True)
class Folder:
    """Arrays in files, which never change once they are there; two that write the same do no harm.

    >>> folder = Folder(Path(getfixture("tmp_path")) / "work")
    >>> folder.keep("squares", {"of": "numbers"}, {"values": np.arange(3) ** 2})
    >>> folder.open("squares")[1]["values"].tolist(), folder.whole("cubes")
    ([0, 1, 4], False)
    """

    path: Path

    def names(self) -> set[str]:
        """The files that are there."""
        if not self.path.is_dir():
            return set()
        return {file.name for file in self.path.iterdir() if not file.name.startswith(UNFINISHED)}

    def keep(self, name: str, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a file, whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f"{UNFINISHED}{uuid.uuid4().hex}"
        plain = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
        told = {key: [array.dtype.str, array.shape] for key, array in plain.items()}
        container.write(
            unfinished, {**facts, ARRAYS: told}, {key: _part(array) for key, array in plain.items()}
        )
        unfinished.replace(self.path / name)

    def open(self, name: str) -> tuple[Mapping[str, Any], dict[str, NDArray[Any]]]:
        """Facts and arrays of a file, mapped and read-only, every checksum compared.

        Raises `SnapshotCorrupt` when it is absent or not as it was written.
        """
        held = Container(self.path / name)
        arrays = {
            key: held.section(key).view(np.dtype(kind)).reshape(shape)
            for key, (kind, shape) in held.facts[ARRAYS].items()
        }
        return held.facts, arrays

    def whole(self, name: str) -> bool:
        """Whether the file is there as it was written."""
        try:
            self.open(name)
        except SnapshotError:
            return False
        return True

    def await_(self, name: str) -> None:
        """Wait until a file that a worker wrote is seen here. Raises `SnapshotCorrupt` if it never is."""
        ends = time.monotonic() + PATIENCE_S
        while name not in self.names():
            if time.monotonic() > ends:
                raise SnapshotCorrupt(
                    f"A worker wrote {name}, and {PATIENCE_S:.0f} s later it is not in {self.path}. "
                    "Take a folder that all machines share, under the same path on each."
                )
            time.sleep(PAUSE_S)

    def forget(self, names: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what workers that died left half written; nobody may be writing."""
        for file in self.path.glob(f"{UNFINISHED}*"):
            file.unlink(missing_ok=True)


def _part(array: NDArray[Any]) -> Part:
    return Part(lambda write: write(array))
