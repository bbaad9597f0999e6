"""Who could lead, and why."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.joint.leads import leads
from matcher.records import EU_COUNTRIES, Need


def need(id: str, country: str = "", extra: dict[str, str] | None = None, **fields: Any) -> Need:
    """A need of an organisation of its own."""
    fields.setdefault("organisation", f"Org {id}")
    return Need(id=id, title="", country=country or id[:2], extra=extra or {}, **fields)


def alike(count: int) -> NDArray[np.float64]:
    """Needs that are all equally near."""
    return np.full((count, count), 0.8)


def reasons(*members: Need) -> dict[str, tuple[str, ...]]:
    """The reasons by need id, in the order of the suggestions."""
    return {lead.need_id: lead.reasons for lead in leads(members, alike(len(members)))}


def test_who_said_that_it_would_lead_comes_first() -> None:
    """Then who might; who would not is not suggested, whatever else speaks for it."""
    found = reasons(
        need("EE-1", extra={"lead": "maybe"}),
        need("FI-1", extra={"lead": "yes"}),
        need("LT-1", extra={"lead": "no"}, value_eur=9e6),
        need("SE-1", value_eur=1e6),
    )
    assert found == {"FI-1": ("said that it would lead",), "EE-1": ("said that it might lead",)}


def test_a_central_purchasing_body_has_to_serve_the_others() -> None:
    """Between states only one that serves other states; at home any."""
    serving = need("FI-1", extra={"is_cpb": "yes", "cpb_serves_foreign": "yes"})
    closed = need("EE-1", extra={"is_cpb": "yes", "cpb_serves_foreign": "no"})
    assert list(reasons(serving, closed)) == ["FI-1"]
    assert list(reasons(closed, need("EE-2"))) == ["EE-1"]
    assert reasons(closed, replace(need("X-2"), country=None)) == {}


def test_value_language_and_window_are_reasons() -> None:
    """Each with the figure that it rests on."""
    found = reasons(
        need("EE-1", value_eur=2_500_000.0, working_languages=("et", "en"), window_end=date(2027, 5, 1)),
        need("FI-1", value_eur=100_000.0, working_languages=("en",), window_end=date(2027, 9, 1)),
        need("FR-1", working_languages=("fr", "en")),
    )
    assert found["EE-1"] == (
        "shares a working language with 2 of 2 other needs",
        "states the largest value, EUR 2,500,000, of 2 stated",
    )
    assert "its window stays open longest, until 1 Sep 2027" in found["FI-1"]


def test_ties_and_single_statements_are_no_reason() -> None:
    """The largest of one is not the largest, nor is one of two equals."""
    assert reasons(need("EE-1", value_eur=1e6), need("FI-1")) == {}
    assert reasons(need("EE-1", value_eur=1e6), need("FI-1", value_eur=1e6)) == {}


def test_a_language_has_to_be_shared_with_more_than_half() -> None:
    """One of two others is half."""
    en, fr = ("en",), ("fr",)
    members = need("EE-1", working_languages=en), need("FI-1", working_languages=en)
    assert reasons(*members, need("FR-1", working_languages=fr)) == {}


def test_the_need_nearest_to_all_others_is_a_reason_from_three_members_on() -> None:
    """Of two, both are as near."""
    members = [need("EE-1"), need("FI-1"), need("LT-1")]
    pairs = np.array([[1, 0.9, 0.5], [0.9, 1, 0.8], [0.5, 0.8, 1]])
    (found,) = leads(members, pairs)
    assert (found.need_id, found.reasons) == ("FI-1", ("its need is the nearest to all others",))
    assert leads(members[:2], pairs[:2, :2]) == ()


def test_an_organisation_is_suggested_once() -> None:
    """With the reasons of all its needs; a no on one of them is a no."""
    one = need("EE-1", organisation="Police", extra={"lead": "yes"})
    other = need("EE-2", organisation="police", value_eur=5e6)
    rest = need("FI-1", value_eur=1e6)
    assert reasons(one, other, rest) == {
        "EE-1": ("said that it would lead", "states the largest value, EUR 5,000,000, of 2 stated")
    }
    assert reasons(one, replace(other, extra={"lead": "no"}), rest) == {}


def test_an_organisation_shares_no_language_with_itself() -> None:
    """Its other needs are no other buyers."""
    one, other = (need(id, organisation="Police", working_languages=("et",)) for id in ("EE-1", "EE-2"))
    assert reasons(one, other, need("FI-1", working_languages=("fi",))) == {}


def test_at_most_three_are_suggested() -> None:
    """In the order of their ids where nothing else tells them apart."""
    members = [need(f"{country}-1", extra={"lead": "yes"}) for country in ("SE", "LT", "FI", "EE")]
    assert list(reasons(*members)) == ["EE-1", "FI-1", "LT-1"]


@st.composite
def needs(draw: st.DrawFn) -> list[Need]:
    """Needs that state this and that."""
    return [
        need(
            f"N{i}",
            draw(st.sampled_from(["EE", "FI", "FR"])),
            {
                "lead": draw(st.sampled_from(["", "yes", "no", "maybe"])),
                "is_cpb": draw(st.sampled_from(["", "yes"])),
            },
            organisation=draw(st.sampled_from(["", f"Org {i}", "Police"])),
            value_eur=draw(st.sampled_from([None, 1e5, 2e6])),
            working_languages=tuple(draw(st.lists(st.sampled_from(["en", "fr"]), unique=True))),
        )
        for i in range(draw(st.integers(2, 5)))
    ]


@given(needs(), st.integers(0, 2**32 - 1))
def test_the_order_of_members_changes_nothing(members: list[Need], seed: int) -> None:
    """Likeness permuted with them."""
    rng = np.random.default_rng(seed)
    pairs = rng.random((len(members), len(members)))
    pairs = (pairs + pairs.T) / 2
    order = rng.permutation(len(members))
    assert leads([members[i] for i in order], pairs[np.ix_(order, order)]) == leads(members, pairs)


@given(needs(), st.permutations(EU_COUNTRIES))
def test_which_country_a_member_is_of_is_no_reason(members: list[Need], countries: list[str]) -> None:
    """Other countries in their place lead to the same suggestions."""
    named = dict(zip(("EE", "FI", "FR"), countries, strict=False))
    moved = [replace(each, country=named[each.country or ""]) for each in members]
    before, after = leads(members, alike(len(members))), leads(moved, alike(len(members)))
    assert [(lead.need_id, lead.reasons) for lead in before] == [
        (lead.need_id, lead.reasons) for lead in after
    ]


@pytest.mark.parametrize("count", [2, 3])
def test_nobody_is_suggested_without_a_reason(count: int) -> None:
    """Needs that state nothing lead to no suggestion."""
    assert leads([need(f"N{i}") for i in range(count)], alike(count)) == ()
