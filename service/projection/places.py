"""Where the needs of an audience lie on the map: laid out beside the requests, anew when they change."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from matcher.collection import Collection
from service.atlas import projected
from service.projection.attendance import Attendance
from service.projection.running import Running

PATIENCE_S = 10.0
"""How long a request waits for the map; many needs take longer."""
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Laid:
    """Places by need id, with a digest of what they were made of."""

    digest: str
    of: Mapping[str, Place]


class Places:
    """The layout of one audience, each made once for the same needs with the same vectors."""

    def __init__(self, name: str, attendance: Attendance | None = None) -> None:
        self._running: Running[int, _Laid] = Running(name, attendance)

    def get(self, needs: Collection, stamp: Callable[[], int]) -> Mapping[str, Place] | None:
        """The place of each need; the last known while a new map is made, None where there is none yet.

        `stamp` changes when a need may have.
        """
        found = self._running.get(stamp, lambda: self._made(needs, stamp), patience=PATIENCE_S)
        return found[1].of if found is not None else None

    def join(self, seconds: float) -> bool:
        """Wait for what is being made, so long; whether nothing is."""
        return self._running.join(seconds)

    def _made(self, needs: Collection, stamp: Callable[[], int]) -> tuple[int, _Laid]:
        at = stamp()
        with needs.reading():
            # by id: the same needs give the same map, in whatever order they came
            known = sorted((needs.record(row).id, row) for row in needs.rows().tolist())
            rows = np.array([row for _, row in known], dtype=np.int64)
            vectors = needs.centroids(rows) if known else np.zeros((0, 1), dtype=np.float32)
        ids = [id_ for id_, _ in known]
        digest = hashlib.sha256("\n".join(ids).encode() + vectors.tobytes()).hexdigest()
        last = self._running.known
        if last is not None and last[1].digest == digest:
            return at, last[1]
        placed = projected(vectors).tolist()
        return at, _Laid(digest, {id_: (x, y) for id_, (x, y) in zip(ids, placed, strict=True)})
