"""An index on disk that is broken, or of another version of the code: the database is the truth."""

import json
from pathlib import Path

import pytest

from tests.running import Service
from tests.service.test_kill_http import send

TITLES = ("Floating fire pump", "Thermal camera", "Ballistic vest", "Inflatable tent")


@pytest.fixture
def stopped(serving) -> tuple[Service, str, dict[str, str]]:
    """A service that has stopped in peace, with a token and its needs by id."""
    service = serving()
    token = service.people()["ana@rescue.example"]
    ids = {send(service, token, "POST", "/needs", {"title": title})[1]["id"]: title for title in TITLES}
    assert service.stop() == 0
    return service, token, ids


def files(service: Service, ending: str) -> list[Path]:
    """Files of the index."""
    found = sorted((service.folder / "data" / "index").rglob(f"*{ending}"))
    assert found
    return found


def answers(service: Service, token: str, ids: dict[str, str]) -> None:
    """Every need is the first that is found by its own title."""
    for id_, title in ids.items():
        status, found = send(service, token, "POST", "/search/needs", {"text": title, "k": 4})
        assert status == 200
        assert found["items"][0]["need"]["id"] == id_


@pytest.mark.parametrize("damage", ["truncated", "emptied", "altered", "gone"])
@pytest.mark.parametrize("ending", ["records.json", ".npz", "manifest.json", "CURRENT", "applied.json"])
def test_a_broken_index_is_made_again(stopped, ending: str, damage: str) -> None:
    """Whatever file of it is broken."""
    service, token, ids = stopped
    for file in files(service, ending):
        content = file.read_bytes()
        match damage:
            case "truncated":
                file.write_bytes(content[: len(content) // 2])
            case "emptied":
                file.write_bytes(b"")
            case "altered":
                file.write_bytes(bytes(byte ^ 1 for byte in content))
            case _:
                file.unlink()
    service.start()
    answers(service, token, ids)


@pytest.mark.parametrize("number", [1, 3, 999])
def test_an_index_of_another_version_is_read_or_made_again(stopped, number: int) -> None:
    """Older than this code, as old as it can read, and newer."""
    service, token, ids = stopped
    for manifest in files(service, "manifest.json"):
        stored = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.write_text(json.dumps(stored | {"format": number}), encoding="utf-8")
    service.start()
    answers(service, token, ids)


def test_a_database_of_newer_code_is_left_alone(stopped) -> None:
    """The service says so, and changes nothing."""
    import sqlite3

    service, _, _ = stopped
    file = service.folder / "data" / "needmatch.db"
    with sqlite3.connect(file) as database:
        known = database.execute("SELECT version_num FROM alembic_version").fetchall()
        database.execute("UPDATE alembic_version SET version_num = '9999_later'")
    with pytest.raises(AssertionError, match=r"9999_later|newer"):
        service.start()
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999_later",)]
        assert known != [("9999_later",)]
