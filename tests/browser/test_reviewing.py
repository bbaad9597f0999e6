"""An analyst reviews clusters, by mouse and by keyboard alone: each change shows, stays, and is undone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Asking, Opened, Site
from tests.browser.hand import Hand

NEED = {
    "language": "en", "nature": "supplies", "joint_interest": "maybe", "status": "open",
    "visibility": "network",
}  # fmt: skip
KENNELS = {
    "procurer": (
        "Transport kennels for police dogs",
        "Aluminium kennels in vans that carry two police dogs, with ventilation and an alarm for heat.",
    ),
    "prescriber": (
        "Kennels to transport dogs of the police",
        "Kennels of aluminium for two police dogs in a van, ventilated, with a heat alarm.",
    ),
    "national_contact": (
        "Dog kennels for police vans",
        "Ventilated aluminium kennels with a heat alarm that carry two police dogs in a van.",
    ),
}
"""The same need in the words of three authorities."""
BEACONS = {
    "procurer": ("Avalanche beacons", "Transceivers with three antennas that find rescuers under snow."),
    "prescriber": ("Beacons for avalanches", "Transceivers, three antennas, to find people under snow."),
}
"""Another need, of two."""


@pytest.fixture
def clusters(site: Site, chromium: Chromium) -> Iterator[tuple[str, str]]:
    """The numbers of a cluster of three kennels and of one of two beacons; the needs go afterwards."""
    made: list[tuple[str, str]] = []
    with Asking(site, chromium) as ask:
        for role in KENNELS:
            ask.be(role)
            for title, description in (words[role] for words in (KENNELS, BEACONS) if role in words):
                said = NEED | {"title": title, "description": description}
                made.append((role, ask.post("needs", said)["id"]))
        ask.be("analyst")
        several = (
            ask.get("clusters?limit=100&q=kennel")["items"],
            ask.get("clusters?limit=100&q=beacon")["items"],
        )
        (kennels,), (beacons,) = several
        assert (len(kennels["need_ids"]), len(beacons["need_ids"])) == (3, 2)
        yield kennels["id"], beacons["id"]
        for role, need in made:
            ask.be(role)
            ask.post(f"needs/{need}/withdraw", {})


@pytest.mark.parametrize("keyboard", [False, True], ids=["mouse", "keyboard"])
def test_a_cluster_is_named_locked_parted_merged_and_all_of_it_undone(
    visit: Opened, clusters: tuple[str, str], keyboard: bool
) -> None:
    """From the list on; a change that contradicts another is refused with what to do."""
    page = visit("analyst").open("/clusters")
    hand = Hand(page, keyboard)
    hand.write(page.locator("#q"), "kennel")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    hand.press(page.locator("#results a.title"))
    expect(_members(page)).to_have_count(3)
    typical = page.locator("h1").text_content() or ""

    _named(hand, typical)
    _locked(hand)
    _parted(hand)
    _merged(hand, clusters[1])

    page.goto(page.url.split("/clusters")[0] + "/clusters/history")
    for reason in ("As vans call them.", "Agreed with all.", "It is for boats.", "One programme."):
        expect(page.locator("main ol > li", has_text=reason).first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Undo change"))).to_have_count(0)


def _named(hand: Hand, typical: str) -> None:
    """A name of its own, and back to that of its typical need."""
    page, form = hand.page, _form(hand.page, "rename")
    hand.write(form.locator("[name=name]"), "Kennels on wheels")
    hand.write(form.locator("[name=why]"), "As vans call them.")
    hand.press(form.locator("button"))
    _told(page, "The cluster has its name.")
    _stays(page, lambda: expect(page.locator("h1")).to_have_text("Kennels on wheels"))
    _undo(hand)
    _stays(page, lambda: expect(page.locator("h1")).to_have_text(typical))


def _locked(hand: Hand) -> None:
    """Nothing can be taken out until it is unlocked."""
    page, form = hand.page, _form(hand.page, "lock")
    hand.write(form.locator("[name=why]"), "Agreed with all.")
    hand.press(form.locator("button"))
    _told(page, "The cluster is locked")
    _stays(page, lambda: expect(page.locator(".head .badge")).to_contain_text("Locked"))
    expect(page.locator("#split")).to_have_count(0)
    hand.press(_form(page, "unlock").locator("button"))
    _told(page, "The cluster is no longer locked.")
    _stays(page, lambda: expect(page.locator("#split")).to_be_visible())
    _undo(hand)  # the unlocking, so it is locked again
    expect(page.locator(".head .badge")).to_contain_text("Locked")
    _undo(hand)
    _stays(page, lambda: expect(page.locator("#split")).to_be_visible())


def _parted(hand: Hand) -> None:
    """One need leaves, cannot be brought back by merging, and comes back by the undo."""
    page, form = hand.page, hand.page.locator("#split")
    hand.press(form.locator("button"))
    expect(page.get_by_role("alert")).to_contain_text("Tick the needs that leave")
    hand.tick(form.locator("[name=leaving]").last)
    hand.write(form.locator("[name=why]"), "It is for boats.")
    hand.press(form.locator("button"))
    _told(page, "The needs are taken out.")
    _stays(page, lambda: expect(_members(page)).to_have_count(2))
    merge = _form(page, "merge")
    hand.tick(merge.locator("[name=other]").first)  # what left is nearest
    hand.press(merge.locator("button"))
    expect(page.get_by_role("alert")).to_contain_text("Take that back first")
    _undo(hand)
    _stays(page, lambda: expect(_members(page)).to_have_count(3))


def _merged(hand: Hand, other: str) -> None:
    """With a cluster whose number is known."""
    page, form = hand.page, _form(hand.page, "merge")
    hand.write(form.locator("[name=other_id]"), other)
    hand.write(form.locator("[name=why]"), "One programme.")
    hand.press(form.locator("button"))
    _told(page, "The clusters are merged.")
    _stays(page, lambda: expect(_members(page)).to_have_count(5))
    _undo(hand)
    _stays(page, lambda: expect(_members(page)).to_have_count(3))


def _form(page: Page, op: str) -> Locator:
    return page.locator(f"form:has(input[name=op][value={op}])")


def _members(page: Page) -> Locator:
    return page.locator("section[aria-labelledby=members] tbody tr")


def _told(page: Page, words: str) -> None:
    expect(page.locator(".note[role=status]")).to_contain_text(words)


def _stays(page: Page, holds: Callable[[], None]) -> None:
    """Now, and when the page is opened again."""
    holds()
    page.reload()
    holds()


def _undo(hand: Hand) -> None:
    """Take back the latest change that stands."""
    hand.press(hand.page.get_by_role("button", name=re.compile("^Undo change")).first)
    _told(hand.page, "The change is undone.")
