"""Recommendations as pages: reasons, filters that say what they hide, judgements, pairs, why not."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from lxml import html

from matcher.records import Need, Solution, Visibility
from tests.house import House, opened
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
NEED = Need(
    id="vests", title="Ballistic vests for dog handlers", description="It must be washable. Class four.",
    language="en", country="EE", organisation="Police of Saaremaa", visibility=Visibility.PUBLIC,
    standards=("EN 1063",), window_start=date(2027, 1, 1), window_end=date(2027, 6, 30),
)  # fmt: skip
OFFER = Solution(
    id="offer", name="Ballistische Weste für Hundeführer", description="Die Weste ist waschbar. Klasse vier.",
    language="de", country="DE", vendor="Vests of Tartu", size="small", trl=9, delivery_countries=("EE",),
    standards=("EN 1063",), visibility=Visibility.PUBLIC,
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A need and three offers."""
    early = replace(OFFER, id="early", name="Ballistic vest for dogs, early", language="en", trl=4)
    far = replace(OFFER, id="far", name="Vest for handlers", language="en", delivery_countries=("PT",))
    hidden = replace(OFFER, id="hidden", name="Ballistic vest, secret", language="en")
    with opened(tmp_path_factory.mktemp("matches")) as found:
        found.enter("ana", NEED)
        for offer in (OFFER, early, far):
            found.enter("ivo", offer)
        found.enter("ivo", hidden, visibility="private")
        yield found


def shown(page: html.HtmlElement) -> list[str]:
    """Ids of the solutions on a page."""
    return [
        one.get("id", "").removeprefix("match-") for one in page.xpath("//article[contains(@class, 'match')]")
    ]


def test_the_list_says_why_and_quotes_both_sides_in_their_languages(browser: Made) -> None:
    """Facts of the offer, reasons and gaps in words; a sentence of each record, to the letter."""
    page = browser("ana").get("/needs/vests/solutions")
    assert set(shown(page)) == {"offer", "early", "far"}
    row = page.get_element_by_id("match-offer")
    text = row.text_content()
    for words in ("states EN 1063", "delivers to Estonia", "Small enterprise (SME)", "TRL 9", "Germany"):
        assert words in text
    assert "does not list Estonia" in page.get_element_by_id("match-far").text_content()
    quoted = [one.text_content().strip("“”") for one in row.xpath(".//blockquote/p[@lang='de']")]
    assert quoted
    assert all(one in f"{OFFER.name}\n{OFFER.description}" for one in quoted)
    assert "%" not in text


def test_what_filters_hide_is_said_with_the_way_back(browser: Made) -> None:
    """The number that each hides, and a link that takes that filter alone away."""
    page = browser("ana").get("/needs/vests/solutions", trl_min="7", countries="EE", cpv="", languages="")
    assert shown(page) == ["offer"]
    hides = page.xpath("//ul[contains(@class, 'hides')]/li")
    assert [" ".join(one.text_content().split()) for one in hides] == [
        "1 hidden by your country filter Show", "1 hidden by your TRL filter Show",
    ]  # fmt: skip
    shown_again = hides[1].xpath(".//a")[0].get("href")
    assert "trl_min=" not in shown_again
    assert "countries=EE" in shown_again
    part = browser("ana").get("/needs/vests/solutions", trl_min="7", partly=True)
    assert part.get("id") == "results"


def test_a_filter_that_cannot_be_read_is_told_at_its_field(browser: Made) -> None:
    """The page comes again, with what was entered."""
    page = browser("ana").get("/needs/vests/solutions", 422, cpv="radios")
    assert page.get_element_by_id("cpv").get("aria-invalid") == "true"
    assert page.get_element_by_id("cpv").get("value") == "radios"
    assert browser("ana").get("/needs/vests/solutions", 422, trl_min="12").xpath("//*[@role='alert']")


def test_judgements_take_effect_for_their_author_and_can_be_taken_back(browser: Made) -> None:
    """Not relevant leaves the list and stands below with its reason; relevant is marked."""
    ana = browser("ana")
    at = "/needs/vests/solutions/far/verdict"
    sent = ana.send(at, {"verdict": "not_relevant", "reason": "wrong_place", "rank": "3"})
    assert sent.headers["location"] == "/needs/vests/solutions"
    page = ana.get("/needs/vests/solutions")
    assert "far" not in shown(page)
    left_out = page.get_element_by_id("left-out").text_content()
    assert "Vest for handlers" in left_out
    assert "Wrong place" in left_out
    why = ana.get("/needs/vests/why-not", solution="far").text_content()
    assert "You marked it as not relevant." in why
    assert "far" in shown(browser("pia").get("/needs/vests/solutions"))
    ana.send(at, {"verdict": "undo"})
    assert "far" in shown(ana.get("/needs/vests/solutions"))
    ana.send("/needs/vests/solutions/offer/verdict", {"verdict": "relevant"})
    pressed = ana.get("/needs/vests/solutions").get_element_by_id("relevant-offer")
    assert (pressed.get("aria-pressed"), pressed.get("value")) == ("true", "undo")
    ana.send("/needs/vests/solutions/offer/verdict", {"verdict": "perhaps"}, 422)
    part = ana.ask(
        "POST",
        "/needs/vests/solutions/offer/verdict?trl_min=9",
        data={"csrf": ana.csrf, "verdict": "undo"},
        headers={"HX-Request": "true"},
    )
    found = html.fromstring(part.text)
    assert (found.get("id"), set(shown(found))) == ("results", {"offer", "far"})
    assert "Taken back." in found.xpath("//*[@role='status']")[0].text_content()


def test_an_order_that_the_model_cannot_give_is_told(browser: Made) -> None:
    """Without a calibrator nothing is reordered, and the page says so with the way back."""
    page = browser("ana").get("/needs/vests/solutions", 409, rerank="true")
    assert "no calibrator" in page.xpath("//*[@role='alert']")[0].text_content()


def test_the_list_is_downloaded_as_it_is_seen(browser: Made) -> None:
    """The same filters, with the model's version in each row."""
    found = browser("ana").ask("GET", "/needs/vests/solutions.csv?countries=EE&trl_min=7")
    assert found.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(found.text))
    assert (row["id"], row["rank"], row["need_language"]) == ("offer", "1", "en")
    assert row["model_version"]
    assert browser("ana").ask("GET", "/needs/vests/solutions.xlsx").content[:2] == b"PK"


def test_one_pair_is_told_in_full(browser: Made) -> None:
    """What each score brought in words, what is missing, what to ask next, and where to."""
    page = browser("eero").get("/needs/vests/solutions/offer")
    text = page.text_content()
    for words in ("What each score brought", "A great deal", "To ask next", "Ask the owner of the need"):
        assert words in text
    assert len(page.xpath("//td[@class='brought']/*[local-name()='svg']")) == 6
    assert "each requirement would be compared" in text


def test_two_to_four_are_compared(browser: Made) -> None:
    """Side by side; with one or five ticked the page says how many to tick."""
    page = browser("ana").get("/needs/vests/compare", solutions=["offer", "far"])
    heads = page.xpath("//table[@class='compare']/thead//a")
    assert {one.get("href") for one in heads} == {
        "/needs/vests/solutions/offer",
        "/needs/vests/solutions/far",
    }
    assert (
        "1 solution is ticked"
        in browser("ana").get("/needs/vests/compare", 422, solutions="far").text_content()
    )


def test_why_not_names_the_filter_or_lets_one_choose(browser: Made) -> None:
    """An id is answered; a part of a name gives the solutions that may be meant."""
    ana = browser("ana")
    page = ana.get("/needs/vests/why-not", solution="early", trl_min="7")
    assert "Your filter on the TRL leaves it out." in page.text_content()
    (away,) = page.xpath("//a[text()='Take this filter away']/@href")
    assert "early" in shown(ana.get(away))
    assert "place" in ana.get("/needs/vests/why-not", solution="far").text_content()
    choices = ana.get("/needs/vests/why-not", solution="handlers")
    assert choices.xpath("//section[@aria-labelledby='meant']//a/@href") == ["?solution=far"]


def test_what_one_may_not_see_is_not_there(browser: Made) -> None:
    """A private offer is neither listed, explained nor found by name; industry gets no recommendations."""
    ana = browser("ana")
    assert (
        "secret"
        not in ana.get("/needs/vests/why-not", solution="secret")
        .text_content()
        .replace("secret restricted", "")
        .partition("Which one do you mean?")[2]
    )
    ana.get("/needs/vests/solutions/hidden", 404)
    browser("ivo").get("/needs/vests/solutions", 403)
    assert browser(None).ask("GET", "/needs/vests/solutions").status_code == 303


def test_free_text_finds_solutions_in_any_language(browser: Made) -> None:
    """For whoever may read solutions; an empty search shows the form."""
    page = browser("lea").get("/search", text="Weste für Hundeführer", language="de")
    assert shown(page)[0] == "offer"
    assert "Read as German" in page.text_content()
    assert shown(browser("lea").get("/search", text="vest", trl_min="9", countries="EE")) == ["offer"]
    assert not shown(browser("lea").get("/search"))
    browser("lea").get("/search", 422, text="vest", cpv="x")
