"""Needs as an Open Contracting release package (OCDS 1.1), each one release of the planning stage.

What OCDS has no place for, or would give back changed, stands in the `needmatch` object of the release:
the writer reads its own release and puts there whatever differs from the record. So a file that is read
again gives the same records.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from corpora.columns import Cell, flatten
from corpora.money import load_rates
from corpora.readers.ocds import BUYER_SCHEME, EXTENSION, standard_row
from corpora.writers.atomic import replacing
from matcher.errors import RecordInvalid
from matcher.records import Kind, Nature, Need, Record

OCID_PREFIX: Final = "needmatch"
"""Stands before every ocid; who publishes asks the Open Contracting Partnership for a prefix of their own."""
PUBLISHER: Final = "needmatch"
JOINT: Final = "jointCandidate"
"""Relationship of processes whose needs could be bought together."""

_CATEGORIES: Final = {Nature.SUPPLIES: "goods", Nature.SERVICES: "services", Nature.WORKS: "works"}
_URI: Final = re.compile(r"https?://[!-~]+")
COUNTRY_NAMES: Final = {
    code: name.replace("_", " ")
    for code, _, name in (
        pair.partition(":")
        for pair in (
            "AT:Austria BE:Belgium BG:Bulgaria CY:Cyprus CZ:Czechia DE:Germany DK:Denmark EE:Estonia "
            "ES:Spain FI:Finland FR:France GR:Greece HR:Croatia HU:Hungary IE:Ireland IT:Italy LT:Lithuania "
            "LU:Luxembourg LV:Latvia MT:Malta NL:Netherlands PL:Poland PT:Portugal RO:Romania SE:Sweden "
            "SI:Slovenia SK:Slovakia "
            "CH:Switzerland GB:United_Kingdom IS:Iceland LI:Liechtenstein MD:Moldova NO:Norway UA:Ukraine"
        ).split()
    )
}
"""English names, as `corpora.places` reads them back: the Member States, and neighbours they work with."""
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://needmatch.eu/ocds")

Json = dict[str, object]


def write(
    records: Iterable[Record],
    path: Path,
    *,
    published: datetime | None = None,
    publisher: str = PUBLISHER,
    ocid_prefix: str = OCID_PREFIX,
) -> int:
    """Write needs as one release package, in their order; returns how many.

    `published` dates the package and its releases (default: today, midnight UTC); with the same
    arguments the same bytes come out. The file appears whole or not at all. Raises `RecordInvalid` for
    a solution, which OCDS has no place for, and for an id that comes twice.
    """
    dated = _dated(published)
    seen: set[str] = set()
    name = _NAMESPACE
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{_line(_head(dated, publisher))[:-1]},"releases":[')
        for record in records:
            if record.kind is not Kind.NEED:
                raise RecordInvalid(
                    f"OCDS has no place for solutions, and {record.id!r} is one. "
                    "Write needs only, or choose jsonl, csv or xlsx."
                )
            release = release_of(record, dated, ocid_prefix)
            ocid = str(release["ocid"])
            if ocid in seen:
                raise RecordInvalid(f"The ocid {ocid!r} would come twice. Give every need an id of its own.")
            file.write(",\n" if seen else "\n")
            file.write(_line(release))
            seen.add(ocid)
            name = uuid.uuid5(name, ocid)
        file.write(f'\n],"uri":"{uuid.uuid5(name, dated + publisher).urn}"}}\n')
    return len(seen)


def joint_package(
    needs: Sequence[Need],
    *,
    published: datetime | None = None,
    publisher: str = PUBLISHER,
    ocid_prefix: str = OCID_PREFIX,
) -> Json:
    """Needs that could be bought together, as one release package: each release names the others.

    The names stand in `relatedProcesses`, under a relationship of our own (`JOINT`), because the open code
    list of OCDS 1.1 has none for processes that may yet be joined. Raises `RecordInvalid` for an id that
    comes twice.

    >>> vests = [Need(id="EE-1", title="Kuulivestid"), Need(id="FI-1", title="Luotiliivit")]
    >>> release = joint_package(vests, published=datetime(2026, 5, 4, tzinfo=UTC))["releases"][0]
    >>> [(other["relationship"], other["identifier"]) for other in release["relatedProcesses"]]
    [(['jointCandidate'], 'needmatch-FI-1')]
    """
    dated = _dated(published)
    releases = [release_of(need, dated, ocid_prefix) for need in needs]
    name = _NAMESPACE
    for number, release in enumerate(releases):
        if any(other["ocid"] == release["ocid"] for other in releases[:number]):
            raise RecordInvalid(
                f"The ocid {release['ocid']!r} would come twice. Give every need an id of its own."
            )
        name = uuid.uuid5(name, str(release["ocid"]))
    for release in releases:
        related = [(need, each) for need, each in zip(needs, releases, strict=True) if each is not release]
        release["relatedProcesses"] = [
            {"id": str(place), "relationship": [JOINT], "title": need.title, "scheme": "ocid",
             "identifier": each["ocid"]}
            for place, (need, each) in enumerate(related, start=1)
        ]  # fmt: skip
    uri = uuid.uuid5(name, dated + publisher).urn
    return {**_head(dated, publisher), "releases": releases, "uri": uri}


def release_of(need: Need, dated: str, ocid_prefix: str = OCID_PREFIX) -> Json:
    """The release that stands for a need, dated with an ISO date-time.

    >>> release = release_of(Need(id="N1", title="Patrol boats", cpv=("34521000",)), "2026-01-01T00:00:00Z")
    >>> release["ocid"], release["tag"], release["tender"]["items"][0]["classification"]
    ('needmatch-N1', ['planning'], {'scheme': 'CPV', 'id': '34521000'})
    >>> release["needmatch"]
    {'id': 'N1', 'visibility': 'network', 'status': None, 'source': None}
    """
    # OCDS allows no # in the id of a release
    ocid = f"{ocid_prefix}-{need.id.replace('#', '%23')}"
    release: Json = {
        "ocid": ocid,
        "id": f"{ocid}-{dated[:10]}",
        "date": dated,
        "tag": ["planning"],
        "initiationType": "tender",
    }
    if need.language:
        release["language"] = need.language
    if party := _party(need):
        release["parties"] = [party]
        release["buyer"] = {key: party[key] for key in ("id", "name") if key in party}
    release["tender"] = _tender(need)
    row: Mapping[str, Cell] = flatten(need)
    wanted = {column: _json(cell) for column, cell in row.items()}
    given = standard_row(release)
    own = {column: cell for column, cell in wanted.items() if given.get(column) != cell}
    release[EXTENSION] = own | {column: None for column in given if column not in wanted}
    return release


def _dated(published: datetime | None) -> str:
    day = published or datetime.combine(datetime.now(UTC).date(), time(), UTC)
    return day.isoformat() if day.tzinfo else day.replace(tzinfo=UTC).isoformat()


def _head(dated: str, publisher: str) -> Json:
    return {"version": "1.1", "publishedDate": dated, "publisher": {"name": publisher}}


def _party(need: Need) -> Json:
    """The buyer as a party; nothing when not even its country is known."""
    if not (need.organisation or need.organisation_id or need.country):
        return {}
    party: Json = {"id": need.organisation_id or f"buyer-of-{need.id}"}
    if need.organisation:
        party["name"] = need.organisation
    if need.organisation_id:
        party["identifier"] = {"id": need.organisation_id}
    if need.country:
        party["address"] = {"countryName": COUNTRY_NAMES.get(need.country, need.country)}
    party["roles"] = ["buyer"]
    if need.buyer_type:
        party["details"] = {"classifications": [{"scheme": BUYER_SCHEME, "id": need.buyer_type}]}
    return party


def _tender(need: Need) -> Json:
    tender: Json = {"id": need.id, "title": need.title}
    tender |= {f"title_{language}": title for language, title in sorted(need.titles.items())}
    if need.description:
        tender["description"] = need.description
    tender["status"] = "planning"
    if need.cpv:
        tender["items"] = [
            {"id": str(number), "classification": {"scheme": "CPV", "id": code}}
            for number, code in enumerate(need.cpv, start=1)
        ]
    if need.value is not None and _is_currency(need.currency):
        tender["value"] = {"amount": need.value, "currency": need.currency}
    elif need.value_eur is not None:
        tender["value"] = {"amount": need.value_eur, "currency": "EUR"}
    if need.value_min_eur is not None:
        tender["minValue"] = {"amount": need.value_min_eur, "currency": "EUR"}
    if need.nature:
        tender["mainProcurementCategory"] = _CATEGORIES[need.nature]
    if period := _period(need.window_start, need.window_end):
        tender["tenderPeriod"] = period
    if period := _period(need.delivery_start, need.delivery_end):
        tender["contractPeriod"] = period
    if _URI.fullmatch(need.url):
        tender["documents"] = [{"id": "1", "documentType": "tenderNotice", "url": need.url}]
    return tender


def _period(start: date | None, end: date | None) -> Json:
    period: Json = {}
    if start:
        period["startDate"] = f"{start.isoformat()}T00:00:00Z"
    if end:
        period["endDate"] = f"{end.isoformat()}T23:59:59Z"
    return period


def _is_currency(code: str) -> bool:
    """Whether a code is surely of ISO 4217, to which the schema of OCDS binds."""
    return code == "EUR" or code in load_rates().units_per_eur


def _json(cell: Cell) -> object:
    return cell.isoformat() if isinstance(cell, date) else cell


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
