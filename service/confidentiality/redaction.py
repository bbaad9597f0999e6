"""Fields that an owner withholds, each with a reason and a day: modelled on eForms BT-195 to BT-198.

A redaction names a field as a form shows it, and takes with it whatever would give the field away: who
withholds `value` withholds its currency and its euro amounts too.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from matcher.errors import RecordInvalid
from matcher.phrases import phrase
from matcher.records import Kind, Record


class Reason(StrEnum):
    """Why a field is withheld: the EU list `non-publication-justification`, version 20220316-0 (BT-197).

    >>> Reason("fair-comp").label
    'Fair competition'
    """

    COMMERCIAL = "eo-int"
    COMPETITION = "fair-comp"
    LAW_ENFORCEMENT = "law-enf"
    PUBLIC_INTEREST = "oth-int"
    RESEARCH = "rd-ser"

    @property
    def label(self) -> str:
        """The English label of the list (Publications Office of the European Union, CC BY 4.0)."""
        return _LABELS[self]


_LABELS = {
    Reason.COMMERCIAL: phrase("Commercial interests of an economic operator"),
    Reason.COMPETITION: phrase("Fair competition"),
    Reason.LAW_ENFORCEMENT: phrase("Law enforcement"),
    Reason.PUBLIC_INTEREST: phrase("Other public interest"),
    Reason.RESEARCH: phrase("Research and development (R&D) services"),
}


@dataclass(frozen=True, slots=True)
class Redaction:
    """A field of one record that nobody but its owner is shown."""

    field: str
    """One of `redactable`, or `extra.` and the name of a column."""
    reason_code: Reason
    reason: str
    """In the owner's words; it is as confidential as the field."""
    until: date | None = None
    """The day from which the field is shown (BT-198); None where it is withheld for good."""


EXTRA = "extra."
"""What stands before the name of a column that the contract does not name."""

GROUPS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.NEED: MappingProxyType(
            {
                "description": ("description",),
                "requirements": ("requirements",),
                "titles": ("titles",),
                "language": ("language",),
                "country": ("country",),
                "place": (),
                "organisation": ("organisation", "organisation_id", "buyer_type", "url"),
                "buyer_type": ("buyer_type",),
                "contact": (),
                "cpv": ("cpv",),
                "nature": ("nature",),
                "value": (
                    "value", "currency", "value_eur", "value_min_eur", "value_max_eur", "vat_included",
                ),
                "quantity": ("quantity",),
                "window": ("window_start", "window_end"),
                "delivery": ("delivery_start", "delivery_end"),
                "regime": ("regime",),
                "standards": ("standards",),
                "working_languages": ("working_languages",),
                "joint_interest": ("joint_interest",),
                "trl_min": ("trl_min",),
                "status": ("status",),
                "source": ("source",),
                "url": ("url",),
            }
        ),
        Kind.SOLUTION: MappingProxyType(
            {
                "description": ("description",),
                "titles": ("titles",),
                "language": ("language",),
                "country": ("country",),
                "place": (),
                "vendor": ("vendor", "vendor_id", "size", "url"),
                "size": ("size",),
                "contact": (),
                "cpv": ("cpv",),
                "trl": ("trl",),
                "standards": ("standards",),
                "delivery_countries": ("delivery_countries",),
                "price": ("price_min", "price_max", "currency", "price_min_eur", "price_max_eur"),
                "availability": ("availability",),
                "source": ("source",),
                "url": ("url",),
            }
        ),
    }
)  # fmt: skip
"""What may be withheld, by the name a form shows, with the fields that go."""

_COLUMNS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        # what is not converted, or was given twice, is kept beside the record under such names
        "description": r"text|description.*|outcome|summary",
        "requirements": r"requirement.*",
        "titles": r"(?:title|name)_.*",
        "language": r"language.*",
        "country": r"country.*|(?:buyer_)?countries|nuts.*",
        "place": (
            r"nuts.*|(?:.*_)?(?:place|places|city|town|region|location|site|station|unit|area_served)"
            r"|.*address.*|street.*|post(?:al)?_?code|zip.*|lat(?:itude)?|lon(?:gitude)?|coordinates?|geo.*"
        ),
        "organisation": (
            r"(?:.*_)?(?:buyers?|organi[sz]ations?(?:_ids?)?|authority|group_lead|awarding_cpb|acquiring_cpb|is_cpb)"
            r"|main_activity|procedure_id|notice_.*|changed_notice|external_.*|ocid|ted_.*"
        ),
        "vendor": r"(?:.*_)?(?:vendors?|suppliers?|company|manufacturer)(?:_ids?)?|external_.*",
        "buyer_type": r"buyer_type.*|main_activity",
        "size": r"size.*|employees|turnover",
        "contact": (
            r"(?:.*_)?(?:contact|e_?mail|mail|phone|telephone|tel|fax|mobile|mailbox|website|homepage"
            r"|ansprechpartner|kontakt|contatto|contacto|contato|kontaktisik|yhteyshenkilo)(?:_.*)?"
        ),
        "cpv": r"cpv.*",
        "nature": r"nature.*",
        "value": (
            r"(?:.*_)?(?:value|amount|price|cost|estimate)(?:_.*)?|budget(?!_(?:year|status)$).*|currency"
        ),
        "price": r"(?:.*_)?(?:value|amount|price|cost)(?:_.*)?|currency",
        "quantity": r"(?:.*_)?quantit(?:y|ies)(?:_.*)?|pieces|units",
        "window": r"window.*|needed_.*|budget_year|published|.*deadline.*",
        "delivery": r"delivery_(?:start|end|date|time).*|duration.*",
        "regime": r"regime.*|legal_basis",
        "standards": r"standards?.*",
        "working_languages": r".*languages",
        "delivery_countries": r"delivery_countr.*",
        "joint_interest": r"joint_.*|lead|forms",
        "trl_min": r"trl.*",
        "trl": r"trl.*",
        "status": r"status.*|budget_status",
        "availability": r"availab.*",
        "source": r"source.*|retrieved.*|licen[cs]e",
        "url": r"(?:.*_)?(?:url|link|uri|website|homepage)(?:_.*)?",
    }.items()
}  # fmt: skip
"""Columns of `extra` that go with a name, in lower case with `_` between words."""

_ALSO: Mapping[str, tuple[str, ...]] = {
    "country": ("place",),
    "organisation": ("contact", "url", "buyer_type"),
    "vendor": ("contact", "url", "size"),
}
"""What would give a withheld name away, and goes too."""


def redactable(kind: Kind) -> tuple[str, ...]:
    """The names that may be withheld of a need or a solution, in the order of the record.

    The id cannot be, since everything is found by it; the title cannot, since a record without words
    matches nothing; visibility and the audience are another matter.

    >>> "value" in redactable(Kind.NEED), "title" in redactable(Kind.NEED)
    (True, False)
    """
    return tuple(GROUPS[kind])


def checked(redaction: Redaction, kind: Kind) -> Redaction:
    """The redaction with the name of its group, so that `value_eur` withholds `value` as a whole.

    Raises `RecordInvalid` where the field cannot be withheld or no reason is given.

    >>> checked(Redaction("value_eur", Reason.COMPETITION, "market consultation runs"), Kind.NEED).field
    'value'
    """
    name = redaction.field.strip()
    if not redaction.reason.strip():
        raise RecordInvalid(
            phrase(
                "The redaction of {name!r} states no reason: "
                "expected why it is withheld, in words. Fill it in.",
                name=name,
            )
        )
    groups = GROUPS[kind]
    if name not in groups and not (name.startswith(EXTRA) and name != EXTRA):
        whole = [group for group, fields in groups.items() if name in fields]
        if not whole:
            raise _unknown(name, kind)
        name = whole[0]
    return Redaction(name, redaction.reason_code, redaction.reason, redaction.until)


def in_force(redactions: Iterable[Redaction], day: date) -> tuple[Redaction, ...]:
    """Those that still withhold something on a day; on the day `until` the field is shown.

    >>> ends = Redaction("value", Reason.COMPETITION, "consultation", date(2027, 1, 1))
    >>> in_force([ends], date(2026, 12, 31)) == (ends,), in_force([ends], date(2027, 1, 1))
    (True, ())
    """
    return tuple(each for each in redactions if each.until is None or day < each.until)


def withheld(record: Record, names: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The fields, and the columns of `extra`, that go when some names are withheld.

    Raises `RecordInvalid` for a name that cannot be withheld: to show what an owner named is no answer.
    """
    groups = GROUPS[record.kind]
    open_, done = list(names), set[str]()
    fields, columns = set[str](), set[str]()
    while open_:
        name = open_.pop()
        if name in done:
            continue
        done.add(name)
        whole = [name] if name in groups else [group for group, held in groups.items() if name in held]
        if name.startswith(EXTRA):
            columns.add(name.removeprefix(EXTRA))
        elif not whole:
            raise _unknown(name, record.kind)
        for group in whole:
            fields.update(groups[group])
            columns.update(column for column in record.extra if _goes_with(column, group))
            open_ += [also for also in _ALSO.get(group, ()) if also in groups]
    return frozenset(fields), frozenset(columns & record.extra.keys())


def _unknown(name: str, kind: Kind) -> RecordInvalid:
    return RecordInvalid(
        phrase(
            "{name!r} of a {kind} cannot be withheld: expected one of {names}, or "
            "'{extra}' and the name of a column. To hide the whole record, lower its visibility.",
            name=name,
            kind=kind.words,
            names=", ".join(GROUPS[kind]),
            extra=EXTRA,
        )
    )


def _goes_with(column: str, group: str) -> bool:
    pattern = _COLUMNS.get(group)
    plain = re.sub(r"[^\w]+", "_", column.strip().casefold()).strip("_")
    return pattern is not None and pattern.fullmatch(plain.removeprefix("extra_")) is not None
