"""Results that are remembered: the same while nothing changed, and never what somebody else may see."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matcher.engine import Engine
from matcher.filters import Filter
from matcher.records import Need, Solution, Visibility
from service.projection.search import Found
from service.rights.policy import Role
from service.rights.viewer import ANONYMOUS, Viewer
from service.store.rows import body_of
from tests.house import PEOPLE, House, opened

VEST = Need(id="open", title="Ballistic vests", language="en", country="EE", visibility=Visibility.PUBLIC)
OFFER = Solution(id="offer", name="Ballistic vest", language="en", visibility=Visibility.PUBLIC)


def viewer(name: str) -> Viewer:
    """Somebody of the house."""
    organisation, role = PEOPLE[name]
    return Viewer(name, organisation, role, vetted=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A public need, a private one and an offer."""
    with opened(tmp_path) as found:
        found.enter("ana", VEST)
        found.enter("ana", replace(VEST, id="mine", country="FI"), visibility="private")
        found.enter("ivo", OFFER)
        yield found


def found(house: House, who: Viewer) -> Found:
    """What a text finds for somebody."""
    return house.held.searches.needs(who, "ballistic vests")


def ids(results: Found) -> set[str]:
    """Ids of results."""
    return {match.record.id for match in results.items}


def test_what_nothing_changed_for_is_not_searched_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until a record that could be found changes."""
    searched = 0
    demand = Engine.demand

    def counted(engine: Engine, *given: Any, **named: Any) -> Any:
        nonlocal searched
        searched += 1
        return demand(engine, *given, **named)

    monkeypatch.setattr(Engine, "demand", counted)
    assert found(house, viewer("eero")) is found(house, viewer("lina"))
    assert searched == 1
    house.enter("eero", replace(VEST, id="more"))
    assert ids(found(house, viewer("eero"))) == {"open", "more"}
    assert searched == 2


def test_nobody_gets_what_another_was_found(house: House) -> None:
    """One text, three readers."""
    assert ids(found(house, viewer("ana"))) == {"open", "mine"}
    assert ids(found(house, viewer("eero"))) == {"open"}
    assert ids(found(house, ANONYMOUS)) == {"open"}
    assert ids(found(house, Viewer("ana", "police-ee", Role.PROCURER, vetted=False))) == {"open", "mine"}


@pytest.mark.parametrize("change", ["hidden", "changed", "withheld", "gone"])
def test_what_was_remembered_is_not_shown_after_a_change(house: House, change: str) -> None:
    """Hidden, changed, with a field less, or erased."""
    who = viewer("eero")
    before = found(house, who)
    assert before.items[0].record.country == "EE"
    if change == "hidden":
        house.change("open", visibility="private")
    elif change == "changed":
        house.change("open", body={**body_of(VEST), "country": "LV"})
    elif change == "withheld":
        withheld = {"field": "country", "reason_code": "law-enf", "reason": "secret", "until": None}
        house.change("open", redactions=[withheld])
    else:
        house.change("open", status="withdrawn")
    after = found(house, who)
    expected = {"hidden": [], "gone": [], "changed": ["LV"], "withheld": [None]}[change]
    assert [match.record.country for match in after.items] == expected


def test_a_record_asked_with_is_remembered_as_it_is_seen(house: House) -> None:
    """Two readers of one need, one of whom sees less of it, share no query."""
    withheld = {"field": "description", "reason_code": "law-enf", "reason": "secret", "until": None}
    own = replace(VEST, id="two", title="Boots", description="Ballistic vests.", language="en")
    house.enter("ana", own, redactions=[withheld])
    entry = house.held.catalogue.entries["two"]
    day = house.held.today
    whole, less = entry.to_viewer(viewer("ana"), day), entry.to_viewer(viewer("eero"), day)
    assert isinstance(whole, Need)
    assert isinstance(less, Need)
    mine = house.held.searches.solutions(viewer("ana"), whole).items[0]
    theirs = house.held.searches.solutions(viewer("eero"), less).items[0]
    assert mine.score > theirs.score
    assert mine.explanation.evidence != theirs.explanation.evidence or not theirs.explanation.evidence


def test_an_own_need_stands_in_the_list_as_its_owner_sees_it(house: House) -> None:
    """Once, though the network sees it too, with a field less."""
    withheld = {"field": "country", "reason_code": "law-enf", "reason": "secret", "until": None}
    house.change("open", redactions=[withheld])
    mine = [match.record for match in found(house, viewer("ana")).items if match.record.id == "open"]
    assert [record.country for record in mine] == ["EE"]
    theirs = [match.record for match in found(house, viewer("eero")).items]
    assert [record.country for record in theirs] == [None]


def test_what_a_group_sees_less_of_is_left_out_by_its_own_id(house: House) -> None:
    """A shared record with a withheld field stands under an id of its own; a refusal reaches it."""
    withheld = [{"field": "country", "reason_code": "law-enf", "reason": "x", "until": None}]
    shared = house.enter(
        "ana", replace(VEST, id="shared"), visibility="group", shares=("police-fi",), redactions=withheld
    )
    eero = viewer("eero")
    assert shared in ids(found(house, eero))
    left = house.held.searches.needs(eero, "ballistic vests", where=Filter(exclude=frozenset({shared})))
    assert shared not in ids(left)
