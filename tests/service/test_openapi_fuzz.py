"""The service is asked everything that its own description allows, and much that it does not.

`NEEDMATCH_TEST_FUZZ` sets how many requests are made of each operation (50 for a long run).
"""

import os
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response
from pydantic import BaseModel

from service.app import create_app
from service.backend import open_backend
from service.settings import ServerSettings
from tests.service.fuzzing import Fuzzer, fuzzing

EXAMPLES = int(os.environ.get("NEEDMATCH_TEST_FUZZ", "8"))
ONLY = os.environ.get("NEEDMATCH_TEST_FUZZ_ONLY", "")
"""Part of the paths to ask, to look closer at one."""
OFTEN = 10**9


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzer]:
    """The whole service, after everything was asked of it."""
    folder = tmp_path_factory.mktemp("fuzz")
    settings = ServerSettings(
        model="hashing",
        cache=folder / "cache",
        data=folder / "data",
        requests_per_minute=OFTEN,
        anonymous_per_minute=OFTEN,
        logins_per_minute=OFTEN,
    )
    held = open_backend(settings)
    held.follower.folder = None
    held.start()
    try:
        with fuzzing(held, create_app(held)) as fuzzer:
            fuzzer.run(EXAMPLES, ONLY)
            yield fuzzer
    finally:
        held.stop()


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        ("fault", "no request is answered with 5xx"),
        ("undocumented", "status, type, headers and body are as documented"),
        ("accepted", "what the description forbids is refused"),
        ("formless", "every error is a problem detail"),
        ("admitted", "who is not let in by the description is not let in"),
    ],
)
def test_answers_keep_what_the_description_says(asked: Fuzzer, kind: str, law: str) -> None:
    """For every operation and everybody: nothing was found that speaks against it."""
    found = [str(one) for one in asked.findings.values() if one.kind == kind]
    assert not found, f"{law}, but {len(found)} times not:\n" + "\n".join(found)


def test_every_operation_was_asked_and_most_did_their_work(asked: Fuzzer) -> None:
    """No operation is left out, and most were once asked rightly by somebody who may."""
    whole = {
        f"{method.upper()} {path}"
        for path, item in asked.described["paths"].items()
        if ONLY in path
        for method in item
    }
    assert set(asked.statuses) == whole
    worked = {name for name, statuses in asked.statuses.items() if min(statuses) < 400}
    idle = [f"{name}: {dict(asked.statuses[name])}" for name in sorted(whole - worked)]
    assert len(worked) > 0.7 * len(whole), "\n".join(idle)


class Given(BaseModel):
    count: int


class Told(BaseModel):
    doubled: int


def broken() -> FastAPI:
    """An application that does each thing wrong that is looked for."""
    app = FastAPI()

    @app.get("/fails")
    def fails() -> Response:
        return Response("sorry", 500)

    @app.post("/lies", response_model=Told, openapi_extra={"x-roles": ["analyst"]})
    def lies(given: Given) -> Response:
        return Response('{"doubled": "many"}', media_type="application/json")

    @app.put(
        "/takes",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object", "required": ["count"]}}},
            }
        },
    )
    def takes() -> dict[str, str]:
        return {}

    return app


def test_each_fault_is_found() -> None:
    """Of an application that does everything wrong, everything is found."""
    app = broken()
    fuzzer = Fuzzer(app, app.openapi(), secrets=dict.fromkeys(("unvetted", *ROLES), "x"))
    fuzzer.run(20)
    found = {(one.kind, one.operation) for one in fuzzer.findings.values()}
    assert {
        ("fault", "GET /fails"),
        ("formless", "GET /fails"),
        ("undocumented", "POST /lies"),
        ("admitted", "POST /lies"),
        ("accepted", "PUT /takes"),
    } <= found


ROLES = ("procurer", "prescriber", "legal", "industry", "analyst", "national_contact", "administrator")
