"""`make screens`: opens the main pages on the sample in a browser, and keeps pictures of them in `docs`."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from matcher.errors import NeedmatchError
from service.handbook.scenes import SCENES, Scene
from service.rights.policy import Role
from service.sample import Account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

DOCS = Path(__file__).parents[2] / "docs"
SCREENS = DOCS / "screens"
INDEX = DOCS / "screens.md"
WIDE = {"width": 1200, "height": 780}
PHONE = {"width": 390, "height": 844}
MOST_BYTES = 80_000
"""Of one picture: its quality is lowered until it is no larger."""
QUALITIES = (86, 80, 72, 64, 56, 48, 40, 32, 26)
WAIT_MS = 180_000
"""The first grouping of a sample takes a while on a busy machine."""
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
READY = re.compile(r"needmatch is ready on (http://127\.0\.0\.1:\d+)")


class BrowserMissing(NeedmatchError):
    """There is nothing to open pages with."""


def write(only: Sequence[str] = ()) -> list[Path]:
    """Take all pictures, or those that are named, and write the index. Raises `BrowserMissing`."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        raise BrowserMissing(
            "pages are opened by playwright in Chromium: pip install -e '.[dev]', then make browser"
        )
    SCREENS.mkdir(exist_ok=True)
    wanted = [scene for scene in SCENES if not only or scene.name in only]
    made: list[Path] = []
    with TemporaryDirectory(prefix="needmatch-screens-") as folder:
        people = _filled(Path(folder))
        with _serving(Path(folder)) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
            taking = Taking(browser, url, people)
            for n, scene in enumerate(wanted, 1):
                path = taking.take(scene)
                made.append(path)
                print(
                    f"{n:2} of {len(wanted)}: {path.name}, {path.stat().st_size / 1000:.0f} kB",
                    file=sys.stderr,
                )
            browser.close()
    INDEX.write_text(index(), encoding="utf-8")
    return made


def index(scenes: Sequence[Scene] = SCENES) -> str:
    """The document that shows all pictures, with a sentence each."""
    parts = [
        "# What the pages look like",
        "The sample as `needmatch demo --serve` opens it, with invented users. `make screens` takes the"
        " pictures anew; nothing on them is drawn by hand.",
    ]
    for scene in scenes:
        parts.append(f"## {scene.title}\n\n{scene.said}\n\n![{scene.title}](screens/{scene.name}.jpg)")
    return "\n\n".join(parts) + "\n"


class Taking:
    """A browser at the sample, with a user for each role, and what there is to open."""

    def __init__(self, browser: "Browser", url: str, people: Mapping[Role, Account]) -> None:
        self._browser = browser
        self._url = url
        self._people = people
        self._cookies: dict[Role, Any] = {}
        self._known = self._prepare()

    def take(self, scene: Scene) -> Path:
        """Open a page and keep what it looks like; where."""
        context = self._context(scene)
        page = context.new_page()
        page.goto(self._url + scene.path.format(**self._known))
        if scene.act is not None:
            scene.act(page)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        if scene.at:
            page.locator(scene.at).first.evaluate("one => one.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(300)  # charts are drawn a moment after the page
        path = SCREENS / f"{scene.name}.jpg"
        for quality in QUALITIES:
            picture = page.screenshot(type="jpeg", quality=quality)
            if len(picture) <= MOST_BYTES:
                break
        path.write_bytes(picture)
        context.close()
        return path

    def _context(self, scene: Scene) -> "BrowserContext":
        context = self._browser.new_context(
            viewport=PHONE if scene.phone else WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if scene.dark else "light", reduced_motion="reduce",
            storage_state=self._signed_in(scene.role) if scene.role else None,
        )  # fmt: skip
        context.set_default_timeout(WAIT_MS)
        context.add_cookies(
            [
                {"name": "needmatch_language", "value": scene.language, "url": self._url},
                {"name": "needmatch_first", "value": "seen", "url": self._url},
            ]
        )
        return context

    def _signed_in(self, role: Role) -> Any:
        """The cookies of somebody of a role."""
        if role not in self._cookies:
            context = self._browser.new_context()
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            page.goto(f"{self._url}/login")
            page.fill("#email", self._people[role].email)
            page.fill("#password", self._people[role].password)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{self._url}/")
            self._cookies[role] = context.storage_state()
            context.close()
        return self._cookies[role]

    def _prepare(self) -> dict[str, str]:
        """What addresses are filled with; a saved search, two snapshots and an interest are made first."""
        with self._asking(Role.INDUSTRY) as ask:
            wanted = {"name": "Vests", "searched": "needs", "query_text": "ballistic vests"}
            search = ask("saved-searches", wanted)["id"]
        with self._asking(Role.ANALYST) as ask:
            before = ask("cycles", {"name": "Spring"})["id"]
            clusters = ask("clusters?limit=50")["items"]
            largest = max(clusters, key=lambda one: len(one["need_ids"]))["id"]
        with self._asking(Role.PROCURER) as ask:
            need = ask("needs?mine=true&status=open&limit=1")["items"][0]["id"]
            found = ask(f"needs/{need}/solutions?k=2")["items"]
            pair = [one["solution"]["id"] for one in found]
            far = ask(f"needs/{need}/solutions?k=40")["items"][-1]["solution"]["id"]
            candidates = ask("candidates?mine=true&limit=1")["items"] or ask("candidates?limit=1")["items"]
            candidate = candidates[0]["id"]
            ask(
                f"candidates/{candidate}/interest",
                {"kind": "participant", "conditions": "Delivery before summer"},
            )
        with self._asking(Role.ANALYST) as ask:
            one, other = [cluster["need_ids"] for cluster in clusters if len(cluster["need_ids"]) == 2][:2]
            merged = {"op": "merge", "need_ids": one + other, "why": "The same thing under two names"}
            ask("clusters/edits", merged)
            after = ask("cycles", {"name": "Autumn"})["id"]
        return {
            "need_id": need, "solution_id": pair[0], "other_id": pair[-1], "far_id": far,
            "candidate_id": candidate,
            "cluster_id": largest, "before_id": before, "after_id": after, "search_id": search,
        }  # fmt: skip

    @contextmanager
    def _asking(self, role: Role) -> Iterator[Any]:
        """The interface as somebody of a role: what is read, or with a body what comes of a write."""
        context = self._browser.new_context(storage_state=self._signed_in(role))

        def ask(path: str, body: dict[str, Any] | None = None) -> Any:
            url = f"{self._url}/api/v1/{path}"
            if body is None:
                answer = context.request.get(url, timeout=WAIT_MS)
            else:
                headers = {"X-CSRF-Token": ask("me")["session"]["csrf"]}
                answer = context.request.post(url, headers=headers, data=body, timeout=WAIT_MS)
            if not answer.ok:
                raise RuntimeError(f"{path} answers {answer.status}: {answer.text()}")
            return answer.json()

        yield ask
        context.close()


def _filled(folder: Path) -> dict[Role, Account]:
    """The sample in a database of its own; its users by role."""
    from service import sample
    from service.settings import ServerSettings
    from service.store.database import open_database

    database = open_database(ServerSettings(data=folder, database="").database_url)
    try:
        return {one.role: one for one in sample.fill(database)}
    finally:
        database.close()


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """A service on a folder, until it is needed no more; its address."""
    environment = os.environ | {"NEEDMATCH_REQUESTS_PER_MINUTE": "100000"}
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--data", str(folder)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        found = READY.match(process.stdout.readline())
        if found is None:
            raise RuntimeError((folder / "log").read_text()[-3000:])
        yield found[1]
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def main() -> None:
    """All pictures, or those whose names are given."""
    try:
        made = write(sys.argv[1:])
    except BrowserMissing as missing:
        raise SystemExit(str(missing)) from None
    size = sum(path.stat().st_size for path in made)
    print(f"wrote {len(made)} pictures, {size / 1e6:.1f} MB, and {INDEX.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
