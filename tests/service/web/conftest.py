"""Somebody with a browser: a session's cookie, forms with their secret, pages that are looked through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from lxml import html

from service.security import identify, sessions
from service.store.tables import UserRow
from tests.house import House, opened


@dataclass
class Browser:
    """The browser of one user, or of nobody; it follows no redirect by itself."""

    house: House
    cookie: str = ""
    csrf: str = ""
    language: str = "en"

    def get(self, path: str, status: int = 200, *, partly: bool = False, **query: Any) -> html.HtmlElement:
        """A page that is opened; `partly` as a script asks for it."""
        found = self.ask("GET", path, params=query, headers={"HX-Request": "true"} if partly else {})
        assert found.status_code == status, found.text
        return html.fromstring(found.text)

    def send(self, path: str, fields: dict[str, Any] | None = None, status: int = 303) -> Response:
        """A form that is sent, with its secret."""
        found = self.ask("POST", path, data={"csrf": self.csrf, **(fields or {})})
        assert found.status_code == status, found.text
        return found

    def ask(self, method: str, path: str, **rest: Any) -> Response:
        """A request of this browser."""
        kept = [f"needmatch_language={self.language}"]
        if self.cookie:
            kept.append(f"{sessions.COOKIE}={self.cookie}")
        headers = {"Cookie": "; ".join(kept), "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        headers |= rest.pop("headers", {})
        client = self.house.client
        found: Response = client.request(method, path, headers=headers, follow_redirects=False, **rest)
        client.cookies.clear()
        return found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with a network of organisations."""
    folder: Path = tmp_path_factory.mktemp("web")
    with opened(folder) as found:
        yield found


@pytest.fixture
def browser(house: House) -> Callable[[str | None], Browser]:
    """Makes the browser of a user of the house, signed in."""

    def made(who: str | None, language: str = "en") -> Browser:
        if who is None:
            return Browser(house, language=language)
        held = house.held
        with held.database.write() as session:
            user = session.get_one(UserRow, who)
            started = sessions.start(session, user, held.settings, held.clock())
        identify.forget(held.database)
        return Browser(house, started.cookie, started.csrf, language)

    return made
