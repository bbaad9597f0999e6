"""The large, unchanging part of an index: vectors in two bytes a number, and ways to find the near ones.

Slots are places of vectors. All slots of one row that are alive stand beside each other.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import faiss as typed
import numpy as np
from numpy.typing import NDArray

from matcher.errors import SnapshotCorrupt
from matcher.index.container import Bytes, Container, Part
from matcher.index.flat import threads
from matcher.index.plan import LINKS, Rung
from matcher.protocols import Float32, Int64

faiss: Any = typed
"""The types that FAISS ships know little of what it has."""
EF_BUILDING = 80
"""Neighbours weighed for each vector that enters the graph."""
TRAINED_ON = 65_536
"""Vectors whose ranges decide how numbers are cut down to one byte."""
BLOCK = 16_384
"""Vectors handled at once."""
GATHERED = 65_536
"""Vectors copied together at once."""
ROUNDING = 1e-5
"""By how much two ways of summing one product may differ."""
Mask = NDArray[np.bool_]


def halved(vectors: Float32) -> Float32:
    """The vectors as two bytes a number keep them."""
    return vectors.astype(np.float16).astype(np.float32)


def products(queries: Float32, vectors: Float32) -> Float32:
    """`float32[q, v]`: each depends on its query and vector alone."""
    # Not `@`: BLAS rounds equal vectors differently by their place, and breaks ties so.
    found: Float32 = np.einsum("qd,vd->qv", queries, vectors)
    return found


class Base:
    """Vectors under row numbers, of which some are dead; nothing is added, a new base takes its place."""

    def __init__(self, rung: Rung, rows: Int64, coarse: Any, fine: Bytes | None = None) -> None:
        self.rung = rung
        self.rows = rows
        self.coarse = coarse
        """What FAISS searches: numbers in two bytes, with links between them or not, or in one byte."""
        self.dimension = int(coarse.d)
        self.codes = _codes(coarse) if fine is None else fine
        """`uint8[n, 2 d]`: what is scored."""
        self.order: Int64 | None = None if np.all(rows[:-1] <= rows[1:]) else np.argsort(rows, kind="stable")
        self.sorted = rows if self.order is None else rows[self.order]
        self.alive: Mask = np.ones(rows.size, dtype=np.bool_)
        self.leads: Mask = np.ones(rows.size, dtype=np.bool_)
        """Slots at which a row begins."""
        np.not_equal(rows[1:], rows[:-1], out=self.leads[1:])
        self.dead = 0
        self.dense = bool(rows.size) and self.order is None and rows[0] == 0 and rows[-1] == rows.size - 1
        self.dense = self.dense and bool(self.leads.all())
        """Whether slots are row numbers."""
        self.margin = ROUNDING if rung is not Rung.INT8 else self._byte_error()

    def __len__(self) -> int:
        return int(self.rows.size)

    # -- making and keeping --------------------------------------------------------------------

    @classmethod
    def build(
        cls,
        rung: Rung,
        rows: Int64,
        blocks: Callable[[], Iterator[Float32]],
        progress: Callable[[int], None],
    ) -> "Base":
        """A base of `rows`, ascending, and of their vectors, which come in blocks as often as asked for."""
        first = next(blocks())
        dimension = first.shape[1]
        if rung is Rung.GRAPH16:
            coarse: Any = faiss.IndexHNSWSQ(
                dimension, faiss.ScalarQuantizer.QT_fp16, LINKS, faiss.METRIC_INNER_PRODUCT
            )
            coarse.hnsw.efConstruction = EF_BUILDING
        else:
            kind = faiss.ScalarQuantizer.QT_8bit if rung is Rung.INT8 else faiss.ScalarQuantizer.QT_fp16
            coarse = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
        step = max(1, rows.size // TRAINED_ON)
        coarse.train(np.concatenate([block[::step] for block in blocks()]) if rung is Rung.INT8 else first)
        fine: Bytes | None = None
        if rung is Rung.INT8:
            # beside the memory that was asked to do: a file without a name, which is gone with this
            with tempfile.TemporaryFile() as file:
                fine = np.memmap(file, np.uint8, "w+", 0, (rows.size, 2 * dimension))
        done = 0
        for block in blocks():
            coarse.add(np.ascontiguousarray(block))
            if fine is not None:
                fine[done : done + len(block)] = block.astype(np.float16).view(np.uint8)
            done += len(block)
            progress(done)
        return cls(rung, rows, coarse, fine)

    def extended(self, rows: Int64, vectors: Float32, progress: Callable[[int], None]) -> "Base":
        """The graph with further vectors linked in; what is dead stays so, to find the way through."""
        # what is mapped cannot grow: a copy does
        held: Bytes = faiss.serialize_index(self.coarse) if self._blob is None else self._blob
        content = io.BytesIO(held.data)
        coarse: Any = faiss.read_index(faiss.PyCallbackIOReader(content.read, 1 << 20))
        del content
        for start in range(0, rows.size, BLOCK):
            coarse.add(np.ascontiguousarray(vectors[start : start + BLOCK]))
            progress(min(start + BLOCK, rows.size))
        return Base(self.rung, np.concatenate([self.rows, rows]), coarse)

    def parts(self) -> dict[str, Part]:
        """The sections of a file that keep it."""

        def blob(write: Callable[[Any], Any]) -> None:
            faiss.write_index(self.coarse, faiss.PyCallbackIOWriter(write, 1 << 20))

        width = 1 if self.rung is Rung.INT8 else 2
        parts = {
            "rows": Part(lambda write: write(np.ascontiguousarray(self.rows))),
            "alive": Part(lambda write: write(np.packbits(self.alive, bitorder="little"))),
            "vectors": Part(blob, late=len(self) * self.dimension * width),
        }
        if self.rung is Rung.INT8:

            def fine(write: Callable[[Any], Any]) -> None:
                for start in range(0, len(self), BLOCK):
                    write(np.ascontiguousarray(self.codes[start : start + BLOCK]))

            parts["fine"] = Part(fine, late=len(self) * self.dimension * 2)
        return parts

    @classmethod
    def of(cls, held: Container, rung: Rung) -> "Base":
        """The base that a file keeps, over its mapped bytes.

        Raises `SnapshotCorrupt` when its sections do not fit together.
        """
        blob = held.section("vectors")
        try:
            # FAISS leaves vectors and links where they are: `blob` must live as long as the index
            coarse: Any = faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(blob), blob.size))
            rows = held.section("rows").view(np.int64)
            fine = held.section("fine").reshape(len(rows), 2 * coarse.d) if rung is Rung.INT8 else None
            kind = faiss.IndexHNSWSQ if rung is Rung.GRAPH16 else faiss.IndexScalarQuantizer
            if not isinstance(coarse, kind) or coarse.ntotal != rows.size or rows.size == 0 or rows.min() < 0:
                raise ValueError(f"{rows.size} rows and {coarse.ntotal} vectors, of {rung}")
            made = cls(rung, rows, coarse, fine)
            made._blob = blob
            made.bury(np.unpackbits(held.section("alive"), count=rows.size, bitorder="little") == 0)
        except (RuntimeError, ValueError, AttributeError) as error:
            raise SnapshotCorrupt(
                f"The sections of {held.path.name} do not fit together ({error}). Build the snapshot again."
            ) from error
        return made

    _blob: Bytes | None = None

    # -- what rows hold ------------------------------------------------------------------------

    def slots(self, rows: Int64) -> tuple[Int64, Int64]:
        """Live slots of the rows, one row after the other, and how many each row has."""
        left = np.searchsorted(self.sorted, rows, side="left")
        widths = np.searchsorted(self.sorted, rows, side="right") - left
        starts = np.cumsum(widths) - widths
        places = np.arange(int(widths.sum())) - np.repeat(starts - left, widths)
        found = places if self.order is None else self.order[places]
        alive = self.alive[found]
        owners = np.repeat(np.arange(rows.size), widths)[alive]
        return found[alive], np.bincount(owners, minlength=rows.size)

    def vectors(self, slots: Int64) -> Float32:
        """`float32[n, d]` of some slots."""
        decoded: Float32 = self.codes[slots].view(np.float16).astype(np.float32)
        return decoded

    def kill(self, rows: Int64) -> int:
        """Have the rows, each named once, never be found again. Returns how many were alive."""
        slots, widths = self.slots(rows)
        self.alive[slots] = False
        self.dead += slots.size
        return int(np.count_nonzero(widths))

    def bury(self, dead: Mask) -> None:
        """Have slots be dead from the start; rows die with all their slots."""
        self.alive = ~dead
        self.dead = int(np.count_nonzero(dead))
        self.leads[1:] |= dead[:-1]  # behind its dead, a row begins anew

    def count(self, mask: Mask) -> int:
        """Rows of which a slot is in the mask, which holds live slots only."""
        return int(np.count_nonzero(mask & self.leads))

    # -- ways to the near ones -----------------------------------------------------------------

    def gather(self, queries: Float32, fetch: int, open_: Int64) -> tuple[Int64, Float32]:
        """The nearest of some slots, which are copied together so that no other is looked at."""
        slots, scores = [], []
        for start in range(0, open_.size, GATHERED):
            some = open_[start : start + GATHERED]
            near: Any = faiss.IndexScalarQuantizer(
                self.dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
            near.add_sa_codes(np.take(self.codes, some, axis=0))
            with threads(queries):
                found, places = near.search(queries, min(fetch, some.size))
            slots.append(some[places])
            scores.append(found)
        every, all_ = np.concatenate(slots, axis=1), np.concatenate(scores, axis=1)
        best = np.argsort(-all_, axis=1, kind="stable")[:, :fetch]
        return np.take_along_axis(every, best, axis=1), np.take_along_axis(all_, best, axis=1)

    def scan(self, queries: Float32, fetch: int, mask: Mask) -> tuple[Int64, Float32]:
        """The nearest of the slots in the mask, by a look at each; a place without any holds slot -1."""
        bits, selector = _selector(mask)
        with threads(queries):
            scores, slots = self._plain().search(
                queries, min(fetch, len(self)), params=faiss.SearchParameters(sel=selector)
            )
        del bits
        return slots, scores

    def walk(self, queries: Float32, fetch: int, mask: Mask, ef: int) -> tuple[Int64, Float32]:
        """Near slots of the mask, by way of the links: nearly always the nearest ones."""
        everything = bool(mask.all())
        bits, selector = (None, None) if everything else _selector(mask)
        with threads(queries):
            scores, slots = self.coarse.search(
                queries, min(fetch, len(self)), params=faiss.SearchParametersHNSW(efSearch=ef, sel=selector)
            )
        del bits
        return slots, scores

    def _plain(self) -> Any:
        return faiss.downcast_index(self.coarse.storage) if self.rung is Rung.GRAPH16 else self.coarse

    def _byte_error(self) -> float:
        """By how much a score of one byte a number is off, but for one in some thousands."""
        some = np.linspace(0, len(self) - 1, min(len(self), 256)).astype(np.int64)
        coarse = np.stack([self.coarse.reconstruct(int(slot)) for slot in some])
        lengths = np.linalg.norm(coarse - self.vectors(some), axis=1)
        # a random direction sees its length less the root of the dimension, and four times that hardly ever
        return float(4 * lengths.mean() / np.sqrt(self.dimension)) + ROUNDING


def _codes(coarse: Any) -> Bytes:
    """The codes of an index of scalars, where it holds them."""
    plain = faiss.downcast_index(coarse.storage) if hasattr(coarse, "hnsw") else coarse
    held: Bytes = faiss.rev_swig_ptr(plain.codes.data(), plain.codes.size())
    return held.reshape(plain.ntotal, plain.code_size)


def _selector(mask: Mask) -> tuple[Bytes, Any]:
    """Bits that must outlive the selector, and the selector over them; its size counts bytes."""
    bits = np.packbits(mask, bitorder="little")
    return bits, faiss.IDSelectorBitmap(bits.size, faiss.swig_ptr(bits))
