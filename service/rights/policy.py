"""What each role may do: one table, which the routes, the documentation and the tests read."""

from enum import StrEnum


class Role(StrEnum):
    """What a user is in an organisation."""

    PROCURER = "procurer"
    PRESCRIBER = "prescriber"
    LEGAL = "legal"
    INDUSTRY = "industry"
    ANALYST = "analyst"
    NATIONAL_CONTACT = "national_contact"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that a request may do; `open` ones need nobody signed in."""

    OPEN = "open"
    """Read what is public: catalogue, needs, taxonomy, health."""
    ACCOUNT = "account"
    """See and change one's own account, tokens, inbox."""
    SUGGEST = "suggest"
    """Help while writing: CPV codes, validation."""
    READ_NEEDS = "read_needs"
    WRITE_NEEDS = "write_needs"
    READ_SOLUTIONS = "read_solutions"
    WRITE_SOLUTIONS = "write_solutions"
    MATCH = "match"
    """Recommendations for needs, similar needs, explanations."""
    DEMAND = "demand"
    """Demand for a solution or a text."""
    READ_CANDIDATES = "read_candidates"
    JOIN_CANDIDATES = "join_candidates"
    """Express interest, watch, withdraw."""
    ADVANCE_CANDIDATES = "advance_candidates"
    """Stages, checklist, agreement."""
    ASK = "ask"
    """Questions and followers."""
    ANSWER = "answer"
    FEEDBACK = "feedback"
    SAVE_SEARCHES = "save_searches"
    IMPORT = "import"
    EXPORT = "export"
    MARKET = "market"
    """Market analytics, with small cells withheld."""
    REVIEW_CLUSTERS = "review_clusters"
    """Edit clusters, keep and compare cycles."""
    VET = "vet"
    """Vet organisations of one's own country (national contact) or of all (administrator)."""
    MANAGE_USERS = "manage_users"
    AUDIT = "audit"
    OPERATE = "operate"
    """Jobs of all, models, metrics, retention."""


class Scope(StrEnum):
    """What a token may do at most, whatever its user's role."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


_P = Permission
_EVERYBODY = frozenset({_P.OPEN})
_USER = _EVERYBODY | {
    _P.ACCOUNT, _P.SUGGEST, _P.READ_NEEDS, _P.READ_SOLUTIONS, _P.ASK, _P.FEEDBACK, _P.SAVE_SEARCHES,
    _P.EXPORT, _P.MARKET,
}  # fmt: skip
_BUYER = _USER | {_P.MATCH, _P.WRITE_NEEDS, _P.READ_CANDIDATES, _P.JOIN_CANDIDATES, _P.IMPORT, _P.ANSWER}

ALLOWED: dict[Role | None, frozenset[Permission]] = {
    None: _EVERYBODY,
    Role.PRESCRIBER: _BUYER,
    Role.PROCURER: _BUYER | {_P.ADVANCE_CANDIDATES},
    Role.LEGAL: _USER | {_P.MATCH, _P.READ_CANDIDATES, _P.ADVANCE_CANDIDATES, _P.ANSWER},
    Role.INDUSTRY: _USER | {_P.WRITE_SOLUTIONS, _P.DEMAND, _P.IMPORT},
    Role.ANALYST: _USER | {_P.MATCH, _P.DEMAND, _P.READ_CANDIDATES, _P.REVIEW_CLUSTERS},
    Role.NATIONAL_CONTACT: _BUYER | {_P.ADVANCE_CANDIDATES, _P.VET, _P.REVIEW_CLUSTERS, _P.DEMAND},
    Role.ADMINISTRATOR: _BUYER
    | {
        _P.ADVANCE_CANDIDATES, _P.WRITE_SOLUTIONS, _P.DEMAND, _P.REVIEW_CLUSTERS, _P.VET, _P.MANAGE_USERS,
        _P.AUDIT, _P.OPERATE,
    },
}  # fmt: skip
"""Role to permissions; None is somebody who is not signed in."""

NETWORK_ROLES = frozenset(set(Role) - {Role.INDUSTRY})
"""Roles whose vetted organisations see what is for the network of procurers."""
READING = frozenset(
    {_P.OPEN, _P.SUGGEST, _P.READ_NEEDS, _P.READ_SOLUTIONS, _P.MATCH, _P.DEMAND, _P.READ_CANDIDATES,
     _P.EXPORT, _P.MARKET}
)  # fmt: skip
ADMINISTERING = frozenset({_P.VET, _P.MANAGE_USERS, _P.AUDIT, _P.OPERATE})


def may(role: Role | None, permission: Permission) -> bool:
    """Whether a role has a permission.

    >>> may(None, Permission.OPEN), may(Role.INDUSTRY, Permission.READ_CANDIDATES)
    (True, False)
    """
    return permission in ALLOWED[role]


def needed(permission: Permission, *, safe: bool) -> Scope:
    """The scope that a token needs for a request; `safe` requests change nothing."""
    if permission in ADMINISTERING:
        return Scope.ADMIN
    return Scope.READ if safe or permission in READING else Scope.WRITE
