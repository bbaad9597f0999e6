"""A real Chromium on a real service with the sample: every request but the service's own is a failure."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import (
    APIResponse,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    expect,
    sync_playwright,
)
from playwright.sync_api import Browser as Chromium

from service import sample
from service.settings import ServerSettings, Settings
from service.store.database import open_database
from service.web.assets import PACKAGES
from tests.pages import World, own_records
from tests.running import Service

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 30_000
"""For a machine on which everything else runs as well."""
expect.set_options(timeout=PATIENCE_MS)
AXE = PACKAGES / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/browser/test_languages.py --every` tries all pages in all languages."""
    parser.addoption("--every", action="store_true", help="try every page in every language (half an hour)")


@dataclass
class Site:
    """The service, and how its users sign in."""

    url: str
    people: dict[str, tuple[str, str]]
    """Role to e-mail address and password."""
    own: dict[str, dict[str, str]]
    """Role to what of its own it can open."""
    signed_in: dict[str, StorageState] = field(default_factory=dict)
    """Role to the cookies of a user who signed in."""


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
        """What axe finds against WCAG 2.2 A and AA, and against good practice, on the page as it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    @contextmanager
    def wide(self, width: int) -> Iterator[None]:
        """The window is so many pixels wide meanwhile."""
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size({"width": width, "height": size["height"]})
        try:
            yield
        finally:
            self.page.set_viewport_size(size)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        assert self.page.viewport_size is not None
        for _ in range(20):  # charts are drawn anew a moment after the window has changed
            wider = int(self.page.evaluate("document.documentElement.scrollWidth"))
            over = max(0, wider - self.page.viewport_size["width"])
            if not over:
                break
            self.page.wait_for_timeout(100)
        return over


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample with a user for each role, read by the model that ships."""
    assert shutil.which("chromium"), "there is no chromium on this machine: make browser"
    folder = tmp_path_factory.mktemp("site")
    settings = ServerSettings(data=folder / "data", database="", _env_file=None)
    settings.data.mkdir()
    database = open_database(settings.database_url)
    people = {one.role.value: (one.email, one.password) for one in sample.fill(database)}
    own = own_records(database)
    database.close()
    service = Browsed(folder).start()
    try:
        yield Site(service.url, people, own)
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

    Users sign in once for all tests; `anew` signs in for this one alone, which may then sign out.
    At the end no page may have complained, failed to load a file, or asked another host.
    """
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def opened(
        role: str | None = None, *, language: str = "en", dark: bool = False, scripts: bool = True,
        anew: bool = False,
    ) -> Visitor:  # fmt: skip
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, java_script_enabled=scripts, bypass_csp=False,
            color_scheme="dark" if dark else "light", reduced_motion="reduce",
            storage_state=None if anew or role is None else site.signed_in.get(role),
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "needmatch_language", "value": language, "url": site.url}])
        contexts.append(context)
        visitor = Visitor(context.new_page(), site.url)
        visitors.append(visitor)
        listen(visitor)
        if role is not None and (anew or role not in site.signed_in):
            sign_in(visitor.page, site, role)
            if not anew:
                site.signed_in[role] = context.storage_state()
        return visitor

    yield opened
    for context in contexts:
        context.close()
    assert [complaint for one in visitors for complaint in one.complaints] == []


def listen(visitor: Visitor) -> None:
    """Keep what the browser complains of at a visitor's page."""

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


@pytest.fixture(scope="session")
def world(site: Site, chromium: Chromium) -> World:
    """What there is to open: of each role's own, and of all."""
    with Asking(site, chromium) as ask:
        ask.be("industry")
        search = {"name": "Vests", "searched": "needs", "query_text": "ballistic vests"}
        shared = {"search_id": ask.post("saved-searches", search)["id"]}
        ask.be("analyst")
        clusters = ask.get("clusters?limit=50")["items"]
        shared["cluster_id"] = max(clusters, key=lambda one: len(one["need_ids"]))["id"]
        shared["before_id"], shared["after_id"] = (
            ask.post("cycles", {"name": name})["id"] for name in ("Spring", "Autumn")
        )
        ask.be("procurer")
        shared["candidate_id"] = ask.get("candidates?limit=1")["items"][0]["id"]
        offers = ask.get("solutions?limit=2")["items"]
        shared |= {"solution_id": offers[0]["id"], "other_solution_id": offers[1]["id"]}
        ask.be("administrator")
        shared["job_id"] = ask.post("exports", {"what": "needs"})["id"]
        for kind in ("organisation", "user"):
            shared[f"{kind}_id"] = ask.get(f"{kind}s?limit=1")["items"][0]["id"]
    return World(site.own, shared)


class Asking:
    """The interface as a signed-in browser asks it."""

    def __init__(self, site: Site, chromium: Chromium) -> None:
        self._site = site
        self._context = chromium.new_context()
        self._csrf = ""

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def be(self, role: str) -> None:
        """Sign in as somebody else."""
        self._context.clear_cookies()
        page = self._context.new_page()
        sign_in(page, self._site, role)
        page.close()
        self._csrf = self.get("me")["session"]["csrf"]

    def get(self, path: str) -> Any:
        """What is read; the first grouping is waited for."""
        return self._told(self._context.request.get(f"{self._site.url}/api/v1/{path}", timeout=150_000))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """What comes of a write."""
        headers = {"X-CSRF-Token": self._csrf}
        url = f"{self._site.url}/api/v1/{path}"
        return self._told(self._context.request.post(url, headers=headers, data=body, timeout=150_000))

    def _told(self, answer: APIResponse) -> Any:
        assert answer.ok, answer.text()
        return answer.json()


def sign_in(page: Page, site: Site, role: str) -> None:
    """Sign a browser in by the form."""
    address, password = site.people[role]
    page.goto(site.url + "/login")
    page.fill("#email", address)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(site.url + "/")
