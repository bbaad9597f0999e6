"""Messages in an inbox."""

from typing import Any

from pydantic import Field

from service.schemas.forms import Answer, Said, UtcDateTime


class MessageOut(Answer):
    """One message; records that it names are shown as its reader may see them now."""

    id: str
    kind: str = Field(examples=["digest"])
    subject: Said
    body: dict[str, Any]
    at: UtcDateTime
    read_at: UtcDateTime | None
    saved_search_id: str | None
