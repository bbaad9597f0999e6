"""What is fuzzed: each target makes an input from something valid, and hands it to the code that reads it.

A target returns where the input was taken, and raises what its reader raises. The errors of our own tree are
refusals; anything else is a fault.
"""

import copy
import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from corpora import sample
from corpora.formats import read_placed, write_records
from corpora.formulas import neutralise, restore
from corpora.money import load_rates
from corpora.report import Report
from corpora.taxonomy.cpv import CpvTable
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.records import Kind, Nature, Need, Visibility
from service.jobs.formats import safe_name
from service.notify.mail import sound
from service.notify.webhooks import target_of
from service.paging import Paging
from service.records.entering import Owner, Terms, enter
from service.routes.seeing import filter_of
from service.security.oidc import local as local_after_oidc
from service.settings import Settings
from service.store import backup
from service.surround.bodies import check_json
from service.surround.conditions import among
from service.surround.language import preferred
from service.versions import unchanged
from service.web.page import local
from service.wiring import open_embedder
from tests.corpora.readers import test_eforms, test_ocds, test_ted
from tests.corpora.test_archive import notice
from tests.fuzz.mutation import Mutator
from tests.house import opened

One = Callable[[Mutator], None]
MOMENT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
OWNER = Owner("police-ee", "Police of Saaremaa", "EE", vetted=True)
SCRIPT = "<script>alert(1)</script>"
COLUMNS = (
    "id",
    "title",
    "description",
    "language",
    "country",
    "cpv",
    "value",
    "currency",
    "window_start",
    "title_fr",
)
NAMES = (
    "a.xml",
    "b/c.xml",
    "../d.xml",
    "/e.xml",
    "C:\\f.xml",
    "g.txt",
    "h\n.xml",
    ".i.xml",
    "j" * 120 + ".xml",
)


@dataclass(frozen=True)
class Target:
    """Something that reads what strangers send."""

    name: str
    share: int
    """Of a thousand inputs."""
    open: Callable[[Path], Any]
    """A context with a function that tries one input."""


def rows() -> list[dict[str, Any]]:
    """Some rows as they would be sent: needs of the sample, with columns of all kinds."""
    found = []
    for need in sample.load().needs[:12]:
        found.append(
            {
                "id": need.id,
                "title": need.title,
                "description": need.description[:120],
                "language": need.language,
                "country": need.country,
                "cpv": list(need.cpv),
                "value": 200_000.5,
                "currency": "EUR",
                "window_start": "2031-03-01",
                "window_end": "2031-09-30",
                "quantity": "40 pieces",
                "title_fr": "Gilets",
                "standards": ["EN 1063"],
                "trl_min": 6,
                "joint_interest": "yes",
                "visibility": "network",
            }
        )
    return found


def reading(folder: Path, name: str, kind: Kind = Kind.NEED) -> Callable[[bytes, Mutator], None]:
    """Reads bytes as the file of a name; now and then enters what was read, and writes it out again."""
    path, codes, rates = folder / name, CpvTable.load(), load_rates()

    def read(content: bytes, mutator: Mutator) -> None:
        path.write_bytes(content)
        report, kept = Report(), []
        for one in read_placed(path, kind, report=report, rates=rates, cpv_codes=codes):
            if one.record is None:
                continue
            if mutator.chance.random() < 0.7:
                continue
            terms = Terms(ref=one.record.id, visibility=one.record.visibility)
            entered = enter(one.record, terms, OWNER, at=MOMENT)
            if not entered.errors:
                kept.append(entered.record)
        if kept and mutator.chance.random() < 0.3:
            write_records(kept, folder / "out.csv", "csv")
        str(report)

    return read


@contextmanager
def lines(folder: Path) -> Iterator[One]:
    """Rows of JSON, one a line."""
    read, made = reading(folder, "needs.jsonl"), rows()

    def one(mutator: Mutator) -> None:
        some = mutator.chance.sample(made, mutator.chance.choice((1, 1, 2)))
        said = "\n".join(json.dumps(mutator.tree(copy.deepcopy(row))) for row in some)
        read(mutator.seldom(said.encode()), mutator)

    yield one


@contextmanager
def document(folder: Path) -> Iterator[One]:
    """One document of JSON that holds rows."""
    read, made = reading(folder, "needs.json"), rows()

    def one(mutator: Mutator) -> None:
        whole: Any = {"needs": copy.deepcopy(mutator.chance.sample(made, 2))}
        if mutator.chance.random() < 0.3:
            whole = whole["needs"]
        read(mutator.seldom(json.dumps(mutator.tree(whole)).encode()), mutator)

    yield one


def table(separator: str, name: str) -> Callable[[Path], Any]:
    """A table whose cells are separated by something."""

    @contextmanager
    def opened_(folder: Path) -> Iterator[One]:
        read, made = reading(folder, name), rows()

        def one(mutator: Mutator) -> None:
            some = [mutator.cells(row) for row in mutator.chance.sample(made, 2)]
            columns = list(dict.fromkeys(column for row in some for column in row))
            out = io.StringIO()
            said = mutator.chance.choice((separator, separator, separator, ";"))
            sheet = csv.writer(
                out, delimiter=said, quoting=mutator.chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
            )
            sheet.writerow(columns)
            for row in some:
                sheet.writerow(
                    [";".join(v) if isinstance(v, list) else v for v in (row.get(c, "") for c in columns)]
                )
            encoding = mutator.chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1250", "cp1252"))
            read(mutator.seldom(out.getvalue().encode(encoding, "replace"), 0.3), mutator)

        yield one

    return opened_


@contextmanager
def workbook(folder: Path) -> Iterator[One]:
    """A workbook whose parts are changed."""
    from openpyxl import Workbook

    read = reading(folder, "needs.xlsx")
    book = Workbook()
    book.active.append(COLUMNS)
    for row in rows()[:3]:
        book.active.append([";".join(v) if isinstance(v, list) else v for v in (row[c] for c in COLUMNS)])
    out = io.BytesIO()
    book.save(out)
    valid = out.getvalue()
    yield lambda mutator: read(mutator.packed(valid), mutator)


def notices(valid: tuple[str, ...]) -> Callable[[Path], Any]:
    """Notices whose elements are changed."""

    @contextmanager
    def opened_(folder: Path) -> Iterator[One]:
        read = reading(folder, "notice.xml")

        def one(mutator: Mutator) -> None:
            read(mutator.seldom(mutator.markup(mutator.chance.choice(valid).encode()), 0.1), mutator)

        yield one

    return opened_


@contextmanager
def releases(folder: Path) -> Iterator[One]:
    """Packages of releases (OCDS)."""
    read = reading(folder, "package.json")

    def one(mutator: Mutator) -> None:
        whole = copy.deepcopy(test_ocds.package(test_ocds.RELEASE, test_ocds.AWARD))
        read(mutator.seldom(json.dumps(mutator.tree(whole)).encode(), 0.1), mutator)

    yield one


@contextmanager
def tars(folder: Path) -> Iterator[One]:
    """Archives as TED packs them, with members of all kinds and names."""
    read = reading(folder, "month.tar.gz")

    def one(mutator: Mutator) -> None:
        out = io.BytesIO()
        form = mutator.chance.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT))
        with tarfile.open(fileobj=out, mode="w", format=form) as packed:
            for number in range(mutator.chance.randrange(1, 3)):
                content = mutator.seldom(notice(number), 0.3)
                header = tarfile.TarInfo(mutator.chance.choice(NAMES)[:90])
                header.size, header.type = (
                    len(content),
                    mutator.chance.choice((b"0", b"0", b"0", b"1", b"2", b"5", b"S")),
                )
                header.linkname = "/etc/passwd"
                packed.addfile(header, io.BytesIO(content))
        inner = mutator.seldom(out.getvalue()[:4096] + out.getvalue()[-1024:], 0.5)
        read(mutator.seldom(gzip.compress(inner, 1), 0.2), mutator)

    yield one


@contextmanager
def zips(folder: Path) -> Iterator[One]:
    """The same as zip."""
    read = reading(folder, "month.zip")

    def one(mutator: Mutator) -> None:
        out = io.BytesIO()
        kind = mutator.chance.choice(
            (zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA)
        )
        with zipfile.ZipFile(out, "w", kind) as packed:
            for number in range(mutator.chance.randrange(1, 3)):
                packed.writestr(
                    f"{number}{mutator.chance.choice(NAMES)}", mutator.seldom(notice(number), 0.3)
                )
        read(mutator.seldom(out.getvalue(), 0.7), mutator)

    yield one


@contextmanager
def backups(folder: Path) -> Iterator[One]:
    """Backups: altered, cut, and altered with a checksum that fits."""
    path = folder / "some.backup"
    head = {"needmatch_backup": 1, "revision": "0001", "at": MOMENT.isoformat()}
    body = [{"table": "users", "columns": [["id", "plain"], ["at", "time"]]}, ["u1", MOMENT.isoformat()]]

    def one(mutator: Mutator) -> None:
        said = [
            json.dumps(
                mutator.tree(copy.deepcopy([head, *body])) if mutator.chance.random() < 0.5 else one_
            ).encode()
            for one_ in (head, *body)
        ]
        content = b"".join(line + b"\n" for line in said)
        end = {"rows": 1, "sha256": sha256(content).hexdigest()}
        whole = mutator.seldom(content + json.dumps(end).encode() + b"\n", 0.4)
        path.write_bytes(mutator.seldom(gzip.compress(whole, 1), 0.3))
        backup.check(path)

    yield one


@contextmanager
def searches(folder: Path) -> Iterator[One]:
    """Texts and filters that the engine searches by."""
    engine = Engine(open_embedder(Settings(model="hashing", cache=folder, data=folder), keep=False))
    known = sample.load()
    engine.add([*known.needs[:40], *known.solutions[:40]])

    def one(mutator: Mutator) -> None:
        chance = mutator.chance
        text = " ".join(
            chance.choice((mutator.text()[:2_000], "ballistic vests", "Nachtsichtgerät")) for _ in range(3)
        )
        where = Filter(
            countries=(chance.choice(("FR", "XX", mutator.text()[:5])),),
            cpv=(chance.choice(("35", mutator.text()[:8])),),
            nature=chance.choice((None, Nature.WORKS)),
            trl_min=chance.choice((None, 1, 9)),
        )
        some = chance.choice((None, where))
        match chance.randrange(3):
            case 0:
                engine.match(engine.query(text), 5, some)
            case 1:
                engine.similar(engine.query(text), 5, some)
            case _:
                engine.match(
                    Need(id="Q", title=text[:300], description=mutator.text(), visibility=Visibility.PRIVATE),
                    5,
                )

    yield one


@contextmanager
def words(folder: Path) -> Iterator[One]:
    """Small things of requests: cursors, tags, languages, addresses, names, cells, bodies."""
    cursor = Paging(limit=1).cut(["2027-01-01T00:00:00+00:00", "b"], lambda item: [item, "id"])[1] or ""

    def one(mutator: Mutator) -> None:
        text, chance = mutator.text(), mutator.chance
        match chance.randrange(10):
            case 0:
                Paging(mutator.seldom(cursor.encode(), 0.8).decode("latin-1")).moment_and_id()
            case 1:
                Paging(text).number()
            case 2:
                unchanged(mutator.raw(b'W/"2", "3"').decode("latin-1"), 3)
            case 3:
                among('"3"', mutator.raw(b'W/"2", "4"').decode("latin-1"))
                preferred(mutator.raw(b"de-AT;q=0.8, fr;q=0.9").decode("latin-1"))
            case 4:
                filter_of([text], [chance.choice(("fr", text))], [chance.choice(("35", text))])
            case 5:
                try:
                    target_of(mutator.raw(b"https://hooks.example:8443/in?a=1").decode("latin-1"))
                except ValueError:
                    return
                sound(text)
            case 6:
                for stays in (local, local_after_oidc):
                    given = chance.choice(("/", "//", "/\\", "\\/", "/.", "/%2f/", "")) + text
                    found = urljoin("https://here.example/a", stays(given).replace("\\", "/"))
                    assert urlsplit(found).netloc == "here.example", f"{given!r} leads to {found!r}"
            case 7:
                name = safe_name(text)
                good = name.isascii() and "/" not in name and not name.startswith(".")
                assert good, f"{text!r} is called {name!r}"
            case 8:
                assert restore(neutralise(text)) == text, f"{text!r} does not come back"
                assert neutralise(text)[:1] not in set("=+@\t\r"), f"{text!r} is a formula"
            case _:
                check_json(mutator.seldom(json.dumps(mutator.value()).encode("utf-8", "replace"), 0.5))

    yield one


@contextmanager
def requests(folder: Path) -> Iterator[One]:
    """Whole requests to pages and interface: paths, queries, headers, cookies, forms and bodies."""
    with opened(folder) as house:
        house.enter(
            "ana", Need(id="N1", title=f"Vests {SCRIPT}", description=f"{SCRIPT} {{{{7*7}}}}", country="EE")
        )
        places = _places(house.app.openapi())
        for warm in ("/clusters", "/market", "/candidates"):
            house.client.get(warm, headers={"Accept": "text/html"}, follow_redirects=False)
        pages = (
            "/",
            "/needs",
            "/needs/N1",
            "/login",
            "/solutions",
            "/demand",
            "/clusters",
            "/market",
            "/candidates",
        )

        def one(mutator: Mutator) -> None:
            chance = mutator.chance
            headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
            for name in (
                "If-None-Match",
                "If-Match",
                "Accept-Language",
                "Idempotency-Key",
                "X-Request-Id",
                "Cookie",
                "Host",
            ):
                if chance.random() < 0.15:
                    headers[name] = "".join(c for c in mutator.text()[:60] if 32 <= ord(c) < 127) or "x"
            if chance.random() < 0.15:
                depth = chance.choice((1, 20_000))
                headers["Cookie"] = f"needmatch_said={'[' * depth}; needmatch_session={mutator.text()[:9]!a}"
            if chance.random() < 0.4:
                path, method = chance.choice(pages), "GET"
                sent: dict[str, Any] = {
                    "params": {chance.choice(("q", "cursor", "country", "next")): mutator.text()}
                }
                if chance.random() < 0.25:
                    path, method = chance.choice(("/login", "/language", "/theme")), "POST"
                    sent = {"data": {name: mutator.text() for name in ("email", "password", "next", "code")}}
            else:
                template, method, names = chance.choice(places)
                path = template
                for name in names:
                    path = path.replace(
                        f"{{{name}}}", chance.choice(("N1", "x", "%2e%2e", "%ff", "a%00", "é"))
                    )
                headers["Authorization"] = f"Bearer {house.secrets[chance.choice(('ana', 'ivo', 'root'))]}"
                sent = {
                    "params": {chance.choice(("cursor", "limit", "q", "cpv", "kind", "of")): mutator.text()}
                }
                if method != "GET":
                    sent["content"] = json.dumps(mutator.value()).encode("utf-8", "replace")
                    headers["Content-Type"] = chance.choice(
                        ("application/json", "application/merge-patch+json")
                    )
            for key, values in sent.items():
                if key in ("params", "data"):  # a client cannot write halves of characters
                    sent[key] = {k: v.encode("utf-8", "replace").decode() for k, v in values.items()}
            answer = house.client.request(method, path, headers=headers, follow_redirects=False, **sent)
            house.client.cookies.clear()
            assert answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                assert SCRIPT not in answer.text, f"{method} {path} runs a script of a record"
            assert "Traceback" not in answer.text, f"{method} {path} shows where it failed"

        yield one


def _places(described: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Path, method and parameters of the path, of what does not send the caller away or erase the sample."""
    found = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method == "delete" or "/auth/oidc" in path:
                continue
            names = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"]
            found.append((path, method.upper(), names))
    return found


TED = (
    test_ted.export(test_ted.form("F02", test_ted.CONTRACT_NOTICE)),
    test_ted.export(test_ted.defence(test_ted.cost("200000"))),
)
TARGETS = (
    Target("jsonl", 140, lines),
    Target("json", 50, document),
    Target("csv", 140, table(",", "needs.csv")),
    Target("tsv", 50, table("\t", "needs.tsv")),
    Target("xlsx", 18, workbook),
    Target("eforms", 170, notices((test_eforms.FULL,))),
    Target("ted", 100, notices(TED)),
    Target("ocds", 110, releases),
    Target("tar.gz", 40, tars),
    Target("zip", 40, zips),
    Target("backup", 40, backups),
    Target("search", 3, searches),
    Target("words", 94, words),
    Target("requests", 5, requests),
)
