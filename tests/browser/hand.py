"""A hand at a page: by mouse, or by keyboard alone."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 400


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus, as who has no mouse does."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached in {MOST_TABS} steps")


@dataclass
class Hand:
    """Does what is wanted on a page."""

    page: Page
    keyboard: bool

    def press(self, wanted: Locator) -> None:
        """A button, a link, or what unfolds."""
        if self.keyboard:
            tab_to(self.page, wanted)
            self.page.keyboard.press("Enter")
        else:
            wanted.click()

    def tick(self, wanted: Locator) -> None:
        """A box, or one of several choices."""
        if self.keyboard:
            tab_to(self.page, wanted)
            self.page.keyboard.press("Space")
        else:
            wanted.check()
        expect(wanted).to_be_checked()

    def choose(self, wanted: Locator, words: str) -> None:
        """One of the entries of a field."""
        if self.keyboard:
            tab_to(self.page, wanted)
            self.page.keyboard.type(words)
        else:
            wanted.select_option(label=words)
        expect(wanted.locator("option:checked")).to_have_text(words)

    def write(self, wanted: Locator, words: str) -> None:
        """Words into a field."""
        if self.keyboard:
            tab_to(self.page, wanted)
            self.page.keyboard.type(words)
        else:
            wanted.fill(words)
        expect(wanted).to_have_value(words)
