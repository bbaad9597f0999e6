"""Ten thousand requests, and the memory after them."""

import os
from collections import Counter

from service.measure.load import resident_gb
from tests.running import Service
from tests.service.test_kill_http import send

REQUESTS = int(os.environ.get("NEEDMATCH_TEST_REQUESTS", "10000"))
WARM = 0.2
"""Share of them before memory is first looked at: what is remembered has a bound, and has to reach it."""
GROWN = 1.05
"""How much of what it was the memory may be at the end."""


def ask(service: Service, token: str, ids: list[str], at: int) -> tuple[str, int]:
    """One of what users ask, in turn."""
    id_ = ids[at % len(ids)]
    kinds = (
        ("GET", f"/needs/{id_}", None),
        ("GET", f"/needs/{id_}/recommendations", None),
        ("POST", "/search/needs", {"text": f"pump that floats {at % 500}", "k": 5}),
        ("GET", "/needs?limit=20", None),
        ("GET", f"/needs/{id_}/similar", None),
        ("GET", "/candidates", None),
        ("GET", "/needs/nobody-knows-this", None),
    )
    method, path, body = kinds[at % len(kinds)]
    return f"{method} {path.partition('?')[0]}".replace(id_, "ID"), send(service, token, method, path, body)[
        0
    ]


def test_memory_stays_as_it_is(serving) -> None:
    """And no request meets with an error of the service."""
    service = serving()
    token = service.people()["ana@rescue.example"]
    ids = [
        send(service, token, "POST", "/needs", {"title": f"Pump {i}", "description": "It floats."})[1]["id"]
        for i in range(40)
    ]
    statuses: Counter[tuple[str, int]] = Counter()
    sizes: list[float] = []
    for at in range(REQUESTS):
        statuses[ask(service, token, ids, at)] += 1
        if at >= WARM * REQUESTS and at % (REQUESTS // 20) == 0:
            assert service.process is not None
            sizes.append(resident_gb(service.process.pid) or 0.0)
    assert {status for _, status in statuses} <= {200, 404}, statuses
    print("GB:", sizes)
    assert max(sizes[-3:]) <= GROWN * sizes[0], sizes
