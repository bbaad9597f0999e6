"""What one filter admits, brought up to date by what changed."""

from dataclasses import replace

import numpy as np
import pytest

from matcher.audience import Audience, Phrasing
from matcher.cluster import Grouping
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.label import PhraseStatistics
from matcher.records import Kind, Need, Record, Solution, Visibility
from matcher.review import Constraints

GROUPING = Grouping(edge=0.5, linkage=0.6, linkage_beside=0.6)
RECORDS: list[Record] = [
    *(Need(id=f"P{i}", title="Floating fire pump", language="en") for i in range(3)),
    Need(id="X", title="Thermal camera", language="en"),
    *(Solution(id=f"S{i}", name=f"Fire pump that floats {i}") for i in range(12)),
]


@pytest.fixture
def engine(embedder: Embedder) -> Engine:
    """Four needs, and more solutions than a profile holds."""
    made = Engine(embedder)
    made.add(RECORDS)
    return made


@pytest.fixture
def audience(engine: Engine) -> Audience:
    """Who sees the network's records."""
    made = Audience(Filter(open_to=Visibility.NETWORK), GROUPING, engine.embedder.encoder.identity.dimension)
    brought(made, engine)
    return made


def brought(audience: Audience, engine: Engine) -> None:
    """The audience up to date, with its groups."""
    audience.take(audience.read(engine.needs, engine.solutions, engine.embedder))
    audience.regroup(Constraints(), ())


def test_groups_that_did_not_change_are_the_same_object(audience: Audience, engine: Engine) -> None:
    """So that whoever follows them sees at once that nothing is to be done."""
    before = audience.groups
    engine.add([Need(id="H", title="Floating fire pump", visibility=Visibility.PRIVATE)])
    brought(audience, engine)
    assert audience.groups is before
    engine.add([Need(id="P9", title="Floating fire pump", language="en")])
    brought(audience, engine)
    assert [len(rows) for rows in audience.groups] == [4, 1]


def test_a_hidden_solution_changes_no_profile(audience: Audience, engine: Engine) -> None:
    """It has a row number, and needs that come later fit beside those that were there."""
    pumps = np.array([0, 1, 2])
    before = audience.likeness(pumps)
    engine.add([Solution(id="H", name="Floating fire pump", visibility=Visibility.PRIVATE)])
    engine.add([Need(id="Y", title="Thermal camera for boats", language="en")])
    key = audience.key(pumps)
    brought(audience, engine)
    assert audience.key(pumps) == key
    assert audience.likeness(pumps) is before
    traits = audience.partition.traits
    assert traits is not None
    assert traits.answers is not None
    assert traits.answers.shape == (5, engine.solutions.size)
    assert traits.answers[:, [engine.solutions.row("H")]].nnz == 0


def test_a_change_nearby_makes_a_group_another(audience: Audience, engine: Engine) -> None:
    """Its need, or a solution in a member's profile; what is far from it leaves it as it was."""
    pumps = np.array([0, 1, 2])
    keys = [audience.key(pumps)]
    assert audience.partition.traits is not None
    assert audience.partition.traits.answers is not None
    near = engine.solutions.record(int(audience.partition.traits.answers[[0]].indices[0]))
    assert isinstance(near, Solution)
    for record in (
        replace(near, trl=9),
        Solution(id="new", name="Floating fire pump"),
        Need(id="P0", title="Floating fire pump", language="en", country="FR"),
    ):
        engine.add([record])
        brought(audience, engine)
        keys.append(audience.key(pumps))
    assert len(set(keys)) == 4
    engine.add([Solution(id="far", name="zzzz")])
    brought(audience, engine)
    assert audience.key(pumps) == keys[-1]


def test_the_first_and_the_last_solution_make_all_groups_anew(audience: Audience, engine: Engine) -> None:
    """Pairs are judged by another model then."""
    engine.remove(Kind.SOLUTION, [stored.record.id for stored in engine.solutions])
    brought(audience, engine)
    assert audience.partition.traits is not None
    assert audience.partition.traits.answers is None
    engine.add([Solution(id="S", name="Fire pump")])
    brought(audience, engine)
    assert audience.partition.traits.answers is not None


def test_phrases_of_needs_that_are_gone_are_not_counted() -> None:
    """Nothing of them is left, not even at nought."""
    one = Need(id="A", title="Fire pumps", language="en")
    other = Need(id="B", title="Fire hoses", language="en")
    counted = Phrasing(Filter())
    counted.update({0: one, 1: other})
    found = counted.update({1: other})
    assert found.texts == {"en": 1}
    assert dict(found.frequency["en"]) == dict(PhraseStatistics.fit([other]).frequency["en"])
