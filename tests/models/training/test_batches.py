"""What a step sees follows from seed and step, and says what is worth what."""

import numpy as np
import pytest

from models.training.batches import Batch, Mixture
from models.training.sources import Answers, Block, Likes, Pairs, crop, gain

LONG = "Fire pumps\n" + " ".join(f"Sentence number {i} asks for something of its own." for i in range(30))


def block(name: str) -> Block:
    """Two needs of one group, one alone, two solutions."""
    needs = {f"{name}-n{i}": f"{name} need {i}" for i in range(3)}
    solutions = {f"{name}-s{i}": f"{name} solution {i}" for i in range(2)}
    grades = {f"{name}-n0": {f"{name}-s0": 3, f"{name}-s1": 1}, f"{name}-n1": {f"{name}-s0": 2}}
    groups = {f"{name}-n0": f"{name}-A", f"{name}-n1": f"{name}-A", f"{name}-n2": f"{name}-n2"}
    return Block(needs, solutions, {f"{name}-s0": (f"{name} question",)}, grades, groups)


BLOCKS = [block(name) for name in "abcdef"]


def test_the_batch_of_a_step_is_always_the_same() -> None:
    """A training that was stopped goes on with what it would have seen."""
    sources = [Answers(BLOCKS, 2, 200), Likes(BLOCKS, 2, 200)]
    one, other = (Mixture(sources, {"answers": 0.5, "likes": 0.5}, 3) for _ in range(2))
    steps = [one.batch(step) for step in range(12)]
    for step in (5, 11, 0):
        again = other.batch(step)
        assert (again.source, again.anchors, again.candidates) == (
            steps[step].source,
            steps[step].anchors,
            steps[step].candidates,
        )
    assert {batch.source for batch in steps} == {"answers", "likes"}
    assert Mixture(sources, {"answers": 1.0}, 4).batch(0).anchors != steps[0].anchors


def test_a_mixture_needs_a_source() -> None:
    """Shares of nothing are a mistake."""
    with pytest.raises(ValueError, match="share above 0"):
        Mixture([Likes(BLOCKS, 2, 200)], {"answers": 1.0}, 1)


def test_grades_are_gains_and_neighbours_are_negatives() -> None:
    """All solutions of the drawn blocks are candidates of all their needs, also of lookalikes."""
    batch = Answers(BLOCKS, 2, 200, questions=1.0).batch(np.random.default_rng(1))
    assert len({text[0] for text in batch.anchors}) == 2
    name = batch.anchors[0][0]
    row = batch.anchors.index(f"{name} need 0")
    assert batch.gains[row, batch.candidates.index(f"{name} solution 0")] == gain(3)
    assert batch.gains[row, batch.candidates.index(f"{name} solution 1")] == gain(1)
    assert batch.gains[row].sum() == gain(3) + gain(1)
    asked = batch.anchors.index(f"{name} question")
    assert batch.gains[asked, batch.candidates.index(f"{name} solution 0")] == gain(3)
    assert batch.known.all()


def test_what_answers_a_drawn_need_is_always_there() -> None:
    """However few solutions are drawn: a need without its answer would learn the wrong thing."""
    own = Block(
        {f"n{i}": f"need {i}" for i in range(6)},
        {f"s{i}": f"solution {i}" for i in range(6)},
        {f"s{i}": ("question",) for i in range(6)},
        {f"n{i}": {f"s{i}": 3, f"s{(i + 1) % 6}": 2, f"s{(i + 2) % 6}": 1} for i in range(6)},
        {f"n{i}": f"g{i // 2}" for i in range(6)},
    )
    for seed in range(20):
        part = own.answered(np.random.default_rng(seed), 2, 3)
        assert len(part.needs) == 2
        assert 3 <= len(part.solutions) <= 4
        assert part.queries.keys() == part.solutions.keys()
        for need in part.needs:
            assert {s for s, grade in own.grades[need].items() if grade >= 2} <= part.solutions.keys()
        alike = own.alike(np.random.default_rng(seed), 3)
        assert len(alike.needs) == 4
        assert len({own.groups[need] for need in alike.needs}) == 2


def test_needs_of_a_group_are_alike_and_never_compared_with_themselves() -> None:
    """The diagonal does not count, neither as a positive nor as a negative."""
    batch = Likes(BLOCKS, 2, 200).batch(np.random.default_rng(1))
    assert batch.anchors is batch.candidates
    assert not batch.known.diagonal().any()
    assert not batch.gains.diagonal().any()
    name = batch.anchors[0][0]
    one, other = batch.anchors.index(f"{name} need 0"), batch.anchors.index(f"{name} need 1")
    assert batch.gains[one, other] == batch.gains[other, one] == 1
    assert batch.gains[batch.anchors.index(f"{name} need 2")].sum() == 0


def test_two_pairs_of_a_family_never_meet() -> None:
    """Else one would be the other's false negative."""
    pairs = [(f"a{i}", f"b{i}", f"family {i % 4}") for i in range(40)]
    batch = Pairs("titles", pairs, 8, 200).batch(np.random.default_rng(1))
    assert len(batch.anchors) == 4
    assert (batch.gains == np.eye(4)).all()


def test_a_crop_is_made_of_the_text() -> None:
    """Whole sentences in order, mostly under the title, no longer than asked."""
    rng = np.random.default_rng(1)
    crops = [crop(LONG, rng, 300) for _ in range(60)]
    assert len(set(crops)) > 20
    assert all(len(one) <= 340 for one in crops)
    titled = [one for one in crops if one.startswith("Fire pumps\n")]
    assert 30 < len(titled) < 60
    body = LONG.partition("\n")[2]
    for one in crops:
        for sentence in one.removeprefix("Fire pumps\n").split(". "):
            assert sentence.rstrip(".") in body
    assert crop("Short\ntext", rng, 300) == "Short\ntext"


def test_tables_must_fit_their_texts() -> None:
    """A wrong shape is a mistake of the source."""
    with pytest.raises(ValueError, match="expected"):
        Batch("x", ("a",), ("b", "c"), np.ones((1, 1), np.float32), np.ones((1, 2), np.float32))


def test_procedure_is_put_into_needs_and_never_before_the_title() -> None:
    """Some needs of a batch carry sentences of their own language that say nothing of what is bought."""
    sentences = ["Offers are handed in on paper.", "The lowest price wins.", "Questions within a week."]
    needs = {"n": "Fire pumps\nFour pumps are asked for. They fit a van."}
    own = Block(needs, {}, {}, {}, {"n": "n"}, {"n": sentences})
    rng = np.random.default_rng(1)
    drawn = [own.need("n", rng, 400) for _ in range(200)]
    changed = [text for text in drawn if any(sentence in text for sentence in sentences)]
    assert 0.2 < len(changed) / len(drawn) < 0.5
    assert all(text.startswith("Fire pumps\n") for text in drawn)
    assert all("Four pumps are asked for." in text and "They fit a van." in text for text in drawn)
