"""Writes that come twice are done once: the answer is kept under the caller's key and given again.

The key is claimed in the database before the route runs, so that all workers and restarts know of it. Only
answers of success are kept: a refused write changed nothing and may be tried again under the same key.
What is kept is encrypted with the key that was sent, of which the database has a digest alone: some
answers hold secrets that are shown once.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Problem
from service.rights.viewer import Viewer
from service.store.tables import AnswerRow, AuditRow
from service.surround.bodies import again, upload

if TYPE_CHECKING:
    from service.backend import Backend

HEADER = "idempotency-key"
LONGEST = 255
KEPT = timedelta(hours=24)
CLAIMED = timedelta(minutes=2)
"""After this long a claim without an answer is of a worker that died."""
CLAIMED_UPLOAD = timedelta(minutes=15)
SWEPT = timedelta(minutes=10)
MOST = 4_000_000
"""Bytes of an answer that is kept; a larger one is not."""
REPLAYED = ("content-type", "etag", "location", "cache-control", "content-language")


@dataclass(frozen=True, slots=True)
class Claim:
    """One use of a key by a user."""

    user_id: str
    key: str
    """As it was sent."""

    @property
    def digest(self) -> str:
        """What stands for the key in the database."""
        return sha256(f"key {self.key}".encode()).hexdigest()

    def closed(self, body: bytes) -> bytes:
        """An answer as it is kept."""
        return self._lock.encrypt(body)

    def opened(self, kept: bytes) -> bytes:
        """An answer as it was. Raises `InvalidToken`."""
        return self._lock.decrypt(kept)

    @property
    def _lock(self) -> Fernet:
        return Fernet(urlsafe_b64encode(sha256(f"answer {self.user_id} {self.key}".encode()).digest()))


class Idempotency:
    """Gives the same answer to the same `POST` of a signed-in user under the same `Idempotency-Key`."""

    def __init__(self, app: ASGIApp, backend: "Backend") -> None:
        self._app = app
        self._backend = backend
        self._swept: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `Problem`: 400, 409 or 422."""
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        viewer: Viewer | None = scope.get("state", {}).get("viewer")
        if key is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        if not key.strip() or len(key) > LONGEST or not (key.isascii() and key.isprintable()):
            raise Problem(
                400, "malformed", f"An Idempotency-Key has 1 to {LONGEST} printable characters of ASCII."
            )
        if viewer is None or viewer.user_id is None:
            await self._app(scope, receive, send)
            return
        digest = _Digest(scope, viewer)
        streamed = upload(scope)
        if not streamed:
            # bounded: the layer before this one counts
            body = await _whole(receive)
            digest.update(body)
            receive = again(body, receive)
        claim = Claim(viewer.user_id, key)
        request_id = scope["state"].get("request_id", "")
        known = await anyio.to_thread.run_sync(self._claim, claim, request_id, streamed)
        if known is not None:
            if streamed:
                await _whole(receive, digest)
            await _again(known, claim, digest.hex())(scope, receive, send)
            return
        heard = _Heard(send)
        kept = False
        try:
            await self._app(scope, digest.hearing(receive) if streamed else receive, heard)
            if heard.whole and 200 <= heard.status < 400:
                # kept before it is sent: whoever has the answer finds it again
                await anyio.to_thread.run_sync(self._keep, claim, digest.hex(), heard)
                kept = True
            await heard.let_go()
        finally:
            if not kept:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(self._release, claim)

    def _claim(self, claim: Claim, request_id: str, streamed: bool) -> AnswerRow | None:
        """Take the key; or the answer that is kept under it. Raises `Problem` 409 while it is in use."""
        now = self._backend.clock()
        try:
            with self._backend.database.write() as session:
                self._sweep(session, now)
                row = session.get(AnswerRow, (claim.user_id, claim.digest), with_for_update=True)
                if row is not None and row.at < now - KEPT:
                    session.delete(row)
                    session.flush()
                    row = None
                if row is not None and row.status:
                    return row
                if row is not None:
                    self._take_over(session, row, now, streamed=streamed)
                    session.delete(row)
                    session.flush()
                session.add(
                    AnswerRow(
                        user_id=claim.user_id,
                        idempotency_key=claim.digest,
                        request_digest="",
                        status=0,
                        headers={"request_id": request_id},
                        body=b"",
                        at=now,
                    )
                )
        except IntegrityError:
            raise _in_use() from None
        return None

    def _take_over(self, session: Session, row: AnswerRow, now: datetime, *, streamed: bool) -> None:
        if now - row.at < (CLAIMED_UPLOAD if streamed else CLAIMED):
            raise _in_use()
        wrote = session.scalars(
            select(AuditRow)
            .where(AuditRow.at >= row.at, AuditRow.request_id == str(row.headers.get("request_id", "")))
            .limit(1)
        ).first()
        if wrote is not None and wrote.request_id:
            what = f"{wrote.object_kind} {wrote.object_id}".strip()
            raise Problem(
                409,
                "done-before",
                f"This was done, but its answer was lost ({wrote.action} {what}). Read what there is now.",
            )

    def _keep(self, claim: Claim, request: str, heard: "_Heard") -> None:
        with self._backend.database.write() as session:
            row = session.get(AnswerRow, (claim.user_id, claim.digest))
            if row is not None:
                row.request_digest = request
                row.status, row.headers, row.body = heard.status, heard.headers, claim.closed(heard.body)

    def _release(self, claim: Claim) -> None:
        with self._backend.database.write() as session:
            session.execute(
                delete(AnswerRow).where(
                    AnswerRow.user_id == claim.user_id,
                    AnswerRow.idempotency_key == claim.digest,
                    AnswerRow.status == 0,
                )
            )

    def _sweep(self, session: Session, now: datetime) -> None:
        if self._swept is None or now - self._swept > SWEPT:
            self._swept = now
            forget_answers(session, now)


class _Digest:
    """What a request is: a digest of address and body, without the boundary of a form, which is chance.

    What its sender may do is a part of it: a token that may less than one before gets none of its answers.
    """

    def __init__(self, scope: Scope, viewer: Viewer) -> None:
        rights = f"{viewer.role} {viewer.organisation_id} {viewer.vetted} {' '.join(sorted(viewer.scopes))}"
        self._sum = sha256(f"{rights}\n{scope['path']}?".encode() + scope["query_string"] + b"\n")
        self._boundary = _boundary(Headers(scope=scope).get("content-type", ""))
        self._rest = b""

    def update(self, part: bytes) -> None:
        """Take in the next part of the body."""
        if self._boundary:
            part = (self._rest + part).replace(self._boundary, b"")
            cut = max(0, len(part) - len(self._boundary) + 1)
            part, self._rest = part[:cut], part[cut:]
        self._sum.update(part)

    def hearing(self, receive: Receive) -> Receive:
        """A `receive` that takes in what it gives."""

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self.update(message.get("body", b""))
            return message

        return hear

    def hex(self) -> str:
        """The digest; the request ends here."""
        self._sum.update(self._rest)
        self._rest = b""
        return self._sum.hexdigest()


class _Heard:
    """A `send` that holds an answer back until it is whole, or too large to be kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._size = 0
        self.whole = False
        self.status = 0
        self.headers: dict[str, Any] = {}

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return b"".join(message.get("body", b"") for message in self._held)

    async def __call__(self, message: Message) -> None:
        """Hear one message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = Headers(raw=message["headers"])
            self.headers = {name: headers[name] for name in REPLAYED if name in headers}
        self._size += len(message.get("body", b""))
        self._held.append(message)
        if self._size > MOST:
            await self.let_go()
        elif message["type"] == "http.response.body":
            self.whole = not message.get("more_body", False)

    async def let_go(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)


def forget_answers(session: Session, now: datetime) -> None:
    """Drop what was kept for long enough."""
    session.execute(delete(AnswerRow).where(AnswerRow.at < now - KEPT))


async def _whole(receive: Receive, digest: _Digest | None = None) -> bytes:
    """A body as it is read to its end; of one that is digested nothing is held."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "malformed", "The body ended before it was whole.")
        if digest is not None:
            digest.update(message.get("body", b""))
        else:
            parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _boundary(content_type: str) -> bytes:
    if not content_type.lower().startswith("multipart/"):
        return b""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().strip('"').encode("latin-1", "replace")
    return b""


def _again(row: AnswerRow, claim: Claim, request: str) -> Response:
    """The answer that was kept. Raises `Problem` 422 where the request is another one."""
    if row.request_digest != request:
        raise Problem(
            422,
            "key-reused",
            "This Idempotency-Key stands for another request. Send a new key with a new request.",
        )
    try:
        body = claim.opened(row.body)
    except InvalidToken:
        raise _in_use() from None
    headers = {**{str(k): str(v) for k, v in row.headers.items()}, "Idempotent-Replayed": "true"}
    return Response(body, row.status, headers)


def _in_use() -> Problem:
    return Problem(
        409,
        "in-progress",
        "A request with this Idempotency-Key is being answered. Ask again in a moment.",
        headers={"Retry-After": "1"},
    )
