"""Other ways to keep vectors and find the near ones, for comparison on the same vectors and filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss as typed
import numpy as np

from matcher.protocols import Float32, Int64
from matcher.rows import RowSet

faiss: Any = typed
Ask = Callable[[Float32, float], Int64]
"""The nearest rows of one query, among those that a share allows."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Something to compare with."""

    name: str
    package: str
    """What must be installed; `pip install -e '.[peers]'` brings it."""
    made: Callable[[Float32, Mapping[float, RowSet], int, Path], Ask]
    """From vectors, allowed rows by share, how many are wanted, and a folder that may be used."""


def faiss_flat(vectors: Float32, allowed: Mapping[float, RowSet], k: int, _: Path) -> Ask:
    """`IndexFlatIP` as it comes, on one thread."""
    index: Any = faiss.IndexFlatIP(vectors.shape[1])
    return _selecting(index, vectors, allowed, k, lambda sel: faiss.SearchParameters(sel=sel))


def faiss_ivf(vectors: Float32, allowed: Mapping[float, RowSet], k: int, _: Path) -> Ask:
    """`IndexIVFFlat` of 4 sqrt(n) lists, of which 64 are looked at, on one thread."""
    lists = round(4 * len(vectors) ** 0.5)
    quantiser: Any = faiss.IndexFlatIP(vectors.shape[1])
    index: Any = faiss.IndexIVFFlat(quantiser, vectors.shape[1], lists, faiss.METRIC_INNER_PRODUCT)
    index.own_fields = False
    index.train(np.ascontiguousarray(vectors[: 40 * lists]))
    ask = _selecting(
        index, vectors, allowed, k, lambda sel: faiss.SearchParametersIVF(sel=sel, nprobe=min(64, lists))
    )
    return lambda query, share, _alive=quantiser: ask(query, share)  # type: ignore[misc]


def _selecting(
    index: Any, vectors: Float32, allowed: Mapping[float, RowSet], k: int, parameters: Callable[[Any], Any]
) -> Ask:
    for start in range(0, len(vectors), 50_000):
        index.add(np.ascontiguousarray(vectors[start : start + 50_000]))
    bits = {share: np.packbits(rows.mask, bitorder="little") for share, rows in allowed.items()}

    def ask(query: Float32, share: float) -> Int64:
        held = bits[share]
        selector = faiss.IDSelectorBitmap(held.size, faiss.swig_ptr(held))
        faiss.omp_set_num_threads(1)
        found: Int64 = index.search(query[None], k, params=parameters(selector))[1][0]
        return found

    return ask


def semantic_search(vectors: Float32, allowed: Mapping[float, RowSet], k: int, _: Path) -> Ask:
    """`semantic_search` of sentence-transformers over the allowed vectors, picked out beforehand."""
    import torch
    from sentence_transformers.util import dot_score, semantic_search

    rows = {share: np.flatnonzero(kept.mask) for share, kept in allowed.items()}
    picked = {share: torch.from_numpy(np.ascontiguousarray(vectors[kept])) for share, kept in rows.items()}

    def ask(query: Float32, share: float) -> Int64:
        found = semantic_search(
            torch.from_numpy(query[None]), picked[share], top_k=k, score_function=dot_score
        )
        return rows[share][[int(hit["corpus_id"]) for hit in found[0]]]

    return ask


def qdrant(vectors: Float32, allowed: Mapping[float, RowSet], k: int, folder: Path) -> Ask:
    """Qdrant in its local mode, in memory, with one mark a point for each filter."""
    from qdrant_client import QdrantClient, models

    del folder
    client = QdrantClient(":memory:")
    size = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
    client.create_collection("needs", vectors_config=size)
    # names without a dot: to Qdrant a dot leads to what lies inside
    names = {share: f"s{number}" for number, share in enumerate(allowed)}
    marks = {names[share]: rows.mask.tolist() for share, rows in allowed.items()}
    for start in range(0, len(vectors), 10_000):
        ids = range(start, min(start + 10_000, len(vectors)))
        client.upsert(
            "needs",
            models.Batch(
                ids=list(ids),
                vectors=np.asarray(vectors[start : start + 10_000]).tolist(),
                payloads=[{name: mark[row] for name, mark in marks.items()} for row in ids],
            ),
        )

    def ask(query: Float32, share: float) -> Int64:
        marked = models.FieldCondition(key=names[share], match=models.MatchValue(value=True))
        where = None if share == 1 else models.Filter(must=[marked])
        found = client.query_points("needs", query=query.tolist(), query_filter=where, limit=k).points
        return np.array([int(point.id) for point in found], dtype=np.int64)

    return ask


def lancedb(vectors: Float32, allowed: Mapping[float, RowSet], k: int, folder: Path) -> Ask:
    """LanceDB without an index, filtered before it searches, with one mark a row for each filter."""
    import lancedb
    import pyarrow as pa

    names = {share: f"s{number}" for number, share in enumerate(allowed)}
    columns: dict[str, Any] = {
        "row": pa.array(np.arange(len(vectors))),
        "vector": pa.FixedSizeListArray.from_arrays(
            pa.array(np.asarray(vectors).reshape(-1)), vectors.shape[1]
        ),
    }
    columns |= {names[share]: pa.array(rows.mask) for share, rows in allowed.items()}
    kept = lancedb.connect(str(folder)).create_table("needs", pa.table(columns), mode="overwrite")

    def ask(query: Float32, share: float) -> Int64:
        wanted = kept.search(query).distance_type("dot").limit(k).select(["row", "_distance"])
        if share != 1:
            wanted = wanted.where(f"{names[share]} = true", prefilter=True)
        return np.array([hit["row"] for hit in wanted.to_list()], dtype=np.int64)

    return ask


def txtai(vectors: Float32, allowed: Mapping[float, RowSet], k: int, _: Path) -> Ask:
    """Vectors made elsewhere, in txtai, with records in SQLite: it searches, then filters what it found."""
    from txtai.embeddings import Embeddings

    names = {share: f"s{number}" for number, share in enumerate(allowed)}
    marks = {names[share]: rows.mask.astype(int).tolist() for share, rows in allowed.items()}
    asked: list[Float32] = []

    def transform(texts: list[str]) -> Float32:
        return np.stack([asked[-1] if text == "asked" else vectors[int(text)] for text in texts])

    kept = Embeddings({"method": "external", "transform": transform, "content": True})
    kept.index(
        (row, {"text": str(row)} | {name: mark[row] for name, mark in marks.items()})
        for row in range(len(vectors))
    )

    def ask(query: Float32, share: float) -> Int64:
        asked[:] = [query]
        where = "" if share == 1 else f" and {names[share]} = 1"
        found = kept.search(f"select id from txtai where similar('asked'){where}", k)
        return np.array([int(hit["id"]) for hit in found], dtype=np.int64)

    return ask


RIVALS = (
    Rival("FAISS flat", "faiss", faiss_flat),
    Rival("FAISS IVF, 64 lists looked at", "faiss", faiss_ivf),
    Rival("sentence-transformers `semantic_search`", "sentence_transformers", semantic_search),
    Rival("Qdrant, local mode", "qdrant_client", qdrant),
    Rival("LanceDB, no index", "lancedb", lancedb),
    Rival("txtai", "txtai", txtai),
)
