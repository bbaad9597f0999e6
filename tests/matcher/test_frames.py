"""Tables for analysts."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from matcher import frames
from matcher.identity import Cluster
from matcher.joint import JointCandidate, judge
from matcher.records import JointInterest, Nature, Need, Solution

DAY = date(2026, 3, 1)
NEEDS = [
    Need(
        id="N2",
        title="Fire pump",
        country="PL",
        cpv=("42122000", "42122100"),
        nature=Nature.SUPPLIES,
        organisation="B",
        value_eur=200_000.0,
        window_start=date(2026, 6, 1),
        window_end=date(2026, 9, 1),
        titles={"pl": "Pompa"},
        extra={"more": "x"},
    ),
    Need(id="N1", title="Floating pump", country="FR", organisation="A"),
    Need(id="N3", title="Pump", country="EE", organisation="C", joint_interest=JointInterest.OBSERVER),
    Need(id="N4", title="Pump", country="LV", organisation="D", joint_interest=JointInterest.NO),
]


@pytest.fixture
def candidate() -> JointCandidate:
    """Two members, one who watches and one who declined."""
    likeness = np.full((4, 4), 0.7) + 0.3 * np.eye(4)
    found = judge(NEEDS, likeness, id="c-1", day=DAY)
    assert isinstance(found, JointCandidate)
    return found


def test_needs_are_one_row_each_by_id() -> None:
    """In the columns of the flat rows; lists are joined, and what is not stated is missing."""
    found = frames.needs(NEEDS)
    assert found["id"].tolist() == ["N1", "N2", "N3", "N4"]
    assert found.loc[1, "cpv"] == "42122000;42122100"
    assert not {"titles", "extra"} & set(found.columns)
    assert found["value_eur"].isna().tolist() == [True, False, True, True]
    assert list(frames.needs([]).columns) == list(found.columns)


def test_solutions_are_one_row_each_by_id() -> None:
    """Other records are passed over."""
    found = frames.solutions([Solution(id="S2", name="B"), NEEDS[0], Solution(id="S1", name="A", trl=9)])
    assert found[["id", "name"]].to_numpy().tolist() == [["S1", "A"], ["S2", "B"]]
    assert found["trl"].isna().tolist() == [False, True]


def test_clusters_are_one_row_a_need() -> None:
    """A single is a cluster of size 1."""
    found = frames.clusters(
        [
            Cluster(id="c-1", members=("N1", "N2"), medoid="N2", cohesion=0.81236, locked=True, name="Pumps"),
            Cluster(id="c-2", members=("N3",), medoid="N3", cohesion=1.0),
        ]
    )
    assert found.to_numpy().tolist() == [
        ["c-1", "N1", 2, "N2", 0.8124, True, "Pumps"],
        ["c-1", "N2", 2, "N2", 0.8124, True, "Pumps"],
        ["c-2", "N3", 1, "N3", 1.0, False, ""],
    ]


def test_candidates_are_one_row_each_in_the_order_given(candidate: JointCandidate) -> None:
    """With what they are ranked by; sums are of the members only."""
    found = frames.candidates([candidate, candidate])
    assert len(found) == 2
    row = found.iloc[0]
    assert (row["candidate"], row["scope"], row["members"], row["countries"]) == (
        "c-1",
        "cross-border",
        2,
        "FR PL",
    )
    assert (row["value_eur"], row["values_missing"]) == (200_000.0, 1)
    assert row["score"] == round(candidate.score.total, 1)
    assert row["title"] == candidate.medoid.title
    assert row["instrument"] is None


def test_a_factor_that_is_not_known_is_missing(candidate: JointCandidate) -> None:
    """Never 0, which would be a judgement."""
    found = frames.factors([candidate])
    assert found["factor"].tolist() == [factor.name for factor in candidate.score.factors]
    unknown = [factor.value is None for factor in candidate.score.factors]
    assert any(unknown)
    assert found["value"].isna().tolist() == unknown


def test_members_say_what_part_they_have(candidate: JointCandidate) -> None:
    """Who takes part, who watches, who declined."""
    found = frames.members([candidate])
    assert dict(zip(found["need"], found["part"], strict=True)) == {
        "N1": "participant",
        "N2": "participant",
        "N3": "observer",
        "N4": "declined",
    }
    assert pd.isna(found.set_index("need").loc["N1", "value_eur"])


@pytest.mark.parametrize("table", [frames.clusters, frames.candidates, frames.factors, frames.members])
def test_an_empty_table_has_its_columns(table: object) -> None:
    """So that code that reads them works on the first day."""
    assert callable(table)
    found = table([])
    assert len(found) == 0
    assert len(found.columns) >= 6


def test_a_total_is_missing_where_nobody_states_a_value_and_not_where_it_is_zero() -> None:
    """Unknown is not zero, nor zero unknown."""
    likeness = np.full((2, 2), 0.7)
    silent, free = ([replace(need, value_eur=value) for need in NEEDS[:2]] for value in (None, 0.0))
    found = frames.candidates(
        item
        for needs in (silent, free)
        if isinstance(item := judge(needs, likeness, day=DAY), JointCandidate)
    )
    assert found["value_eur"].isna().tolist() == [True, False]
