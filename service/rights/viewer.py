"""The one who asks: what a request knows of its user."""

from dataclasses import dataclass

from matcher.records import Visibility
from service.rights.policy import ALLOWED, NETWORK_ROLES, Permission, Role, Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, for which organisation, with which rights.

    >>> ANONYMOUS.open_to.value
    'public'
    """

    user_id: str | None = None
    organisation_id: str | None = None
    role: Role | None = None
    vetted: bool = False
    country: str | None = None
    scopes: frozenset[Scope] = frozenset()
    """Of a token; all for a session."""
    locale: str = "en"

    @property
    def open_to(self) -> Visibility:
        """The least open visibility that the viewer sees of other organisations."""
        if self.role is None or not self.vetted:
            return Visibility.PUBLIC
        return Visibility.NETWORK if self.role in NETWORK_ROLES else Visibility.NETWORK_INDUSTRY

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the role allows."""
        return ALLOWED[self.role]

    def owns(self, organisation_id: str) -> bool:
        """Whether something belongs to the viewer's organisation."""
        return self.organisation_id is not None and self.organisation_id == organisation_id


ANONYMOUS = Viewer()
