"""A short run of the fuzzing, so that no reader forgets how to refuse; `make fuzz` makes the long one."""

import pytest

from tests.fuzz.mutation import Mutator
from tests.fuzz.run import Tally, kinds, page, run
from tests.fuzz.targets import TARGETS, Target

EACH = 3
"""Inputs for a target of one thousandth."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_reads_takes_or_refuses(target: Target) -> None:
    """No input breaks a reader, and none takes it long; what is refused is refused in words."""
    few = max(EACH * target.share, 30)
    (tally,) = run(few, targets=[target])
    assert tally.inputs >= few
    assert not tally.faults, "\n".join(f"{n} x {where}: {first}" for where, n, first in kinds([tally]))


def test_both_outcomes_are_seen() -> None:
    """The inputs of a reader are neither all nonsense nor all harmless."""
    (tally,) = run(150, targets=[target for target in TARGETS if target.name == "eforms"])
    assert tally.taken > 20
    assert tally.refused > 20


def test_the_same_seed_makes_the_same_inputs() -> None:
    """A fault can be looked at again by its number."""
    one, same, other = Mutator("a 1"), Mutator("a 1"), Mutator("a 2")
    assert one.raw(b"x" * 99) == same.raw(b"x" * 99) != other.raw(b"x" * 99)


def test_a_fault_is_counted_and_told() -> None:
    """An error that is none of ours is a fault with its place and its number."""
    from contextlib import contextmanager

    @contextmanager
    def breaking(_):
        def one(mutator):
            if mutator.chance.random() < 0.5:
                raise ZeroDivisionError("by nought")

        yield one

    (tally,) = run(20, targets=[Target("broken", 1, breaking)])
    assert isinstance(tally, Tally)
    assert (tally.taken + len(tally.faults), tally.refused) == (20, 0)
    ((place, number, first),) = kinds([tally])
    assert (number, first.what) == (len(tally.faults), "ZeroDivisionError: by nought")
    assert "test_fuzz.py" in place
    assert f"| broken | 20 | {tally.taken} | 0 | {number} |" in page([tally], "s")
