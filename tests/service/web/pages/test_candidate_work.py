"""Story 15 by forms alone: interest, withdrawal, one answer for all, stages, steps, agreement."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import html

from service.web.pages.candidate_work import _amount
from tests.house import House, opened
from tests.service.web.conftest import Browser
from tests.service.web.pages.test_candidates import FI, LT, MASKED, VEST

Made = Callable[..., Browser]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Vests that are wanted in three countries; one owner shows no name."""
    with opened(tmp_path) as found:
        found.enter_all(
            [("ana", VEST, {}), ("eero", FI, {}), ("lina", replace(LT), {"redactions": [MASKED]})]
        )
        yield found


@pytest.fixture
def path(house: House) -> str:
    """The address of the candidate of the vests."""
    (found,) = house.get("ana", "/candidates", need=FI.id)["items"]
    return f"/candidates/{found['id']}"


def part(page: html.HtmlElement, section: str) -> str:
    """The words of a section of the workspace, by the id of its heading."""
    (found,) = page.xpath(f"//section[@aria-labelledby='{section}']")
    return " ".join(found.text_content().split())


def version(page: html.HtmlElement) -> str:
    """Which state of the workspace a page shows."""
    return str(page.xpath("//input[@name='version']/@value")[0])


def join(house: House, browser: Made, path: str, *who: str) -> None:
    """Express interest by the form, one minute after the other."""
    for one in who:
        house.moment[0] += timedelta(minutes=1)
        browser(one).send(f"{path}/interest", {"kind": "participant"})


def test_interest_is_expressed_withdrawn_and_kept_in_the_history(
    house: House, browser: Made, path: str
) -> None:
    """Three authorities, of whom one withdraws; the score is computed again; masked ones stay masked."""
    join(house, browser, path, "ana", "eero", "lina")
    before = house.get("ana", path)["candidate"]["score"]
    page = browser("ana").get(f"{path}/work")
    shown = part(page, "interest")
    assert shown.count("Stands") == 4  # with the head of the column
    assert "Girele" not in shown
    assert "An authority in one Member State" in shown
    assert "takes part since" in part(page, "part")
    house.moment[0] += timedelta(minutes=1)
    answer = browser("eero").send(f"{path}/withdraw", {"reason": "The budget fell through."})
    assert answer.headers["Location"] == f"{path}/work#interest"
    shown = part(browser("ana").get(f"{path}/work"), "interest")
    assert "Withdrawn" in shown
    assert "The budget fell through." in shown
    assert house.get("ana", path)["candidate"]["score"] != before
    refused = browser("eero").send(f"{path}/withdraw", {}, 409)
    assert "This was not saved" in refused.text


def test_who_has_no_need_in_it_observes(browser: Made, path: str) -> None:
    """The form offers nothing else, and a forged one is refused on the page with its words kept."""
    paul = browser("paul")
    assert paul.get(path).xpath("//input[@name='kind']/@value") == ["observer"]
    refused = paul.send(f"{path}/interest", {"kind": "participant", "conditions": "By rail."}, 409)
    assert "By rail." in refused.text
    paul.send(f"{path}/interest", {"kind": "observer"})
    assert "observes since" in part(paul.get(f"{path}/work"), "part")
    assert not browser("lea").get(path).xpath("//form[contains(@action, '/interest')]")
    browser("lea").send(f"{path}/interest", {"kind": "observer"}, 403)


def test_all_followers_get_the_same_answer(house: House, browser: Made, path: str) -> None:
    """The question names nobody; the answer stands on the page, and in each inbox."""
    browser("paul").send(f"{path}/follow")
    assert "You follow this candidate." in part(browser("paul").get(path), "part")
    browser("lea").send(f"{path}/questions", {"text": "Which class of protection?", "language": "en"})
    page = browser("ana").get(f"{path}/work")
    assert "Which class of protection?" in part(page, "questions")
    assert "Yours" not in part(page, "questions")
    assert "Yours" in part(browser("lea").get(f"{path}/work"), "questions")
    (form,) = page.xpath("//form[contains(@action, '/answer')]/@action")
    assert not browser("paul").get(f"{path}/work").xpath("//form[contains(@action, '/answer')]")
    empty = browser("ana").send(form, {"answer": " "}, 422)
    assert "Write the answer." in empty.text
    browser("ana").send(form, {"answer": "Class four."})
    for who in ("paul", "lea"):
        assert "Class four." in part(browser(who).get(f"{path}/work"), "questions")
        (told,) = [one for one in house.get(who, "/inbox")["items"] if one["kind"] == "answer"]
        assert told["body"]["answer"] == "Class four."
    browser("paul").send(f"{path}/unfollow")
    assert "You do not follow this candidate." in part(browser("paul").get(path), "part")


def test_the_agreement_stage_needs_what_the_directive_asks_for(
    house: House, browser: Made, path: str
) -> None:
    """And of a framework its users and maximum; the page says before and after what is missing."""
    ana = browser("ana")
    page = ana.get(f"{path}/work")
    early = ana.send(f"{path}/stage", {"stage": "workspace", "version": version(page)}, 409)
    assert "This was not saved" in early.text
    join(house, browser, path, "ana", "eero")
    page = ana.get(f"{path}/work")
    assert "Who is responsible for what – not settled" in part(page, "stage")
    refused = ana.send(f"{path}/stage", {"stage": "agreement", "version": version(page)}, 422)
    assert "needs an agreement on" in refused.text
    agreed = {
        "responsibilities": "EE leads; FI writes the specification.", "applicable_law": "EE",
        "internal_organisation": "A steering group, monthly.", "framework": "true",
    }  # fmt: skip
    wrong = ana.send(f"{path}/agreement", {**agreed, "max_value_eur": "much", "version": version(page)}, 422)
    assert "EE leads; FI writes the specification." in wrong.text
    assert html.fromstring(wrong.text).xpath("//input[@id='max_value_eur'][@aria-invalid]/@value") == ["much"]
    ana.send(f"{path}/agreement", {**agreed, "version": version(page)})
    page = ana.get(f"{path}/work")
    assert "The greatest value of all call-offs – not settled" in part(page, "stage")
    ana.send(f"{path}/stage", {"stage": "agreement", "version": version(page)}, 422)
    more = {"named_users": "Police of Saaremaa\r\nPolice of Savonia\r\n", "max_value_eur": "5 000 000"}
    ana.send(f"{path}/agreement", {**agreed, **more, "version": version(page)})
    page = ana.get(f"{path}/work")
    assert "Police of Saaremaa, Police of Savonia" in part(page, "agreement")
    assert "€5,000,000" in part(page, "agreement")
    ana.send(f"{path}/stage", {"stage": "agreement", "version": version(page)})
    page = ana.get(f"{path}/work")
    assert "Detected → Agreement" in part(page, "stage")
    assert page.xpath("//ol[@class='stages']/li[@aria-current='step']/text()") == ["Agreement"]
    back = ana.send(f"{path}/stage", {"stage": "workspace", "version": version(page)}, 422)
    assert html.fromstring(back.text).xpath("//textarea[@id='stage-reason'][@aria-invalid]")


def test_the_seven_steps_are_kept_by_those_who_may(house: House, browser: Made, path: str) -> None:
    """Who, until when, done; a page that is out of date says so and keeps the words; others only read."""
    ana = browser("ana")
    old = version(ana.get(f"{path}/work"))
    step = {"owner": "Savonia", "due": "2027-02-01", "note": "Asked.", "done": "true", "version": old}
    ana.send(f"{path}/checklist/financing", step)
    page = ana.get(f"{path}/work")
    assert "Financing Done · by Savonia · until 1 Feb 2027 Asked." in part(page, "steps")
    assert len(page.xpath("//section[@aria-labelledby='steps']/ol/li")) == 7
    stale = ana.send(f"{path}/checklist/terms", {"owner": "Girele office", "version": old}, 412)
    assert "Somebody changed it meanwhile." in stale.text
    assert "Girele office" in stale.text
    bad = {"due": "soon", "version": version(page)}
    assert "Give a day" in ana.send(f"{path}/checklist/terms", bad, 422).text
    assert not browser("pia").get(f"{path}/work").xpath("//form[contains(@action, '/checklist/')]")
    browser("pia").send(f"{path}/checklist/terms", {"version": old}, 403)
    browser("paul").send(f"{path}/checklist/terms", {"version": version(page)}, 403)
    assert "Savonia" in browser("paul").get(f"{path}/print").text_content()


def test_forms_need_their_secret(browser: Made, path: str) -> None:
    """What another site sends is refused."""
    ana = browser("ana")
    assert ana.ask("POST", f"{path}/follow", data={}).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert ana.ask("POST", f"{path}/follow", data={"csrf": ana.csrf}, headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("written", "meant"),
    [("5000000", 5e6), ("5 000 000", 5e6), ("5.000.000", 5e6), ("1,250,000.50", 1_250_000.5), ("12,5", 12.5)],
)
def test_amounts_are_read_as_people_write_them(written: str, meant: float) -> None:
    """With spaces, dots or commas."""
    assert _amount(written) == meant
