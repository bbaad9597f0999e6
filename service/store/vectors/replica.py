"""A second server that follows the first and takes over from it: the steps, as commands for its operator.

Streaming replication is PostgreSQL's own. With `remote_apply` a commit is acknowledged once the replica has
it and shows it: then no acknowledged write is lost when the first server is.
"""

import shlex
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy.engine import URL

SLOT = "needmatch_replica"
ROLE = "needmatch_replica"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and where: SQL statements for a server, or a line for a shell."""

    title: str
    where: str
    sql: tuple[str, ...] = ()
    shell: str = ""


def steps(primary: URL, replica: URL, folder: str, password: str) -> list[Step]:
    """How `replica` comes to follow `primary`, with its files in `folder`, and how it takes over."""
    host, port = primary.host or "127.0.0.1", primary.port or 5432
    source = f"host={host} port={port} user={ROLE} application_name={SLOT}"
    role, secret = sql.Identifier(ROLE), sql.Literal(password)
    return [
        Step(
            "Let the replica in",
            "primary",
            sql=(
                sql.SQL("CREATE ROLE {} WITH REPLICATION LOGIN PASSWORD {}")
                .format(role, secret)
                .as_string(None),
                f"SELECT pg_create_physical_replication_slot('{SLOT}')",
            ),
        ),
        Step(
            "Copy the primary; the copy knows whom it follows",
            "replica",
            shell=f"PGPASSWORD={shlex.quote(password)} pg_basebackup --pgdata={shlex.quote(folder)} "
            f"--dbname={shlex.quote(source)} --slot={SLOT} --write-recovery-conf --checkpoint=fast",
        ),
        Step(
            "Start it",
            "replica",
            shell=f"pg_ctl --pgdata={shlex.quote(folder)} --wait --log={shlex.quote(folder + '.log')} "
            f"--options={shlex.quote(f'-p {replica.port or 5432}')} start",
        ),
        Step(
            "Acknowledge a write once the replica has it: only when the replica follows, or writes wait",
            "primary",
            sql=(
                f"ALTER SYSTEM SET synchronous_standby_names = '{SLOT}'",
                "ALTER SYSTEM SET synchronous_commit = 'remote_apply'",
                "SELECT pg_reload_conf()",
            ),
        ),
    ]


def promotion(folder: str) -> list[Step]:
    """How a replica takes over when the primary is gone. The old one must not come back as a primary."""
    return [
        Step(
            "Take over",
            "replica",
            shell=f"pg_ctl --pgdata={shlex.quote(folder)} --wait promote",
        ),
        Step(
            "Wait for no replica until there is one again",
            "replica",
            sql=("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"),
        ),
    ]


def service_url(primary: URL, replica: URL) -> str:
    """The address for `NEEDMATCH_DATABASE`: whichever of the two takes writes.

    >>> from sqlalchemy.engine import make_url
    >>> one, other = make_url("postgresql://me@a:5432/needs"), make_url("postgresql://me@b:5433/needs")
    >>> service_url(one, other)
    'postgresql://me@/needs?host=a%3A5432&host=b%3A5433&target_session_attrs=read-write'
    """
    hosts = [f"{each.host or '127.0.0.1'}:{each.port or 5432}" for each in (primary, replica)]
    url = URL.create(
        primary.drivername,
        primary.username,
        primary.password,
        database=primary.database,
        query={**primary.query, "host": hosts, "target_session_attrs": "read-write"},
    )
    return url.render_as_string(hide_password=False)
