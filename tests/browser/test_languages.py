"""Every page in every language, on a phone and on a wide screen: nothing sticks out or is left in English.

Each page is tried in two of the languages, so that each language is seen on several pages; `--every` tries
all of them, half an hour on two processors, and can be parted by `-k analyst` and the like.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser as Chromium

from service.language import CODES, DEFAULT
from service.web import catalogue
from tests.browser import layout
from tests.browser.conftest import Site, Visitor, listen, sign_in
from tests.browser.test_pages import NARROW, WIDE
from tests.pages import PAGES, Seen, World

APART = 11
"""From the one language of a page to its other, in the order of their codes."""
HIGH = 900


def languages_of(place: int) -> tuple[str, str]:
    """The two languages in which the page at a place of the list is tried."""
    return CODES[place % len(CODES)], CODES[(place + APART) % len(CODES)]


def test_each_language_is_seen_on_several_pages() -> None:
    """Two for each page, and none is left to one page or two."""
    seen = Counter(code for place in range(len(PAGES)) for code in languages_of(place))
    assert set(seen) == set(CODES)
    assert min(seen.values()) > 5


@pytest.fixture(scope="module")
def traveller(site: Site, chromium: Chromium) -> Iterator[Visitor]:
    """One window for all pages and all roles."""
    context = chromium.new_context(reduced_motion="reduce", viewport={"width": NARROW, "height": HIGH})
    visitor = Visitor(context.new_page(), site.url)
    listen(visitor)
    yield visitor
    context.close()


def be(traveller: Visitor, site: Site, role: str | None) -> None:
    """Somebody of a role sits at the window, signed in, or nobody."""
    context = traveller.page.context
    context.clear_cookies()
    if role is None:
        return
    if role not in site.signed_in:
        sign_in(traveller.page, site, role)
        site.signed_in[role] = context.storage_state()
    else:
        context.add_cookies(site.signed_in[role]["cookies"])  # type: ignore[arg-type] # as it gave them


@pytest.mark.parametrize("place", range(len(PAGES)), ids=[f"{s.role}{s.path_words()}" for s in PAGES])
def test_a_page_has_room_for_every_language(
    traveller: Visitor, site: Site, world: World, place: int, request: pytest.FixtureRequest
) -> None:
    """With all that unfolds; and it says nothing in English that the language has words for."""
    seen, wrong = PAGES[place], []
    be(traveller, site, seen.role)
    for code in CODES if request.config.getoption("--every") else languages_of(place):
        wrong += [f"{code} {one}" for one in _tried(traveller, seen, world, code)]
    assert "\n".join(wrong) == ""
    complaints, traveller.complaints[:] = traveller.complaints[:], []
    assert complaints == []


def _tried(traveller: Visitor, seen: Seen, world: World, code: str) -> Iterator[str]:
    """What is wrong with a page in a language."""
    page = traveller.page
    page.context.add_cookies([{"name": "needmatch_language", "value": code, "url": traveller.url}])
    traveller.open(seen.path(world))
    if page.locator("html").get_attribute("lang") != code:
        yield "is not the language of the page"
    layout.unfold(page)
    now = page.viewport_size["width"] if page.viewport_size else NARROW
    for width in (now, WIDE if now == NARROW else NARROW):  # one change of the window for each page
        page.set_viewport_size({"width": width, "height": HIGH})
        yield from (f"sticks out, {width}: {one}" for one in layout.sticking_out(page))
    yield from (f"in English: {one}" for one in layout.texts(page) & _foreign(code))


@cache
def _foreign(code: str) -> frozenset[str]:
    """The texts in English that a language says otherwise, and that are no words of its own."""
    known = catalogue.load(code) if code != DEFAULT else ()
    said = {one.id: one.string for one in known if isinstance(one.id, str)}
    return frozenset(said) - {text for text in said.values() if isinstance(text, str)}
