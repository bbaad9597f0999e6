"""Jensen-Shannon distances of profiles."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from matcher.market import Market, distances
from matcher.market.profile import jensen_shannon
from matcher.records import Need

Maker = Callable[..., Market]
amounts = st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any)


@given(amounts, amounts)
def test_the_distance_is_scipys(one: list[int], other: list[int]) -> None:
    """Base 2, square root of the divergence; and symmetric."""
    p, q = (np.array(part) / sum(part) for part in (one, other))
    expected = jensenshannon(p, q, base=2)
    assert float(jensen_shannon(p, q)) == pytest.approx(expected, abs=1e-7)
    assert float(jensen_shannon(q, p)) == pytest.approx(expected, abs=1e-7)


@pytest.fixture
def three(market_of: Maker) -> Market:
    """Two countries alike, one unlike, and one too small."""
    made = {"EE": "ccccb", "FI": "ccccbb", "PT": "bbbbbbbbd", "LV": "cc"}
    needs = [
        Need(id=f"{country}{i}{area}", title="t", country=country, organisation=f"{country}{i % 4}")
        for country, areas in made.items()
        for i, area in enumerate(areas)
    ]
    return market_of(needs, areas={need.id: need.id[-1] for need in needs})


def test_the_nearest_country_has_rank_one(three: Market) -> None:
    """For each country, over all others that are not hidden."""
    table = distances(three, draws=400).table
    nearest = dict(table[table["rank"] == 1][["country", "other"]].values.tolist())
    assert nearest == {"EE": "FI", "FI": "EE", "PT": "FI"}
    assert set(table.country) == {"EE", "FI", "PT"}


def test_a_distance_is_computed_by_hand(three: Market) -> None:
    """(4/5, 1/5) and (4/6, 2/6) over c and b."""
    table = distances(three, draws=400).table.set_index(["country", "other"])
    assert table.distance["EE", "FI"] == pytest.approx(jensenshannon([0.2, 0.8], [2 / 6, 4 / 6], base=2))
    assert table.distance["EE", "FI"] == table.distance["FI", "EE"]


def test_few_needs_alone_are_not_taken_for_a_difference(three: Market) -> None:
    """Only a distance beyond what one common profile would bring counts as one."""
    table = distances(three, draws=400).table.set_index(["country", "other"])
    assert not table.beyond_chance["EE", "FI"]
    assert table.beyond_chance["PT", "FI"]
    assert ((table.low <= table.distance) & (table.distance <= table.high)).all()


def test_equal_profiles_may_be_equal(market_of: Maker) -> None:
    """Drawing anew sets equal profiles apart; the interval is shifted back over zero."""
    needs = [Need(id=f"{c}{i}", title="t", country=c) for c in ("EE", "FI") for i in range(40)]
    made = market_of(needs, areas={need.id: "cbde"[int(need.id[2:]) % 4] for need in needs})
    row = distances(made, draws=400).table.iloc[0]
    assert (row.distance, row.low) == (0.0, 0.0)
    assert 0.05 < row.high < 0.4


def test_suppression_hides_countries_of_few_organisations(market_of: Maker) -> None:
    """Ten needs of two organisations are a cell of two."""
    needs = [Need(id=f"{c}{i}", title="t", country=c, organisation=f"{c}{i % n}")
             for c, n in (("EE", 2), ("FI", 3), ("SE", 3)) for i in range(10)]  # fmt: skip
    made = market_of(needs, areas={need.id: need.id[-1] for need in needs})
    assert set(distances(made, draws=200).table.country) == {"EE", "FI", "SE"}
    assert set(distances(made, draws=200, suppress=True).table.country) == {"FI", "SE"}
