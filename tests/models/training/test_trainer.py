"""A small network learns, stops, goes on as if it had not, and packs what changed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.converter import converted
from models.delta import load, save
from models.registry import ModelEntry
from models.training.batches import Mixture
from models.training.losses import listwise
from models.training.network import Dropout, Network, late_scores
from models.training.packing import packed
from models.training.sources import Pairs
from models.training.trainer import Progress, Recipe, train

WORDS = ("abc", "def", "ghi", "jkl", "mno", "pqr", "stu", "vwx", "aei", "bfj", "cgk", "dhl")
PAIRS = [(f"{word} body", f"net {word[::-1]}", word) for word in WORDS]
RECIPE = Recipe(
    steps=6, learning_rate=1e-3, max_tokens=16, bfloat16=False, shares={"pairs": 1.0}, warm_up=0.2
)


@pytest.fixture
def folder(tiny_entry: ModelEntry, tmp_path: Path) -> Path:
    """The small model's folder."""
    found = converted(tiny_entry, tmp_path / "cache").folder
    assert found is not None
    return found


def network(folder: Path, scope: str = "all") -> Network:
    """A network on the small model, its head always the same."""
    torch.manual_seed(1)
    return Network(folder, scope)


def mixture() -> Mixture:
    """Batches of pairs."""
    return Mixture([Pairs("pairs", PAIRS, 6, 100)], RECIPE.shares, RECIPE.seed)


def weights(trained: Network) -> dict[str, np.ndarray]:
    """All weights by name."""
    return {name: weight.detach().numpy() for name, weight in trained.named_parameters()}


def test_training_lowers_the_loss(folder: Path, tmp_path: Path) -> None:
    """Both losses end below where they began, and each step is reported."""
    steps: list[Progress] = []
    longer = Recipe(
        steps=40, learning_rate=3e-3, max_tokens=16, bfloat16=False, shares={"pairs": 1.0}, warm_up=0.1
    )
    train(network(folder), mixture(), longer, tmp_path / "w", report=steps.append)
    assert [step.step for step in steps] == list(range(1, 41))
    assert np.mean([s.dense for s in steps[-8:]]) < np.mean([s.dense for s in steps[:8]])
    assert np.mean([s.late for s in steps[-8:]]) < np.mean([s.late for s in steps[:8]])


def test_a_stopped_training_goes_on_as_if_it_had_not(folder: Path, tmp_path: Path) -> None:
    """Stopped after three of six steps, it ends with the weights of the one that ran through."""
    through = weights(train(network(folder), mixture(), RECIPE, tmp_path / "a", every=3))

    class StoppedError(Exception):
        pass

    def stop(stand: Progress) -> None:
        if stand.step == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(network(folder), mixture(), RECIPE, tmp_path / "b", report=stop, every=3)
    resumed: list[Progress] = []
    found = weights(train(network(folder), mixture(), RECIPE, tmp_path / "b", report=resumed.append, every=3))
    assert [step.step for step in resumed] == [4, 5, 6]
    for name, value in through.items():
        np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def test_a_training_can_end_before_its_recipe(folder: Path, tmp_path: Path) -> None:
    """What it made until then is what the whole would have made, and it can go on from there."""
    made: list[Progress] = []
    train(network(folder), mixture(), RECIPE, tmp_path / "w", report=made.append, stop_at=4, every=100)
    assert [step.step for step in made] == [1, 2, 3, 4]
    train(network(folder), mixture(), RECIPE, tmp_path / "w", report=made.append, every=100)
    assert [step.step for step in made] == [1, 2, 3, 4, 5, 6]


def test_a_checkpoint_of_another_recipe_is_refused(folder: Path, tmp_path: Path) -> None:
    """Going on with other settings would make weights that no recipe describes."""
    train(network(folder), mixture(), RECIPE, tmp_path / "w")
    other = Recipe(steps=7, shares={"pairs": 1.0})
    with pytest.raises(ValueError, match="another recipe"):
        train(network(folder), mixture(), other, tmp_path / "w")


@pytest.mark.parametrize("scope", ["all", "last:1", "lora:2"])
def test_only_what_is_in_scope_learns(folder: Path, tmp_path: Path, scope: str) -> None:
    """Embeddings never do; the packed delta holds what changed and nothing else."""
    before = weights(network(folder, scope))
    trained = train(network(folder, scope), mixture(), RECIPE, tmp_path / "w")
    after = weights(trained)
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert not any("embeddings" in name for name in moved)
    assert any("head" in name for name in moved)
    found = packed(trained, folder, "query: ", {"base": "tiny"})
    assert found.changes
    assert all(name.startswith("encoder.layer.") for name in found.changes)
    save(found, tmp_path / "d.npz")
    shapes = {name: change.shape for name, change in found.changes.items()}
    read = load((tmp_path / "d.npz").read_bytes(), "d.npz", shapes)
    assert read.changes.keys() == found.changes.keys()


def test_an_unknown_scope_is_refused(folder: Path) -> None:
    """The message names what there is."""
    with pytest.raises(ValueError, match="all, last:N or lora:R"):
        Network(folder, "some")


def test_one_training_begins_where_another_ended(folder: Path, tmp_path: Path) -> None:
    """Also when only low-rank changes are to be learned on top."""
    first = train(network(folder), mixture(), RECIPE, tmp_path / "first")
    vectors = first(["a body"], "query: ", 16).pooled
    for scope in ("all", "lora:2"):
        second = Network(folder, scope)
        second.begin_from(tmp_path / "first")
        torch.testing.assert_close(second.eval()(["a body"], "query: ", 16).pooled, vectors)


def test_the_head_begins_with_the_directions_of_the_texts(folder: Path) -> None:
    """Centred: the mean token comes out as nothing."""
    own = network(folder)
    own.head.projection = torch.nn.Linear(64, 4)
    texts = ["a body net", "b net", "c body"]
    own.start_head(texts, "query: ", 16)
    hidden, mask, _ = own.tokens([f"query: {text}" for text in texts], 16)
    mean = hidden[mask.bool()].mean(dim=0)
    torch.testing.assert_close(own.head.projection(mean), torch.zeros(4), atol=1e-4, rtol=0)


def test_late_scores_are_those_of_the_engine(folder: Path) -> None:
    """What is trained is what is used: the mean over both directions of the weighted best cosine."""
    from matcher.late import late_scores as engine_scores
    from matcher.late import parts

    vectors = network(folder).eval()(["a body net a body", "net c"], "query: ", 16)
    trained = late_scores(vectors, vectors).detach().numpy()
    held = []
    for at in range(2):
        there = vectors.weights[at] > 0
        own, heavy = vectors.late[at][there].detach().numpy(), vectors.weights[at][there].detach().numpy()
        held.append(parts([(0, 1)], own, heavy, np.zeros(len(own), np.int64)))
    expected = np.stack([engine_scores(one, held) for one in held])
    np.testing.assert_allclose(trained, expected, atol=0.02)


def test_the_loss_is_least_for_the_order_of_the_gains() -> None:
    """Positives on top cost least; what does not count changes nothing; no positives, no loss."""
    gains = torch.tensor([[7.0, 1.0, 0.0]])
    known = torch.ones(1, 3)
    good, bad = torch.tensor([[9.0, 5.0, 0.0]]), torch.tensor([[0.0, 5.0, 9.0]])
    assert listwise(good, gains, known) < listwise(bad, gains, known)
    hidden = torch.tensor([[1.0, 1.0, 0.0]])
    one = listwise(torch.tensor([[9.0, 5.0, 0.0]]), gains, hidden)
    other = listwise(torch.tensor([[9.0, 5.0, 99.0]]), gains, hidden)
    assert one == other
    assert listwise(good, torch.zeros(1, 3), known) == 0


def test_dropout_drops_a_tenth_and_keeps_the_mean() -> None:
    """In training only; what is kept is raised accordingly."""
    torch.manual_seed(1)
    part = Dropout()
    values = torch.ones(1000, 101)
    dropped = part(values)
    assert 0.09 < float((dropped == 0).float().mean()) < 0.115
    assert float(dropped.mean()) == pytest.approx(1, abs=0.01)
    assert part.eval()(values) is values


@pytest.mark.parametrize("scope", ["all", "lora:2"])
def test_one_training_begins_with_what_another_shipped(folder: Path, tmp_path: Path, scope: str) -> None:
    """Encoder and weights of tokens are those of the delta, to its four bits; the projection is new."""
    trained = train(network(folder), mixture(), RECIPE, tmp_path / "w")
    vectors, salience = trained(["a body"], "query: ", 16).pooled, trained.head.salience.weight.clone()
    path = tmp_path / "d.npz"
    save(packed(trained, folder, "query: ", {"base": "tiny"}), path)
    second = network(folder, scope)
    before = second.head.projection.weight.clone()
    second.begin_with(load(path.read_bytes(), "d.npz", second.shapes()))
    torch.testing.assert_close(second.eval()(["a body"], "query: ", 16).pooled, vectors, atol=0.02, rtol=0)
    torch.testing.assert_close(second.head.salience.weight, salience, atol=1e-3, rtol=0)
    torch.testing.assert_close(second.head.projection.weight, before)
