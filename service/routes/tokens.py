"""The tokens of the one who asks."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from service.access import BackendIn, require
from service.problems import unauthenticated
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.schemas.accounts import TokenIn, TokenMade, TokensOut, token_out
from service.schemas.forms import Key
from service.security import identify, tokens
from service.store import audit
from service.store.tables import UserRow

router = APIRouter(prefix="/me/tokens", tags=["account"])


@router.get("", response_model=TokensOut)
def mine(held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> TokensOut:
    """One's valid tokens, oldest first; their secrets are not kept."""
    with held.database.read() as session:
        rows = tokens.of(session, viewer.user_id or "", held.clock())
        return TokensOut(items=[token_out(row) for row in rows])


@router.post("", status_code=201, response_model=TokenMade)
def create(
    given: TokenIn,
    held: BackendIn,
    request: Request,
    response: Response,
    viewer: Viewer = require(Permission.ACCOUNT),
) -> TokenMade:
    """Make a token; it is shown this once. A token makes none that may do more, or lasts longer, than itself.

    One that is asked to last longer ends with the token that made it; the answer says when.
    """
    sent = request.headers.get("Authorization")
    now = held.clock()
    ends = None if given.expires_days is None else now + timedelta(days=given.expires_days)
    with held.database.write() as session:
        user = session.get(UserRow, viewer.user_id)
        if user is None:
            raise unauthenticated()
        row, secret = tokens.create(
            session,
            user,
            name=given.name,
            scopes=given.scopes,
            now=now,
            expires_at=ends,
            within=viewer.scopes,
            until=tokens.end_of(session, identify.bearer(sent) if sent is not None else None),
        )
        audit.record(
            session,
            action="token.create",
            viewer=viewer,
            kind="token",
            id=row.id,
            reason=" ".join(row.scopes),
        )
    response.headers["Cache-Control"] = "no-store"
    return TokenMade(**token_out(row).model_dump(), token=secret)


@router.delete("/{token_id}", status_code=204)
def revoke(token_id: Key, held: BackendIn, viewer: Viewer = require(Permission.ACCOUNT)) -> None:
    """Revoke a token: it is refused from now on, by other processes within two seconds."""
    with held.database.write() as session:
        row = tokens.revoke(session, viewer.user_id or "", token_id, held.clock())
        audit.record(session, action="token.revoke", viewer=viewer, kind="token", id=row.id)
    identify.forget(held.database)
