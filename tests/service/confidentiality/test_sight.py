"""Others are shown the same as before unless something changes that they are shown."""

from dataclasses import replace
from datetime import date

import pytest

from matcher.records import Need, Solution, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.redaction import Reason, Redaction
from service.confidentiality.sight import Sight, sight, to_audience, to_group

DAY = date(2027, 1, 1)
NETWORK, INDUSTRY, PUBLIC = Audience.NETWORK, Audience.NETWORK_INDUSTRY, Audience.PUBLIC
NEED = Need(
    id="N1", title="Vests", organisation="Police of Saaremaa", organisation_id="O1", value_eur=9e4,
    status="open", visibility=Visibility.NETWORK_INDUSTRY, extra={"lots": "2"},
)  # fmt: skip


def seen(need: Need, audience: Audience | None, *redactions: Redaction, status: str = "open") -> Sight | None:
    """What an audience is shown of a need."""
    return sight(replace(need, status=status), status, redactions, DAY, audience)


def withheld(field: str, reason: str = "raids", until: date | None = None) -> Redaction:
    """A redaction."""
    return Redaction(field, Reason.LAW_ENFORCEMENT, reason, until)


@pytest.mark.parametrize(
    ("changes", "tells"),
    [
        ({"title": "Boats"}, {NETWORK, INDUSTRY}),
        ({"value_eur": 1.0}, {NETWORK}),
        ({"organisation": "Police of Hiiumaa"}, {NETWORK}),
        ({"extra": {"lots": "3"}}, {NETWORK}),
        ({"visibility": Visibility.NETWORK}, {NETWORK, INDUSTRY}),
        ({"visibility": Visibility.PRIVATE}, {NETWORK, INDUSTRY}),
        ({"visibility": Visibility.PUBLIC}, {NETWORK, INDUSTRY, PUBLIC}),
        ({"visibility": Visibility.GROUP}, {NETWORK, INDUSTRY, None}),
        ({}, set()),
    ],
)
def test_a_change_is_told_to_who_is_shown_it(changes, tells):
    """By audience; None stands for those that it is shared with."""
    told = {
        audience
        for audience in (None, *Audience)
        if seen(NEED, audience) != seen(replace(NEED, **changes), audience)
    }
    assert told == tells


def test_a_draft_is_shown_to_nobody():
    """Not even to those it is shared with."""
    group = replace(NEED, visibility=Visibility.GROUP)
    assert seen(group, None, status="draft") is None
    assert all(seen(NEED, audience, status="draft") is None for audience in Audience)


def test_a_status_is_told_as_far_as_it_can_be_seen():
    """Where it is withheld, only leaving the lists tells of it."""
    assert seen(NEED, NETWORK) != seen(NEED, NETWORK, status="in_candidate")
    hidden = withheld("status")
    assert seen(NEED, NETWORK, hidden) == seen(NEED, NETWORK, hidden, status="in_candidate")
    assert seen(NEED, NETWORK, hidden) != seen(NEED, NETWORK, hidden, status="paused")
    offer = Solution(id="S1", name="Vest", visibility=Visibility.PUBLIC)
    assert sight(offer, "open", (), DAY, PUBLIC) != sight(offer, "in_candidate", (), DAY, PUBLIC)


def test_of_a_redaction_its_field_code_and_end_are_told():
    """The owner's words and the names of columns are not."""
    plain = seen(NEED, NETWORK, withheld("value"))
    assert plain == seen(replace(NEED, value_eur=1.0), NETWORK, withheld("value", "another operation"))
    assert plain != seen(NEED, NETWORK, withheld("value", until=date(2028, 1, 1)))
    assert plain != seen(NEED, NETWORK, Redaction("value", Reason.COMPETITION, "raids"))
    assert plain != seen(NEED, NETWORK)
    assert seen(NEED, INDUSTRY, withheld("value")) != seen(NEED, INDUSTRY)  # named as withheld
    assert seen(NEED, NETWORK, withheld("value", until=DAY)) == seen(NEED, NETWORK)
    one, other = replace(NEED, extra={"a": "1"}), replace(NEED, extra={"b": "2"})
    assert seen(one, NETWORK, withheld("extra.a")) == seen(other, NETWORK, withheld("extra.b"))


def test_what_withholds_nothing_known_hides_all():
    """To be shown what an owner meant to withhold is worse than to be shown nothing."""
    assert seen(NEED, NETWORK, withheld("shoe size")) is None


def test_a_group_is_shown_what_the_network_would_be():
    """A record is for a group or for audiences, never for both."""
    group = replace(NEED, visibility=Visibility.GROUP)
    assert to_group(group, (), DAY) == group
    assert to_group(group, (withheld("value"),), DAY).value_eur is None
    assert to_group(NEED, (), DAY) is None
    assert [to_audience(group, audience, (), DAY) for audience in Audience] == [None, None, None]
