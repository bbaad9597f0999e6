"""Views of large audiences: nobody waits for them, and what is hidden meanwhile is not in them."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matcher.engine import Engine
from matcher.records import JointInterest, Need, Solution, Visibility
from service.confidentiality.audience import Audience
from service.problems import Problem
from service.projection import views as module
from tests.house import House, opened

DAY = date(2026, 12, 1)
VEST = Need(
    id="", title="Ballistic vests for dog handlers", description="Washable, of class four.", language="en",
    visibility=Visibility.NETWORK, joint_interest=JointInterest.YES,
)  # fmt: skip
PUMP = replace(VEST, title="Mobile flood pump for cellars", description="Diesel, 2000 litres a minute.")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A service with two groups of needs."""
    with opened(tmp_path) as found:
        for who, country in (("ana", "EE"), ("eero", "FI")):
            for need in (VEST, PUMP):
                found.enter(who, replace(need, country=country))
        yield found


class Slow:
    """Keeps an audience from being grouped until it is let, once it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let = threading.Event()
        self.let.set()
        self.begun = threading.Event()
        grouped = Engine.candidates

        def slow(engine: Engine, *given: Any, **named: Any) -> Any:
            self.begun.set()
            assert self.let.wait(10)
            return grouped(engine, *given, **named)

        monkeypatch.setattr(Engine, "candidates", slow)
        monkeypatch.setattr(module, "MANY", 0)
        monkeypatch.setattr(module, "SHORT_S", 0.05)
        monkeypatch.setattr(module, "REST", 0.0)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """Every audience is large, and grouped when a test lets it."""
    made = Slow(monkeypatch)
    yield made
    made.let.set()


def test_the_first_view_is_waited_for(house: House, slow: Slow) -> None:
    """There is nothing else to show."""
    assert len(house.held.views.cooperation(Audience.NETWORK, DAY).candidates) == 2


def test_meanwhile_the_last_view_is_shown_without_what_changed(house: House, slow: Slow) -> None:
    """A need that was hidden takes its candidate and its cluster along at once."""
    views = house.held.views
    before = views.cooperation(Audience.NETWORK, DAY)
    slow.let.clear()
    gone = before.candidates[0].members[0].id
    house.change(gone, visibility="private")
    meanwhile = views.cooperation(Audience.NETWORK, DAY)
    assert [one.id for one in meanwhile.candidates] == [before.candidates[1].id]
    assert all(gone not in one.members for one in meanwhile.clusters)
    slow.let.set()
    assert views._cooperation[Audience.NETWORK].join(10)
    after = views.cooperation(Audience.NETWORK, DAY)
    assert after.state != before.state
    assert len(after.clusters) == 2


def test_a_withheld_field_and_a_withdrawn_offer_are_not_in_the_last_view(house: House, slow: Slow) -> None:
    """What a candidate says of a record is said only while the record says it."""
    offer = house.enter("ivo", Solution(id="", name=VEST.title, language="en", visibility=Visibility.PUBLIC))
    views = house.held.views
    before = views.cooperation(Audience.NETWORK, DAY)
    slow.let.clear()
    need = before.candidates[0].members[0].id
    withheld = {"field": "country", "reason_code": "law-enf", "reason": "secret", "until": None}
    house.change(need, redactions=[withheld])
    meanwhile = views.cooperation(Audience.NETWORK, DAY)
    assert [one.id for one in meanwhile.candidates] == [before.candidates[1].id]
    house.change(offer, status="withdrawn")
    for one in views.cooperation(Audience.NETWORK, DAY).candidates:
        assert all(each.solution.id != offer for each in one.solutions)


def test_similar_needs_do_not_wait_for_candidates(house: House, slow: Slow) -> None:
    """They say which candidate holds both once that is known."""
    slow.let.clear()
    own = next(row.id for row in house.held.catalogue.entries.values() if row.organisation_id == "police-ee")
    found = house.get("ana", f"/needs/{own}/similar")
    assert found["items"][0]["candidate_id"] is None
    slow.let.set()
    assert slow.begun.wait(10)
    assert house.held.views._cooperation[Audience.NETWORK].join(10)
    again = house.get("ana", f"/needs/{own}/similar")
    assert again["items"][0]["candidate_id"]


def test_an_analysis_shows_the_last_state_while_a_large_audience_grows(house: House, slow: Slow) -> None:
    """What came since may wait; nobody waits for it."""
    views = house.held.views
    assert len(views.market(Audience.NETWORK, DAY).needs) == 4
    slow.let.clear()
    house.enter("lina", replace(VEST, country="LT"))
    assert len(views.market(Audience.NETWORK, DAY).needs) == 4
    slow.let.set()
    assert views._markets[Audience.NETWORK].join(10)
    assert len(views.market(Audience.NETWORK, DAY).needs) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"status": "withdrawn"},
        {"visibility": "private"},
        {"redactions": [{"field": "country", "reason_code": "law-enf", "reason": "x", "until": None}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_analysis_with_what_was_hidden_since_is_refused(
    house: House, slow: Slow, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    """A sum cannot be rid of what was hidden, so an old one is not shown."""
    views = house.held.views
    before = views.market(Audience.NETWORK, DAY)
    monkeypatch.setattr(module, "FIRST_S", 0.05)
    slow.let.clear()
    house.change(before.needs[0].id, **change)
    with pytest.raises(Problem) as refused:
        views.market(Audience.NETWORK, DAY)
    assert refused.value.status == 503
    slow.let.set()
    monkeypatch.setattr(module, "FIRST_S", 10.0)
    assert views.market(Audience.NETWORK, DAY) is not before


def test_another_day_is_another_view(house: House) -> None:
    """Windows pass, so what is said of them changes overnight."""
    views = house.held.views
    first = views.cooperation(Audience.NETWORK, DAY)
    then = views.cooperation(Audience.NETWORK, date(2026, 12, 2))
    assert (first.state.day, then.state.day) == (DAY, date(2026, 12, 2))
    assert [one.id for one in first.clusters] == [one.id for one in then.clusters]


def test_a_change_that_an_audience_cannot_see_leaves_its_analyses_alone(house: House) -> None:
    """Only the owner's words for a redaction change: what was made still stands."""
    withheld = {"field": "value", "reason_code": "law-enf", "reason": "one", "until": None}
    need = next(iter(house.held.catalogue.engines[Audience.NETWORK].needs)).record.id
    house.change(need, redactions=[withheld])
    views = house.held.views
    before = views.market(Audience.NETWORK, DAY)
    house.change(need, redactions=[{**withheld, "reason": "another"}])
    assert views.market(Audience.NETWORK, DAY) is before
