"""A service with vectors in the database answers as one with vectors in memory, also after a restart."""

from pathlib import Path
from typing import Any

import pytest

from matcher.errors import SettingInvalid
from matcher.records import Need, Solution, Visibility
from service.backend import open_backend
from service.settings import ServerSettings
from tests.house import House, opened

RECORDS = [
    (
        "ana",
        Need(id="N1", title="Flood pump for cellars", description="Diesel, 2000 litres a minute."),
        "network",
    ),
    ("eero", Need(id="N2", title="Pump against floods", description="For cellars, electric."), "public"),
    ("lina", Need(id="N3", title="Ballistic vest", description="For dog handlers, class four."), "private"),
    ("ivo", Solution(id="S1", name="Cellar pump", description="Pumps out floods, diesel drive."), "public"),
    ("ivo", Solution(id="S2", name="Vest for handlers", description="Ballistic, class four."), "network"),
    ("nils", Solution(id="S3", name="Patrol boat", description="Fast, with radar."), "private"),
]
ASKED = [
    ("ana", "/needs/N1/solutions"),
    ("ana", "/needs/N1/similar"),
    ("eero", "/needs/N2/solutions"),
    ("lina", "/needs/N3/solutions"),
    ("ivo", "/solutions/S1/needs"),
]


def filled(house: House) -> House:
    """With needs and solutions that different people see."""
    for who, record, visibility in RECORDS:
        house.enter(who, record, visibility=Visibility(visibility).value)
    return house


def answers(house: House) -> dict[str, Any]:
    """Ids in order, with levels and rounded scores, of all that is asked."""
    found = {}
    for who, path in ASKED:
        items = house.get(who, path)["items"]
        found[path] = [(_id(one), one.get("level")) for one in items]
    return found


def _id(item: dict[str, Any]) -> str:
    """The id of what was found, whatever it is called."""
    for name in ("solution", "need", "record"):
        if isinstance(item.get(name), dict):
            return str(item[name]["id"])
    return str(item["id"])


def test_answers_do_not_depend_on_where_vectors_are(tmp_path: Path, postgres_url: str) -> None:
    """The same records in the same order for everybody; a restart finds its vectors, and writes follow."""
    (tmp_path / "memory").mkdir()
    (tmp_path / "shared").mkdir()
    with opened(tmp_path / "memory") as house:
        expected = answers(filled(house))
    assert any(expected.values())
    with opened(tmp_path / "shared", database=postgres_url, vectors="postgresql") as house:
        assert answers(filled(house)) == expected
        assert house.held.keeper is not None
        assert house.held.keeper.missing() == []
        house.held.follower.folder = tmp_path / "shared" / "index"
        house.held.follower.save()
        settings = house.held.settings
    again = open_backend(settings)
    again.start()
    try:
        assert again.keeper is not None
        assert again.keeper.counts()["solution_public"] == (1, 1)
        assert again.catalogue.get("S1") is not None
    finally:
        again.stop()


def test_sqlite_with_vectors_in_the_database_is_refused(tmp_path: Path) -> None:
    """The message names the setting and the way."""
    settings = ServerSettings(
        model="hashing", data=tmp_path, cache=tmp_path, vectors="postgresql", _env_file=None
    )
    with pytest.raises(SettingInvalid, match=r"NEEDMATCH_VECTORS.*\n?.*needmatch migrate"):
        open_backend(settings)
