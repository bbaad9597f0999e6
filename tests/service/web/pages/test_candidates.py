"""Joint buying as pages: the list, what decides on a candidate, what proves it, what if; who sees what."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from matcher.records import JointInterest, Need, Visibility
from tests.house import House, opened
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
VEST = Need(
    id="0b7d1f62-vest-ee", title="Ballistic vests for dog handlers", description="Washable, of class four.",
    language="en", country="EE", organisation="Police of Saaremaa", organisation_id="police-ee",
    visibility=Visibility.NETWORK, joint_interest=JointInterest.MAYBE, value_eur=90_000.0,
    window_start=date(2027, 1, 1), window_end=date(2027, 6, 30), regime="2014/24",
)  # fmt: skip
FI = replace(
    VEST, id="0b7d1f62-vest-fi", country="FI", organisation="Police of Savonia", quantity="120 sets",
    window_start=date(2027, 3, 1), window_end=date(2027, 9, 30),
)  # fmt: skip
LT = replace(
    VEST, id="0b7d1f62-vest-lt", country="LT", organisation="Police of Girele", value_eur=None,
    window_start=None, window_end=None,
)  # fmt: skip
PUMP = replace(
    VEST, id="pump-ee", title="Mobile flood pump for cellars", description="Diesel, 2000 litres.",
    visibility=Visibility.PUBLIC,
)  # fmt: skip
REFUSED = replace(VEST, title="Handheld radiation detector", description="Gamma, with alarm.")
MASKED = {"field": "organisation", "reason_code": "fair-comp", "reason": "a consultation", "until": None}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Vests of three, of whom one shows no name; pumps that all see; detectors of which one owner said no."""
    with opened(tmp_path_factory.mktemp("candidates")) as found:
        found.enter_all(
            [
                ("ana", VEST, {}),
                ("eero", FI, {}),
                ("lina", LT, {"redactions": [MASKED]}),
                ("ana", PUMP, {}),
                ("eero", replace(PUMP, id="pump-fi", country="FI"), {}),
                ("ana", replace(REFUSED, id="gamma-ee"), {}),
                ("eero", replace(REFUSED, id="gamma-fi", country="FI", joint_interest=JointInterest.NO), {}),
                ("ana", replace(VEST, id="draft", title="Vests, a draft"), {"visibility": "private"}),
            ]
        )
        yield found


@pytest.fixture
def path(house: House) -> str:
    """The address of the candidate of the vests."""
    (found,) = house.get("ana", "/candidates", need=FI.id)["items"]
    return f"/candidates/{found['id']}"


def test_the_list_tells_level_value_window_and_what_would_raise_it(browser: Made, path: str) -> None:
    """In words: how many state a value, whose need it is, and no id of a need."""
    page = browser("ana").get("/candidates")
    (card,) = page.xpath(f"//li[.//a[@href='{path}']]")
    text = " ".join(card.text_content().split())
    assert re.search(r"Level [ABC]: (ready to talk|promising|watch)", text)
    assert "Estonia, Finland and Lithuania" in text
    assert "at least €180,000 (stated by 2 of 3)" in text
    assert "Your need is in it" in text
    assert "Windows overlap 121 days" in text
    assert "What would raise it" in text
    assert VEST.id not in card.text_content()


def test_the_list_is_narrowed_by_a_form(browser: Made, path: str) -> None:
    """By country, level, need and own needs; where nothing is left the page says what to do."""
    ana = browser("ana")
    assert [one.get("href") for one in ana.get("/candidates", country="LT").xpath("//h2/a")] == [path]
    assert [one.get("href") for one in ana.get("/candidates", need=FI.id).xpath("//h2/a")] == [path]
    assert len(ana.get("/candidates", mine="true", doubtful="no").xpath("//form[@action='/candidates']")) == 1
    assert "Nothing is left of the list" in ana.get("/candidates", country="PT").text_content()
    ana.get("/candidates", 422, level="Z")


def test_what_is_not_joined_is_shown_with_the_reason(browser: Made) -> None:
    """A group of which one owner said no, by country and not by id."""
    text = " ".join(browser("lina").get("/candidates/not-joined").xpath("//main")[0].text_content().split())
    assert "only EE is left to buy: FI said no to joint buying" in text
    assert "Handheld radiation detector" in text


def test_the_page_to_decide_by_holds_what_decides(browser: Made, path: str) -> None:
    """Level, completeness, members, windows as bars and words, thresholds with their days, a disclaimer."""
    page = browser("ana").get(path)
    text = " ".join(page.xpath("//main")[0].text_content().split())
    assert "points of weight" in text
    assert "A suggestion by software" in text
    assert "Police of Savonia" in text
    assert "120 sets" in text
    assert len(page.xpath("//h1")) == 1
    bars = page.xpath("//table[contains(@class, 'timeline')]//tr[td]")
    assert [row.xpath("string(th)") for row in bars] == ["EE", "FI", "LT"]
    assert [len(row.xpath(".//*[@class='window']")) for row in bars] == [1, 1, 0]
    assert "not stated" in bars[2].text_content()
    assert "€140,000" in text
    assert "1 Jan 2026 – 31 Dec 2027" in text
    assert VEST.id not in text


def test_a_masked_member_is_named_to_nobody_else(browser: Made, path: str) -> None:
    """On none of the pages."""
    for ending in ("", "/evidence", "/work", "/what-if", "/print"):
        text = browser("ana").get(path + ending).text_content()
        assert "Girele" not in text, ending
    assert "An authority in Lithuania" in browser("ana").get(path).text_content()


def test_the_evidence_has_nine_factors_whose_weights_are_shown(browser: Made, path: str) -> None:
    """Each with weight, value or that it is unknown, a sentence, and who leaves out what."""
    page = browser("ana").get(f"{path}/evidence")
    (table,) = page.xpath("//*[@aria-label='The nine factors as a table']//table")
    rows = table.xpath(".//tbody/tr")
    assert len(rows) == 9
    assert sum(int(row.xpath("string(td[1])").rstrip("%").strip()) for row in rows) == 100
    unknown = [row.xpath("string(th)") for row in rows if "Unknown" in row.xpath("string(td[2])")]
    assert "standards" in [one.strip() for one in unknown]
    text = " ".join(page.xpath("//main")[0].text_content().split())
    assert "LT (start of the procurement window)" in text
    assert "Suggestions only" in text
    assert "Art. 39(4) 2014/24/EU" in text
    assert page.xpath("//figure[@data-chart='timeline']//table//td[@data-value='2027-01-01']")
    for link in page.xpath("//nav[contains(@class, 'contents')]//a/@href"):
        assert page.get_element_by_id(link[1:]) is not None


def test_what_if_leaves_out_adds_and_moves(browser: Made, path: str) -> None:
    """Before and after stand side by side; a private need of one's own can be tried; nothing is kept."""
    ana = browser("ana")
    page = ana.get(f"{path}/what-if", drop=LT.id)
    assert "Left out: LT" in page.text_content()
    assert page.xpath("//*[@aria-label='Before and after']//tr[th='Members']/td/text()") == ["3", "2"]
    assert page.xpath(f"//input[@name='drop'][@value='{LT.id}'][@checked]")
    assert "draft" in page.xpath("//select[@name='add']/option/@value")
    added = ana.get(f"{path}/what-if", add="draft")
    assert "Joined: EE 2" in added.text_content()
    moved = ana.get(f"{path}/what-if", move=LT.id, start="2027-03-01", end="2027-08-31")
    assert moved.xpath("//*[@id='outcome']")
    alone = ana.get(f"{path}/what-if", drop=[LT.id, FI.id])
    assert "No candidate any more" in alone.text_content()
    assert "Nothing changes" not in ana.get(f"{path}/what-if").text_content()


@pytest.mark.parametrize(
    "query",
    [{"drop": "nobody"}, {"add": "nothing"}, {"move": FI.id, "start": "2027-09-01", "end": "2027-01-01"},
     {"move": FI.id, "start": "soon"}],
)  # fmt: skip
def test_what_cannot_be_tried_is_said_on_the_page(browser: Made, path: str, query: dict[str, str]) -> None:
    """With what was chosen still in the form."""
    page = browser("ana").get(f"{path}/what-if", 422, **query)
    assert page.xpath("//*[@role='alert']")
    assert page.xpath("//form[contains(@action, 'what-if')]")


@pytest.mark.parametrize("form", ["html", "docx", "md", "ocds", "consultation"])
def test_a_dossier_is_downloaded(browser: Made, path: str, form: str) -> None:
    """In every form that the page offers."""
    ana = browser("ana")
    assert form in ana.get(path).xpath("//select[@name='format']/option/@value")
    found = ana.ask("GET", f"{path}/dossier", params={"format": form, "open_to": "network"})
    assert found.status_code == 200
    assert "attachment" in found.headers["Content-Disposition"]


def test_who_is_not_of_the_network_sees_public_candidates_without_workspace(
    browser: Made, house: House, path: str
) -> None:
    """The others are nothing to them; industry has no such pages; nobody is sent to sign in."""
    (pumps,) = house.get("uno", "/candidates")["items"]
    uno = browser("uno")
    page = uno.get(f"/candidates/{pumps['id']}")
    assert not page.xpath("//form[@method='post'][contains(@action, '/candidates/')]")
    assert "for vetted authorities" in uno.get(f"/candidates/{pumps['id']}/work").text_content()
    for ending in ("", "/evidence", "/work", "/what-if", "/print", "/dossier"):
        uno.get(path + ending, 404)
    browser("ivo").get("/candidates", 403)
    assert browser(None).ask("GET", path).status_code == 303


def test_pages_speak_the_language_of_their_reader(browser: Made, path: str) -> None:
    """Numbers, days and countries; the title stays what it is and says its language."""
    page = browser("ana", "de").get(path)
    assert "180.000\xa0€" in page.text_content()
    assert "Finnland" in page.text_content()
    assert page.xpath("//h1/span[@lang='en']")
