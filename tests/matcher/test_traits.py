"""What pairs of needs are compared by, in columns."""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.records import Nature, Need, Solution
from matcher.rows import RowSet
from matcher.traits import Traits, traits_of
from models import open_encoder

NEEDS = [
    Need(
        id=f"N{i}",
        title=title,
        description="As told to all. It meets EN 1063.",
        cpv=cpv,
        nature=nature,
        quantity=quantity,
        standards=standards,
    )
    for i, (title, cpv, nature, quantity, standards) in enumerate(
        [
            ("Floating fire pump", ("42122000",), Nature.SUPPLIES, "12 pcs", ("STANAG 4569",)),
            ("Diving suit", (), None, "", ()),
            ("Thermal camera", ("38651600", "35125000"), Nature.SUPPLIES, "40", ()),
            ("Training of divers", ("80500000",), Nature.SERVICES, "25 people", ()),
            ("Patrol boat", ("34521000",), None, "2 boats", ("ISO 12217",)),
        ]
    )
]
SOLUTIONS = [Solution(id=f"S{i}", name=name) for i, name in enumerate(["Pump", "Dry suit", "Camera", "Boat"])]


@cache
def read(*, beside: bool, rows: tuple[int, ...] | None = None) -> Traits:
    """The traits of the needs, with solutions or without."""
    engine = Engine(Embedder(open_encoder("hashing")))
    engine.add([*NEEDS, *SOLUTIONS])
    own = engine.needs.rows() if rows is None else np.array(rows, dtype=np.int64)
    offers = engine.solutions.select(Filter()).allowed if beside else RowSet.none(4)
    return traits_of(engine.needs, own, engine.needs.centroids(own), engine.solutions, offers)


def alike(one: Traits, other: Traits) -> bool:
    """Whether all columns are equal."""
    for field in fields(Traits):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, tuple):
            same = len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b, strict=True))
        elif a is None or b is None:
            same = a is b
        elif sparse.issparse(a):
            same = a.shape == b.shape and not (a != b).nnz
        else:
            same = np.array_equal(a, b)
        if not same:
            return False
    return True


ROWS = st.sets(st.integers(0, 4)).map(sorted)


@given(st.booleans(), ROWS)
def test_what_is_taken_out_and_put_back_is_the_same(beside: bool, some: list[int]) -> None:
    """`without` and `at` part the needs, `joined` makes them whole, whichever part comes first."""
    own = read(beside=beside)
    rows = np.array(some, dtype=np.int64)
    left, taken = own.without(rows), own.at(own.places(rows))
    assert (len(left), len(taken)) == (5 - len(some), len(some))
    assert set(left.rows.tolist()).isdisjoint(some)
    assert taken.rows.tolist() == some
    assert alike(left.joined(taken), own)
    assert alike(taken.joined(left), own)


@given(ROWS, ROWS)
def test_leaving_out_twice_is_leaving_out_both(first: list[int], then: list[int]) -> None:
    """Rows that are not there are passed over."""
    own = read(beside=True)
    one, other = np.array(first, dtype=np.int64), np.array(then, dtype=np.int64)
    assert alike(own.without(one).without(other), own.without(np.union1d(one, other)))


@pytest.mark.parametrize("beside", [True, False])
def test_the_facts_of_a_need_are_its_own(beside: bool) -> None:
    """They are the same whichever needs are read with it."""
    own = read(beside=beside)
    apart = [read(beside=beside, rows=rows) for rows in ((1, 4), (0, 2, 3))]
    whole = apart[1].joined(apart[0])
    assert whole.rows.tolist() == own.rows.tolist()
    for name in ("titles", "named", "cpv", "natures", "quantities"):
        assert getattr(whole, name) == getattr(own, name)
    np.testing.assert_allclose(whole.vectors, own.vectors, atol=1e-6)


def test_columns_say_what_the_records_say() -> None:
    """Codes of the text and of the field; the kind of a quantity only where it is told."""
    own = read(beside=True)
    assert own.titles == tuple(len(need.title) for need in NEEDS)
    assert own.cpv == tuple(need.cpv for need in NEEDS)
    assert own.natures == tuple(need.nature for need in NEEDS)
    assert own.quantities == ("items", None, None, "people", "items")
    assert all("EN1063" in named for named in own.named)
    assert "STANAG4569" in own.named[0]
    assert "STANAG4569" not in own.named[1]


def test_without_solutions_there_are_no_profiles() -> None:
    """None, which is not the same as no answer; with them, profiles are of unit length."""
    assert read(beside=False).answers is read(beside=False).profiles is None
    found = read(beside=True).profiles
    assert found is not None
    np.testing.assert_allclose(np.sqrt(found.multiply(found).sum(axis=1)), 1, atol=1e-5)
