from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.embed import Embedder
from matcher.explain import missing
from matcher.joint import JointCandidate, judge
from matcher.joint.weights import WEIGHTS
from matcher.phrases import Phrase
from matcher.records import JointInterest, Kind, Nature, Need, Record, Solution
from matcher.retrieve import ask_records
from service.confidentiality.completeness import completeness
from tests.phrased import plain

FULL = Need(
    id="N1",
    title="Vests",
    description="Bullet-proof vests",
    requirements="VPAM 6",
    language="en",
    country="EE",
    organisation="Police",
    organisation_id="EE-1",
    buyer_type="cga",
    cpv=("35815100",),
    nature=Nature.SUPPLIES,
    value=9e5,
    currency="EUR",
    value_eur=9e5,
    window_start=date(2027, 1, 1),
    window_end=date(2027, 6, 1),
    regime="2014/24",
    standards=("EN 1063",),
    working_languages=("en",),
    joint_interest=JointInterest.YES,
    trl_min=9,
    extra={"classification": "none"},
)
OFFER = Solution(
    id="S1",
    name="Vest",
    description="A vest",
    country="FI",
    vendor="Vestitehdas",
    size="small",
    cpv=("35815100",),
    trl=9,
    standards=("EN 1063",),
    delivery_countries=("EU",),
)
BLANK = {"cpv": (), "standards": (), "working_languages": (), "delivery_countries": (), "extra": {}}
FILLED = [
    "description",
    "requirements",
    "country",
    "buyer_type",
    "cpv",
    "value_eur",
    "window_start",
    "window_end",
    "regime",
    "standards",
    "working_languages",
    "joint_interest",
    "trl_min",
]


def without(record: Record, *names: str) -> Record:
    """The record with some fields as if they had never been stated."""
    defaults = {field.name: field.default for field in fields(record)} | BLANK
    return replace(record, **{name: defaults[name] for name in names})


def test_a_full_record_has_no_gaps() -> None:
    """Nothing is asked for that is there."""
    for record in (FULL, OFFER):
        assert completeness(record).share == 1
        assert completeness(record).missing == ()


@given(st.sets(st.sampled_from(FILLED)))
def test_share_and_gaps_add_up_to_one(names: set[str]) -> None:
    """Whatever is missing, what is there and what is not make the whole; the weightiest gap stands first."""
    found = completeness(without(FULL, *names))
    weights = [gap.weight for gap in found.missing]
    assert found.share + sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    assert len({gap.field for gap in found.missing}) == len(found.missing)


@given(st.sets(st.sampled_from(FILLED)), st.sampled_from(FILLED))
def test_filling_a_gap_never_costs(names: set[str], filled: str) -> None:
    """With one field more the share is at least as high, and the gap is gone."""
    before = completeness(without(FULL, *names, filled))
    after = completeness(without(FULL, *(names - {filled})))
    assert after.share >= before.share
    field = "value" if filled == "value_eur" else filled
    assert field in {gap.field for gap in before.missing} - {gap.field for gap in after.missing}


def test_a_window_counts_with_both_its_ends() -> None:
    """One end alone places nothing, so that the other gap counts the whole of the factor."""
    gaps = {gap.field: gap.weight for gap in completeness(without(FULL, "window_start")).missing}
    assert gaps == {"window_start": WEIGHTS.of["timeline"]}
    both = completeness(without(FULL, "window_start", "window_end")).missing
    assert sum(gap.weight for gap in both) == pytest.approx(WEIGHTS.of["timeline"])


def test_gaps_are_those_that_leave_a_factor_unknown() -> None:
    """What the joint score of two needs names as missing is what is asked for, no less and no more."""
    empty = Need(id="N1", title="Vests", description="Bullet-proof vests")
    judged = judge([empty, replace(FULL, id="N2")], np.array([[1, 0.9], [0.9, 1]]), day=date(2026, 12, 1))
    assert isinstance(judged, JointCandidate)
    named = {
        line.removeprefix("N1: ")
        for factor in judged.score.factors
        for line in factor.missing
        if line.startswith("N1")
    }
    assert {gap.field for gap in completeness(empty).missing if gap.weight} == named


def test_gaps_hold_what_matching_asks_for(embedder: Embedder) -> None:
    """A field that a match is told to lack is a gap of the record by itself too."""
    full = replace(FULL, trl_min=9)
    bare_need, bare_offer = Need(id="N2", title="Vests"), Solution(id="S2", name="Vest")
    for need, offer, kind in ((bare_need, OFFER, Kind.NEED), (full, bare_offer, Kind.SOLUTION)):
        asked = {each.field for each in missing(ask_records([need], embedder)[0], offer) if each.kind is kind}
        gaps = {gap.field for gap in completeness(need if kind is Kind.NEED else offer).missing}
        assert asked
        assert asked <= gaps


def test_weights_of_ones_own_are_used() -> None:
    """The effect names what the factor counts there."""
    weights = replace(WEIGHTS, of={**WEIGHTS.of, "timeline": 0.05, "legal regime": 0.20})
    gap = completeness(without(FULL, "regime"), weights=weights).missing[0]
    assert gap.weight == 0.20
    assert gap.effect.endswith("legal regime counts .20 of the joint score.")


def test_a_value_without_a_rate_is_told_as_such() -> None:
    """It is stated; what is missing is what it is worth in euro."""
    gap = completeness(replace(FULL, currency="XTS", value_eur=None)).missing[0]
    assert gap.field == "value"
    assert "Without a rate for XTS" in gap.effect


def test_every_gap_says_what_it_changes() -> None:
    """Each effect is a sentence, also of a record that says nothing."""
    for record in (Need(id="N1", title="Vests"), Solution(id="S1", name="Vest")):
        found = completeness(record)
        assert 0 <= found.share < 1
        assert found.missing
        for gap in found.missing:
            assert gap.effect.endswith(".")
            assert gap.effect[0].isupper()


@given(st.sets(st.sampled_from(FILLED)))
def test_what_a_gap_says_is_a_phrase(names: set[str]) -> None:
    """Down to the factor that it counts for."""
    for record in (
        without(FULL, *names),
        replace(FULL, currency="", value_eur=None),
        Solution(id="S1", name="Vest"),
    ):
        found = completeness(record)
        assert all(isinstance(gap.effect, Phrase) for gap in found.missing)
        assert plain(found) == []
