"""Migrations: up and down on both databases, and the tables are those that the code works with."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from service.store import migrate
from service.store.database import Database, open_database
from service.store.errors import StoreIncompatible
from service.store.tables import AuditRow, OrganisationRow, UserRow


def test_after_all_migrations_the_tables_are_those_of_the_code(empty_url):
    """Nothing is left to generate, and nothing is pending."""
    with closing(open_database(empty_url)) as database:
        assert migrate.current(database) is None
        assert migrate.pending(database) == migrate.up(database)
        assert migrate.differences(database) == []
        assert migrate.pending(database) == []
        assert migrate.current(database) == migrate.head()
        assert migrate.up(database) == []


def test_a_table_that_differs_is_told(database):
    """The comparison can fail: a column too many is seen."""
    with migrate.changing(database) as connection:
        connection.execute(text("ALTER TABLE users ADD COLUMN shoe_size INTEGER"))
    assert "shoe_size" in str(migrate.differences(database))


def test_all_the_way_down_and_up_again(database):
    """After `base` no table is left but Alembic's own; then everything is there again."""
    done = migrate.down(database, "base")
    assert migrate.current(database) is None
    assert migrate.down(database, "base") == []
    with database.read() as session:
        assert sa.inspect(session.connection()).get_table_names() == ["alembic_version"]
    assert migrate.up(database) == done[::-1]
    assert migrate.differences(database) == []


def test_rows_are_kept_where_their_tables_stay(database):
    """One step down and up again loses no row."""
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Rathmore Fire Service", kind="buyer"))
        session.add(AuditRow(action="kept"))
    assert migrate.down(database, "0001") == ["0004", "0003", "0002"]
    assert migrate.up(database) == ["0002", "0003", "0004"]
    with database.read() as session:
        assert session.get(OrganisationRow, "o").name == "Rathmore Fire Service"
        assert session.scalars(select(AuditRow.action)).all() == ["kept"]


def test_a_table_made_anew_keeps_the_rows_that_point_to_it(database):
    """Changing a column copies the table on SQLite; nothing that refers to it is deleted with the old one."""
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="O", kind="buyer"))
        session.flush()
        session.add(UserRow(id="u", organisation_id="o", email="u@example.org", role="procurer"))
    with migrate.changing(database) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("organisations", recreate="auto") as batch:
            batch.alter_column("name", existing_type=sa.String(300), type_=sa.String(400))
    with database.read() as session:
        assert session.get(UserRow, "u").organisation.name == "O"
        if database.sqlite:
            assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_migration_that_fails_leaves_everything_as_it_was(database):
    """Tables that were changed before the failure are as before."""

    def fail():
        with migrate.changing(database) as connection:
            connection.execute(text("DROP TABLE cycles"))
            connection.execute(text("DROP TABLE no_such_table"))

    with pytest.raises(DBAPIError):
        fail()
    assert migrate.differences(database) == []


def test_rows_that_would_point_to_nothing_stop_a_migration(sqlite_url):
    """Foreign keys rest during a migration on SQLite, and are checked before it counts."""
    with closing(open_database(sqlite_url)) as database:
        with pytest.raises(StoreIncompatible, match="users"), migrate.changing(database) as connection:
            connection.execute(
                sa.insert(UserRow.__table__).values(
                    id="u", organisation_id="none", email="u@example.org", role="procurer", name="",
                    active=True, failures=0, locale="en", version=1,
                )
            )  # fmt: skip
        with database.read() as session:
            assert session.get(UserRow, "u") is None


def test_a_database_of_a_newer_version_is_refused(database):
    """The message names the revision and what to do."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (migrate.pending, migrate.up):
        with pytest.raises(StoreIncompatible, match=r"'9999' is not known.*newer needmatch"):
            ask(database)


def applied(url: str) -> int:
    """In a process of its own: how many revisions it applied."""
    with closing(open_database(url)) as database:
        return len(migrate.up(database))


def test_processes_that_start_at_once_migrate_once(empty_url):
    """One applies all revisions, the others wait and find nothing to do."""
    with ProcessPoolExecutor(4, multiprocessing.get_context("fork")) as pool:
        done = list(pool.map(applied, [empty_url] * 4))
    with closing(open_database(empty_url)) as database:
        everything = len(migrate._between(None, migrate.head()))
        assert sorted(done) == [0, 0, 0, everything]
        assert migrate.differences(database) == []


def test_reading_is_of_one_state(database: Database, database_url):
    """What is committed while a reader reads is not seen by it."""
    with database.read() as session, closing(open_database(database_url)) as other:
        assert session.scalars(select(OrganisationRow)).all() == []
        with other.write() as writer:
            writer.add(OrganisationRow(name="O", kind="buyer"))
        assert session.scalars(select(OrganisationRow)).all() == []
    with database.read() as session:
        assert len(session.scalars(select(OrganisationRow)).all()) == 1
