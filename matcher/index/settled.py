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
from matcher.index.lists import Lists
from matcher.index.plan import Rung
from matcher.protocols import Float32, Int64

faiss: Any = typed
"""The types that FAISS ships know little of what it has."""
TRAINED_ON = 65_536
"""Vectors whose ranges decide how numbers are cut down to one byte."""
BLOCK = 16_384
"""Vectors handled at once."""
WIDELY = 10
"""Times as many vectors are looked at, at least, as are wanted."""
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

    def __init__(
        self, rung: Rung, rows: Int64, coarse: Any, fine: Bytes | None = None, lists: Lists | None = None
    ) -> None:
        self.rung = rung
        self.rows = rows
        self.coarse = coarse
        """What FAISS searches: numbers in two bytes, or in one."""
        self.lists = lists
        """Where wide searches look, on that rung."""
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
        kind = faiss.ScalarQuantizer.QT_8bit if rung is Rung.INT8 else faiss.ScalarQuantizer.QT_fp16
        coarse: Any = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
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
        lists = Lists.of_blocks(blocks, rows.size) if rung is Rung.LISTS16 else None
        return cls(rung, rows, coarse, fine, lists)

    def extended(self, rows: Int64, vectors: Float32, progress: Callable[[int], None]) -> "Base":
        """The same with further vectors in the lists that there are; what is dead stays so."""
        # what is mapped cannot grow: a copy does
        held: Bytes = faiss.serialize_index(self.coarse) if self._blob is None else self._blob
        content = io.BytesIO(held.data)
        coarse: Any = faiss.read_index(faiss.PyCallbackIOReader(content.read, 1 << 20))
        del content
        for start in range(0, rows.size, BLOCK):
            coarse.add(np.ascontiguousarray(vectors[start : start + BLOCK]))
            progress(min(start + BLOCK, rows.size))
        lists = None if self.lists is None else self.lists.joined(vectors)
        return Base(self.rung, np.concatenate([self.rows, rows]), coarse, lists=lists)

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
        if (lists := self.lists) is not None:
            parts["lists.middles"] = Part(lambda write: write(np.ascontiguousarray(lists.middles)))
            parts["lists.order"] = Part(lambda write: write(np.ascontiguousarray(lists.order)))
            parts["lists.starts"] = Part(lambda write: write(np.ascontiguousarray(lists.starts)))
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
            # FAISS leaves vectors where they are: `blob` must live as long as the index
            coarse: Any = faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(blob), blob.size))
            rows = held.section("rows").view(np.int64)
            fine = held.section("fine").reshape(len(rows), 2 * coarse.d) if rung is Rung.INT8 else None
            plain = isinstance(coarse, faiss.IndexScalarQuantizer)
            if not plain or coarse.ntotal != rows.size or rows.size == 0 or rows.min() < 0:
                raise ValueError(f"{rows.size} rows and {coarse.ntotal} vectors, of {rung}")
            lists = _lists(held, rows.size, coarse.d) if rung is Rung.LISTS16 else None
            made = cls(rung, rows, coarse, fine, lists)
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
            scores, slots = self.coarse.search(
                queries, min(fetch, len(self)), params=faiss.SearchParameters(sel=selector)
            )
        del bits
        return slots, scores

    def look(self, queries: Float32, fetch: int, mask: Mask, looked: int) -> tuple[Int64, Float32]:
        """Near slots of the mask, out of so many lists: nearly always the nearest ones."""
        assert self.lists is not None
        slots = np.full((len(queries), fetch), -1, dtype=np.int64)
        scores = np.full((len(queries), fetch), -np.inf, dtype=np.float32)
        for q, query in enumerate(queries):
            held = self.lists.near(query, looked, WIDELY * fetch)
            held = held[mask[held]]
            if held.size:
                found, near = self.gather(query[None], min(fetch, held.size), held)
                slots[q, : found.shape[1]], scores[q, : found.shape[1]] = found[0], near[0]
        return slots, scores

    def _byte_error(self) -> float:
        """By how much a score of one byte a number is off, but for one in some thousands."""
        some = np.linspace(0, len(self) - 1, min(len(self), 256)).astype(np.int64)
        coarse = np.stack([self.coarse.reconstruct(int(slot)) for slot in some])
        lengths = np.linalg.norm(coarse - self.vectors(some), axis=1)
        # a random direction sees its length less the root of the dimension, and four times that hardly ever
        return float(4 * lengths.mean() / np.sqrt(self.dimension)) + ROUNDING


def _codes(coarse: Any) -> Bytes:
    """The codes of an index of scalars, where it holds them."""
    held: Bytes = faiss.rev_swig_ptr(coarse.codes.data(), coarse.codes.size())
    return held.reshape(coarse.ntotal, coarse.code_size)


def _lists(held: Container, count: int, dimension: int) -> Lists:
    """The lists that a file keeps. Raises `ValueError` when they do not name each slot once."""
    middles = held.section("lists.middles").view(np.float32).reshape(-1, dimension)
    order, starts = held.section("lists.order").view(np.int32), held.section("lists.starts").view(np.int64)
    named = np.bincount(order, minlength=count) if order.size and order.min() >= 0 else np.empty(0)
    ends = starts.size == len(middles) + 1 and starts[0] == 0 and starts[-1] == order.size
    if named.size != count or named.max() != 1 or not ends or np.any(np.diff(starts) < 0):
        raise ValueError(f"lists of {order.size} places for {count} vectors")
    return Lists(middles, order, starts)


def _selector(mask: Mask) -> tuple[Bytes, Any]:
    """Bits that must outlive the selector, and the selector over them; its size counts bytes."""
    bits = np.packbits(mask, bitorder="little")
    return bits, faiss.IDSelectorBitmap(bits.size, faiss.swig_ptr(bits))
