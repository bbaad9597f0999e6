"""Candidates of earlier steps serve as negatives, without learning themselves."""

import pytest
import torch

from models.training.memory import Memory, beside, joined
from models.training.network import Vectors


def vectors(*rows: tuple[float, float], parts: int = 2) -> Vectors:
    """Texts with these pooled vectors, each with some parts like it and one of padding."""
    pooled = torch.nn.functional.normalize(torch.tensor(rows, dtype=torch.float32), dim=1).requires_grad_()
    late = torch.cat([pooled[:, None, :].repeat(1, parts, 1), torch.zeros(len(rows), 1, 2)], dim=1)
    weights = torch.cat([torch.full((len(rows), parts), 1 / parts), torch.zeros(len(rows), 1)], dim=1)
    return Vectors(pooled, late, weights)


def test_what_is_in_the_batch_is_not_recalled() -> None:
    """A candidate must not be its own negative."""
    memory = Memory()
    memory.keep(["a", "b"], vectors((1, 0), (0, 1)))
    pooled, hard = memory.hardest(torch.tensor([[1.0, 0.0]]), ["a"], 5)
    assert pooled.tolist() == [[0.0, 1.0]]
    assert hard is not None
    assert hard.pooled.tolist() == [[0.0, 1.0]]
    pooled, hard = memory.hardest(torch.tensor([[1.0, 0.0]]), ["a", "b"], 5)
    assert pooled.shape == (0, 2)
    assert hard is None


def test_the_nearest_come_with_their_parts() -> None:
    """Nearest to any anchor; what is recalled carries no gradient."""
    memory = Memory()
    memory.keep(["far", "near", "middle"], vectors((-1, 0), (1, 0.1), (0.2, 1)))
    pooled, hard = memory.hardest(torch.tensor([[1.0, 0.0], [0.9, 0.1]]), [], 1)
    assert len(pooled) == 3
    assert hard is not None
    torch.testing.assert_close(hard.pooled[0], torch.tensor([1.0, 0.1]) / 1.01**0.5)
    assert not hard.pooled.requires_grad
    assert not hard.late.requires_grad


def test_the_last_vectors_stand() -> None:
    """A name that comes again replaces what was known; a checkpoint gives all back."""
    memory = Memory()
    memory.keep(["a"], vectors((1, 0)))
    memory.keep(["a"], vectors((0, 1)))
    assert len(memory) == 1
    restored = Memory()
    restored.restore(memory.state())
    assert restored.hardest(torch.tensor([[1.0, 0.0]]), [], 1)[0].tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize("parts", [1, 4])
def test_batches_are_padded_to_the_longest(parts: int) -> None:
    """Padding has no weight, so that it is nobody's best."""
    batch, more = vectors((1, 0), parts=2), vectors((0, 1), (1, 1), parts=parts)
    both = beside(batch, joined([Vectors(more.pooled[i], more.late[i], more.weights[i]) for i in (0, 1)]))
    assert both.late.shape == (3, 1 + max(2, parts), 2)
    torch.testing.assert_close(both.weights.sum(dim=1), torch.ones(3))
    assert beside(batch, None) is batch
