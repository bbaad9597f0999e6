"""The second look: the first candidates are compared by their parts, and none gains by being left out."""

import numpy as np
import pytest

from matcher import rerank as module
from matcher.collection import Collection
from matcher.embed import Embedder
from matcher.filters import Filter
from matcher.fuse import FusionWeights
from matcher.records import Kind, Solution
from matcher.rerank import rerank
from matcher.retrieve import ask, retrieve

NAMES = ["Fire pump", "Fire hose", "Diving suit", "Flood pump", "Pump for fires", "Patrol boat"]


@pytest.fixture
def collection(embedder: Embedder) -> Collection:
    """Six solutions."""
    made = Collection.empty(Kind.SOLUTION, embedder.encoder.identity.dimension)
    records = [Solution(id=f"S{i}", name=name, language="en") for i, name in enumerate(NAMES)]
    made.upsert(records, embedder, fit_statistics=True)
    return made


def test_without_weight_nothing_is_compared(collection: Collection, embedder: Embedder) -> None:
    """A model without token vectors costs nothing here."""
    query = ask("fire pump", embedder, "en")
    found = retrieve(query, collection, collection.select(Filter()).allowed, 10)
    assert rerank(query, found, collection, FusionWeights()) is found


def test_the_first_are_compared_and_the_rest_gets_the_lowest(
    collection: Collection, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the depth a candidate keeps the lowest score of those compared."""
    query = ask("fire pump", embedder, "en")
    found = retrieve(query, collection, collection.select(Filter()).allowed, 10)
    weights = FusionWeights(0, 0, 0, 0.5)
    whole = rerank(query, found, collection, weights).late
    monkeypatch.setattr(module, "DEPTH", 2)
    part = rerank(query, found, collection, weights).late
    kept = np.isclose(part, whole)
    assert kept.sum() >= 2
    assert part.min() == pytest.approx(min(part[kept]))
    assert (part >= part.min()).all()
    np.testing.assert_array_equal(whole.argmax(), found.rows.tolist().index(0))
