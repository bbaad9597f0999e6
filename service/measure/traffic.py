"""Users who ask a running service, each for itself: what `service.measure.load` measures with."""

import http.client
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from matcher.records import Need

MIX: Mapping[str, float] = {
    "recommendations for a stored need": 0.35,
    "similar needs": 0.15,
    "reading a need or solution": 0.15,
    "search by a new text": 0.10,
    "candidates": 0.10,
    "writing a need": 0.07,
    "feedback": 0.05,
    "analytics": 0.03,
}
"""What is asked, and how often of all."""
RECOMMENDATIONS = next(iter(MIX))
API = "/api/v1"
THINK_S = 1.0
"""Mean of the exponential time between an answer and the next request of a user."""
WAITED_S = 90.0
IDLE_S = 10.0
"""After which a connection is opened anew: the service closes idle ones."""
ANALYSES = ("demand", "gaps")
PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and the needs of its organisation."""

    token: str
    need_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """What there is to ask for."""

    need_ids: tuple[str, ...]
    solution_ids: tuple[str, ...]
    texts: tuple[str, ...]
    """Nobody asked with these before."""
    needs: tuple[Need, ...]
    """Not entered yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when it began, how long it took, and what went wrong."""

    kind: str
    at: float
    """Seconds since the beginning."""
    seconds: float
    error: str = ""


@dataclass
class User:
    """Asks one thing after the other until the time is over."""

    person: Person
    world: World
    port: int
    seed: int
    think_s: float = THINK_S
    asked: list[Asked] = field(default_factory=list)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Id of a need to what it must say now."""
    _connection: http.client.HTTPConnection | None = None
    _used: float = 0.0
    _candidates: list[str] = field(default_factory=list)

    def use(self, began: float, over: Event) -> None:
        """Ask, think, ask, until `over`; times count from `began` (`time.perf_counter`)."""
        dice = random.Random(self.seed)
        texts, needs = list(self.world.texts), list(self.world.needs)
        dice.shuffle(texts)
        dice.shuffle(needs)
        while not over.wait(dice.expovariate(1 / self.think_s)):
            kind = dice.choices(tuple(MIX), tuple(MIX.values()))[0]
            started = time.perf_counter()
            try:
                error = self._ask(kind, dice, texts, needs)
            except (OSError, http.client.HTTPException, ValueError) as broken:
                error = f"{type(broken).__name__}: {broken}"
                self._close()
            self.asked.append(Asked(kind, started - began, time.perf_counter() - started, error))
        self._close()

    def check(self, port: int) -> list[str]:
        """What of all that was written is not there as it was written, in words; `port` is of a new start."""
        self.port = port
        wrong = []
        for need_id, said in self.written.items():
            status, found = self._send("GET", f"/needs/{need_id}")
            lost = {name: found.get(name) for name, value in said.items() if found.get(name) != value}
            if status != 200 or lost:
                wrong.append(f"{need_id}: {status}, {lost}")
        self._close()
        return wrong

    # -- inside -------------------------------------------------------------------------------

    def _ask(self, kind: str, dice: random.Random, texts: list[str], needs: list[Need]) -> str:
        need, solution = dice.choice(self.world.need_ids), dice.choice(self.world.solution_ids)
        match kind:
            case "similar needs":
                answer = self._send("GET", f"/needs/{need}/similar")
            case "reading a need or solution":
                answer = self._send("GET", dice.choice((f"/needs/{need}", f"/solutions/{solution}")))
            case "search by a new text":
                answer = self._send("POST", "/search/solutions", {"text": _next(texts, dice)})
            case "candidates":
                answer = self._candidate(dice)
            case "writing a need":
                return self._write(dice, needs)
            case "feedback":
                said = {"query_id": need, "document_id": solution, "verdict": "not_relevant", "rank_shown": 3}
                answer = self._send("POST", "/feedback", said)
            case "analytics":
                answer = self._send("GET", f"/analytics/{dice.choice(ANALYSES)}")
            case _:
                answer = self._send("GET", f"/needs/{need}/solutions")
        return _error(*answer)

    def _candidate(self, dice: random.Random) -> tuple[int, dict[str, Any]]:
        """The list and one of it in turn."""
        if self._candidates:
            answer = self._send("GET", f"/candidates/{self._candidates.pop()}")
            # it may have dissolved since the list was read
            return answer if answer[0] != 404 else (200, {})
        answer = self._send("GET", "/candidates")
        if items := answer[1].get("items"):
            self._candidates = [dice.choice(items)["id"]]
        return answer

    def _write(self, dice: random.Random, needs: list[Need]) -> str:
        """Enter a need, or say more of one's own."""
        own = [*self.person.need_ids, *self.written]
        if own and dice.random() < 0.5:
            need_id = dice.choice(own)
            known = self.written.get(need_id)
            version = known["version"] if known else self._send("GET", f"/needs/{need_id}")[1].get("version")
            said: dict[str, Any] = {"quantity": f"{dice.randint(1, 10_000)} sets"}
            answer = self._send("PATCH", f"/needs/{need_id}", said, {"If-Match": f'"{version}"'})
        else:
            fresh = _next(needs, dice)
            said = {"title": fresh.title, "description": fresh.description}
            answer = self._send("POST", "/needs", said | {"language": fresh.language, "cpv": list(fresh.cpv)})
        if error := _error(*answer):
            return error
        told = answer[1]
        self.written.setdefault(told["id"], {}).update(said | {"version": told["version"]})
        return ""

    def _send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        if time.perf_counter() - self._used > IDLE_S:
            self._close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAITED_S)
        sent = {"Authorization": f"Bearer {self.person.token}", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = PATCH if method == "PATCH" else "application/json"
        self._connection.request(method, API + path, None if body is None else json.dumps(body), sent)
        answer = self._connection.getresponse()
        content = answer.read()
        self._used = time.perf_counter()
        return answer.status, json.loads(content) if content else {}

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _next(waiting: list[Any], dice: random.Random) -> Any:
    return waiting.pop() if len(waiting) > 1 else dice.choice(waiting)


def _error(status: int, told: Mapping[str, Any]) -> str:
    if status < 300:
        return ""
    fields = "; ".join(f"{one['pointer']} {one['detail']}" for one in told.get("errors", ()))
    return f"{status} {told.get('detail', '')} {fields}".strip()[:300]
