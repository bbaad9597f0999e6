"""Stories 12 and 13 as users live them: searches that tell what is new, and files in and out of a service.

A real service is asked over HTTP, through the client; its own clock runs the searches and sends what is due.
"""

import csv
import hmac
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from openpyxl import load_workbook

from corpora.columns import COLUMNS
from matcher.records import Kind
from service.client import Client, ProblemAnswer
from tests.corpora.readers.test_eforms import cpv, notice, project, tag, titled
from tests.corpora.writers.test_ocds import faults
from tests.running import Service, until
from tests.service.notify.conftest import Hook, Post

NETWORK = {
    "organisations": [
        {"id": "police", "name": "Police of Saaremaa", "kind": "contracting_authority", "country": "EE",
         "users": [{"email": "ana@police.example", "role": "procurer"}]},
        {"id": "ministry", "name": "Ministry of Civil Protection", "kind": "ministry", "country": "GR",
         "users": [{"email": "nat@ministry.example", "role": "national_contact"}]},
        {"id": "vests", "name": "Vests of Tartu", "kind": "supplier", "country": "DE",
         "users": [{"email": "ivo@vests.example", "role": "industry"}]},
    ]
}  # fmt: skip
VESTS = {"name": "Vests", "searched": "needs", "query_text": "ballistic vests for dog handlers"}
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def known(
    tmp_path: Path, serving: Callable[..., Service], hook: Hook, post: Post
) -> Iterator[Callable[[str], Client]]:
    """Clients of those who use a service that sends e-mails and webhooks to this machine."""
    settings = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": post.port,
        "SMTP_TLS": "false",
        "WEBHOOK_PRIVATE": "true",
    }
    lines = [f"NEEDMATCH_{name}={value}\n" for name, value in settings.items()]
    (tmp_path / ".env").write_text("".join(lines))
    service = serving()
    (tmp_path / "network.json").write_text(json.dumps(NETWORK))
    made = json.loads(service.command("admin", "network", str(tmp_path / "network.json")))
    tokens = {token["email"].partition("@")[0]: token["token"] for token in made["tokens"]}
    with ExitStack() as stack:
        yield lambda who: stack.enter_context(Client(service.url, tokens[who]))


def vest(title: str, **fields: Any) -> dict[str, Any]:
    """A need for vests that everybody may see."""
    return {
        "title": f"Ballistic vests for dog handlers, {title}",
        "language": "en",
        "visibility": "public",
    } | fields


def saved(client: Client, **fields: Any) -> Any:
    """A search of vests that the clock has run once, before there was any; from now on its owner runs it."""
    search = client.saved_searches.create(**{**VESTS, "frequency": "weekly", **fields})
    until(lambda: client.saved_searches.get(search["id"])["last_run_at"])
    return search


def told(found: Any) -> dict[str, str]:
    """Ids of a digest, with new or changed."""
    return {item["id"]: item["change"] for item in found["items"]}


def version(number: str, title: str) -> bytes:
    """A version of one eForms notice."""
    head = (
        tag("cbc:ID", "2c1e7f0e-7a3f-4f5e-9f53-64f1e8b6a001", schemeName="notice-id")
        + tag("cbc:ContractFolderID", "7d6d9d5a-3a59-4c5e-8a24-0c2b6f3ac002")
        + tag("cbc:VersionID", number)
    )
    body = project(titled(title, "Vests that stop bullets, for handlers of dogs.", "ENG"), cpv("35815100"))
    return notice(body, head=head).replace("FIN", "ENG").encode()


# -- story 12 -------------------------------------------------------------------------------------


def test_story_12_the_clock_tells_of_what_is_new_and_sends_nothing_empty(
    known: Callable[[str], Client],
) -> None:
    """A search runs by itself: without news the inbox stays empty, with news there is one message."""
    ana, ivo = known("ana"), known("ivo")
    quiet = saved(ivo, name="Quiet")
    assert list(ivo.me.inbox()) == []
    assert ivo.saved_searches.run(quiet["id"]) == {"items": [], "waiting": 0, "told": False}
    assert list(ivo.me.inbox()) == []
    need = ana.needs.create(vest("by the clock"))
    search = ivo.saved_searches.create(**VESTS)
    until(lambda: list(ivo.me.inbox()))
    (message,) = ivo.me.inbox()
    assert (message["kind"], message["saved_search_id"]) == ("digest", search["id"])
    assert told(message["body"]) == {need["id"]: "new"}


def test_story_12_only_new_or_changed_items_come_and_no_more_than_asked(
    known: Callable[[str], Client],
) -> None:
    """What does not fit waits, what was told is told again only after a change, and what is over never."""
    ana, ivo = known("ana"), known("ivo")
    search = saved(ivo, max_items=3)
    soon = datetime.now(UTC) + timedelta(seconds=2)
    ending = ana.needs.create(vest("that end now", expires_at=soon.isoformat()))
    past = ana.needs.create(vest("of last year", window_end=(date.today() - timedelta(days=1)).isoformat()))
    gone = ana.needs.create(vest("that nobody wants"))
    ana.needs.withdraw(gone["id"])
    draft = ana.needs.create(vest("not yet said", status="draft"))
    made = [ana.needs.create(vest(f"lot {number}"))["id"] for number in range(5)]
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()))
    first = ivo.saved_searches.run(search["id"])
    assert (len(first["items"]), first["waiting"]) == (3, 2)
    second = ivo.saved_searches.run(search["id"])
    assert (len(second["items"]), second["waiting"]) == (2, 0)
    assert told(first) | told(second) == dict.fromkeys(made, "new")
    assert {ending["id"], past["id"], gone["id"], draft["id"]}.isdisjoint(told(first) | told(second))
    assert told(ivo.saved_searches.run(search["id"])) == {}
    ana.needs.change(made[0], description="With a pocket for treats.")
    added = ana.needs.create(vest("lot 6"))["id"]
    assert told(ivo.saved_searches.run(search["id"])) == {made[0]: "changed", added: "new"}
    messages = list(ivo.me.inbox())
    assert [len(message["body"]["items"]) for message in messages] == [2, 2, 3]
    assert ivo.saved_searches.get(search["id"])["told"] == 6


def test_story_12_two_versions_of_a_notice_appear_once(known: Callable[[str], Client]) -> None:
    """Of two versions the later comes; one that is published after it comes once more, as a change."""
    ana, ivo = known("ana"), known("ivo")
    search = saved(ivo)
    for number in ("01", "02"):
        job = ana.jobs.import_file(
            "needs", version(number, f"Ballistic vests, version {number}"), name="n.xml", visibility="public"
        )
        assert job["result"]["created"] == 1, job
    assert len([need for need in ana.needs.list(mine=True) if "version" in need["title"]]) == 2
    (item,) = ivo.saved_searches.run(search["id"])["items"]
    assert (item["title"], item["change"]) == ("Ballistic vests, version 02", "new")
    ana.jobs.import_file(
        "needs", version("03", "Ballistic vests, version 03"), name="n.xml", visibility="public"
    )
    (item,) = ivo.saved_searches.run(search["id"])["items"]
    assert (item["title"], item["change"]) == ("Ballistic vests, version 03", "changed")
    assert told(ivo.saved_searches.run(search["id"])) == {}


def test_story_12_a_digest_comes_by_e_mail_webhook_and_feed(
    known: Callable[[str], Client], hook: Hook, post: Post
) -> None:
    """Each channel tells the same once, nothing empty goes out, and the webhook is signed."""
    ana, ivo = known("ana"), known("ivo")
    mailed = saved(ivo, channel="email")
    hooked = saved(ivo, channel="webhook", target=hook.url)
    fed = saved(ivo, channel="feed")
    searches = (mailed, hooked, fed)
    assert [ivo.saved_searches.run(search["id"])["told"] for search in searches] == [False] * 3
    need = ana.needs.create(vest("by every way", country="EE"))
    for search in searches:
        assert told(ivo.saved_searches.run(search["id"])) == {need["id"]: "new"}
        assert told(ivo.saved_searches.run(search["id"])) == {}
    until(lambda: post.mails and hook.got)

    (mail,) = post.mails
    assert (mail["To"], mail["Subject"]) == ("ivo@vests.example", "Vests: 1 new or changed")
    for form in ("plain", "html"):
        body = mail.get_body((form,))
        assert body is not None
        assert need["title"] in body.get_content()

    ((_, headers, content),) = hook.got
    moment, _, mac = headers["X-Needmatch-Signature"].removeprefix("t=").partition(",v1=")
    signed = hmac.new(hooked["secret"].encode(), moment.encode() + b"." + content, sha256).hexdigest()
    assert mac == signed
    assert abs(int(moment) - time.time()) < 300
    sent = json.loads(content)
    assert (sent["type"], sent["saved_search"]["id"]) == ("digest", hooked["id"])
    assert told(sent) == {need["id"]: "new"}

    feed = httpx.get(fed["feed_url"])
    assert feed.headers["content-type"].startswith("application/atom+xml")
    entries = etree.fromstring(feed.content).findall("a:entry", ATOM)
    assert [entry.findtext("a:title", namespaces=ATOM) for entry in entries] == [need["title"]]
    assert list(ivo.me.inbox()) == []
    until(lambda: _state(ivo, mailed) == _state(ivo, hooked) == "arrived")


def test_story_12_unsubscribing_takes_one_click_and_no_sign_in(
    known: Callable[[str], Client], hook: Hook, post: Post
) -> None:
    """The link of an e-mail and that of a webhook end their searches; looking at them does not."""
    ana, ivo = known("ana"), known("ivo")
    mailed = saved(ivo, channel="email")
    hooked = saved(ivo, channel="webhook", target=hook.url)
    other = saved(ivo, name="Still wanted", channel="email")
    ana.needs.create(vest("first"))
    for search in (mailed, hooked):
        ivo.saved_searches.run(search["id"])
    until(lambda: post.mails and hook.got)
    link = post.mails[0]["List-Unsubscribe"].strip("<>")
    assert link in post.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    for search, way_out in ((mailed, link), (hooked, json.loads(hook.got[0][2])["unsubscribe"])):
        assert httpx.get(way_out).status_code == 200
        assert ivo.saved_searches.get(search["id"])["active"] is True
        assert httpx.post(way_out, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert ivo.saved_searches.get(search["id"])["active"] is False
    ana.needs.create(vest("second"))
    for search in (mailed, hooked):
        with pytest.raises(ProblemAnswer, match="not active"):
            ivo.saved_searches.run(search["id"])
    assert ivo.saved_searches.run(other["id"])["told"] is True
    until(lambda: len(post.mails) == 2)
    assert [mail["Subject"].partition(":")[0] for mail in post.mails] == ["Vests", "Still wanted"]
    assert len(hook.got) == 1


def _state(client: Client, search: Any) -> str:
    delivery = client.saved_searches.get(search["id"])["last_delivery"]
    return delivery["state"] if delivery else ""


# -- story 13 -------------------------------------------------------------------------------------

FILE = """\
id;title;description;language;country;organisation;cpv;window_start;value;currency
N1;Ballistic vests;Vests for dog handlers;ENG;EL;Hellenic Police;35000000-4;2031-05-01+01:00;250000,50;EUR
N2;Schutzwesten;"Westen für Hundeführer,
mit Tasche";DEU;GR;Hellenic Police;35000000;2031-05-01;1.250.000,75;EUR
N3;Patrol boats;Two boats;en;EE;Coast Guard;35 of them;2031-06-01;1200000;EUR
N1;Ballistic vests;Vests once more;en;EL;Hellenic Police;35000000;2031-05-01;1000;EUR
N5;;;en;EE;Coast Guard;34521000;2031-06-01;1000;EUR
N6;Drones;Six drones;tlh;EE;Coast Guard;35613000;2031-02-30;cheap;EUR
"""
PROBLEMS = {
    (5, "cpv", "dropped"), (6, "id", "refused"), (7, "title", "refused"),
    (8, "language", "dropped"), (8, "window_start", "dropped"), (8, "value", "dropped"),
}  # fmt: skip
"""Where the file is wrong: lines of the file, of which the third row has two."""
FULL = {
    "ref": "F1", "title": "Luftschutzsirenen", "description": "Sirenen für Inseln.\nMit Batterie.",
    "language": "de", "country": "GR", "organisation": "Hellenic Coast Guard",
    "cpv": ["35240000", "31625000"], "nature": "supplies", "buyer_type": "cga", "value": 1_250_000.5,
    "currency": "SEK", "value_min_eur": 90_000, "value_max_eur": 120_000, "vat_included": False,
    "quantity": "12 sirens", "window_start": "2031-03-01", "window_end": "2031-09-30",
    "delivery_start": "2032-01-01", "delivery_end": "2032-12-31", "regime": "2014/24",
    "standards": ["EN 54-3"], "requirements": "Muss Salz aushalten.", "working_languages": ["de", "el"],
    "visibility": "public", "joint_interest": "maybe", "trl_min": 7, "url": "https://needs.example/17",
    "titles": {"en": "Air raid sirens"}, "contact": "procurement@coast.example", "nuts": ["EL42"],
    "tags": ["islands"], "extra": {"team": "sea; air"}, "outcome": "People are warned.",
    "budget_status": "planned", "budget_year": 2031, "duration_months": 24,
}  # fmt: skip
FORMULAS = {
    "ref": "=1+1", "title": '=HYPERLINK("https://evil.example","Vests")', "description": "@SUM(A1:A9)",
    "language": "en", "quantity": "-2+3", "requirements": "+cmd|' /C calc'!A0",
    "extra": {"=colour": "＝blue"},
}  # fmt: skip
OF_THE_MOMENT = frozenset({"id", "ref", "version", "created_at", "updated_at"})


def rows_of(content: bytes | str) -> list[list[str]]:
    """Cells of a csv."""
    text = content if isinstance(content, str) else content.decode()
    return list(csv.reader(io.StringIO(text)))


def sheet_of(content: bytes) -> list[list[Any]]:
    """Cells of the only sheet of a workbook, with their types."""
    (sheet,) = load_workbook(io.BytesIO(content)).worksheets
    return [list(row) for row in sheet.iter_rows()]


def kept(client: Client) -> dict[str, Any]:
    """The needs of one's own organisation, by what it calls them."""
    return {need["ref"]: need for need in client.needs.list(mine=True)}


def said(need: Any) -> dict[str, Any]:
    """A need without what is given anew to one that is entered again."""
    return {name: value for name, value in need.items() if name not in OF_THE_MOMENT}


def entered(client: Client) -> dict[str, Any]:
    """Enter a full need and one that looks like formulas, and import the valid rows of the file."""
    for given in (FULL, FORMULAS):
        client.needs.create(given)
    client.jobs.import_file("needs", FILE.encode(), name="needs.csv")
    found = kept(client)
    assert set(found) == {"F1", "=1+1", "N1", "N2", "N3", "N6"}
    return found


def test_story_13_a_file_with_faults_is_reported_by_line_and_field(known: Callable[[str], Client]) -> None:
    """Valid rows are loaded in the one way of the service; each fault is named with place and remedy."""
    nat = known("nat")
    tried = nat.jobs.import_file("needs", FILE.encode(), name="needs.csv", dry_run=True)
    assert kept(nat) == {}
    job = nat.jobs.import_file("needs", FILE.encode(), name="needs.csv")
    assert {(i["line"], i["field"], i["severity"]) for i in job["issues"]} == PROBLEMS
    assert all(issue["problem"] and issue["remedy"] for issue in job["issues"])
    assert tried["issues"] == job["issues"]
    counts = {name: job["result"][name] for name in ("rows", "created", "refused")}
    assert counts == {"rows": 6, "created": 4, "refused": 2}
    assert {name: tried["result"][name] for name in counts} == counts

    header, *rows = rows_of(nat.jobs.report(job["id"]))
    reported = [dict(zip(header, row, strict=True)) for row in rows]
    assert {(int(row["line"]), row["field"], row["severity"]) for row in reported} == PROBLEMS
    assert {row["file"] for row in reported} == {"needs.csv"}
    assert "'35'" in next(row["problem"] for row in reported if row["field"] == "cpv")
    assert "needs.csv:2" in next(row["problem"] for row in reported if row["field"] == "id")

    needs = kept(nat)
    assert set(needs) == {"N1", "N2", "N3", "N6"}
    greek, german = needs["N1"], needs["N2"]
    assert (greek["country"], german["country"]) == ("GR", "GR")
    assert (greek["language"], german["language"]) == ("en", "de")
    assert greek["cpv"] == german["cpv"] == ["35000000"]
    assert greek["window_start"] == german["window_start"] == "2031-05-01"
    assert (greek["value"], german["value"]) == (250_000.5, 1_250_000.75)
    assert german["description"] == "Westen für Hundeführer,\nmit Tasche"
    assert needs["N3"]["cpv"] == []
    assert (needs["N6"]["language"], needs["N6"]["window_start"], needs["N6"]["value"]) == (None, None, None)
    again = nat.jobs.import_file("needs", FILE.encode(), name="needs.csv")
    assert (again["result"]["created"], again["result"]["updated"], again["result"]["unchanged"]) == (0, 0, 4)
    assert kept(nat) == needs


def test_story_13_what_was_exported_comes_back_as_it_was(known: Callable[[str], Client]) -> None:
    """In each format: imported again nothing changes, and where all was erased, the same needs are back."""
    nat = known("nat")
    before = entered(nat)
    for form, name in (("ocds", "n.json"), ("csv", "n.csv"), ("xlsx", "n.xlsx"), ("jsonl", "n.jsonl")):
        exported = nat.jobs.export("needs", form, own=True)
        if form == "ocds":
            package = json.loads(exported)
            assert faults(package) == []
            assert len(package["releases"]) == len(before)
        job = nat.jobs.import_file("needs", exported, name=name)
        assert job["issues"] == [], form
        assert (job["result"]["rows"], job["result"]["unchanged"]) == (len(before), len(before)), form
        assert kept(nat) == before, form
        for need in before.values():
            nat.needs.erase(need["id"])
        assert kept(nat) == {}, form
        job = nat.jobs.import_file("needs", exported, name=name)
        assert job["result"]["created"] == len(before), form
        after = kept(nat)
        assert {ref: said(need) for ref, need in after.items()} == {
            need["id"]: said(need) for need in before.values()
        }, form
        before = after


def test_story_13_a_workbook_opens_with_the_same_columns_and_runs_nothing(
    known: Callable[[str], Client],
) -> None:
    """XLSX and CSV have the same columns and cells, and what looks like a formula is text in both."""
    nat = known("nat")
    entered(nat)
    table = rows_of(nat.jobs.export("needs", "csv", own=True))
    sheet = sheet_of(nat.jobs.export("needs", "xlsx", own=True))
    names = [cell.value for cell in sheet[0]]
    assert names == table[0]
    assert names[: len(COLUMNS[Kind.NEED])] == list(COLUMNS[Kind.NEED])
    assert [row[0].value for row in sheet] == [row[0] for row in table]
    title = names.index("title")
    assert [row[title].value for row in sheet] == [row[title] for row in table]

    assert "'=colour" in names
    for column, text in (("title", FORMULAS["title"]), ("description", FORMULAS["description"]),
                         ("quantity", FORMULAS["quantity"]), ("requirements", FORMULAS["requirements"]),
                         ("'=colour", "＝blue")):  # fmt: skip
        at = names.index(column)
        assert f"'{text}" in [row[at].value for row in sheet]
        assert f"'{text}" in [row[at] for row in table]
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "d", "b"}
    job = nat.jobs.import_file("needs", b"id,title,=1+1,=1+1\nX,Vests,a,b\n", name="x.csv")
    report = rows_of(nat.jobs.report(job["id"]))
    assert len(report) > 1
    for row in (*table, *report):
        assert not [cell for cell in row if cell[:1] in tuple("=+-@\t\r＝＋－＠") and cell]
