"""The front door: signing in, the language, the colours, and what the first page costs."""

import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import Opened

FIRST_KB = 150
INTERACTIVE_MS = 1_000


def test_the_first_page_is_small(visit: Opened) -> None:
    """All that it loads stays under 150 kB as it is sent."""
    visitor = visit()
    requests: list[Request] = []
    visitor.page.on("requestfinished", lambda one: requests.append(one))
    visitor.open("/").wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in requests]
    assert len(sizes) > 3
    assert sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes) < 1_000 * FIRST_KB


def test_the_first_page_is_soon_usable(visit: Opened) -> None:
    """Nothing of the page holds it up for a second; what else the machine does is not the page's."""
    ready = []
    for _ in range(5):
        page = visit().open("/")
        ready.append(page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive"))
    assert min(ready) < INTERACTIVE_MS


def test_signing_in_and_out_by_keyboard(visit: Opened) -> None:
    """Tab and Enter are enough, and the first Tab offers to skip the menu."""
    page = visit("procurer", anew=True).page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("summary", has_text="Aino Lehto").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def test_a_menu_closes_by_escape_and_gives_the_focus_back(visit: Opened) -> None:
    """Whoever works by keyboard is where they were."""
    page = visit().open("/")
    opener = page.locator("summary", has_text="EN")
    opener.press("Enter")
    expect(page.get_by_role("button", name="Suomi")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Suomi")).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("scripts", [True, False])
def test_language_and_colours_are_kept(visit: Opened, scripts: bool) -> None:
    """Also without scripts."""
    page = visit(scripts=scripts).open("/login")
    page.locator("summary", has_text="EN").click()
    page.get_by_role("button", name="Eesti").click()
    expect(page.locator("html")).to_have_attribute("lang", "et")
    page.locator("details.menu").last.locator("summary").click()
    page.locator("button[name=theme]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page).to_have_url(page.url)
