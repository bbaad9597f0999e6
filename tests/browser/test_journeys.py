"""What each kind of user comes for, done in a real browser: by mouse and scripts, and by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.hand import Hand, tab_to
from tests.pages import World

ROWS = """id,title,description,country,language,cpv,estimated_value
R-1,Rescue sledges,"Inflatable sledges that pull people off thin ice, for fire brigades",FI,en,35112000,250000
R-2,Rescue ropes,Floating ropes for rescuers on thin ice,FI,en,not-a-code,12000
R-3,,,FI,en,35112000,9000
"""
BY_HAND = pytest.mark.parametrize("keyboard", [False, True], ids=["mouse", "keyboard"])


def test_a_prescriber_describes_a_need_with_help_and_reads_who_answers_it(visit: Opened) -> None:
    """In Estonian, without knowing a code: help comes while one types, and a code is taken by one press."""
    page = visit("prescriber").open("/needs/new")
    page.fill("#title", "Kuulivestid politseile")
    page.fill(
        "#description", "Patrullpolitseinikud vajavad kuulikindlaid veste, mis kaitsevad tulirelva eest."
    )
    suggested = page.get_by_role("heading", name="Suggested CPV codes")
    expect(suggested).to_be_visible()
    take = page.locator("button[name=take]").first
    code = take.get_attribute("value")
    take.click()
    expect(page.locator("#cpv")).to_have_value(re.compile(str(code)))
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.locator("h1")).to_contain_text("Kuulivestid politseile")
    page.get_by_role("button", name="Submit the need").click()
    page.wait_for_url(re.compile("/solutions"))
    expect(page.locator(".level").first).to_be_visible()
    expect(page.locator("blockquote").first).to_be_visible()


def test_a_judgement_is_given_and_taken_back(visit: Opened, world: World) -> None:
    """Relevant, and not any more; the page stays where it is."""
    page = visit("procurer").open(f"/needs/{world.names('procurer')['need_id']}/solutions")
    relevant = page.locator("button[name=verdict][value=relevant]").first
    relevant.click()
    expect(page.locator("button[name=verdict][value=undo]").first).to_have_attribute("aria-pressed", "true")
    page.locator("button[name=verdict][value=undo]").first.click()
    expect(page.locator("button[name=verdict][value=undo]")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_interest_in_a_candidate_by_keyboard_alone(visit: Opened, world: World, scripts: bool) -> None:
    """Expressed and withdrawn with Tab, arrows and Enter, also without scripts."""
    page = visit("procurer", scripts=scripts).open(f"/candidates/{world.shared['candidate_id']}")
    tab_to(page, page.locator("form[action$=interest] button"))
    page.keyboard.press("Enter")
    expect(page.locator(".note[role=status]")).to_be_visible()
    tab_to(page, page.locator("summary", has_text="Withdraw"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("form[action$=withdraw] button"))
    page.keyboard.press("Enter")
    expect(page.locator("form[action$=interest] button")).to_be_visible()


def test_a_company_searches_demand_and_follows_it(visit: Opened) -> None:
    """A sentence in any language; the search is kept under a name, and stands in the list."""
    page = visit("industry").open("/demand")
    page.fill("#text", "kuulivestid politseile")
    page.locator("main form[action='/demand'] button").first.click()
    expect(page.locator(".level, .title").first).to_be_visible()
    page.get_by_role("link", name="Save this search").or_(
        page.get_by_role("button", name="Save this search")
    ).first.click()
    page.fill("#name", "Vests in Estonian")
    page.locator("main form[method=post] button.primary").first.click()
    page.goto(page.url.split("/saved-searches")[0] + "/saved-searches")
    expect(page.get_by_text("Vests in Estonian").first).to_be_visible()


def test_an_analyst_finds_a_need_on_the_map_by_keyboard(visit: Opened) -> None:
    """The list beside the map does what the mouse does on it."""
    page = visit("analyst").open("/clusters/map")
    entry = page.locator(".map-list button").first
    chosen = page.locator("[data-chosen]")
    for _ in range(20):  # until the map is drawn the list is made anew, and the focus with it
        title = entry.locator("span").first.text_content() or ""
        entry.press("Enter")
        if chosen.locator("a").count():
            break
        page.wait_for_timeout(250)
    expect(chosen).to_contain_text(title.strip())
    expect(chosen.locator("a").first).to_be_visible()


def test_an_administrator_adds_an_organisation(visit: Opened) -> None:
    """A wrong form says at the field what is wrong, and keeps what was typed."""
    page = visit("administrator").open("/administration/organisations/new")
    page.fill("#name", "Rescue of Example")
    page.select_option("#kind", index=1)
    page.select_option("#country", "EE")
    page.fill("#website", "nowhere:else")
    page.locator("main form[method=post] button.primary").click()
    expect(page.locator("#website")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#name")).to_have_value("Rescue of Example")
    page.fill("#website", "https://rescue.example")
    page.locator("main form[method=post] button.primary").click()
    expect(page.locator("h1")).to_contain_text("Rescue of Example")


@BY_HAND
def test_a_file_is_rehearsed_and_imported(visit: Opened, tmp_path: Path, keyboard: bool) -> None:
    """The report names line and field of each row that is not kept; then the good row is there."""
    file = tmp_path / "needs.csv"
    file.write_text(ROWS.replace("R-", "K-" if keyboard else "M-"), encoding="utf-8")
    page = visit("procurer").open("/imports")
    hand = Hand(page, keyboard)
    send = page.locator("form[action='/imports'] button.primary")
    page.set_input_files("#file", file)
    hand.press(send)
    report = page.locator("#job table tbody tr")
    expect(report.first).to_be_visible(timeout=60_000)
    expect(page.locator("#job .note")).to_contain_text("A rehearsal")
    lines = {int(one) for one in report.locator("th").all_text_contents()}
    assert {3, 4} <= lines <= {2, 3, 4}
    assert _fact(page, "Rows read") == "3"
    assert (_fact(page, "New"), _fact(page, "Refused")) != ("0", "0")
    with page.expect_download() as kept:
        hand.press(page.locator("#job a[href$='report.csv']"))
    assert kept.value.suggested_filename.endswith(".csv")
    kept_in_the_end = _fact(page, "New")

    hand.press(page.locator("#job a.primary"))
    expect(page.locator("input[name=dry_run]")).not_to_be_checked()
    page.set_input_files("#file", file)
    hand.press(send)
    expect(page.locator("#job dl")).to_be_visible(timeout=60_000)
    expect(page.locator("#job .note")).to_have_count(0)
    assert _fact(page, "New") == kept_in_the_end
    hand.press(page.locator("#job a[href='/needs']"))
    expect(page.get_by_role("link", name="Rescue sledges").first).to_be_visible()


def _fact(page: Page, name: str) -> str:
    """What stands beside a word in the list of facts."""
    said = page.locator("#job dt", has_text=re.compile(f"^{name}$")).locator("+ dd").text_content()
    return (said or "").strip()
