"""Three authorities and one joint purchase in a browser, from interest to an agreement and its dossier."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from tests.browser.conftest import Asking, Opened, Site, Visitor
from tests.browser.hand import Hand

NEED = {
    "cpv": ["34223300"], "currency": "EUR", "joint_interest": "maybe", "language": "en", "nature": "supplies",
    "regime": "2014/24", "status": "open", "value": 300_000, "visibility": "network", "vat_included": False,
    "window_end": "2027-09-30", "window_start": "2027-03-01", "working_languages": ["en"],
}  # fmt: skip
WORDS = {
    "procurer": (
        "Horse trailers for mounted police",
        "Trailers that carry two horses of the mounted police, with ramp, padding and water tank.",
    ),
    "prescriber": (
        "Trailers for police horses",
        "Trailers for two police horses, padded, with a ramp and a tank for water.",
    ),
    "national_contact": (
        "Trailers to carry horses of mounted police",
        "Padded trailers with ramp and water tank that carry two horses of the mounted police.",
    ),
}
"""The same need in the words of three authorities."""
SETTLED = {
    "responsibilities": "FI leads; EE writes the specification.", "applicable_law": "The law of Finland",
    "internal_organisation": "A steering group of three, monthly.",
}  # fmt: skip


@pytest.fixture
def candidate(site: Site, chromium: Chromium) -> Iterator[str]:
    """The address of the candidate that three authorities' needs have become; the needs go afterwards."""
    made: dict[str, str] = {}
    with Asking(site, chromium) as ask:
        for role, (title, description) in WORDS.items():
            ask.be(role)
            said = NEED | {"title": title, "description": description}
            made[role] = ask.post("needs", said)["id"]
        ask.be("procurer")
        (found,) = ask.get(f"candidates?need={made['procurer']}")["items"]
        yield f"/candidates/{found['id']}"
        for role, need in made.items():
            ask.be(role)
            ask.post(f"needs/{need}/withdraw", {})


@pytest.fixture
def three(visit: Opened) -> dict[str, Visitor]:
    """Somebody of each authority, in a browser of their own."""
    return {role: visit(role) for role in WORDS}


def test_from_interest_to_an_agreement_by_keyboard(
    three: dict[str, Visitor], candidate: str, tmp_path: Path
) -> None:
    """Interest and withdrawal, one answer for all, a stage that asks for what is agreed, and the dossier."""
    for visitor in three.values():
        page = visitor.open(candidate)
        Hand(page, keyboard=True).press(page.locator("form[action$=interest] button"))
        expect(page.locator("section[aria-labelledby=part]")).to_contain_text("takes part since")
    page = three["procurer"].open(f"{candidate}/evidence")
    expect(page.locator("main")).to_contain_text("Suggestions only, from what the needs state")
    scored = _score(page)
    _one_withdraws(three["prescriber"].page)
    page = three["procurer"].open(f"{candidate}/work")
    table = page.locator("section[aria-labelledby=interest] tbody tr")
    expect(table).to_have_count(3)
    expect(table.filter(has_text="The budget fell through.")).to_contain_text("Withdrawn")
    assert _score(three["procurer"].open(f"{candidate}/evidence")) != scored

    _one_asks(three["prescriber"].open(f"{candidate}/work"))
    _one_answers(three["procurer"].open(f"{candidate}/work"))
    told = [_answered(visitor.open("/inbox")) for visitor in three.values()]
    assert told[0][0] == "Two in each trailer."
    assert told == [told[0]] * 3

    _agreed(three["procurer"].open(f"{candidate}/work"))
    assert three["procurer"].violations() == []
    _dossier(three["procurer"].open(candidate), tmp_path)


def _score(page: Page) -> str:
    """What the page says how well the needs go together."""
    words = page.locator("main").text_content() or ""
    return " ".join(re.findall(r"\d+(?:\.\d+)? of 1(?:00)?", words))


def _one_withdraws(page: Page) -> None:
    hand = Hand(page, keyboard=True)
    hand.press(page.locator("summary", has_text="Withdraw"))
    hand.write(page.locator("#withdraw-reason"), "The budget fell through.")
    hand.press(page.locator("form[action$=withdraw] button"))
    expect(page.locator(".note.good[role=status]")).to_contain_text("score is computed again")


def _one_asks(page: Page) -> None:
    hand = Hand(page, keyboard=True)
    hand.write(page.locator("section[aria-labelledby=questions] #text"), "How many horses?")
    hand.press(page.locator("form[action$=questions] button"))
    expect(page.locator("section[aria-labelledby=questions]")).to_contain_text("How many horses?")


def _one_answers(page: Page) -> None:
    hand = Hand(page, keyboard=True)
    hand.press(page.locator("section[aria-labelledby=questions] li summary"))
    hand.write(page.locator("form[action$=answer] textarea"), "Two in each trailer.")
    hand.press(page.locator("form[action$=answer] button"))
    expect(page.locator("section[aria-labelledby=questions]")).to_contain_text("answered to all followers")


def _answered(page: Page) -> tuple[str | None, str | None]:
    """The words of the newest answer in an inbox, and when it came."""
    card = page.locator("main li.card", has_text="the same for all who follow").first
    return card.locator("blockquote").last.locator("p").text_content(), card.locator(
        "p.small"
    ).first.text_content()


def _agreed(page: Page) -> None:
    """Up to the stage of an agreement, which is refused until all that it asks for is written down."""
    hand, form = Hand(page, keyboard=True), "section[aria-labelledby=agreement] form"
    refused = page.locator("section[aria-labelledby=stage] [role=alert]")

    def move() -> None:
        if not page.locator("#stage-to").is_visible():
            hand.press(page.locator("summary", has_text="Change the stage"))
        hand.choose(page.locator("#stage-to"), "Agreement")
        hand.press(page.locator("form[action$=stage] button"))

    def write(field: str, words: str) -> None:
        hand.write(page.locator(f"{form} [name={field}]"), words)

    def unfold() -> None:
        hand.press(page.locator("summary", has_text="Change what is agreed"))

    def save() -> None:
        hand.press(page.locator(f"{form} button"))
        expect(page.locator(".note.good[role=status]")).to_contain_text("The agreement is saved.")

    move()
    expect(refused).to_be_visible()
    unfold()
    for field, words in SETTLED.items():
        write(field, words)
    hand.tick(page.locator("[name=framework]"))
    save()
    move()
    expect(refused).to_be_visible()
    unfold()
    write("named_users", "Rescue of Savonia")
    write("max_value_eur", "5 000 000")
    save()
    move()
    expect(page.locator(".stages [aria-current=step]")).to_have_text("Agreement")


def _dossier(page: Page, folder: Path) -> None:
    """It is kept as a file, and holds all that decides."""
    with page.expect_download() as kept:
        Hand(page, keyboard=True).press(page.locator("form[action$=dossier] button"))
    path = folder / kept.value.suggested_filename
    kept.value.save_as(path)
    words = html.parse(path).getroot().text_content()
    for title, _ in WORDS.values():
        assert title in words
    for part in ("Score", "Differences", "Checklist", "threshold", "binds", "calibrator"):
        assert part.casefold() in words.casefold(), part
