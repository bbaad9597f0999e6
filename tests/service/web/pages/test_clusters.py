"""Clusters in the browser: the list, the map, the ranking, a review with its changes, and cycles."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from matcher.records import JointInterest, Need, Visibility
from tests.house import House, opened
from tests.service.web.conftest import Browser

Browsers = Callable[..., Browser]
VEST = Need(
    id="", title="Ballistic vests for dog handlers", description="Washable, of class four.", language="en",
    cpv=("35815100",), visibility=Visibility.NETWORK, joint_interest=JointInterest.YES,
)  # fmt: skip
PUMP = replace(
    VEST,
    title="Mobile flood pump for cellars",
    description="Diesel, 2000 litres a minute.",
    cpv=("42122000",),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Two clusters of needs, and a need that only its owner sees."""
    with opened(tmp_path) as found:
        for who, country in (("ana", "EE"), ("eero", "FI"), ("lina", "LT")):
            found.enter(who, replace(VEST, id=f"vest-{country.lower()}", country=country))
        for who, country in (("ana", "EE"), ("eero", "FI")):
            found.enter(who, replace(PUMP, id=f"pump-{country.lower()}", country=country))
        found.enter("ana", replace(PUMP, title="Secret pump", country="EE", visibility=Visibility.PRIVATE))
        yield found


def text(page: html.HtmlElement) -> str:
    """What a page says."""
    return " ".join(page.text_content().split())


def home(house: House, need: str) -> str:
    """The cluster of a need."""
    items = house.get("ari", "/clusters", singles="true")["items"]
    return str(next(one["id"] for one in items if need in one["need_ids"]))


def fields(page: html.HtmlElement, op: str, **rest: object) -> dict[str, object]:
    """What the form of a change holds, and what is put into it."""
    form = next(f for f in page.forms if f.fields.get("op") == op)
    return {"op": op, "need": [e.get("value") for e in form.xpath(".//input[@name='need']")], **rest}


def test_the_list_is_searched_and_narrowed(house: House, browser: Browsers) -> None:
    """By words of titles, country and state; what is not open to the network is in no list."""
    ari = browser("ari")
    page = ari.get("/clusters")
    assert "2 clusters" in text(page)
    assert VEST.title in text(page)
    assert "Secret pump" not in text(ari.get("/clusters", singles="true"))
    assert "Lithuania" in text(ari.get("/clusters", country="LT").get_element_by_id("results"))
    assert PUMP.title not in text(ari.get("/clusters", country="LT").get_element_by_id("results"))
    found = ari.get("/clusters", q="PUMP cellars", partly=True)
    assert "1 cluster" in text(found)
    assert "No cluster fits" in text(ari.get("/clusters", locked="yes"))


def test_only_those_who_read_candidates_see_clusters(house: House, browser: Browsers) -> None:
    """Industry does not; a buyer reads without changing anything; nobody is sent to sign in."""
    assert browser(None).ask("GET", "/clusters").status_code == 303
    browser("ivo").get("/clusters", status=403)
    browser("ana").get("/cycles", status=403)
    page = browser("ana").get(f"/clusters/{home(house, 'vest-ee')}")
    assert not page.xpath("//form[contains(@action, '/edits')]//button[not(@type='button')]")
    refused = browser("ana").ask("POST", f"/clusters/{home(house, 'vest-ee')}/edits", data={"op": "lock"})
    assert refused.status_code == 403


def test_the_map_has_a_point_for_each_need_that_is_seen(house: House, browser: Browsers) -> None:
    """With its place, cluster, country and area in a table; the same for the same needs."""
    ari = browser("ari")
    rows = ari.get("/clusters/map").xpath("//table[@id='map-needs']/tbody/tr")
    assert len(rows) == 5
    assert len({row.get("data-cluster") for row in rows}) == 2
    assert all(float(row.get("data-x")) is not None for row in rows)
    again = ari.get("/clusters/map").xpath("//table[@id='map-needs']/tbody/tr")
    assert [r.get("data-x") for r in rows] == [r.get("data-x") for r in again]
    assert not ari.get("/clusters/map").xpath("//script[not(@src)]")


def test_a_cluster_is_reviewed_with_its_matrix_and_its_neighbours(house: House, browser: Browsers) -> None:
    """Each member beside each other one, and the nearest other cluster to merge with."""
    page = browser("ari").get(f"/clusters/{home(house, 'vest-ee')}")
    matrix = page.get_element_by_id("likeness").xpath(".//tbody/tr")
    assert [len(row.xpath("./td")) for row in matrix] == [3, 3, 3]
    assert page.xpath(f"//input[@name='other'][@value='{home(house, 'pump-ee')}']")
    assert VEST.title in text(page)


def test_needs_are_taken_out_and_that_is_undone(house: House, browser: Browsers) -> None:
    """A split holds with its reason; its undo brings the need back."""
    ari, before = browser("ari"), home(house, "vest-ee")
    page = ari.get(f"/clusters/{before}")
    sent = ari.send(
        f"/clusters/{before}/edits", fields(page, "split", leaving=["vest-lt"], why="other class")
    )
    assert home(house, "vest-lt") != home(house, "vest-ee") == home(house, "vest-fi")
    landed = ari.ask("GET", sent.headers["Location"])
    assert landed.headers["Location"] == f"/clusters/{home(house, 'vest-ee')}"
    assert "other class" in text(ari.get(landed.headers["Location"]))
    assert "other class" in text(ari.get("/clusters/history"))
    ari.send("/clusters/edits/1/undo")
    assert home(house, "vest-lt") == home(house, "vest-ee")
    history = ari.get("/clusters/history")
    assert "Bring back" in text(history)
    (latest, *_) = history.xpath("//main//ol[@reversed]/li")
    assert "The change with number 1 was undone. Taken out: " in text(latest)


def test_a_split_without_anybody_leaving_is_refused(house: House, browser: Browsers) -> None:
    """The page is shown again with what to do; nothing is kept."""
    ari, cluster = browser("ari"), home(house, "vest-ee")
    answer = ari.send(
        f"/clusters/{cluster}/edits", fields(ari.get(f"/clusters/{cluster}"), "split"), status=422
    )
    assert "Tick the needs that leave" in answer.text
    assert house.get("ari", "/clusters/edits")["items"] == []


def test_clusters_are_merged_named_and_locked(house: House, browser: Browsers) -> None:
    """Each by its form; what contradicts an earlier change is told with titles."""
    ari, vests, pumps = browser("ari"), home(house, "vest-ee"), home(house, "pump-ee")
    page = ari.get(f"/clusters/{vests}")
    ari.send(f"/clusters/{vests}/edits", fields(page, "rename", name="Protection", why=""))
    ari.send(f"/clusters/{vests}/edits", fields(page, "merge", other=pumps))
    assert home(house, "vest-ee") == home(house, "pump-fi")
    assert "Protection" in text(ari.get("/clusters"))
    page = ari.get(f"/clusters/{home(house, 'vest-ee')}")
    ari.send(f"/clusters/{vests}/edits", fields(page, "lock"))
    page = ari.get(f"/clusters/{home(house, 'vest-ee')}")
    assert "Locked" in text(page)
    refused = ari.ask(
        "POST", f"/clusters/{vests}/edits",
        data={"csrf": ari.csrf, "op": "split", "need": ["vest-ee", "vest-fi"], "leaving": ["vest-fi"]},
    )  # fmt: skip
    assert refused.status_code == 409
    assert "This cannot be done" in refused.text
    ari.send(f"/clusters/{vests}/edits", fields(page, "unlock"))


def test_another_number_that_is_no_cluster_is_told_on_the_page(house: House, browser: Browsers) -> None:
    """Not by a page of its own, which would lose what was entered."""
    ari, vests = browser("ari"), home(house, "vest-ee")
    sent = fields(ari.get(f"/clusters/{vests}"), "merge", other_id="c-nothing", why="alike")
    answer = ari.send(f"/clusters/{vests}/edits", sent, status=404)
    assert "This cannot be done" in answer.text
    assert "alike" in answer.text


def test_candidates_are_ranked_under_other_weights(house: House, browser: Browsers) -> None:
    """Each with its place now, its best and its worst."""
    ari = browser("ari")
    page = ari.get("/clusters/ranking", spread="0.25", doubtful="true", scope="all")
    rows = page.get_element_by_id("places").xpath(".//tbody/tr")
    assert len(rows) == 2
    found = ari.ask("GET", "/clusters/ranking.csv?scope=all&doubtful=true&k=5")
    table = list(csv.DictReader(io.StringIO(found.text.lstrip("\ufeff"))))
    assert [one["rank"] for one in table] == ["1", "2"]
    assert all(int(one["best"]) <= int(one["rank"]) <= int(one["worst"]) for one in table)


def test_the_list_is_taken_away_as_a_file(house: House, browser: Browsers) -> None:
    """All of it, narrowed as it is shown; formulas are harmless."""
    ari, vests = browser("ari"), home(house, "vest-ee")
    ari.send(f"/clusters/{vests}/edits", fields(ari.get(f"/clusters/{vests}"), "rename", name="=1+1"))
    found = ari.ask("GET", "/clusters/export.csv?q=vests")
    rows = list(csv.DictReader(io.StringIO(found.text.lstrip("\ufeff"))))
    assert [(one["name"], one["needs"]) for one in rows] == [("'=1+1", "3")]
    assert ari.ask("GET", "/clusters/export.json").json()["total"] == 2
    members = ari.ask("GET", f"/clusters/{vests}/members.csv").text
    assert members.count("vest-") == 3


def test_cycles_are_kept_and_compared(house: House, browser: Browsers) -> None:
    """What appeared in between is told by its title, in sentences and as rows."""
    ari = browser("ari")
    assert "No snapshot is kept yet" in text(ari.get("/cycles"))
    ari.send("/cycles", {"name": ""}, status=422)
    ari.send("/cycles", {"name": "x" * 300}, status=422)
    ari.send("/cycles", {"name": "before"})
    house.enter("lina", replace(PUMP, id="pump-lt", title="Pump for floods", country="LT"))
    ari.send("/cycles", {"name": "after"})
    ids = {one["name"]: one["id"] for one in house.get("ari", "/cycles")["items"]}
    page = ari.get("/cycles/compare", before=ids["before"], after=ids["after"])
    assert "1 need is new: “Pump for floods”." in text(page)
    assert "Need appeared" in text(page)
    found = ari.ask("GET", f"/cycles/compare.csv?before={ids['before']}&after={ids['after']}")
    assert "new,pump-lt" in found.text
    ari.get("/cycles/compare", status=422, before=ids["before"], after=ids["before"])
    ari.get("/cycles/compare", status=404, before=ids["before"], after="nothing")


def test_a_need_that_was_hidden_since_is_not_named(house: House, browser: Browsers) -> None:
    """Neither on the map, nor in a cluster, nor by a comparison of cycles."""
    ari = browser("ari")
    ari.send("/cycles", {"name": "before"})
    house.enter("paul", replace(PUMP, id="pump-fr", title="Pompe cachée", country="FR"))
    ari.send("/cycles", {"name": "after"})
    house.change("pump-fr", visibility="private")
    ids = {one["name"]: one["id"] for one in house.get("ari", "/cycles")["items"]}
    page = ari.get("/cycles/compare", before=ids["before"], after=ids["after"])
    assert "a need that is gone" in text(page)
    for path in ("/clusters/map", "/clusters?singles=true", f"/clusters/{home(house, 'pump-ee')}"):
        assert "Pompe cachée" not in text(ari.get(path))
