"""Users, their tokens and sessions, as they are sent and shown."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from service.rights.policy import Permission, Role, Scope
from service.rights.viewer import Viewer
from service.schemas.forms import NO_NUL, Answer, Flag, Key, Model, UtcDateTime, storable
from service.schemas.organisations import Language, OrganisationRef, folded_address, organisation_ref
from service.store.tables import SessionRow, TokenRow, UserRow

Address = Annotated[
    str,
    Field(min_length=3, max_length=320, examples=["ana@example.eu"], json_schema_extra={"format": "email"}),
    AfterValidator(folded_address),
]
PersonName = Annotated[
    str, Field(max_length=200, json_schema_extra={"pattern": NO_NUL}), AfterValidator(storable)
]
Password = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class LoginIn(Model):
    """What one signs in with."""

    email: Annotated[str, Field(min_length=1, max_length=320), AfterValidator(storable)]
    password: Password


class SessionOut(Answer):
    """A browser that is signed in."""

    csrf: str = Field(description="To be sent in X-CSRF-Token with every request that changes something.")
    expires_at: UtcDateTime = Field(description="When it ends unless it is used before.")


class MethodsOut(Answer):
    """The ways to sign in."""

    password: bool = True
    oidc: str | None = Field(description="What the OpenID provider is called; null where there is none.")
    oidc_login: str | None = Field(description="Where signing in there begins.")


class MeOut(Answer):
    """The one who asks."""

    id: str
    email: str
    name: str
    role: Role
    locale: str
    organisation: OrganisationRef
    permissions: list[Permission]
    scopes: list[Scope] = Field(description="Of the token; all for a session.")
    has_password: bool
    oidc_linked: bool
    last_login_at: UtcDateTime | None
    created_at: UtcDateTime
    version: int
    session: SessionOut | None = Field(description="Null for a token.")


class MePatch(Model):
    """What one changes of oneself."""

    name: PersonName | None = None
    locale: Language | None = None

    def columns(self) -> dict[str, object]:
        """Values of the columns that are named."""
        return self.model_dump(exclude_none=True)


class PasswordIn(Model):
    """The password as it is and as it shall be."""

    current: Password | None = Field(default=None, description="Null where there is none yet.")
    new: Password


class UserIn(Model):
    """A new user. Without a password, the user comes in by the OpenID provider or by tokens."""

    organisation_id: Annotated[Key, Field(max_length=36)]
    email: Address
    role: Role
    name: PersonName = ""
    locale: Language = "en"
    password: Password | None = None

    def columns(self) -> dict[str, object]:
        """Values of the table's columns."""
        return self.model_dump(mode="json", exclude={"password"})


class UserPatch(Model):
    """What an administrator changes of a user."""

    name: PersonName | None = None
    locale: Language | None = None
    role: Role | None = None
    active: Flag | None = Field(default=None, description="False ends its sessions and revokes its tokens.")
    password: Password | None = None
    unlock: Flag = Field(default=False, description="Let it sign in again after wrong passwords.")

    def columns(self) -> dict[str, object]:
        """Values of the columns that are named."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"password", "unlock"})


class UserOut(Answer):
    """A user, for administrators."""

    id: str
    email: str
    name: str
    role: Role
    locale: str
    organisation: OrganisationRef
    active: bool
    has_password: bool
    oidc_linked: bool
    locked_until: UtcDateTime | None
    last_login_at: UtcDateTime | None
    created_at: UtcDateTime
    version: int


class TokenIn(Model):
    """A new token."""

    name: PersonName = Field(min_length=1, examples=["import script"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    expires_days: Annotated[int, Field(ge=1, le=3_650)] | None = Field(
        default=90, description="Null for a token without an end."
    )


class TokenOut(Answer):
    """A token, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: UtcDateTime
    expires_at: UtcDateTime | None
    last_used_at: UtcDateTime | None


class TokenMade(TokenOut):
    """A new token: the only time that it is shown."""

    token: str = Field(examples=["nm_..."])


class TokensOut(Answer):
    """All tokens of a user; there are few."""

    items: list[TokenOut]
    next: None = None


class PersonalData(Answer):
    """All that is kept about a person, by what it is."""

    at: UtcDateTime
    data: dict[str, Any]


def user_out(row: UserRow) -> UserOut:
    """A user as administrators see it."""
    return UserOut(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        locale=row.locale,
        organisation=organisation_ref(row.organisation),
        active=row.active,
        has_password=row.password_hash is not None,
        oidc_linked=row.oidc_subject is not None,
        locked_until=row.locked_until,
        last_login_at=row.last_login_at,
        created_at=row.created_at,
        version=row.version,
    )


def me_out(row: UserRow, viewer: Viewer, session: SessionRow | None) -> MeOut:
    """A user as it sees itself."""
    return MeOut(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        locale=row.locale,
        organisation=organisation_ref(row.organisation),
        permissions=sorted(viewer.permissions),
        scopes=sorted(viewer.scopes),
        has_password=row.password_hash is not None,
        oidc_linked=row.oidc_subject is not None,
        last_login_at=row.last_login_at,
        created_at=row.created_at,
        version=row.version,
        session=session_out(session) if session is not None else None,
    )


def session_out(row: SessionRow) -> SessionOut:
    """A session as its browser sees it."""
    return SessionOut(csrf=row.csrf, expires_at=row.expires_at)


def token_out(row: TokenRow) -> TokenOut:
    """A token as its user sees it."""
    return TokenOut(
        id=row.id,
        name=row.name,
        scopes=[Scope(scope) for scope in row.scopes],
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
