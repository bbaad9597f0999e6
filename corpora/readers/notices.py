"""What eForms and legacy TED notices have in common: which is which, kinds of notice, legal bases, texts.

A notice of the planning, consultation or competition kind names a need; the other kinds tell how one
ended and are read only when asked for.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from corpora.readers.xml import root_tag
from corpora.report import Issue, Report, Severity
from matcher.phrases import phrase

Fields = dict[str, object]
"""One flat row, under the column names of the contract; the rest becomes `extra`."""

UBL_PREFIX: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
BRI_ROOT: Final = "BusinessRegistrationInformationNotice"
EFORMS_ROOTS: Final = ("PriorInformationNotice", "ContractNotice", "ContractAwardNotice", BRI_ROOT)
TED_ROOT: Final = "TED_EXPORT"

NEED_KINDS: Final = frozenset({"planning", "consultation", "competition"})
"""Form types that name a need."""
KIND_NAMES: Final[Mapping[str, str]] = {
    "planning": "planning notice",
    "consultation": "pre-market consultation notice",
    "competition": "competition notice",
    "result": "contract award notice",
    "cont-modif": "contract modification notice",
    "dir-awa-pre": "voluntary ex-ante transparency notice",
    "completion": "contract completion notice",
    "bri": "business registration notice",
}
"""Form types (eForms BT-03) in words."""

BUYER_TYPES: Final[Mapping[str, str]] = {
    "MINISTRY": "cga",
    "NATIONAL_AGENCY": "body-pl-cga",
    "REGIONAL_AUTHORITY": "ra",
    "REGIONAL_AGENCY": "body-pl-ra",
    "BODY_PUBLIC": "body-pl",
    "EU_INSTITUTION": "eu-ins-bod-ag",
    "1": "cga",
    "3": "ra",
    "4": "pub-undert",
    "5": "eu-ins-bod-ag",
    "6": "body-pl",
    "N": "body-pl-cga",
    "R": "body-pl-ra",
}
"""Types of authority, in the words and in the letters of TED, in the codes of eForms (BT-11)."""

_SUBSTANTIAL: Final = 80
"""Additional information shorter than this is a remark, not a description."""
_LONGEST: Final = 100_000
"""Characters kept of a description; a row of more than twice as many would be refused."""
_CELEX: Final = re.compile(r"3(\d{4})([LR])(\d{4})")
_DIRECTIVE: Final = re.compile(r"(\d{2,4}/\d{1,4})/(?:EC|EU|EEC)")
_NUMBER: Final = re.compile(r"0*(\d{1,8})-(\d{4})")
_DECIMAL: Final = re.compile(r"\d{1,18}(?:\.\d{1,12})?")
_URL: Final = re.compile(r"https?://\S+")
_NO_IDENTIFIER: Final = frozenset(
    {"", "-", "0", "n/a", "na", "n.a.", "none", "unknown", "not available", "not applicable", "unpublished"}
)
_REGULATIONS_BY_YEAR: Final = 2015
"""From this year the year stands first in the number of a regulation too."""


def sniff(path: Path) -> Literal["eforms", "ted"] | None:
    """Which reader an XML file needs, told by its root element; None for anything else, XML or not.

    Raises `FileUnreadable` when the file cannot be opened or has a document type declaration.
    """
    root = root_tag(path)
    if root is None:
        return None
    namespace, name = root
    if name == TED_ROOT:
        return "ted"
    if name == BRI_ROOT or (name in EFORMS_ROOTS and namespace.startswith(UBL_PREFIX)):
        return "eforms"
    return None


def wanted(kind: str, name: str, path: Path, report: Report, *, awards: bool) -> bool:
    """Whether notices of this kind are read; if not, the report says by `name` what was skipped."""
    if kind in NEED_KINDS or (awards and kind != "bri"):
        return True
    problem, remedy = phrase("{notice}, not a need", notice=name), phrase("give --awards to read it too")
    if kind == "bri":
        remedy = phrase("nothing to do")
    report.add(Issue(path.name, 1, "notice", Severity.SKIPPED, problem, remedy))
    return False


def finished(row: Fields, path: Path, report: Report) -> Fields | None:
    """The row without its empty columns, or None, reported, when it names no need.

    A notice without any number goes by the name of its file; texts of hundreds of lots are cut short.
    """
    kept = {column: value for column, value in row.items() if value not in ("", None)}
    if "title" not in kept and "description" not in kept:
        problem = phrase("the notice has neither a title nor a description")
        remedy = phrase("publish or export it with its text")
        report.add(Issue(path.name, 1, "title", Severity.REFUSED, problem, remedy))
        return None
    if "id" not in kept:
        problem = phrase("the notice has no number")
        remedy = phrase(
            "the file name {name} stands in; give the published notice for its own number",
            name=repr(path.stem),
        )
        report.add(Issue(path.name, 1, "id", Severity.CHANGED, problem, remedy))
        kept = {"id": path.stem, **kept}
    for column in ("description", "requirements"):
        text = kept.get(column)
        if isinstance(text, str) and len(text) > _LONGEST:
            # cut between two texts where there are two
            kept[column] = text[:_LONGEST].rpartition("\n")[0] or text[:_LONGEST]
            problem = phrase(
                "{n:,} characters, of which the first {kept:,} are kept",
                n=len(text),
                kept=len(str(kept[column])),
            )
            remedy = phrase("read single lots apart")
            report.add(Issue(path.name, 1, column, Severity.CHANGED, problem, remedy))
    return kept


def regime(legal_basis: str) -> str:
    """The rule a legal basis stands for, as `year/number`; nothing when it names none.

    >>> [regime(t) for t in ("32014L0024", "32024R2509", "32007R1370", "2009/81/EC", "other")]
    ['2014/24', '2024/2509', '1370/2007', '2009/81', '']
    """
    text = legal_basis.strip()
    if celex := _CELEX.fullmatch(text):
        year, number = celex[1], str(int(celex[3]))
        year_first = celex[2] == "L" or int(year) >= _REGULATIONS_BY_YEAR
        return f"{year}/{number}" if year_first else f"{number}/{year}"
    directive = _DIRECTIVE.fullmatch(text)
    return directive[1] if directive else ""


def publication_number(text: str) -> str:
    """A notice's number in the form that all years of TED share, six digits and the year.

    >>> publication_number("00032045-2024"), publication_number("32045-2024"), publication_number("x")
    ('032045-2024', '032045-2024', 'x')
    """
    number = _NUMBER.fullmatch(text.strip())
    return f"{int(number[1]):06d}-{number[2]}" if number else text.strip()


def each_once(texts: Iterable[str], said: Iterable[str] = ()) -> str:
    r"""The texts, one below the other, each once and none that was `said` elsewhere.

    >>> each_once(["Boats", "Two boats.", "boats"], said=["Lot 1"])
    'Boats\nTwo boats.'
    """
    seen = {text.casefold() for text in said}
    kept: list[str] = []
    for text in texts:
        key = text.casefold()
        if text and key not in seen:
            seen.add(key)
            kept.append(text)
    return "\n".join(kept)


def substantial(texts: Iterable[str]) -> list[str]:
    """Additional information long enough to say something of the need."""
    return [text for text in texts if len(text) >= _SUBSTANTIAL]


def without_links(texts: Iterable[str]) -> list[str]:
    """The texts that are more than a link to where the text stands."""
    return [text for text in texts if not _URL.fullmatch(text)]


def one_line(text: str) -> str:
    r"""A title in one line.

    >>> one_line("Patrol\nboats")
    'Patrol boats'
    """
    return " ".join(text.split())


def identifier(text: str) -> str:
    """An organisation's registration number, or nothing for the words that stand in for one.

    >>> identifier("HRB 4711"), identifier("Not available")
    ('HRB 4711', '')
    """
    return "" if text.casefold() in _NO_IDENTIFIER else text


def listed(values: Iterable[str]) -> str:
    """Distinct values in their order, separated by semicolons.

    >>> listed(["35000000", "35100000", "35000000", ""])
    '35000000;35100000'
    """
    return ";".join(dict.fromkeys(value.replace(";", ",") for value in values if value))


def plain_url(candidates: Iterable[str]) -> str:
    """The first candidate that is one plain web address.

    >>> plain_url(["see portal", "https://tenders.example/42"])
    'https://tenders.example/42'
    """
    return next((text for text in candidates if _URL.fullmatch(text)), "")


def amount(text: str) -> float | str:
    """The number that an XML decimal stands for; any other text as it is, for the row builder to judge.

    A point in XML is always a decimal point, which a spreadsheet's 12.345 leaves open.

    >>> amount("12.345"), amount("881 379,66")
    (12.345, '881 379,66')
    """
    return float(text) if _DECIMAL.fullmatch(text) else text


def total(amounts: Iterable[tuple[str, str]]) -> tuple[float | str, str] | None:
    """One (amount, currency) as it is, or the sum of several; None when they cannot be added up.

    >>> total([("100.5", "EUR"), ("200", "EUR")]), total([("1", "EUR"), ("1", "SEK")])
    ((300.5, 'EUR'), None)
    """
    pairs = [(amount(text), currency) for text, currency in amounts if text]
    if len(pairs) == 1:
        return pairs[0]
    numbers = [number for number, _ in pairs if isinstance(number, float)]
    currencies = {currency for _, currency in pairs}
    if not pairs or len(numbers) != len(pairs) or len(currencies) != 1:
        return None
    return round(sum(numbers), 2), currencies.pop()


def window(start: str, end: str) -> Fields:
    """The procurement window; a start that is planned for after the deadline is kept beside it.

    Calls for interest end before the procedure begins; what binds is the deadline.

    >>> window("2026-04-01", "2026-03-03")
    {'window_start': '', 'window_end': '2026-03-03', 'planned_start': '2026-04-01'}
    """
    if start and end and end < start:
        return {"window_start": "", "window_end": end, "planned_start": start}
    return {"window_start": start, "window_end": end}
