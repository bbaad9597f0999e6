"""`database`, `backup` and `restore`: one command each, and nothing is overwritten by accident."""

import pytest

from service.store.database import open_database
from service.store.tables import OrganisationRow


@pytest.fixture
def migrated(needmatch, monkeypatch, tmp_path):
    """The command after the database was made in the data folder; it holds one organisation."""
    monkeypatch.delenv("NEEDMATCH_DATABASE", raising=False)
    made = needmatch("database", "up", "--json").json
    assert made["revision"] == made["applied"][-1]
    database = open_database(f"sqlite:///{tmp_path / 'data' / 'needmatch.db'}")
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Rathmore", kind="buyer"))
    database.close()
    return needmatch


def test_a_database_goes_into_a_file_and_back(migrated, tmp_path, postgres_url):
    """Into a new SQLite file, and into PostgreSQL."""
    ran = migrated("backup", "a.backup")
    assert ran.code == 0
    assert "saved to a.backup" in ran.out
    for url in (f"sqlite:///{tmp_path / 'new' / 'other.db'}", postgres_url):
        assert migrated("restore", "a.backup", "--database", url, "--json").json["rows"] == 1
        database = open_database(url)
        with database.read() as session:
            assert session.get(OrganisationRow, "o").name == "Rathmore"
        database.close()
        assert migrated("database", "check", "--database", url).code == 0


def test_nothing_is_overwritten_unless_it_is_forced(migrated, refuses):
    """Neither the file nor the database."""
    assert migrated("backup", "a.backup").code == 0
    assert "--force" in refuses(migrated("backup", "a.backup"))
    assert "not empty" in refuses(migrated("restore", "a.backup"))
    assert migrated("backup", "a.backup", "--force").code == 0
    assert migrated("restore", "a.backup", "--force").code == 0


def test_up_twice_has_nothing_to_do(migrated):
    """It says so."""
    assert "nothing to do" in migrated("database", "up").out


def test_going_back_has_to_be_meant(migrated, refuses):
    """It loses what earlier tables cannot hold."""
    assert "--force" in refuses(migrated("database", "down", "0001"))
    assert "at revision 0001" in migrated("database", "down", "0001", "--force").out
    assert "is not known" in refuses(migrated("database", "down", "x", "--force"))


def test_a_check_tells_what_is_wrong(migrated):
    """Sound ends with 0; what is not migrated ends with 1 and says what to run."""
    assert migrated("database", "check", "--json").json["sound"] is True
    migrated("database", "down", "0001", "--force")
    ran = migrated("database", "check")
    assert ran.code == 1
    assert "needmatch database up" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backup", "a.backup"), "no database at"),
        (("restore", "none.backup"), "none.backup cannot be used"),
        (("database", "check", "--database", "mysql://x/y"), "of no known kind"),
        (("database", "up", "--database", "nonsense"), "is no URL"),
    ],
)
def test_what_cannot_be_used_is_one_line(needmatch, refuses, monkeypatch, arguments, words):
    """No traceback, and no file is made."""
    monkeypatch.delenv("NEEDMATCH_DATABASE", raising=False)
    assert words in refuses(needmatch(*arguments))
