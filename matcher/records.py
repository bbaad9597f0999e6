"""The records that flow through the engine: needs and solutions, as frozen values.

Field names and meanings are those of the flat rows (csv, xlsx, jsonl); amounts are euro, net of
VAT, unless the name says otherwise; dates are calendar dates; codes are ISO alpha-2 (countries),
ISO 639-1 (languages) and eight-digit CPV without check digit. Records are checked where they are
read (`corpora`); inside the engine they are trusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from matcher.phrases import phrase

EU_LANGUAGES: tuple[str, ...] = tuple(
    "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv".split()
)
"""The 24 official languages of the European Union, ISO 639-1, sorted."""

EU_COUNTRIES: tuple[str, ...] = tuple(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
"""The 27 member states, ISO 3166-1 alpha-2, sorted."""


class Kind(StrEnum):
    """What a record is."""

    NEED = "need"
    SOLUTION = "solution"

    @property
    def words(self) -> str:
        """What it is called, as a phrase."""
        return _KINDS[self]


_KINDS = {Kind.NEED: phrase("need"), Kind.SOLUTION: phrase("solution")}


class Nature(StrEnum):
    """What is bought (eForms BT-23)."""

    SUPPLIES = "supplies"
    SERVICES = "services"
    WORKS = "works"

    @property
    def words(self) -> str:
        """What it is called, as a phrase."""
        return _NATURES[self]


_NATURES = {
    Nature.SUPPLIES: phrase("supplies"),
    Nature.SERVICES: phrase("services"),
    Nature.WORKS: phrase("works"),
}


class Visibility(StrEnum):
    """Who may see a record, from its owner alone to everybody; ordered by `rank`."""

    PRIVATE = "private"
    GROUP = "group"
    NETWORK = "network"
    NETWORK_INDUSTRY = "network_industry"
    PUBLIC = "public"

    @property
    def rank(self) -> int:
        """Position from the most closed (0) to the most open (4).

        >>> Visibility.PRIVATE.rank < Visibility.PUBLIC.rank
        True
        """
        return _RANKS[self]

    @property
    def words(self) -> str:
        """What it is called, as a phrase."""
        return _VISIBILITIES[self]


_RANKS = {visibility: rank for rank, visibility in enumerate(Visibility)}


_VISIBILITIES = {
    Visibility.PRIVATE: phrase("private"),
    Visibility.GROUP: phrase("group"),
    Visibility.NETWORK: phrase("network"),
    Visibility.NETWORK_INDUSTRY: phrase("network and industry"),
    Visibility.PUBLIC: phrase("public"),
}


class JointInterest(StrEnum):
    """What the owner of a need says about buying it together with others."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"
    OBSERVER = "observer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    r"""What a procurer wants to be able to do, or to buy.

    >>> Need(id="N1", title="Body armour", requirements="EN 1063 glass").text
    'Body armour\nEN 1063 glass'
    """

    id: str
    title: str
    description: str = ""
    requirements: str = ""
    language: str | None = None
    country: str | None = None
    organisation: str = ""
    organisation_id: str = ""
    buyer_type: str = ""
    cpv: tuple[str, ...] = ()
    nature: Nature | None = None
    value: float | None = None
    """As the source states it, in `currency`."""
    currency: str = ""
    value_eur: float | None = None
    value_min_eur: float | None = None
    value_max_eur: float | None = None
    vat_included: bool | None = None
    quantity: str = ""
    window_start: date | None = None
    """Procurement window: the earliest day the buyer could start the procedure."""
    window_end: date | None = None
    delivery_start: date | None = None
    delivery_end: date | None = None
    regime: str = ""
    standards: tuple[str, ...] = ()
    working_languages: tuple[str, ...] = ()
    visibility: Visibility = Visibility.NETWORK
    joint_interest: JointInterest | None = None
    trl_min: int | None = None
    status: str = ""
    source: str = ""
    url: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Translations of the title, by language."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Columns that the contract does not name, kept as read."""

    @property
    def kind(self) -> Literal[Kind.NEED]:
        """Always `Kind.NEED`."""
        return Kind.NEED

    @property
    def text(self) -> str:
        """Title, description and requirements, one below the other, each once."""
        return _joined(self.title, self.description, self.requirements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What a vendor offers.

    >>> Solution(id="S1", name="SkyNet", description="Counter-drone radar").title
    'SkyNet'
    """

    id: str
    name: str
    description: str = ""
    language: str | None = None
    country: str | None = None
    vendor: str = ""
    vendor_id: str = ""
    size: str = ""
    cpv: tuple[str, ...] = ()
    trl: int | None = None
    standards: tuple[str, ...] = ()
    delivery_countries: tuple[str, ...] = ()
    price_min: float | None = None
    """As the source states it, in `currency`."""
    price_max: float | None = None
    currency: str = ""
    price_min_eur: float | None = None
    price_max_eur: float | None = None
    availability: str = ""
    visibility: Visibility = Visibility.PUBLIC
    source: str = ""
    url: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Translations of the name, by language."""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Literal[Kind.SOLUTION]:
        """Always `Kind.SOLUTION`."""
        return Kind.SOLUTION

    @property
    def title(self) -> str:
        """The name, under the word that needs use."""
        return self.name

    @property
    def text(self) -> str:
        """Name and description, one below the other, each once."""
        return _joined(self.name, self.description)


Record = Need | Solution


def _joined(*parts: str) -> str:
    kept: list[str] = []
    for part in parts:
        if part and part not in kept:
            kept.append(part)
    return "\n".join(kept)
