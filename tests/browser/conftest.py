"""A real Chromium on a real service with the sample: every request but the service's own is a failure."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from service import sample
from service.settings import ServerSettings, Settings
from service.store.database import open_database
from service.web.assets import PACKAGES
from tests.running import Service

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = PACKAGES / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Site:
    """The service, and how its users sign in."""

    url: str
    people: dict[str, tuple[str, str]]
    """Role to e-mail address and password."""


@dataclass
class Visitor:
    """One user at a page, and what the browser complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the service."""
        self.page.goto(self.url + path)
        return self.page

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 A and AA on the page as it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def overflow(self, width: int) -> int:
        """By how many pixels the page is wider than a window."""
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size({"width": width, "height": size["height"]})
        try:
            return max(0, int(self.page.evaluate("document.documentElement.scrollWidth")) - width)
        finally:
            self.page.set_viewport_size(size)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample with a user for each role, read by the model that ships."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium on this machine: make browser")
    folder = tmp_path_factory.mktemp("site")
    settings = ServerSettings(data=folder / "data", database="", _env_file=None)
    settings.data.mkdir()
    database = open_database(settings.database_url)
    people = {one.role.value: (one.email, one.password) for one in sample.fill(database)}
    database.close()
    service = Browsed(folder).start()
    try:
        yield Site(service.url, people)
    finally:
        service.stop()


class Browsed(Service):
    """The service with its own model, and limits that tests do not reach."""

    @property
    def environment(self) -> dict[str, str]:
        """The model's files of this user, made once a machine."""
        more = {"MODEL": Settings().model, "CACHE": str(Settings().cache)}
        free = dict.fromkeys(("REQUESTS_PER_MINUTE", "ANONYMOUS_PER_MINUTE", "LOGINS_PER_MINUTE"), "100000")
        return super().environment | {f"NEEDMATCH_{key}": value for key, value in (more | free).items()}


@pytest.fixture(scope="session")
def chromium(site: Site) -> Iterator[Chromium]:
    """The browser, started once."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield made
        made.close()


Opened = Callable[..., Visitor]


@pytest.fixture
def visit(site: Site, chromium: Chromium) -> Iterator[Opened]:
    """Opens a browser of its own for somebody of a role, signed in, or for nobody.

    At the end no page may have complained, failed to load a file, or asked another host.
    """
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def opened(
        role: str | None = None, *, language: str = "en", dark: bool = False, scripts: bool = True
    ) -> Visitor:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=scripts, bypass_csp=False,
            color_scheme="dark" if dark else "light", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": "needmatch_language", "value": language, "url": site.url}])
        contexts.append(context)
        visitor = Visitor(context.new_page(), site.url)
        visitors.append(visitor)
        _listen(visitor)
        if role is not None:
            address, password = site.people[role]
            page = visitor.open("/login")
            page.fill("#email", address)
            page.fill("#password", password)
            page.keyboard.press("Enter")
            page.wait_for_url(site.url + "/")
        return visitor

    yield opened
    for context in contexts:
        context.close()
    assert [complaint for one in visitors for complaint in one.complaints] == []


def _listen(visitor: Visitor) -> None:
    def console(message: ConsoleMessage) -> None:
        # a refused form is an answer, which the browser reports as a failure to load
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            visitor.complaints.append(message.text)

    def request(asked: Request) -> None:
        if not asked.url.startswith((visitor.url, "data:", "blob:")):
            visitor.complaints.append(f"asks another host: {asked.url}")

    visitor.page.on("console", console)
    visitor.page.on("request", request)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
