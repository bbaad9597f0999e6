"""One connection to a service: its token, tags of what was read, and another try where that is safe."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx

from service.client.problem import ProblemAnswer

API = "/api/v1"
TRIES = 5
LONGEST_S = 30.0
"""Longest time that is waited before another try."""
AGAIN = frozenset({"in-progress", "too-many", "busy", "not-ready"})
"""Problems that pass by themselves."""


class Connection:
    """Sends requests, raises `ProblemAnswer`, and asks again after 429, 503 and broken connections.

    A `POST` carries an `Idempotency-Key`, the same for each try, so that nothing is done twice.
    """

    def __init__(
        self,
        url: str = "",
        token: str | None = None,
        *,
        timeout: float = 60.0,
        tries: int = TRIES,
        http: Any = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http: Any = http if http is not None else httpx.Client(base_url=url, timeout=timeout)
        self._token = token
        self._tries = tries
        self._wait = wait
        self._tags: dict[str, str] = {}

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON value under a path."""
        return self._value(path, self.send("GET", path, params=params))

    def post(self, path: str, body: Any = None, *, of: str | None = None, **params: Any) -> Any:
        """What a write answers. `of` is the resource whose version it changes, where that matters."""
        headers = {"If-Match": self._tags[of]} if of in self._tags else {}
        answer = self.send("POST", path, params=params, json=body, headers=headers)
        return self._value(of or answer.headers.get("location", "").removeprefix(API) or path, answer)

    def put(self, path: str, body: Any = None, **params: Any) -> Any:
        """Replace what is under a path, as of the version that was read."""
        return self._value(path, self.send("PUT", path, params=params, json=body, headers=self._known(path)))

    def patch(self, path: str, body: Any, *, of: str | None = None, **params: Any) -> Any:
        """Change what is under a path, as of the version that was read."""
        of = of or path
        return self._value(of, self.send("PATCH", path, params=params, json=body, headers=self._known(of)))

    def delete(self, path: str, **params: Any) -> None:
        """Remove what is under a path, as of the version that was read."""
        self.send("DELETE", path, params=params, headers=self._known(path))
        self._tags.pop(path, None)

    def pages(self, path: str, **params: Any) -> Iterator[Any]:
        """All items of a list, part by part as they are asked for."""
        cursor: str | None = None
        while True:
            part = self.get(path, cursor=cursor, **params)
            yield from part["items"]
            cursor = part["next"]
            if cursor is None:
                return

    def tag(self, path: str) -> str | None:
        """The version that was last seen of what is under a path."""
        return self._tags.get(path)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer to a request under `/api/v1`. Raises `ProblemAnswer`, or what httpx raises."""
        whole = dict(headers or {})
        if self._token:
            whole["Authorization"] = f"Bearer {self._token}"
        if method == "POST":
            whole.setdefault("Idempotency-Key", str(uuid4()))
        given: dict[str, Any] = {"headers": whole}
        if params:
            given["params"] = {key: value for key, value in params.items() if value is not None}
        given |= {
            key: value
            for key, value in (("json", json), ("content", content), ("files", files))
            if value is not None
        }
        url = path if path.startswith(("http:", "https:", API, "/health", "/metrics")) else API + path
        for left in range(self._tries - 1, -1, -1):
            try:
                answer = self._http.request(method, url, **given)
            except httpx.TransportError:
                if not left:
                    raise
                self._wait(_pause(self._tries - left))
                continue
            if answer.status_code < 400:
                return answer
            problem = _problem(answer)
            if not left or problem.slug not in AGAIN:
                raise problem
            self._wait(_pause(self._tries - left, problem.headers.get("retry-after")))
        raise AssertionError("a service is tried at least once")

    def _known(self, path: str) -> dict[str, str]:
        if path not in self._tags:
            return {}
        return {"If-Match": self._tags[path]}

    def _value(self, path: str, answer: Any) -> Any:
        if "etag" in answer.headers:
            self._tags[path] = answer.headers["etag"]
        return answer.json() if answer.content else None


def _pause(tried: int, asked: str | None = None) -> float:
    if asked is not None and asked.isdigit():
        return min(float(asked), LONGEST_S)
    return min(0.2 * 2.0**tried, LONGEST_S)


def _problem(answer: Any) -> ProblemAnswer:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    return ProblemAnswer(answer.status_code, body if isinstance(body, dict) else {}, dict(answer.headers))
