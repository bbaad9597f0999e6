import numpy as np
import pytest

from matcher.embed import Embedder
from models import open_encoder
from service.measure import assembled as module
from service.measure.assembled import assembled


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The model without weights."""
    return Embedder(open_encoder("hashing"))


def test_solutions_are_put_together_alike_each_time(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as are asked for, in blocks, all different; the same seed makes the same."""
    monkeypatch.setattr(module, "BLOCK", 40)
    blocks = list(assembled(100, 3, embedder))
    assert [len(block.records) for block in blocks] == [40, 40, 20]
    made = [record for block in blocks for record in block.records]
    assert len({record.id for record in made}) == len({record.text for record in made}) == 100
    again = list(assembled(100, 3, embedder))
    assert [record for block in again for record in block.records] == made
    np.testing.assert_array_equal(again[-1].vectors, blocks[-1].vectors)
    assert next(assembled(5, 4, embedder)).records != made[:5]


def test_parts_belong_to_the_sentences_of_the_new_text(embedder: Embedder) -> None:
    """Each span is a whole sentence, and its vectors are those the model gives this sentence elsewhere."""
    block = next(assembled(30, 3, embedder))
    for record, own in zip(block.records, block.parts, strict=True):
        quotes = [record.text[start:end] for start, end in own.spans]
        assert quotes[0] == record.name
        assert " ".join(quotes[1:]) == record.description
        assert own.weights.sum() == pytest.approx(1, abs=1e-5)
        assert set(own.owners.tolist()) <= set(range(len(quotes)))
        alone = embedder.encoder.encode(quotes, module.Role.PASSAGE).pooled
        for place in set(own.owners.tolist()):
            near = own.unit()[own.owners == place] @ alone[place]
            assert near.max() > 0.95
    assert np.allclose(np.linalg.norm(block.vectors, axis=1), 1, atol=1e-5)
