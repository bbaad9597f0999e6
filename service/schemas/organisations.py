"""Organisations as they are sent and shown."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from corpora.places import country
from matcher.phrases import phrase
from matcher.records import EU_LANGUAGES
from service.rights.policy import Permission, Role
from service.rights.viewer import Viewer
from service.schemas.forms import NO_NUL, Answer, Flag, Key, Model, Note, UtcDateTime, storable
from service.store.tables import OrganisationRow


class OrganisationKind(StrEnum):
    """What an organisation is."""

    CONTRACTING_AUTHORITY = "contracting_authority"
    CPB = "cpb"
    PRESCRIBER = "prescriber"
    MINISTRY = "ministry"
    AGENCY = "agency"
    SUPPLIER = "supplier"
    RESEARCH = "research"
    NETWORK = "network"
    INTERNATIONAL = "international"


class Size(StrEnum):
    """How large a supplier is (BT-165)."""

    UNKNOWN = ""
    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Decision(StrEnum):
    """What comes of vetting."""

    VETTED = "vetted"
    REFUSED = "refused"


def _country(text: str) -> str:
    found = country(text)
    if found is None:
        raise ValueError(phrase("{text!r} is no country; give two letters, such as PL", text=text))
    return found


def _named(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise ValueError(phrase("give a name"))
    return text


def _language(text: str) -> str:
    if text not in EU_LANGUAGES:
        raise ValueError(phrase("{text!r} is none of {known}", text=text, known=", ".join(EU_LANGUAGES)))
    return text


def _web(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError(phrase("give an address that begins with https://"))
    return text


def folded_address(text: str) -> str:
    """An e-mail address in lower case. Raises `ValueError` for what can be none.

    >>> folded_address(" Tenders@Example.EU")
    'tenders@example.eu'
    """
    text = storable(text).strip().lower()
    local, at, host = text.rpartition("@")
    if not (local and at and "." in host.strip(".")) or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError(phrase("give an e-mail address, such as tenders@example.eu"))
    return text


def _mailbox(text: str) -> str:
    return folded_address(text) if text.strip() else ""


Name = Annotated[
    str,
    Field(min_length=1, max_length=300, json_schema_extra={"pattern": NO_NUL}),
    AfterValidator(storable),
    AfterValidator(_named),
]
Country = Annotated[str, Field(pattern="^[A-Za-z]{2}$", examples=["PL"]), AfterValidator(_country)]
Language = Annotated[
    str, Field(examples=["pl"], json_schema_extra={"enum": list(EU_LANGUAGES)}), AfterValidator(_language)
]
Website = Annotated[
    str,
    Field(max_length=500, json_schema_extra={"pattern": NO_NUL}),
    AfterValidator(storable),
    AfterValidator(_web),
]
Mailbox = Annotated[
    str,
    Field(max_length=320, description="A role mailbox, not a person's.", examples=["tenders@example.eu"]),
    AfterValidator(_mailbox),
]
Languages = Annotated[list[Language], Field(max_length=24)]
Short = Annotated[str, Field(max_length=60, json_schema_extra={"pattern": NO_NUL}), AfterValidator(storable)]


class Identifier(Model):
    """A registration number, and of which register (BT-501)."""

    scheme: Short = Field(min_length=1, examples=["VAT"])
    id: Short = Field(min_length=1, examples=["PL1234567890"])


Identifiers = Annotated[list[Identifier], Field(max_length=20)]


class OrganisationIn(Model):
    """A new organisation.

    >>> OrganisationIn(name="Rathmore Fire Service", kind="contracting_authority", country="EL").country
    'GR'
    """

    name: Name
    kind: OrganisationKind
    country: Country | None = Field(default=None, description="None for bodies of no one country.")
    buyer_type: Short = ""
    size: Size = Size.UNKNOWN
    website: Website = ""
    contact: Mailbox = ""
    is_cpb: Flag = False
    languages: Languages = Field(default_factory=list)
    identifiers: Identifiers = Field(default_factory=list)
    vetted: Flag = Field(default=False, description="Vouched for at once; otherwise it waits to be vetted.")

    def columns(self) -> dict[str, object]:
        """Values of the table's columns."""
        return self.model_dump(mode="json", exclude={"vetted"})


class OrganisationPatch(Model):
    """What changes; its own users may change website, contact and languages."""

    name: Name | None = None
    kind: OrganisationKind | None = None
    country: Country | None = None
    buyer_type: Short | None = None
    size: Size | None = None
    website: Website | None = None
    contact: Mailbox | None = None
    is_cpb: Flag | None = None
    languages: Languages | None = None
    identifiers: Identifiers | None = None

    def columns(self) -> dict[str, object]:
        """Values of the columns that are named; null empties the country and leaves others as they are."""
        given = self.model_dump(mode="json", exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name == "country"}


class VettingIn(Model):
    """A decision on an organisation, with its reason for the log."""

    decision: Decision
    reason: Note = Field(min_length=1)


class OrganisationOut(Answer):
    """An organisation as the one who asks may see it."""

    id: str
    name: str
    kind: OrganisationKind
    country: str | None
    buyer_type: str
    size: Size
    website: str
    is_cpb: bool
    languages: list[str]
    contact: str | None = Field(description="For vetted users; null for others.")
    identifiers: list[Identifier] | None = Field(description="For vetted users; null for others.")
    vetting: str | None = Field(
        description="none, pending, vetted or refused; for itself and those who vet, null for others."
    )
    vetted_at: UtcDateTime | None
    version: int


class OrganisationRef(Answer):
    """Which organisation."""

    id: Key
    name: str
    kind: OrganisationKind
    country: str | None
    vetted: bool


def organisation_out(row: OrganisationRow, viewer: Viewer) -> OrganisationOut:
    """An organisation as a viewer sees it."""
    own = viewer.owns(row.id)
    judge = viewer.role is Role.ADMINISTRATOR or (
        Permission.VET in viewer.permissions and viewer.country is not None and viewer.country == row.country
    )
    trusted = own or viewer.vetted or viewer.role is Role.ADMINISTRATOR
    return OrganisationOut(
        id=row.id,
        name=row.name,
        kind=OrganisationKind(row.kind),
        country=row.country,
        buyer_type=row.buyer_type,
        size=Size(row.size),
        website=row.website,
        is_cpb=row.is_cpb,
        languages=row.languages,
        contact=row.contact if trusted else None,
        identifiers=[Identifier(**item) for item in row.identifiers] if trusted else None,
        vetting=row.vetting if own or judge else None,
        vetted_at=row.vetted_at if own or judge else None,
        version=row.version,
    )


def organisation_ref(row: OrganisationRow) -> OrganisationRef:
    """An organisation in a few words."""
    return OrganisationRef(
        id=row.id,
        name=row.name,
        kind=OrganisationKind(row.kind),
        country=row.country,
        vetted=row.vetting == "vetted",
    )
