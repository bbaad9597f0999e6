"""Vectors in the binary and textual forms of pgvector: half precision at rest, whole in a question."""

from collections.abc import Sequence

import numpy as np

from matcher.protocols import Float32, Int64

COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"
VECTOR_HEAD_BYTES = 4
"""Before its numbers a vector tells its length, and two bytes that are not used."""


def copied(rows: Int64, vectors: Float32) -> bytes:
    """What `COPY ... (row, part, embedding) FROM STDIN (FORMAT binary)` takes for `float32[n, d]`.

    The vectors of one row are its parts 0, 1, ... in the order given.
    """
    count, dimension = vectors.shape
    form = np.dtype(
        [
            ("fields", ">i2"),
            ("row_bytes", ">i4"),
            ("row", ">i8"),
            ("part_bytes", ">i4"),
            ("part", ">i4"),
            ("vector_bytes", ">i4"),
            ("length", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f2", (dimension,)),
        ]
    )
    lines = np.zeros(count, dtype=form)
    lines["fields"], lines["row_bytes"], lines["part_bytes"] = 3, 8, 4
    lines["vector_bytes"] = VECTOR_HEAD_BYTES + 2 * dimension
    lines["length"] = dimension
    lines["row"], lines["part"], lines["vector"] = rows, parts(rows), vectors
    return COPY_HEAD + lines.tobytes() + COPY_END


def parts(rows: Int64) -> Int64:
    """`int64[n]`: how often each row number came before.

    >>> parts(np.array([7, 2, 7, 7, 2])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    numbers = np.empty(rows.size, dtype=np.int64)
    numbers[order] = np.arange(rows.size) - starts
    return numbers


def read(sent: Sequence[bytes], dimension: int) -> Float32:
    r"""`float32[n, d]` of what `halfvec_send` gave.

    >>> read([b"\x00\x02\x00\x00\x3c\x00\xbc\x00"], 2).tolist()
    [[1.0, -1.0]]
    """
    width = VECTOR_HEAD_BYTES + 2 * dimension
    raw = np.frombuffer(b"".join(sent), dtype=np.uint8).reshape(len(sent), width)
    halves = np.ascontiguousarray(raw[:, VECTOR_HEAD_BYTES:]).view(">f2")
    return halves.astype(np.float32)


def literal(vector: Float32) -> str:
    """A vector as text, each number so that it reads back the same.

    >>> literal(np.array([1, 0.1], dtype=np.float32))
    '[1.0,0.1]'
    """
    return "[" + ",".join(map(str, vector)) + "]"


def rounded(vectors: Float32) -> Float32:
    """The vectors as they are kept: each number to 11 significant bits.

    >>> rounded(np.array([0.1], dtype=np.float32)).tolist()
    [0.0999755859375]
    """
    kept: Float32 = vectors.astype(np.float16).astype(np.float32)
    return kept
