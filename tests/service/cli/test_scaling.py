"""`migrate` and `database vectors`, `shard`, `replica`, `promote`: from one machine to several."""

import re
import shlex
from pathlib import Path

import pytest

from service.projection.keeper import names
from service.store import records
from service.store.database import open_database
from service.store.records import SYSTEM, RecordDraft
from service.store.tables import OrganisationRow

NUMBER = 5
GUIDE = Path(__file__).parents[3] / "docs" / "scaling.md"


@pytest.fixture
def service(needmatch, monkeypatch, tmp_path):
    """The command after some needs were entered into a database in the data folder."""
    monkeypatch.delenv("NEEDMATCH_DATABASE", raising=False)
    needmatch("database", "up")
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'needmatch.db'}")
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Rathmore", kind="agency"))
        session.flush()
        for number in range(NUMBER):
            body = {"title": f"Flood pump {number}"}
            draft = RecordDraft(
                kind="need", organisation_id="o", body=body, status="open", visibility="public"
            )
            records.create(session, draft, SYSTEM)
    database.close()
    return needmatch


def test_a_service_moves_with_its_vectors(service, refuses, tmp_path, empty_postgres_url):
    """Rows are counted and compared, vectors made; a second move is refused, and nothing is made twice."""
    source = f"sqlite:///{tmp_path / 'data' / 'needmatch.db'}"
    moved = service("migrate", source, empty_postgres_url, "--vectors", "--json").json
    assert moved["tables"]["records"]["rows"] == NUMBER
    assert len(moved["tables"]["records"]["sha256"]) == 64
    assert moved["vectors"]["need_public"] == NUMBER
    assert "not empty" in refuses(service("migrate", source, empty_postgres_url))
    assert service("database", "check", "--database", empty_postgres_url).code == 0
    again = service("database", "vectors", "--database", empty_postgres_url, "--partitions", "2", "--again")
    assert "need_network_industry" in again.out
    assert all(len(line) <= 80 for line in again.lines)
    told = service("database", "vectors", "--database", empty_postgres_url, "--json").json
    assert set(told) == set(names())
    assert told["need_network"] == {"rows": NUMBER, "vectors": NUMBER}


def test_vectors_stay_out_of_sqlite(service, refuses):
    """The message says how to get to PostgreSQL."""
    assert "needmatch migrate" in refuses(service("database", "vectors"))
    assert "needmatch migrate" in refuses(service("database", "replica", "--to", "x://b", "--folder", "/r"))


def test_the_steps_of_a_replica_are_printed_in_order(service):
    """SQL with where it goes, lines for a shell, and the address that names both servers."""
    url = "postgresql://me:secret@one:5432/needs"
    asked = ["--to", "postgresql://two:5433", "--folder", "/srv/replica", "--database", url]
    said = service("database", "replica", *asked).out
    places = [said.index(word) for word in ("CREATE ROLE", "pg_basebackup", "pg_ctl", "remote_apply")]
    assert places == sorted(places)
    assert "host=one%3A5432&host=two%3A5433&target_session_attrs=read-write" in said
    steps = service("database", "replica", *asked, "--json").json
    assert [step["where"] for step in steps] == ["primary", "replica", "replica", "primary"]
    assert "promote" in service("database", "promote", "--folder", "/srv/replica").out


def test_a_partition_that_is_not_there_does_not_move(service, refuses, empty_postgres_url):
    """The message names those that are."""
    service("database", "vectors", "--database", empty_postgres_url)
    asked = [
        "shard",
        "need_public",
        "7",
        "--to",
        "postgresql://elsewhere/x",
        "--database",
        empty_postgres_url,
    ]
    assert "here are 0" in refuses(service("database", *asked))


def test_the_guide_names_commands_as_they_are(needmatch):
    """Each command that the guide shows exists, with every option it is shown with."""
    text = GUIDE.read_text(encoding="utf-8")
    shown = [line.strip() for line in text.splitlines() if line.startswith("    needmatch ")]
    shown += re.findall(r"`(needmatch [^`]*)`", text)
    assert len(shown) >= 8
    for line in shown:
        words = shlex.split(line)[1:]
        named = words[: 2 if words[0] == "database" else 1]
        ran = needmatch(*named, "--help")
        assert ran.code == 0, line
        for option in (word for word in words if word.startswith("--")):
            assert option in ran.out, f"{line}: {option}"
