"""Open Contracting Data Standard (1.0 and 1.1): releases, release packages, records and record packages.

A release that tells of planning or of a tender names a need. What `corpora.writers.ocds` could not say in
OCDS stands in the `needmatch` object of a release, under the column names of the contract, and wins.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from corpora.places import country
from corpora.readers.notices import BUYER_TYPES, Fields, each_once, listed, one_line, plain_url, regime
from corpora.report import Issue, Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.phrases import phrase

Release = Mapping[str, object]

EXTENSION: Final = "needmatch"
"""Name of the object in a release that holds what OCDS has no place for."""
MAX_BYTES: Final = 200_000_000
"""Largest file that is read; it takes about ten times as much memory."""

_NEED_TAGS: Final = frozenset(
    {
        "planning",
        "planningUpdate",
        "tender",
        "tenderUpdate",
        "tenderAmendment",
        "tenderCancellation",
        "compiled",
    }
)
_SECTIONS: Final = ("planning", "tender", "awards", "contracts", "buyer", "parties")
_LINES: Final = (".jsonl", ".ndjson")
_NATURES: Final = {"goods": "supplies", "services": "services", "works": "works"}
_STATUSES: Final = {
    "planning": "open",
    "planned": "open",
    "active": "open",
    "complete": "fulfilled",
    "cancelled": "withdrawn",
    "withdrawn": "withdrawn",
    "unsuccessful": "withdrawn",
}
BUYER_SCHEME: Final = "eu-buyer-legal-type"
"""Scheme under which OCDS for eForms classifies buyers; `TED_CA_TYPE` is the one before."""
_LINKS: Final = ("tenderNotice", "plannedProcurementNotice", "procurementPlan", "biddingDocuments")


def read_rows(path: Path, report: Report, awards: bool = False) -> Iterator[tuple[int, Fields]]:
    """Position in the file, from 1, and flat row of each process that names a need.

    Several releases of one process are merged, the later over the earlier, and stand at the place of the
    first. What is skipped or refused goes into the report. Raises `FileUnreadable` for a file that is
    missing, is not JSON or not OCDS, and `FileTooLarge` beyond `MAX_BYTES`.
    """
    processes: dict[object, tuple[int, list[Release]]] = {}
    for place, release in enumerate(_releases(path, report), start=1):
        if not isinstance(release, Mapping):
            problem = phrase("not an OCDS release")
            remedy = phrase("give releases, or packages of releases or records")
            report.add(Issue(path.name, place, "release", Severity.REFUSED, problem, remedy))
        elif _wanted(release, place, path, report, awards=awards):
            process = _text(release.get("ocid")) or place
            processes.setdefault(process, (place, []))[1].append(release)
    for place, releases in processes.values():
        if len(releases) > 1:
            report.notes["releases merged into one need"] += len(releases)
        row = release_row(_merged(releases))
        if "title" in row or "description" in row:
            yield place, row
        else:
            problem = phrase("the release has no text on a tender or its planning")
            remedy = phrase("give tender.title or planning.rationale")
            report.add(Issue(path.name, place, "title", Severity.REFUSED, problem, remedy))


def release_row(release: Release) -> Fields:
    """The flat row of one release, its extension included; columns without a value are left out.

    >>> release_row({"ocid": "x-1", "tag": ["planning"], "tender": {"id": "1", "title": "Patrol boats"}})
    {'id': 'x-1', 'title': 'Patrol boats', 'source': 'OCDS', 'ocid': 'x-1', 'release_tags': 'planning'}
    """
    row = standard_row(release)
    if EXTENSION in release:
        row |= _object(release[EXTENSION])
    else:
        row["ocid"] = _text(release.get("ocid"))
        row["release_tags"] = listed(_texts(release.get("tag")))
        row["procurement_method"] = _text(_object(release.get("tender")).get("procurementMethod"))
    return _filled(row)


def standard_row(release: Release) -> Fields:
    """What a release says in the terms of OCDS, in columns of the contract alone."""
    tender, planning = _object(release.get("tender")), _object(release.get("planning"))
    budget = _object(planning.get("budget"))
    # what was awarded speaks only where nothing speaks of the need
    award = {} if tender or planning else _first_object(release.get("awards"))
    told = [tender.get("description"), planning.get("rationale"), budget.get("description")]
    titles = [tender.get("title"), budget.get("project"), award.get("title")]
    title = next(filter(None, (one_line(_text(text)) for text in titles)), "")
    items = [item for part in (tender, award) for item in _objects(part.get("items"))]
    row: Fields = {
        "id": _text(release.get("ocid")) or _text(tender.get("id")),
        "title": title,
        "description": each_once([*map(_text, told), _text(award.get("description"))], said=[title]),
        "language": _text(release.get("language")),
        **_buyer(release, tender),
        "cpv": listed(_codes(tender, items)),
        "nature": _NATURES.get(_text(tender.get("mainProcurementCategory")), ""),
        **_value(tender, budget, award),
        "quantity": "; ".join(dict.fromkeys(filter(None, map(_quantity, items)))),
        "window_start": _day(tender, "tenderPeriod", "startDate"),
        "window_end": _day(tender, "tenderPeriod", "endDate"),
        "delivery_start": _day(tender, "contractPeriod", "startDate"),
        "delivery_end": _day(tender, "contractPeriod", "endDate"),
        "regime": regime(_text(_object(tender.get("legalBasis")).get("id"))),
        "working_languages": listed(_texts(tender.get("submissionLanguages"))),
        "status": _STATUSES.get(_text(tender.get("status")), ""),
        "source": "OCDS",
        "url": plain_url(_links(tender, planning)),
        **{key: text for key, text in tender.items() if key.startswith("title_") and isinstance(text, str)},
    }
    return _filled(row)


def _releases(path: Path, report: Report) -> Iterator[object]:
    """Every release of the file; of a record the compiled one, else all it holds; None for what is none."""
    document = _document(path, report)
    elements = document if isinstance(document, list) else [document]
    held = [_held(element) for element in elements]
    if held and not any(held):
        first = elements[0]
        keys = ", ".join(map(repr, list(first)[:5])) if isinstance(first, Mapping) else type(first).__name__
        raise FileUnreadable(
            phrase(
                "{file} is JSON, but not OCDS: it holds {keys}. "
                "Expected a release (with an ocid), or a package of releases or records.",
                file=path.name,
                keys=keys or phrase("nothing"),
            )
        )
    for releases in held:
        yield from [None] if releases is None else releases[1]


def _held(element: object) -> tuple[str, list[object]] | None:
    """What an element is and the releases in it, or None when it is not OCDS."""
    if not isinstance(element, Mapping):
        return None
    releases, records = element.get("releases"), element.get("records")
    if isinstance(records, list):
        return "record package", [release for record in records for release in _of_record(record)]
    if isinstance(releases, list) and "ocid" not in element:
        return "release package", releases
    if "compiledRelease" in element or isinstance(releases, list):
        return "record", list(_of_record(element))
    if "ocid" in element or ("tag" in element and any(section in element for section in _SECTIONS)):
        return "release", [element]
    return None


def _of_record(record: object) -> Iterator[object]:
    if not isinstance(record, Mapping):
        yield record
    elif isinstance(compiled := record.get("compiledRelease"), Mapping):
        yield {"ocid": record.get("ocid"), **compiled}
    else:
        held = record.get("releases")
        for release in held if isinstance(held, list) else []:
            # linked releases name only where they are
            yield {"ocid": record.get("ocid"), **release} if isinstance(release, Mapping) else release


def _document(path: Path, report: Report) -> object:
    """The JSON document of the file, or a list of those on its lines."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FileTooLarge(
                phrase(
                    "{file} has {size:,} bytes; OCDS is read up to {most:,}. "
                    "Split the package; each part is a package of its own.",
                    file=path.name,
                    size=size,
                    most=MAX_BYTES,
                )
            )
        content = path.read_bytes()
    except OSError as error:
        raise FileUnreadable(
            phrase(
                "{path} cannot be opened: {error}. Check the name and your permission.",
                path=str(path),
                error=error.strerror or str(error),
            )
        ) from error
    if path.suffix.lower() not in _LINES:
        return _parsed(content, path.name)
    documents = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            try:
                documents.append(_parsed(line, path.name))
            except FileUnreadable as error:
                remedy = phrase("repair the line")
                report.add(Issue(path.name, number, "line", Severity.REFUSED, str(error), remedy))
    return documents


def _parsed(content: bytes, name: str) -> object:
    try:
        # JSON has no infinity and no NaN; Python reads both
        return json.loads(content, parse_constant=lambda _: None)
    except RecursionError as error:
        raise FileUnreadable(
            phrase("{file} is nested too deep to be OCDS. Check where it comes from.", file=name)
        ) from error
    except json.JSONDecodeError as error:
        raise FileUnreadable(
            phrase(
                "{file}:{line}: not JSON ({error}). Export it again, or repair that line.",
                file=name,
                line=str(error.lineno),
                error=error.msg,
            )
        ) from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(
            phrase("{file} is not JSON in UTF-8 ({error}). Save it as UTF-8.", file=name, error=str(error))
        ) from error
    except ValueError as error:
        # a number of thousands of digits
        raise FileUnreadable(
            phrase(
                "{file} is not JSON that can be read ({error}). Export it again.", file=name, error=str(error)
            )
        ) from error


def _wanted(release: Release, place: int, path: Path, report: Report, *, awards: bool) -> bool:
    tags = _texts(release.get("tag"))
    told = [section for section in _SECTIONS if release.get(section)]
    if not told:
        problem = phrase("a link to a release, or an empty one")
        remedy = phrase("give the release itself")
    elif ((_NEED_TAGS & set(tags) or not tags) and ("tender" in told or "planning" in told)) or awards:
        return True
    else:
        problem = phrase("release of {parts} only, not a need", parts=", ".join(tags or told))
        remedy = phrase("give --awards to read it too")
    report.add(Issue(path.name, place, "release", Severity.SKIPPED, problem, remedy))
    return False


def _merged(releases: list[Release]) -> Release:
    """The releases of a process laid over each other by date; fields of the tender one by one."""
    merged: dict[str, object] = {}
    for release in sorted(releases, key=lambda each: _text(each.get("date"))):
        for key, value in release.items():
            before = merged.get(key)
            both = isinstance(before, Mapping) and isinstance(value, Mapping)
            merged[key] = {**_object(before), **_object(value)} if both else value
    return merged


def _buyer(release: Release, tender: Release) -> Fields:
    """Name, identifier, country and type of the buyer, from its party where there is one."""
    named = _object(release.get("buyer")) or _object(tender.get("procuringEntity"))
    parties = _objects(release.get("parties"))
    party = next((each for each in parties if named.get("id") and each.get("id") == named.get("id")), {})
    for role in ("buyer", "procuringEntity"):
        party = party or next((each for each in parties if role in _texts(each.get("roles"))), {})
    identifier = _object(party.get("identifier")) or _object(named.get("identifier"))
    address = _object(party.get("address")) or _object(named.get("address"))
    places = [_text(address.get(key)) for key in ("country", "countryCode", "countryName")]
    place = next(filter(None, places), "")
    kinds = (
        BUYER_TYPES.get(_text(each.get("id")), _text(each.get("id")))
        for each in _objects(_object(party.get("details")).get("classifications"))
        if _text(each.get("scheme")) in (BUYER_SCHEME, "TED_CA_TYPE")
    )
    return {
        "organisation": _text(party.get("name")) or _text(named.get("name")),
        "organisation_id": _text(identifier.get("id")),
        "country": country(place) or place,
        "buyer_type": next(kinds, ""),
    }


def _codes(tender: Release, items: Iterable[Release]) -> Iterator[str]:
    """CPV codes of the tender and its items, main ones first."""
    holders = [tender, *items]
    main = [_object(holder.get("classification")) for holder in holders]
    more = [each for holder in holders for each in _objects(holder.get("additionalClassifications"))]
    for classification in [*main, *more]:
        if _text(classification.get("scheme")).upper() == "CPV":
            yield _text(classification.get("id"))


def _value(tender: Release, budget: Release, award: Release) -> Fields:
    """Value of the tender, else the budget, else the award; the least value of the tender beside it."""
    stated = [_object(tender.get("value")), _object(budget.get("amount")), _object(award.get("value"))]
    value = next((each for each in stated if each.get("amount") is not None), {})
    least = _object(tender.get("minValue"))
    currency = _text(value.get("currency"))
    row: Fields = {"value": value.get("amount"), "currency": currency}
    if _text(least.get("currency")) == "EUR":
        row["value_min_eur"] = least.get("amount")
    elif not value or _text(least.get("currency")) == currency:
        row |= {"value_min": least.get("amount"), "currency": currency or _text(least.get("currency"))}
    return row


def _quantity(item: Release) -> str:
    unit = _object(item.get("unit"))
    return " ".join(filter(None, (_text(item.get("quantity")), _text(unit.get("name")))))


def _links(tender: Release, planning: Release) -> Iterator[str]:
    documents = [*_objects(tender.get("documents")), *_objects(planning.get("documents"))]
    for kind in _LINKS:
        for document in documents:
            if document.get("documentType") == kind:
                yield _text(document.get("url"))


def _day(tender: Release, period: str, end: str) -> str:
    # the calendar day as written; a zone is not applied
    return _text(_object(tender.get(period)).get(end)).partition("T")[0]


def _filled(row: Fields) -> Fields:
    return {column: value for column, value in row.items() if value not in ("", None)}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _texts(value: object) -> list[str]:
    return [text for each in (value if isinstance(value, list) else [value]) if (text := _text(each))]


def _object(value: object) -> Release:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Release]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _first_object(value: object) -> Release:
    return next(iter(_objects(value)), {})
