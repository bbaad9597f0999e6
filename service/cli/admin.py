"""`admin`: organisations, users and tokens of the service, without questions, so that scripts can use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import options, screen

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.tables import OrganisationRow, UserRow

app = typer.Typer(
    help="Set up organisations, users and tokens of the service; the first administrator is made here.",
    no_args_is_help=True,
)
Email = Annotated[str, typer.Option(help="E-mail address, by which users are told apart.")]
ExistOk = Annotated[bool, typer.Option("--exist-ok", help="Take what is there already, instead of failing.")]
ByStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin/--no-password",
        help="Read the password from standard input, one line; without one, the user comes in by token or "
        "OpenID provider.",
    ),
]


@app.command()
def organisation(
    name: Annotated[str, typer.Option(help="Official name.")],
    kind: Annotated[str, typer.Option(help="contracting_authority, cpb, ministry, supplier, research, ...")],
    country: Annotated[str | None, typer.Option(help="ISO alpha-2; none for bodies of no country.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Its id \\[default: a random one].")] = None,
    vetted: Annotated[bool, typer.Option(help="You vouch for it; otherwise it waits to be vetted.")] = True,
    exist_ok: ExistOk = False,
    data: options.Data = None,
    database: options.DatabaseUrl = None,
    as_json: options.Json = False,
) -> None:
    """Make an organisation, and print its id."""
    from service.network import OrganisationEntry, ensure_organisation

    with _refusals():
        entry = OrganisationEntry.model_validate(
            {"name": name, "kind": kind, "country": country, "id": id_, "vetted": vetted}
        )
        with _writing(data, database) as session:
            row, made = ensure_organisation(session, entry, exist_ok=exist_ok)
            shown = _organisation(row) | {"made": made}
    _show(shown, "id", as_json=as_json)


@app.command()
def user(
    organisation: Annotated[str, typer.Option(help="Id or name of the organisation.")],
    email: Email,
    role: Annotated[
        str,
        typer.Option(help="procurer, prescriber, legal, industry, analyst, national_contact, administrator."),
    ],
    name: Annotated[str, typer.Option(help="Name of the person.")] = "",
    locale: Annotated[str, typer.Option(help="Language, ISO 639-1.")] = "en",
    password_stdin: ByStdin = False,
    exist_ok: ExistOk = False,
    data: options.Data = None,
    database: options.DatabaseUrl = None,
    as_json: options.Json = False,
) -> None:
    """Make a user, and print its id."""
    from service.network import UserEntry, ensure_user, organisation_of

    with _refusals():
        entry = UserEntry.model_validate(
            {
                "email": email,
                "role": role,
                "name": name,
                "locale": locale,
                "password": _password() if password_stdin else None,
            }
        )
        kept = entry.password_hash()
        with _writing(data, database) as session:
            owner = organisation_of(session, organisation)
            row, made = ensure_user(session, owner, entry, kept, exist_ok=exist_ok)
            shown = _user(row) | {"made": made}
    _show(shown, "id", as_json=as_json)


@app.command()
def token(
    email: Email,
    scopes: Annotated[str, typer.Option(help="read, write, admin; comma-separated.")] = "read,write",
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days it is valid \\[default: without end].")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    exist_ok: Annotated[
        bool, typer.Option("--exist-ok", help="Revoke a token of this name, and make another.")
    ] = False,
    data: options.Data = None,
    database: options.DatabaseUrl = None,
    as_json: options.Json = False,
) -> None:
    """Make a token, and print it alone: it is not to be had again."""
    from service.network import TokenEntry, issue, user_of

    with _refusals():
        entry = TokenEntry.model_validate(
            {
                "name": name,
                "scopes": [scope.strip() for scope in scopes.split(",") if scope.strip()],
                "expires_days": expires_days,
            }
        )
        with _writing(data, database) as session:
            row, secret = issue(session, user_of(session, email), entry, exist_ok=exist_ok)
            shown = {
                "id": row.id,
                "email": row.user.email,
                "name": row.name,
                "scopes": row.scopes,
                "expires_at": row.expires_at.isoformat() if row.expires_at else None,
                "token": secret,
            }
    _show(shown, "token", as_json=as_json)


@app.command()
def network(
    file: Annotated[Path, typer.Argument(help="JSON: organisations, with their users, with their tokens.")],
    exist_ok: Annotated[
        bool,
        typer.Option("--exist-ok", help="Take what is there; tokens of the same name are made anew."),
    ] = False,
    data: options.Data = None,
    database: options.DatabaseUrl = None,
) -> None:
    """Make organisations, users and tokens of a file, all or none, and print ids and tokens as JSON.

    {"organisations": [{"name": "Civil Rescue", "kind": "contracting_authority", "country": "MT",
    "users": [{"email": "ana@rescue.example", "role": "procurer", "tokens": [{"scopes": ["read"]}]}]}]}

    A user without "tokens" gets one for reading and writing; an administrator's may administer, too.
    """
    from service.network import Network, set_up

    with _refusals():
        plan = Network.read(file)
        kept = plan.password_hashes()
        with _writing(data, database) as session:
            made = set_up(session, plan, kept, exist_ok=exist_ok)
    screen.print_json(made)


@app.command("list")
def list_(
    data: options.Data = None, database: options.DatabaseUrl = None, as_json: options.Json = False
) -> None:
    """List organisations and their users."""
    from sqlalchemy import select

    from service.store.tables import OrganisationRow, UserRow

    with _writing(data, database) as session:
        rows = session.scalars(select(OrganisationRow).order_by(OrganisationRow.name, OrganisationRow.id))
        organisations = [_organisation(row) for row in rows]
        users = [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.email))]
    if as_json:
        screen.print_json({"organisations": organisations, "users": users})
        return
    console = screen.console()
    for found in organisations:
        place = found["country"] or "no country"
        told = f"{found['id']}  {found['name']}  ({place}; {found['kind']}; {found['vetting']})"
        console.print(told, markup=False, soft_wrap=True)
        for person in users:
            if person["organisation_id"] == found["id"]:
                state = "" if person["active"] else "; deactivated"
                told = f"    {person['id']}  {person['email']}  ({person['role']}{state})"
                console.print(told, markup=False, soft_wrap=True)


@app.command("disable-user")
def disable_user(
    email: Email,
    data: options.Data = None,
    database: options.DatabaseUrl = None,
    as_json: options.Json = False,
) -> None:
    """Deactivate a user: its sessions end, its tokens are revoked."""
    from service.network import user_of
    from service.security import accounts
    from service.store.tables import now

    with _refusals(), _writing(data, database) as session:
        row = user_of(session, email)
        if row.active:
            accounts.change_user(session, accounts.OPERATOR, row, {"active": False}, now())
        shown = _user(row)
    _show(shown, "id", as_json=as_json)


@app.command()
def password(
    email: Email,
    password_stdin: ByStdin = False,
    data: options.Data = None,
    database: options.DatabaseUrl = None,
    as_json: options.Json = False,
) -> None:
    """Give a user another password, or none; locks are lifted and sessions end."""
    from service.network import user_of
    from service.security import accounts
    from service.store.tables import now

    with _refusals():
        kept = accounts.hashed(_password(), email) if password_stdin else None
        with _writing(data, database) as session:
            row = user_of(session, email)
            accounts.set_password(session, accounts.OPERATOR, row, kept, now())
            shown = _user(row)
    _show(shown, "id", as_json=as_json)


@contextmanager
def _writing(data: Path | None, url: str | None) -> Iterator["Session"]:
    """A transaction on the database of the settings, brought up to date first."""
    from service.store import migrate
    from service.store.database import open_database

    settings = options.server_settings(data=data, database=url)
    settings.data.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    try:
        migrate.up(database)
        with database.write() as session:
            yield session
    finally:
        database.close()


@contextmanager
def _refusals() -> Iterator[None]:
    """What the service refuses, as one line of the command."""
    from pydantic import ValidationError

    from matcher.errors import SettingInvalid
    from service.problems import Problem

    try:
        yield
    except Problem as problem:
        told = "; ".join(f"{error.pointer.lstrip('/')}: {error.detail}" for error in problem.errors)
        raise SettingInvalid(told or problem.detail) from problem
    except ValidationError as error:
        # without the values: one may be a password
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise SettingInvalid(told) from error


def _password() -> str:
    import sys

    return sys.stdin.readline().rstrip("\r\n")


def _show(shown: dict[str, Any], alone: str, *, as_json: bool) -> None:
    if as_json:
        screen.print_json(shown)
    else:
        typer.echo(shown[alone])


def _organisation(row: "OrganisationRow") -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "country": row.country,
        "vetting": row.vetting,
    }


def _user(row: "UserRow") -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "role": row.role,
        "organisation_id": row.organisation_id,
        "active": row.active,
        "has_password": row.password_hash is not None,
    }
