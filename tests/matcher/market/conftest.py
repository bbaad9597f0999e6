"""A small invented market that the figures are tried on, and ways to make others."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from matcher.market import Market
from matcher.records import Need, Solution

DAY = date(2027, 3, 1)
NAN = float("nan")


def make(
    needs: Sequence[Need],
    solutions: Sequence[Solution] = (),
    fit: Sequence[Sequence[float]] | None = None,
    **more: Any,
) -> Market:
    """A market of 1 March 2027; without `fit` nothing was compared."""
    rows = np.full((len(needs), len(solutions)), NAN) if fit is None else np.array(fit)
    return Market(
        needs=needs,
        solutions=solutions,
        fit=rows.astype(np.float32).reshape(len(needs), len(solutions)),
        day=DAY,
        versions={"model": "tiny@1"},
        **more,
    )


@pytest.fixture
def market_of() -> Callable[..., Market]:
    """Makes a market of needs, solutions and probabilities."""
    return make


NEEDS = (
    Need(
        id="N1",
        title="Body armour",
        country="EE",
        organisation="Police A",
        cpv=("35815100",),
        value_eur=100_000.0,
        window_start=date(2027, 1, 10),
        regime="2014/24",
        extra={"framework": "fa-wo-rc"},
    ),
    Need(
        id="N2",
        title="Ballistic vests",
        country="FI",
        organisation="Police B",
        cpv=("35815000",),
        value_eur=300_000.0,
        window_start=date(2027, 2, 1),
        regime="2014/24",
        extra={"framework": "none"},
    ),
    Need(
        id="N3",
        title="Vests for officers",
        country="FI",
        organisation="Guard C",
        cpv=("35813000",),
        window_start=date(2027, 5, 1),
        regime="2014/24",
    ),
    Need(
        id="N4",
        title="Drone radar",
        country="FR",
        organisation="Border D",
        cpv=("35722000",),
        value_eur=2_000_000.0,
        window_start=date(2027, 11, 1),
        regime="2009/81",
        trl_min=6,
    ),
    Need(id="N5", title="Fear sensor", country="PT", organisation="Police E", value_eur=900_000.0),
    Need(id="N6", title="Something", organisation="Police E"),
)
SOLUTIONS = (
    Solution(id="S1", name="Vest", vendor="Oy Vest", country="FI", size="small", trl=9),
    Solution(id="S2", name="Armour", vendor="Panzer GmbH", country="DE", size="large", trl=9),
    Solution(id="S3", name="Shield", vendor="Shield Inc", country="US", trl=9),
    Solution(id="S4", name="Radar", vendor="Radar SA", country="FR", size="medium", trl=7),
    Solution(id="S5", name="Scope", vendor="Nowhere", trl=None),
)
FIT = (
    (0.9, 0.8, 0.6, 0.1, NAN),
    (0.8, 0.7, 0.2, 0.1, NAN),
    (0.7, 0.4, NAN, NAN, NAN),
    (0.1, 0.1, 0.1, 0.9, 0.3),
    (0.1, 0.2, 0.1, 0.1, 0.1),
    (NAN, NAN, NAN, NAN, NAN),
)
AREAS: Mapping[str, str] = {"N1": "crime", "N2": "crime", "N3": "crime", "N4": "border", "N5": "crime"}


@pytest.fixture
def market() -> Market:
    """Three needs for armour, one for a radar, one that nothing answers, and one that says little."""
    return make(
        NEEDS,
        SOLUTIONS,
        FIT,
        areas=AREAS,
        clusters={"C1": ("N3", "N1", "N2"), "C2": ("N4", "N5")},
        links={("N1", "N2"): 0.9, ("N3", "N2"): 0.8, ("N4", "N1"): 0.2, ("N5", "N6"): 0.9},
    )


@pytest.fixture
def shuffled() -> Market:
    """The same market with needs and solutions in another order."""
    n, m = [4, 0, 5, 2, 1, 3], [3, 1, 4, 0, 2]
    return make(
        [NEEDS[i] for i in n],
        [SOLUTIONS[j] for j in m],
        [[FIT[i][j] for j in m] for i in n],
        areas=dict(reversed(AREAS.items())),
        clusters={"C2": ("N5", "N4"), "C1": ("N1", "N2", "N3")},
        links={("N6", "N5"): 0.9, ("N1", "N4"): 0.2, ("N2", "N3"): 0.8, ("N2", "N1"): 0.9},
    )
