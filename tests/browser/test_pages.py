"""What holds of every page as a browser shows it: for eyes, ears and small screens, in light and dark."""

import pytest

from tests.browser.conftest import Opened
from tests.pages import PAGES, Seen, World, routes

NARROW, WIDE = 320, 1440


def test_no_page_is_left_out() -> None:
    """A new page comes under all these tests, or this one fails."""
    assert routes() == {seen.route for seen in PAGES}


@pytest.mark.parametrize("seen", PAGES, ids=lambda seen: f"{seen.role}{seen.path_words()}")
def test_a_page_is_for_everybody(visit: Opened, world: World, seen: Seen) -> None:
    """Nothing against WCAG 2.2 AA or good practice in light or dark, nothing wider than it, no complaint."""
    visitor = visit(seen.role)
    page = visitor.page
    answer = page.goto(visitor.url + seen.path(world))
    assert answer is not None
    assert answer.status in {200, 202}
    assert page.locator("h1").count() == 1
    wrong = visitor.violations()
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {one}" for one in visitor.violations()]
    assert wrong == []
    for width in (NARROW, WIDE):
        with visitor.wide(width):
            assert (width, visitor.overflow()) == (width, 0)
