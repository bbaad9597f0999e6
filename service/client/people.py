"""Oneself, one's token and searches; and for administrators organisations and users."""

from collections.abc import Iterator
from typing import Any

from service.client.connection import Connection
from service.client.values import (
    DigestOut,
    MeOut,
    MessageOut,
    OrganisationOut,
    SavedSearchOut,
    TokenMade,
    UserOut,
)


class Account:
    """The one who asks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> MeOut:
        """Who one is, and what one may do."""
        found: MeOut = self._connection.get("/me")
        return found

    def token(self, name: str, scopes: list[str], **given: Any) -> TokenMade:
        """Make a token; it is shown this once."""
        found: TokenMade = self._connection.post("/me/tokens", {"name": name, "scopes": scopes, **given})
        return found

    def inbox(self, **filters: Any) -> Iterator[MessageOut]:
        """One's messages, the latest first."""
        return self._connection.pages("/inbox", **filters)


class SavedSearches:
    """Searches that are run again and tell of what is new."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, **given: Any) -> SavedSearchOut:
        """Save a search."""
        found: SavedSearchOut = self._connection.post("/saved-searches", given)
        return found

    def get(self, search_id: str) -> SavedSearchOut:
        """One saved search."""
        found: SavedSearchOut = self._connection.get(f"/saved-searches/{search_id}")
        return found

    def list(self) -> Iterator[SavedSearchOut]:
        """One's saved searches."""
        return self._connection.pages("/saved-searches")

    def change(self, search_id: str, **given: Any) -> SavedSearchOut:
        """Change one, as of the version that was read."""
        self._seen(search_id)
        found: SavedSearchOut = self._connection.patch(f"/saved-searches/{search_id}", given)
        return found

    def delete(self, search_id: str) -> None:
        """Delete one."""
        self._seen(search_id)
        self._connection.delete(f"/saved-searches/{search_id}")

    def run(self, search_id: str, *, preview: bool = False) -> DigestOut:
        """Run one now."""
        found: DigestOut = self._connection.post(f"/saved-searches/{search_id}/run", preview=preview)
        return found

    def _seen(self, search_id: str) -> None:
        if self._connection.tag(f"/saved-searches/{search_id}") is None:
            self.get(search_id)


class Admin:
    """Organisations and users, and the audit log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def organisations(self, **filters: Any) -> Iterator[OrganisationOut]:
        """Organisations."""
        return self._connection.pages("/organisations", **filters)

    def add_organisation(self, **given: Any) -> OrganisationOut:
        """Make an organisation."""
        found: OrganisationOut = self._connection.post("/organisations", given)
        return found

    def vet(self, organisation_id: str, **given: Any) -> OrganisationOut:
        """Let an organisation into the network, or refuse it."""
        found: OrganisationOut = self._connection.post(f"/organisations/{organisation_id}/vetting", given)
        return found

    def users(self, **filters: Any) -> Iterator[UserOut]:
        """Users."""
        return self._connection.pages("/users", **filters)

    def add_user(self, **given: Any) -> UserOut:
        """Make a user."""
        found: UserOut = self._connection.post("/users", given)
        return found

    def change_user(self, user_id: str, **given: Any) -> UserOut:
        """Change a user, as of the version that was read."""
        if self._connection.tag(f"/users/{user_id}") is None:
            self._connection.get(f"/users/{user_id}")
        found: UserOut = self._connection.patch(f"/users/{user_id}", given)
        return found

    def audit(self, **filters: Any) -> Iterator[Any]:
        """What was done and seen, newest first."""
        return self._connection.pages("/audit", **filters)
