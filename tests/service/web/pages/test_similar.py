"""Similar needs and questions as pages: whose they are, how to reach them, the same answer for all."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from matcher.records import Need, Visibility
from tests.house import House, opened
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
NEED = Need(
    id="vests", title="Ballistic vests for dog handlers", description="Washable, of class four.",
    language="en", country="EE", organisation="Police of Saaremaa", visibility=Visibility.PUBLIC,
    quantity="300 sets", window_start=date(2027, 1, 1), window_end=date(2027, 6, 30),
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A need, a twin abroad that shows no name, and another of one's own."""
    masked = {"field": "organisation", "reason_code": "fair-comp", "reason": "a consultation", "until": None}
    twin = replace(
        NEED, id="twin", country="FI", organisation="Police of Savonia", visibility=Visibility.NETWORK,
        quantity="120 sets", window_start=date(2027, 4, 1), window_end=date(2027, 12, 31),
    )  # fmt: skip
    with opened(tmp_path_factory.mktemp("similar")) as found:
        found.enter("ana", NEED)
        found.enter("ana", replace(NEED, id="mine", title="Ballistic vests, own"))
        found.enter("eero", twin, redactions=[masked])
        yield found


def test_similar_needs_abroad_name_nobody_who_is_masked(browser: Made) -> None:
    """Those of one's own country are hidden in words, and shown as national where asked for."""
    page = browser("ana").get("/needs/vests/similar")
    assert [one.get("id") for one in page.xpath("//article[contains(@class, 'match')]")] == ["match-twin"]
    text = page.get_element_by_id("match-twin").text_content()
    assert "A central authority in one Member State" in text
    assert "Savonia" not in text
    assert "Both are open together for 90 days." in text
    assert "300 sets (this need); 120 sets (the other need)" in text
    assert page.xpath("//*[@id='match-twin']//*[@class='theirs']")
    assert page.xpath("//a[@href='/needs/twin/questions']")
    both = browser("ana").get("/needs/vests/similar", abroad="false")
    assert "National: your own organisation" in both.get_element_by_id("match-mine").text_content()


def test_a_similar_need_can_be_left_out_and_come_back(browser: Made) -> None:
    """As a solution can."""
    ana = browser("ana")
    ana.send("/needs/vests/similar/twin/verdict", {"verdict": "not_relevant", "reason": "wrong_time"})
    page = ana.get("/needs/vests/similar")
    assert not page.xpath("//article[contains(@class, 'match')]")
    assert "Wrong time" in page.get_element_by_id("left-out").text_content()
    ana.send("/needs/vests/similar/twin/verdict", {"verdict": "undo"})
    assert ana.get("/needs/vests/similar").xpath("//*[@id='match-twin']")


def test_a_question_is_answered_for_all_who_follow(browser: Made) -> None:
    """Asked by one, seen by the owner, answered once, read by everybody; who asked is not shown."""
    eero, ana, lina = browser("eero"), browser("ana"), browser("lina")
    at = "/needs/vests/questions"
    assert "Write something first." in eero.ask("POST", at, data={"csrf": eero.csrf, "text": " "}).text
    eero.send(at, {"text": "Which class?", "language": "en"})
    assert "You follow this need" in eero.get(at).text_content()
    assert "Which class?" not in lina.get(at).text_content()
    page = ana.get(at)
    assert "Savonia" not in page.get_element_by_id("main").text_content()
    (action,) = page.xpath("//form[contains(@action, '/answer')]/@action")
    assert not eero.get(at).xpath("//form[contains(@action, '/answer')]")
    eero.send(action, {"answer": "Four."}, 403)
    ana.send(action, {"answer": ""}, 422)
    ana.send(action, {"answer": "Four."})
    assert "Four." in lina.get(at).text_content()
    again = ana.ask("POST", action, data={"csrf": ana.csrf, "answer": "Five."})
    assert again.status_code == 409
    assert "Five." not in lina.get(at).text_content()


def test_following_begins_and_ends(browser: Made) -> None:
    """Without asking anything; ending twice is ending."""
    lina = browser("lina")
    lina.send("/needs/vests/follow")
    assert "Stop following" in lina.get("/needs/vests/questions").text_content()
    lina.send("/needs/vests/unfollow")
    lina.send("/needs/vests/unfollow")
    assert "Follow this need" in lina.get("/needs/vests/questions").text_content()
    lina.send("/needs/nowhere/follow", status=404)
