"""A whole network of organisations, users and tokens, as an operator sets it up from a file."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.errors import FileUnreadable
from service.problems import Problem, conflict, invalid
from service.rights.policy import Role, Scope
from service.schemas.accounts import Address, PersonName
from service.schemas.forms import Model
from service.schemas.organisations import Language, OrganisationIn
from service.security import accounts, tokens
from service.security.accounts import OPERATOR
from service.security.signin import of_email
from service.store import audit
from service.store.tables import OrganisationRow, TokenRow, UserRow, now


class TokenEntry(Model):
    """A token that is wanted."""

    name: PersonName = Field(default="network", min_length=1)
    scopes: list[Scope] = Field(default_factory=lambda: [Scope.READ, Scope.WRITE], min_length=1)
    expires_days: Annotated[int, Field(ge=1, le=3_650)] | None = None


class UserEntry(Model):
    """A user that is wanted, with its tokens."""

    email: Address
    role: Role
    name: PersonName = ""
    locale: Language = "en"
    password: SecretStr | None = None
    tokens: list[TokenEntry] | None = None

    @field_validator("tokens")
    @classmethod
    def _named_apart(cls, value: list[TokenEntry] | None) -> list[TokenEntry] | None:
        if value is not None and len({token.name for token in value}) < len(value):
            raise ValueError("the tokens of one user have different names")
        return value

    def password_hash(self) -> str | None:
        """What is kept of the password; slow, so it is made before the database is held."""
        return accounts.hashed(self.password.get_secret_value(), self.email) if self.password else None

    def wanted(self) -> list[TokenEntry]:
        """The tokens: unless named, one for reading and writing, and for what an administrator does."""
        if self.tokens is not None:
            return self.tokens
        return [TokenEntry(scopes=list(Scope))] if self.role is Role.ADMINISTRATOR else [TokenEntry()]


class OrganisationEntry(OrganisationIn):
    """An organisation that is wanted, with its users; vetted, as the operator vouches for it."""

    id: str | None = Field(default=None, min_length=1, max_length=36)
    vetted: bool = True
    users: list[UserEntry] = Field(default_factory=list)

    @field_validator("id")
    @classmethod
    def _id(cls, value: str | None) -> str | None:
        if value is not None and not all(c.isalnum() or c in "-_." for c in value):
            raise ValueError("an id is of letters, digits, '-', '_' and '.'")
        return value

    def columns(self) -> dict[str, object]:
        """Values of the table's columns."""
        return self.model_dump(mode="json", exclude={"vetted", "users"})


class Network(Model):
    """Organisations with their users with their tokens."""

    organisations: list[OrganisationEntry]

    @classmethod
    def read(cls, file: Path) -> "Network":
        """The network of a JSON file. Raises `FileUnreadable` with the place of the first mistake."""
        try:
            return cls.model_validate_json(file.read_bytes())
        except ValidationError as error:
            wrong = error.errors(include_input=False)[0]
            place = ".".join(map(str, wrong["loc"])) or "the file"
            raise FileUnreadable(
                f"{file} is no network: {place}: {wrong['msg']}. See 'needmatch admin network --help'."
            ) from error

    def password_hashes(self) -> dict[str, str | None]:
        """What is kept of each user's password, by e-mail address."""
        return {user.email: user.password_hash() for one in self.organisations for user in one.users}


def set_up(
    session: Session, plan: Network, kept: dict[str, str | None], *, exist_ok: bool
) -> dict[str, list[dict[str, Any]]]:
    """Make what a network lacks; ids, and tokens in clear, of all that it names."""
    made: dict[str, list[dict[str, Any]]] = {"organisations": [], "users": [], "tokens": []}
    for wanted in plan.organisations:
        organisation, _ = ensure_organisation(session, wanted, exist_ok=exist_ok)
        made["organisations"].append({"id": organisation.id, "name": organisation.name})
        for person in wanted.users:
            user, _ = ensure_user(session, organisation, person, kept[person.email], exist_ok=exist_ok)
            made["users"].append(
                {
                    "id": user.id,
                    "email": user.email,
                    "role": user.role,
                    "organisation_id": organisation.id,
                    "organisation": organisation.name,
                }
            )
            for entry in person.wanted():
                row, secret = issue(session, user, entry, exist_ok=exist_ok)
                made["tokens"].append(
                    {
                        "email": user.email,
                        "name": row.name,
                        "scopes": row.scopes,
                        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
                        "token": secret,
                    }
                )
    return made


def ensure_organisation(
    session: Session, wanted: OrganisationEntry, *, exist_ok: bool
) -> tuple[OrganisationRow, bool]:
    """The organisation, and whether it was made now. What is there stays as it is.

    Raises `Problem` 409 where it is there and that is not all right, or is of another kind or country.
    """
    found = _organisation(session, wanted)
    if found is None:
        return accounts.add_organisation(
            session, OPERATOR, wanted.columns(), now(), vetted=wanted.vetted
        ), True
    if not exist_ok:
        raise conflict(
            f"There is an organisation {found.name!r} with the id {found.id!r}. Use --exist-ok to take it."
        )
    if (found.name, found.kind, found.country) != (wanted.name, wanted.kind.value, wanted.country):
        raise conflict(
            f"The organisation {found.id!r} is {found.name!r}, {found.kind}, {found.country}; "
            f"not {wanted.name!r}, {wanted.kind.value}, {wanted.country}."
        )
    return found, False


def ensure_user(
    session: Session,
    organisation: OrganisationRow,
    wanted: UserEntry,
    password_hash: str | None,
    *,
    exist_ok: bool,
) -> tuple[UserRow, bool]:
    """The user, and whether it was made now. What is there stays as it is, its password included.

    Raises `Problem` 409 where it is there and that is not all right, or is of another organisation or role.
    """
    found = of_email(session, wanted.email)
    if found is None:
        values = wanted.model_dump(mode="json", exclude={"password", "tokens"})
        values["organisation_id"] = organisation.id
        return accounts.add_user(session, OPERATOR, values, now(), password_hash=password_hash), True
    if not exist_ok:
        raise conflict(f"There is a user {wanted.email!r}. Use --exist-ok to take it.")
    if (found.organisation_id, found.role) != (organisation.id, wanted.role.value):
        raise conflict(
            f"The user {wanted.email!r} is a {found.role} of {found.organisation.name!r}; "
            f"not a {wanted.role.value} of {organisation.name!r}."
        )
    return found, False


def issue(session: Session, user: UserRow, wanted: TokenEntry, *, exist_ok: bool) -> tuple[TokenRow, str]:
    """A token and its secret; with `exist_ok` in place of one of the same name, which nobody can show."""
    moment = now()
    if not user.active:
        raise conflict(f"The user {user.email!r} is deactivated.")
    for row in tokens.of(session, user.id, moment):
        if exist_ok and row.name == wanted.name:
            row.revoked_at = moment
            audit.record(session, action="token.revoke", viewer=OPERATOR, kind="token", id=row.id)
    session.flush()
    ends = None if wanted.expires_days is None else moment + timedelta(days=wanted.expires_days)
    row, secret = tokens.create(
        session, user, name=wanted.name, scopes=wanted.scopes, now=moment, expires_at=ends
    )
    audit.record(
        session, action="token.create", viewer=OPERATOR, kind="token", id=row.id, reason=" ".join(row.scopes)
    )
    return row, secret


def organisation_of(session: Session, text: str) -> OrganisationRow:
    """The organisation of an id, else of a name. Raises `Problem` where there is none, or several."""
    found = session.get(OrganisationRow, text)
    if found is not None:
        return found
    named = session.scalars(select(OrganisationRow).where(OrganisationRow.name == text)).all()
    if len(named) != 1:
        many = f"{len(named)} organisations have the name" if named else "No organisation has the id or name"
        raise invalid("/organisation", f"{many} {text!r}. List them with 'needmatch admin list'.")
    return named[0]


def user_of(session: Session, email: str) -> UserRow:
    """The user of an e-mail address. Raises `Problem` where there is none."""
    found = of_email(session, email)
    if found is None:
        raise Problem(404, "not-found", f"No user {email!r}. List them with 'needmatch admin list'.")
    return found


def _organisation(session: Session, wanted: OrganisationEntry) -> OrganisationRow | None:
    if wanted.id is not None:
        return session.get(OrganisationRow, wanted.id)
    named = select(OrganisationRow).where(OrganisationRow.name == wanted.name)
    if wanted.country is not None:
        named = named.where(OrganisationRow.country == wanted.country)
    else:
        named = named.where(OrganisationRow.country.is_(None))
    found = session.scalars(named.limit(2)).all()
    if len(found) > 1:
        raise conflict(f"Several organisations are called {wanted.name!r}. Give the id.")
    return found[0] if found else None
