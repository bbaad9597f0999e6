"""eForms notices (UBL 2.3 XML of the EU, SDK 1.x) as flat rows, one a notice.

Paths are those of the eForms SDK, with local names; the business terms (BT, OPP) are named beside them.
What a buyer withholds (BT-195) stands in the XML as `unpublished`, -1 or 1970-01-01 and is unknown here.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from corpora.readers.notices import (
    KIND_NAMES,
    NEED_KINDS,
    Fields,
    each_once,
    finished,
    identifier,
    listed,
    one_line,
    plain_url,
    publication_number,
    regime,
    substantial,
    total,
    wanted,
    window,
    without_links,
)
from corpora.readers.xml import Element, clean, first, parse, plain, texts
from corpora.report import Report
from corpora.tongues import language

_EXTENSION: Final = "UBLExtensions/UBLExtension/ExtensionContent/EformsExtension"
_PROJECT: Final = "ProcurementProject"
_OBJECT: Final = f"{_PROJECT}/RequestedTenderTotal"
_ROOT_KINDS: Final = {
    "PriorInformationNotice": "planning",
    "ContractNotice": "competition",
    "ContractAwardNotice": "result",
    "BusinessRegistrationInformationNotice": "bri",
}
_SUBTYPE_KINDS: Final = (
    (range(1, 10), "planning"),
    (range(10, 25), "competition"),
    (range(25, 29), "dir-awa-pre"),
    (range(29, 38), "result"),
    (range(38, 41), "cont-modif"),
)
_LETTERED_SUBTYPES: Final = {
    "E1": "consultation",
    "E2": "planning",
    "E3": "competition",
    "E4": "result",
    "E5": "completion",
    "T01": "planning",
    "T02": "result",
    "X01": "bri",
    "X02": "bri",
    "CEI": "competition",
}
_KINDS: Final = frozenset(_LETTERED_SUBTYPES.values()) | {"dir-awa-pre", "cont-modif"}
_TECHNICAL: Final = ("tp-abil", "slc-abil")
"""Selection criteria of these kinds say what must be mastered; the others are law and money."""
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?")
_WITHHELD_DATE: Final = "1970-01-01"
_WITHHELD: Final = "unpublished"


def read_rows(path: Path, report: Report, awards: bool = False) -> Iterator[tuple[int, Fields]]:
    """Line and flat row of the notice in a file, if it names a need or `awards` asks for the others too.

    What is skipped or refused goes into the report. Raises `FileUnreadable` and `FileTooLarge` as
    `corpora.readers.xml.parse` does.
    """
    notice = parse(path)
    code = first(notice, "NoticeTypeCode")
    subtype = first(notice, f"{_EXTENSION}/NoticeSubType/SubTypeCode")
    kind = _kind(notice, subtype)
    name = f"{KIND_NAMES.get(kind, 'notice of an unknown kind')} ({code or subtype or notice.tag})"
    if not wanted(kind, name, path, report, awards=awards):
        return
    tongue = first(notice, "NoticeLanguageCode")
    lots = [lot for lot in notice.iterfind("ProcurementProjectLot") if _scheme(lot) != "LotsGroup"]
    row: Fields = {
        "id": _identity(notice),
        **_subject(notice, lots, tongue),
        "language": tongue,
        **_buyer(notice, tongue),
        **_object(notice, lots),
        **_value(notice, lots, awarded=kind not in NEED_KINDS),
        **_dates(notice, lots),
        "regime": regime(_legal_basis(notice)),
        "working_languages": listed(_among(lots, "TenderingTerms/Language/ID")),
        "status": "withdrawn" if "cancel" in _all(notice, ".//ChangeReason/ReasonCode") else "",
        "source": "eForms",
        "url": plain_url(_among(lots, "TenderingTerms/CallForTendersDocumentReference//URI")),
        "notice_kind": kind,
        "notice_type": code,
        "notice_subtype": subtype,
        "notice_version": first(notice, "VersionID"),
        "procedure_id": first(notice, "ContractFolderID"),
        "published": _day(first(notice, f"{_EXTENSION}/Publication/PublicationDate"))
        or _day(first(notice, "IssueDate")),
        "changed_notice": first(notice, f"{_EXTENSION}/Changes/ChangedNoticeIdentifier"),
        "withheld": listed(_all(notice, ".//FieldsPrivacy/FieldIdentifierCode")),
    }
    if (kept := finished(row, path, report)) is not None:
        yield 1, kept


def _kind(notice: Element, subtype: str) -> str:
    """Form type: as stated with the notice type, else by the subtype, else by the root."""
    stated = notice.find("NoticeTypeCode")
    if stated is not None and stated.get("listName") in _KINDS:
        return str(stated.get("listName"))
    if subtype in _LETTERED_SUBTYPES:
        return _LETTERED_SUBTYPES[subtype]
    if subtype.isdecimal():
        for numbers, kind in _SUBTYPE_KINDS:
            if int(subtype[:4]) in numbers:
                return kind
    return _ROOT_KINDS.get(str(notice.tag), "")


def _identity(notice: Element) -> str:
    """Publication number if there is one, else notice id (BT-701) with its version (BT-757)."""
    if number := first(notice, f"{_EXTENSION}/Publication/NoticePublicationID"):
        return publication_number(number)
    notice_id, version = first(notice, "ID"), first(notice, "VersionID")
    return f"{notice_id}-{version}" if notice_id and version else notice_id


def _subject(notice: Element, lots: list[Element], tongue: str) -> Fields:
    """Titles (BT-21), descriptions (BT-24), substantial remarks (BT-300) and technical requirements."""
    parts = [notice, *lots]
    names = [one_line(in_language(part, f"{_PROJECT}/Name", tongue)) for part in parts]
    about = [in_language(part, f"{_PROJECT}/Description", tongue) for part in parts]
    remarks = [in_language(part, f"{_PROJECT}/Note", tongue) for part in parts]
    title = next(filter(None, names), "")
    told = [text for pair in zip(names, about, strict=True) for text in pair]
    clearance = [in_language(lot, "TenderingTerms/SecurityClearanceTerm/Description", tongue) for lot in lots]
    row: Fields = {
        "title": title,
        "description": each_once([*told, *substantial(remarks)], said=[title]),
        "requirements": each_once(without_links([*_technical(lots, tongue), *clearance])),
    }
    titled = next((part for part, name in zip(parts, names, strict=True) if name), notice)
    for name in titled.iterfind(f"{_PROJECT}/Name"):
        other = language(name.get("languageID") or "")
        if other and other != language(tongue) and (text := one_line(_shown(plain(name)))) and text != title:
            row.setdefault(f"title_{other}", text)
    return row


def _technical(lots: list[Element], tongue: str) -> Iterator[str]:
    """Selection criteria on technical ability (BT-747, BT-750), in their older and newer places."""
    for lot in lots:
        for criterion in lot.iter("SelectionCriteria", "SpecificTendererRequirement"):
            codes = (
                _code(criterion, tag, "selection-criterion")
                for tag in ("CriterionTypeCode", "TendererRequirementTypeCode")
            )
            if any(code.startswith(_TECHNICAL) for code in codes):
                yield in_language(criterion, "Name", tongue)
                yield in_language(criterion, "Description", tongue)


def _buyer(notice: Element, tongue: str) -> Fields:
    """The buyer, or of several the lead (OPP-050), and what tells that more than one buys."""
    organisations = {
        first(each, "Company/PartyIdentification/ID"): each
        for each in notice.iterfind(f"{_EXTENSION}/Organizations/Organization")
    }
    keys = [first(party, "Party/PartyIdentification/ID") for party in notice.iterfind("ContractingParty")]
    buyers = [organisations[key] for key in dict.fromkeys(keys) if key in organisations]
    # stable: the lead comes first, the others keep their order
    buyers.sort(key=lambda buyer: first(buyer, "GroupLeadIndicator") != "true")
    row: Fields = {
        "buyer_type": _code(
            notice, "ContractingParty/ContractingPartyType/PartyTypeCode", "buyer-legal-type"
        ),
        "main_activity": _shown(first(notice, "ContractingParty/ContractingActivity/ActivityTypeCode")),
        "cross_border_law": _cross_border_law(notice),
        "awarding_cpb": _flag(buyers, "AwardingCPBIndicator"),
        "acquiring_cpb": _flag(buyers, "AcquiringCPBIndicator"),
    }
    if buyers:
        row["organisation"] = in_language(buyers[0], "Company/PartyName/Name", tongue)
        row["organisation_id"] = identifier(first(buyers[0], "Company/PartyLegalEntity/CompanyID"))
        row["country"] = _country(buyers[0])
    # a buyer alone may call itself the lead; that makes no group
    if len(buyers) > 1:
        row["joint_procurement"] = "yes"
        row["group_lead"] = row["organisation"] if _flag(buyers, "GroupLeadIndicator") else ""
        row["buyers"] = listed(in_language(buyer, "Company/PartyName/Name", tongue) for buyer in buyers)
        row["buyer_countries"] = listed(map(_country, buyers))
    return row


def _object(notice: Element, lots: list[Element]) -> Fields:
    """Classification (BT-262, BT-263), nature (BT-23), quantity (BT-25), innovation, framework, places."""
    parts = [notice, *lots]
    main = _among(parts, f"{_PROJECT}/MainCommodityClassification/ItemClassificationCode")
    more = _among(parts, f"{_PROJECT}/AdditionalCommodityClassification/ItemClassificationCode")
    natures = [_code(part, f"{_PROJECT}/ProcurementTypeCode", "contract-nature") for part in parts]
    innovation = (
        _code(lot, f"{_PROJECT}/ProcurementAdditionalType/ProcurementTypeCode", "innovative-acquisition")
        for lot in lots
    )
    framework = (
        _code(lot, "TenderingProcess/ContractingSystem/ContractingSystemTypeCode", "framework-agreement")
        for lot in lots
    )
    return {
        "cpv": listed([*main, *more]),
        "nature": next(filter(None, natures), ""),
        "quantity": "; ".join(dict.fromkeys(_quantities(parts))),
        "innovation": listed(innovation),
        "framework": listed(code for code in framework if code != "none"),
        "nuts": listed(_among(parts, f"{_PROJECT}/RealizedLocation/Address/CountrySubentityCode")),
    }


def _value(notice: Element, lots: list[Element], *, awarded: bool) -> Fields:
    """Estimated value (BT-27) of the procedure, else of all lots; else the framework maximum (BT-271)."""
    estimate = f"{_OBJECT}/EstimatedOverallContractAmount"
    maximum = f"{_OBJECT}/{_EXTENSION}/FrameworkMaximumAmount"
    sources = [("estimate", [notice], estimate), ("estimates of lots", lots, estimate)]
    sources += [("framework maximum", [notice], maximum), ("framework maxima of lots", lots, maximum)]
    if awarded:
        sources.insert(2, ("awarded", [notice], f"{_EXTENSION}/NoticeResult/TotalAmount"))
    for basis, parts, path in sources:
        amounts = [_amount(part.find(path)) for part in parts]
        # a sum over some of the lots would pass for the value of all
        if amounts and (sum_ := total(pair for pair in amounts if pair)) and None not in amounts:
            return {"value": sum_[0], "currency": sum_[1], "value_basis": basis}
    return {}


def _dates(notice: Element, lots: list[Element]) -> Fields:
    """Planned publication (BT-127), deadlines (BT-131, BT-1311, BT-630), contract period (BT-536, BT-537)."""
    parts = [notice, *lots]
    deadlines = (
        _days(lots, f"TenderingProcess/{period}/EndDate")
        for period in (
            "TenderSubmissionDeadlinePeriod",
            "ParticipationRequestReceptionPeriod",
            f"{_EXTENSION}/InterestExpressionReceptionPeriod",
        )
    )
    durations = (
        f"{plain(measure)} {measure.get('unitCode') or ''}".strip()
        for part in parts
        for measure in part.iterfind(f"{_PROJECT}/PlannedPeriod/DurationMeasure")
    )
    return {
        **window(
            _day(first(notice, "PlannedDate")), max(next(filter(None, deadlines), list[str]()), default="")
        ),
        "delivery_start": min(_days(parts, f"{_PROJECT}/PlannedPeriod/StartDate"), default=""),
        "delivery_end": max(_days(parts, f"{_PROJECT}/PlannedPeriod/EndDate"), default=""),
        "duration": listed(durations),
    }


def _legal_basis(notice: Element) -> str:
    """BT-01: the regulatory domain, or the first law named by its CELEX number."""
    named = [first(notice, "RegulatoryDomain")]
    named += _all(notice, "TenderingTerms/ProcurementLegislationDocumentReference/ID")
    return next((text for text in named if regime(text)), "")


def _cross_border_law(notice: Element) -> str:
    """BT-09: the law that governs a joint procedure across borders."""
    for law in notice.iterfind("TenderingTerms/ProcurementLegislationDocumentReference"):
        if first(law, "ID") == "CrossBorderLaw":
            return _shown(first(law, "DocumentDescription")) or "yes"
    return ""


def _quantities(parts: Iterable[Element]) -> Iterator[str]:
    for part in parts:
        for quantity in part.iterfind(f"{_PROJECT}/EstimatedOverallContractQuantity"):
            if (number := _shown(plain(quantity))) and not number.startswith("-"):
                unit = quantity.get("unitCode") or ""
                # C62 is "one piece" in the UN list
                yield number if unit in ("", "C62") else f"{number} {unit}"


def in_language(element: Element, path: str, tongue: str) -> str:
    """The text at a path in the wanted language, else the first there is; withheld texts are unknown."""
    found = [(each.get("languageID"), _shown(plain(each))) for each in element.iterfind(path)]
    said = [(code, text) for code, text in found if text]
    return next((text for code, text in said if code == tongue), said[0][1] if said else "")


def _shown(text: str) -> str:
    return "" if text.casefold() == _WITHHELD else text


def _all(element: Element, path: str) -> list[str]:
    return [text for text in texts(element, path) if _shown(text)]


def _among(parts: Iterable[Element], path: str) -> list[str]:
    return [text for part in parts for text in _all(part, path)]


def _code(element: Element, path: str, list_name: str) -> str:
    """The code at a path that belongs to a list; a code that names no list is taken to belong."""
    for found in element.iterfind(path):
        if found.get("listName", list_name) == list_name and (code := _shown(plain(found))):
            return code
    return ""


def _amount(element: Element | None) -> tuple[str, str] | None:
    amount = "" if element is None else clean(element.text or "")
    if element is None or not amount or amount.startswith("-") or not _shown(amount):
        return None
    return amount, element.get("currencyID") or ""


def _day(text: str) -> str:
    shape = _DATE.fullmatch(text)
    day = shape[1] if shape else text
    return "" if day == _WITHHELD_DATE else day


def _days(parts: Iterable[Element], path: str) -> list[str]:
    return [day for day in map(_day, _among(parts, path)) if day]


def _flag(organisations: list[Element], name: str) -> str:
    return "yes" if any(first(each, name) == "true" for each in organisations) else ""


def _country(organisation: Element) -> str:
    return first(organisation, "Company/PostalAddress/Country/IdentificationCode")


def _scheme(lot: Element) -> str:
    lot_id = lot.find("ID")
    return "" if lot_id is None else lot_id.get("schemeName") or ""
