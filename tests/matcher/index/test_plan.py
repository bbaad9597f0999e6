"""Which rung a collection gets, and which way a search takes."""

from dataclasses import replace

import pytest

from matcher.index.plan import Costs, Planner, Rung, Way, costs, size_bytes

MEASURED = Costs(
    machine="a machine",
    date="2026-11-27",
    commit="none",
    flat_ns=0.25,
    scan16_ns=0.2,
    scan8_ns=0.2,
    skip_ns=1.0,
    gather_ns=1.0,
    lists_ms=5.0,
    lists_vectors=1_000_000,
    lists_looked=16,
    lists_share=0.5,
)


@pytest.mark.parametrize(
    ("vectors", "memory_gb", "rung"),
    [
        (0, 8, Rung.EXACT32),
        (30_000, 8, Rung.EXACT32),
        (100_000, 8, Rung.EXACT16),
        (250_000, 8, Rung.EXACT16),
        (1_000_000, 8, Rung.LISTS16),
        (1_000_000, 0.78, Rung.EXACT16),
        (1_000_000, 0.5, Rung.INT8),
        (1_000_000, 0.1, Rung.INT8),
    ],
)
def test_the_rung_follows_size_and_memory(vectors: int, memory_gb: float, rung: Rung) -> None:
    """Few vectors stay as they are; more are halved, put in lists, and cut to a byte to save memory."""
    plan = Planner(round(memory_gb * 1e9), MEASURED).plan(vectors, 384)
    assert plan.rung is rung
    assert plan.memory_bytes == size_bytes(rung, vectors, 384)
    assert f"{vectors:,} vectors" in plan.why


def test_a_plan_that_fits_nothing_says_so() -> None:
    """Where even one byte a number is too much, the reason names what else there is."""
    assert "several machines" in Planner(10**8, MEASURED).plan(1_000_000, 384).why


@pytest.mark.parametrize(
    ("rung", "allowed", "way"),
    [
        (Rung.LISTS16, 1_000_000, Way.LISTS),
        (Rung.LISTS16, 400_000, Way.SCAN),
        (Rung.LISTS16, 1_000, Way.GATHER),
        (Rung.EXACT16, 1_000_000, Way.SCAN),
        (Rung.EXACT16, 1, Way.GATHER),
        (Rung.INT8, 1_000_000, Way.SCAN),
        (Rung.INT8, 100, Way.GATHER),
        (Rung.EXACT32, 1, Way.SCAN),
    ],
)
def test_the_way_follows_how_many_are_allowed(rung: Rung, allowed: int, way: Way) -> None:
    """Wide searches look into lists where there are any, narrow ones at the allowed rows alone."""
    choice = Planner(10**10, MEASURED).way(rung, 1_000_000, 384, allowed)
    assert choice.way is way
    assert f"{allowed:,} of 1,000,000" in choice.why


def test_lists_are_left_where_a_look_at_each_is_quicker() -> None:
    """Few vectors are scanned: that is exact, and takes less."""
    assert Planner(10**10, MEASURED).way(Rung.LISTS16, 20_000, 384, 20_000).way is Way.SCAN


def test_more_lists_are_looked_into_among_more_vectors_and_under_a_filter() -> None:
    """What was found out for a million is not taken for granted for four, nor where half are not allowed."""
    planner = Planner(10**10, MEASURED)
    asked = [(1_000, 1_000), (1_000_000, 1_000_000), (4_000_000, 4_000_000), (1_000_000, 500_000)]
    assert [planner.looked(vectors, allowed) for vectors, allowed in asked] == [16, 16, 32, 32]
    millions = [planner.way(Rung.LISTS16, count * 10**6, 384, count * 10**6).expected_ms for count in (1, 4)]
    assert 4 * millions[0] == pytest.approx(millions[1])


def test_lists_that_would_not_be_looked_into_are_not_made() -> None:
    """Where no number of them holds enough, a look at each is what is left, at any size."""
    never = replace(MEASURED, lists_share=2.0)
    plan = Planner(10**10, never).plan(4_000_000, 384)
    assert plan.rung is Rung.EXACT16
    assert "too few of the nearest" in plan.why


def test_the_costs_that_ship_were_measured() -> None:
    """They name the machine and the day, and are times that a machine can have."""
    shipped = costs()
    assert shipped.machine
    assert shipped.date > "2026"
    # above 1 where no number of lists held enough of the nearest: then they are not looked into
    assert shipped.lists_share > 0
    assert min(shipped.flat_ns, shipped.scan16_ns, shipped.scan8_ns, shipped.skip_ns, shipped.gather_ns) > 0
