"""Legacy TED notices (TED_EXPORT, schemas R2.0.8 and R2.0.9, to 2023) as flat rows, one a notice.

Every form says its own thing in its own words: R2.0.9 has one vocabulary for F01 to F25 and the transport
forms, R2.0.8 another for defence and for the forms of 2004. Both are read by element name inside the
section on the object, which all of them have; the coded section that TED adds fills what is left open.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from corpora.readers.notices import (
    BUYER_TYPES,
    NEED_KINDS,
    Fields,
    amount,
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
from corpora.readers.xml import Element, first, parse, plain
from corpora.report import Report

_FORMS: Final[dict[str, tuple[str, str]]] = {
    "1": ("planning", "prior information notice"),
    "2": ("competition", "contract notice"),
    "3": ("result", "contract award notice"),
    "4": ("planning", "periodic indicative notice"),
    "5": ("competition", "contract notice, utilities"),
    "6": ("result", "contract award notice, utilities"),
    "7": ("competition", "qualification system, utilities"),
    "8": ("planning", "notice on a buyer profile"),
    "9": ("competition", "simplified contract notice"),
    "10": ("competition", "concession notice"),
    "11": ("competition", "contract notice of a concessionaire"),
    "12": ("competition", "design contest notice"),
    "13": ("result", "results of design contest"),
    "14": ("change", "corrigendum"),
    "15": ("dir-awa-pre", "voluntary ex-ante transparency notice"),
    "16": ("planning", "prior information notice, defence"),
    "17": ("competition", "contract notice, defence"),
    "18": ("result", "contract award notice, defence"),
    "19": ("competition", "subcontract notice, defence"),
    "20": ("cont-modif", "modification notice"),
    "21": ("competition", "social and other specific services"),
    "22": ("competition", "social and other specific services, utilities"),
    "23": ("competition", "social and other specific services, concessions"),
    "24": ("competition", "concession notice"),
    "25": ("result", "concession award notice"),
    "T1": ("planning", "prior information notice, transport"),
    "T2": ("result", "award notice, transport"),
}
"""Kind and name of each form, by its number without leading zeros."""
_DOCUMENT_KINDS: Final = {
    **dict.fromkeys("0PB", "planning"),
    **dict.fromkeys("3456ACDHMOQY", "competition"),
    **dict.fromkeys("7JR", "result"),
    **dict.fromkeys("12", "change"),
    "K": "cont-modif",
    "V": "dir-awa-pre",
}
"""Kind of each document type that TED codes, for forms without a known number."""
_NATURES: Final = {"1": "works", "2": "supplies", "4": "services"}
_ACTIVITIES: Final = {
    "GENERAL_PUBLIC_SERVICES": "gen-pub",
    "DEFENCE": "defence",
    "ECONOMIC_AND_FINANCIAL_AFFAIRS": "econ-aff",
    "EDUCATION": "education",
    "ENVIRONMENT": "env-pro",
    "HEALTH": "health",
    "HOUSING_AND_COMMUNITY_AMENITIES": "hc-am",
    "PUBLIC_ORDER_AND_SAFETY": "pub-os",
    "RECREATION_CULTURE_AND_RELIGION": "rcr",
    "SOCIAL_PROTECTION": "soc-pro",
    "AIRPORT_RELATED_ACTIVITIES": "airport",
    "ELECTRICITY": "electricity",
    "EXPLORATION_EXTRACTION_COAL_OTHER_SOLID_FUEL": "solid-fuel",
    "EXPLORATION_EXTRACTION_GAS_OIL": "gas-oil",
    "PORT_RELATED_ACTIVITIES": "port",
    "POSTAL_SERVICES": "post",
    "PRODUCTION_TRANSPORT_DISTRIBUTION_GAS_HEAT": "gas-heat",
    "RAILWAY_SERVICES": "rail",
    "URBAN_RAILWAY_TRAMWAY_TROLLEYBUS_BUS_SERVICES": "urttb",
    "WATER": "water",
}
"""Main activities in the codes of eForms (BT-10)."""

_TITLES: Final = ("TITLE", "TITLE_CONTRACT", "TITLE_DESIGN_CONTEST", "TITLE_DESIGN_CONACT_NOTICE")
_TOLD: Final = frozenset(
    {
        *_TITLES, "SHORT_DESCR", "SHORT_CONTRACT_DESCRIPTION", "DESCRIPTION", "DESCRIPTION_OF_CONTRACT",
        "LOT_TITLE", "LOT_DESCRIPTION", "TOTAL_QUANTITY_OR_SCOPE", "QUANTITY_OR_SCOPE",
    }
)  # fmt: skip
_REMARKS: Final = frozenset({"INFO_ADD", "ADDITIONAL_INFORMATION"})
_TECHNICAL: Final = (
    "TECHNICAL_PROFESSIONAL_INFO", "TECHNICAL_PROFESSIONAL_MIN_LEVEL", "T_CAPACITY_INFORMATION",
    "T_CAPACITY_MIN_LEVEL", "CONDITIONS",
)  # fmt: skip
_QUANTITY_LONGEST: Final = 200
"""What forms call quantity or scope is a quantity while it is short, and a description beyond."""
_ONE_LETTER_NUMBER: Final = re.compile(r"([A-Z]?)0*(\d+)")
_OJS_NUMBER: Final = re.compile(r"(\d{4})/S \d+-(\d+)")
_ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPACT_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?: .*)?")


def read_rows(path: Path, report: Report, awards: bool = False) -> Iterator[tuple[int, Fields]]:
    """Line and flat row of the notice in a file, if it names a need or `awards` asks for the others too.

    The original language is read; titles in the others become `title_<lang>`. What is skipped or refused
    goes into the report. Raises `FileUnreadable` and `FileTooLarge` as `corpora.readers.xml.parse` does.
    """
    notice = parse(path)
    forms = _forms(notice)
    if not forms:
        finished({}, path, report)
        return
    form = forms[0]
    kind, name = _kind(notice, form)
    code = form.get("FORM") or str(form.tag)
    if not wanted(kind, f"{name} ({code})", path, report, awards=awards):
        return
    objects = _objects(form)
    title = _title(form)
    row: Fields = {
        "id": _identity(notice),
        "title": title,
        **_translations(forms, title),
        **_texts(form, objects, title),
        "language": _tongue(form) or first(notice, ".//LG_ORIG")[:2],
        **_buyer(notice, form),
        **_object(notice, form, objects),
        **_value(notice, objects, awarded=kind not in NEED_KINDS),
        **_dates(notice, form, objects),
        "regime": regime(_attribute(form, "LEGAL_BASIS", "VALUE"))
        or regime(_attribute(notice, "DIRECTIVE", "VALUE")),
        "working_languages": listed(
            _attributes(form, "LANGUAGE", "VALUE") + _attributes(form, "LANGUAGE_EC", "VALUE")
        ),
        "source": "TED",
        "url": plain_url([*_said(form, ("URL_DOCUMENT",)), *_said(notice, ("URI_DOC",))]),
        "notice_kind": kind,
        "notice_type": name,
        "notice_subtype": code,
        "published": _day(first(notice, ".//DATE_PUB")),
    }
    if (kept := finished(row, path, report)) is not None:
        yield 1, kept


def _forms(notice: Element) -> list[Element]:
    """The form in its languages, the one to read first: original, and of originals the first named."""
    forms = [form for form in notice.iterfind("FORM_SECTION/*") if form.get("LG") or form.get("CATEGORY")]
    named = first(notice, ".//LG_ORIG").split()[:1]
    # stable: what is alike keeps the order of the file
    return sorted(forms, key=lambda form: (form.get("CATEGORY") != "ORIGINAL", [_tongue(form)] != named))


def _kind(notice: Element, form: Element) -> tuple[str, str]:
    """Kind and name of the form, by its number, or else by the type that TED coded."""
    stated = form.get("FORM") or str(form.tag).partition("_")[0]
    shape = _ONE_LETTER_NUMBER.fullmatch(stated.upper())
    number = f"{shape[1].replace('F', '')}{shape[2]}" if shape else stated
    purpose = _attribute(form, "NOTICE", "TYPE")
    document = _attribute(notice, "TD_DOCUMENT_TYPE", "CODE")
    kind, name = _FORMS.get(number, (_DOCUMENT_KINDS.get(document, ""), f"form {stated}"))
    if number in ("1", "4") and "CALL" in purpose:
        kind = "competition"
    if number in ("21", "22", "23"):
        # one form for every stage of these services; its purpose says which
        if "AWARD" in purpose or _DOCUMENT_KINDS.get(document) == "result":
            kind, name = "result", f"{name}, award"
        elif purpose.startswith(("PRI", "PER")) and "CALL" not in purpose:
            kind, name = "planning", f"{name}, prior information"
    return kind, name


def _identity(notice: Element) -> str:
    if number := notice.get("DOC_ID"):
        return publication_number(number)
    if shape := _OJS_NUMBER.fullmatch(first(notice, ".//NOTICE_DATA/NO_DOC_OJS")):
        return publication_number(f"{shape[2]}-{shape[1]}")
    return first(notice, ".//NOTICE_UUID") or first(notice, ".//RECEPTION_ID")


def _objects(form: Element) -> list[Element]:
    """The outermost sections on the object of the notice, else the whole form."""
    found: list[Element] = []
    for element in form.iter():
        if str(element.tag).startswith("OBJECT") and not any(
            str(above.tag).startswith("OBJECT") for above in element.iterancestors()
        ):
            found.append(element)
    return found or [form]


def _title(form: Element) -> str:
    return next((one_line(text) for part in _objects(form) for text in _said(part, _TITLES)), "")


def _translations(forms: list[Element], title: str) -> Fields:
    row: Fields = {}
    for other in forms[1:]:
        if (tongue := _tongue(other).lower()) and (text := _title(other)) and text != title:
            row.setdefault(f"title_{tongue}", text)
    return row


def _texts(form: Element, objects: list[Element], title: str) -> Fields:
    """Descriptions of the whole and of the lots, remarks of substance, technical requirements, quantity."""
    told = [text for part in objects for text in _said(part, _TOLD)]
    quantities = (text for part in objects for text in _said(part, ("TOTAL_QUANTITY_OR_SCOPE",)))
    return {
        "description": each_once([*told, *substantial(_said(form, _REMARKS))], said=[title]),
        "requirements": each_once(without_links(_said(form, _TECHNICAL))),
        "quantity": next((text for text in quantities if len(text) <= _QUANTITY_LONGEST), ""),
    }


def _buyer(notice: Element, form: Element) -> Fields:
    """The buyer, and what tells that several buy together or that a central body buys for others."""
    bodies = [*form.iter("ADDRESS_CONTRACTING_BODY", "ADDRESS_CONTRACTING_BODY_ADDITIONAL")]
    bodies = bodies or [*form.iter("CA_CE_CONCESSIONAIRE_PROFILE")][:1] or [form]
    names = [next(_said(body, ("OFFICIALNAME",)), "") for body in bodies]
    joint = len(set(filter(None, names))) > 1 or form.find(".//JOINT_PROCUREMENT_INVOLVED") is not None
    on_behalf = form.find(".//PURCHASING_ON_BEHALF_YES") is not None
    kind = _attribute(form, "CA_TYPE", "VALUE") or _attribute(form, "TYPE_OF_CONTRACTING_AUTHORITY", "VALUE")
    activities = (
        _attribute(form, tag, "VALUE") for tag in ("CA_ACTIVITY", "CE_ACTIVITY", "TYPE_OF_ACTIVITY")
    )
    activity = next(filter(None, activities), "")
    row: Fields = {
        "organisation": names[0] or first(notice, ".//AA_NAME"),
        "organisation_id": identifier(next(_said(bodies[0], ("NATIONALID",)), "")),
        "country": _attribute(bodies[0], "COUNTRY", "VALUE") or _attribute(notice, "ISO_COUNTRY", "VALUE"),
        "buyer_type": BUYER_TYPES.get(kind or _attribute(notice, "AA_AUTHORITY_TYPE", "CODE"), ""),
        "main_activity": _ACTIVITIES.get(activity, activity.lower()),
        "cross_border_law": next(_said(form, ("PROCUREMENT_LAW",)), ""),
        "awarding_cpb": "yes" if on_behalf or form.find(".//CENTRAL_PURCHASING") is not None else "",
    }
    if joint:
        row["joint_procurement"] = "yes"
        row["buyers"] = listed(names)
        row["buyer_countries"] = listed(_attribute(body, "COUNTRY", "VALUE") for body in bodies)
    return row


def _object(notice: Element, form: Element, objects: list[Element]) -> Fields:
    """Classification, nature, framework and places."""
    natures = [
        *(_attribute(part, "TYPE_CONTRACT", name) for part in objects for name in ("CTYPE", "VALUE")),
        _NATURES.get(_attribute(notice, "NC_CONTRACT_NATURE", "CODE"), ""),
    ]
    framework = (
        form.find(".//FRAMEWORK") is not None
        or form.find(".//F17_FRAMEWORK") is not None
        or _attribute(form, "FRAMEWORK_AGREEMENT", "VALUE") == "YES"
        or "FRAMEWORK" in _attribute(form, "NOTICE_INVOLVES_DEFENCE", "VALUE")
    )
    nuts = [code for part in objects for code in _attributes(part, "NUTS", "CODE")]
    cpv = [code for part in objects for code in _attributes(part, "CPV_CODE", "CODE")]
    return {
        "cpv": listed([*cpv, *_attributes(notice, "ORIGINAL_CPV", "CODE")]),
        "nature": next(filter(None, natures), "").lower(),
        "framework": "yes" if framework else "",
        "nuts": listed(nuts or _attributes(notice, "PERFORMANCE_NUTS", "CODE")),
    }


def _value(notice: Element, objects: list[Element], *, awarded: bool) -> Fields:
    """The value of the whole as the form gives it, else as TED coded it, else the sum of all lots."""
    lots = [lot for part in objects for lot in part.iter("OBJECT_DESCR")]
    sources = [
        ("estimate", _each(objects, "VAL_ESTIMATED_TOTAL") or _coded(notice, "ESTIMATED_TOTAL")),
        ("estimates of lots", _each(lots, "VAL_OBJECT")),
    ]
    if awarded:
        sources.append(("awarded", _each(objects, "VAL_TOTAL") or _coded(notice, "PROCUREMENT_TOTAL")))
    for basis, pairs in sources:
        if summed := total(pairs):
            return {"value": summed[0], "currency": summed[1], "value_basis": basis}
    return _range(objects) or _old_value(objects)


def _range(objects: list[Element]) -> Fields:
    """A total given as lowest and highest offer (R2.0.9)."""
    for part in objects:
        for span in part.iter("VAL_RANGE_TOTAL"):
            low, high = (amount(first(span, end)) for end in ("LOW", "HIGH"))
            return {"value_min": low, "value_max": high, "currency": span.get("CURRENCY") or ""}
    return {}


def _old_value(objects: list[Element]) -> Fields:
    """The value or the range of R2.0.8, of the whole when it is stated, else the sum of the lots."""
    stated = [
        cost
        for part in objects
        for cost in part.iter("COSTS_RANGE_AND_CURRENCY", "COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE")
    ]
    whole = [cost for cost in stated if not _inside_lot(cost)]
    for cost in whole:
        currency = cost.get("CURRENCY") or ""
        taxed = "yes" if cost.find("INCLUDING_VAT") is not None else ""
        if value := amount(_formatted(cost.find("VALUE_COST"))):
            return {"value": value, "currency": currency, "vat_included": taxed, "value_basis": "estimate"}
        low, high = (
            amount(_formatted(cost.find(f"RANGE_VALUE_COST/{end}_VALUE"))) for end in ("LOW", "HIGH")
        )
        if low or high:
            return {"value_min": low, "value_max": high, "currency": currency, "vat_included": taxed}
    lots = [(_formatted(cost.find("VALUE_COST")), cost.get("CURRENCY") or "") for cost in stated]
    numbered = sum(1 for part in objects for _ in part.iter("LOT_NUMBER"))
    if not whole and len(lots) >= numbered and (summed := total(lots)):
        return {"value": summed[0], "currency": summed[1], "value_basis": "estimates of lots"}
    return {}


def _inside_lot(element: Element) -> bool:
    return any("LOT" in str(above.tag) or "ANNEX" in str(above.tag) for above in element.iterancestors())


def _formatted(element: Element | None) -> str:
    return "" if element is None else element.get("FMTVAL") or plain(element)


def _each(parts: list[Element], tag: str) -> list[tuple[str, str]]:
    """The amounts of all parts; none if one lacks it, for their sum would pass for the value of all."""
    found = [part.find(f".//{tag}") for part in parts]
    return [] if None in found else [_money(value) for value in found if value is not None]


def _coded(notice: Element, kind: str) -> list[tuple[str, str]]:
    return [_money(value) for value in notice.iter("VALUE") if value.get("TYPE") == kind]


def _money(element: Element) -> tuple[str, str]:
    return plain(element), element.get("CURRENCY") or ""


def _dates(notice: Element, form: Element, objects: list[Element]) -> Fields:
    """Announced publication or start of the procedure, deadline, contract period and duration."""
    starts = [
        *_days(form, "DATE_PUBLICATION_NOTICE"),
        *_days(form, "PROCEDURE_DATE_STARTING"),
        *_days(form, "DATE_AWARD_SCHEDULED"),
    ]
    ends = [
        *_days(form, "DATE_RECEIPT_TENDERS"),
        *_days(form, "RECEIPT_LIMIT_DATE"),
        *_days(notice, "DT_DATE_FOR_SUBMISSION"),
    ]
    begun = [day for part in objects for day in _days(part, "DATE_START", "START_DATE")]
    ended = [day for part in objects for day in _days(part, "DATE_END", "END_DATE")]
    durations = [
        *(
            f"{plain(span)} {span.get('TYPE') or ''}".strip()
            for part in objects
            for span in part.iter("DURATION")
        ),
        *(
            f"{plain(span)} {str(span.tag).removesuffix('S')}"
            for part in objects
            for span in part.iterfind(".//PERIOD_WORK_DATE_STARTING/*")
            if span.tag in ("MONTHS", "DAYS")
        ),
    ]
    return {
        **window(next(iter(starts), ""), next(iter(ends), "")),
        "delivery_start": min(begun, default=""),
        "delivery_end": max(ended, default=""),
        "duration": listed(durations),
    }


def _days(element: Element, *tags: str) -> list[str]:
    return [day for found in element.iter(*tags) if (day := _composed(found) or _day(plain(found)))]


def _day(text: str) -> str:
    shape = _COMPACT_DAY.fullmatch(text)
    return "-".join(shape.groups()) if shape else text if _ISO_DAY.fullmatch(text) else ""


def _composed(element: Element) -> str:
    """A date in R2.0.8: day, month and year in elements of their own."""
    year, month, day = (first(element, part) for part in ("YEAR", "MONTH", "DAY"))
    return f"{year}-{month:0>2}-{day:0>2}" if year and month and day else ""


def _said(element: Element, tags: Iterable[str]) -> Iterator[str]:
    """The texts of all elements so named, in the order of the document."""
    for found in element.iter(*tags):
        if text := plain(found):
            yield text


def _tongue(form: Element) -> str:
    return form.get("LG") or ""


def _attributes(element: Element, tag: str, name: str) -> list[str]:
    return [value.strip() for found in element.iter(tag) if (value := found.get(name))]


def _attribute(element: Element, tag: str, name: str) -> str:
    return next(iter(_attributes(element, tag, name)), "")
