"""Imports: every row is kept or said why not, nothing twice, nothing half."""

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from corpora import read_records
from corpora.report import Report
from matcher.records import Kind
from service.jobs import imports, queue
from service.jobs.work import HandedBack, Work
from service.store import records
from service.store.tables import FileRow, JobRow, VersionRow
from tests.corpora.test_archive import notice, tarred, zipped

STORY = (
    b"id,title,description,language,country,cpv,window_start,value,currency\n"
    b'N1,Vests,Ballistic vests for dog handlers,ENG,EL,35815100-1,2031-05-01+01:00,"250000,50",EUR\n'
    b"N2,Boats,Fast patrol boats,DEU,EE,nonsense,2031-06-01,100,EUR\n"
    b"N1,Vests,Ballistic vests once more,en,EE,35815100,2031-05-01,1,EUR\n"
    b",,,,,,,,\n"
    b"N4,,,en,EE,,,,\n"
)


def refused(job):
    """Line and field of what was refused."""
    return [(i["line"], i["field"]) for i in job["issues"] if i["severity"] == "refused"]


def test_good_rows_are_kept_and_bad_ones_told_with_line_and_field(house):
    """A file with a duplicate and an empty need keeps its two good rows and reports the others."""
    job = house.import_file("nat", STORY)
    assert job["status"] == "done", job["error"]
    assert job["result"]["created"] == 2
    assert refused(job) == [(4, "id"), (6, "title")]
    assert job["result"]["rows"] == 4
    assert job["result"]["refused"] == 2
    kept = house.own("nat")
    assert set(kept) == {"N1", "N2"}
    assert kept["N1"].body["country"] == "GR"
    assert kept["N1"].body["language"] == "en"
    assert kept["N1"].body["cpv"] == ["35815100"]
    assert kept["N1"].body["value"] == 250000.5
    assert kept["N1"].body["window_start"] == "2031-05-01"
    dropped = [(i["line"], i["field"]) for i in job["issues"] if i["severity"] == "dropped"]
    assert (3, "cpv") in dropped


def test_the_report_is_a_file_whose_formulas_are_harmless(house):
    """The report of an import can be opened in a spreadsheet, whatever the file held."""
    content = b'id,title,country\nN1,Vests,"=cmd|1"\n'
    job = house.import_file("ana", content)
    found = house.ask("ana", "GET", f"/jobs/{job['id']}/report.csv")
    assert found.status_code == 200
    assert found.headers["content-type"].startswith("text/csv")
    assert "file,line,field,severity,problem,remedy" in found.text
    assert not any(cell.startswith("=") for line in found.text.splitlines() for cell in line.split(","))


def test_an_import_is_found_by_searches_at_once(house):
    """What was imported is in this worker's index when the job is done."""
    house.import_file("ana", b"id,title\nN1,Vests\n")
    assert house.own("ana")["N1"].id in house.held.catalogue.entries


def test_the_same_file_again_changes_nothing(house):
    """Rows that are as they were make no new version, and none is kept twice."""
    house.import_file("ana", b"id,title\nN1,Vests\nN2,Boats\n")
    job = house.import_file("ana", b"id,title\nN1,Vests\nN2,Patrol boats\n")
    assert (job["result"]["created"], job["result"]["updated"], job["result"]["unchanged"]) == (0, 1, 1)
    kept = house.own("ana")
    assert {ref: row.version for ref, row in kept.items()} == {"N1": 1, "N2": 2}


def test_what_was_exported_comes_back_to_the_same_records(house, vest):
    """An export carries the ids given here; imported again by its owner it changes those records."""
    record_id = house.enter("ana", vest(), ref="A-1")
    exported = house.ask("ana", "GET", "/exports/needs.json", params={"own": True})
    job = house.import_file("ana", exported.content, "needs.json")
    assert job["result"]["created"] == 0, job
    assert [row.id for row in house.own("ana").values()] == [record_id]
    assert house.own("ana")["A-1"].id == record_id


def test_another_organisations_ref_is_its_own(house):
    """Two organisations may call their needs the same; neither touches the other's."""
    house.import_file("ana", b"id,title\nN1,Vests\n")
    job = house.import_file("bea", b"id,title\nN1,Boats\n")
    assert job["result"]["created"] == 1
    assert house.own("ana")["N1"].body["title"] == "Vests"


def test_rows_are_kept_all_or_none_where_that_is_asked(house):
    """With refuse_all one bad row keeps all others out, and the job says so."""
    job = house.import_file("ana", STORY, on_error="refuse_all")
    assert job["status"] == "failed"
    assert "2 of 4 rows" in job["error"]
    assert house.own("ana") == {}
    good = house.import_file("ana", b"id,title\nN1,Vests\nN2,Boats\n", on_error="refuse_all")
    assert good["result"]["created"] == 2


def test_a_dry_run_keeps_nothing_and_says_what_would_be(house):
    """A dry run counts what would be created, changed and refused."""
    house.import_file("ana", b"id,title\nN1,Vests\n")
    job = house.import_file("ana", b"id,title\nN1,Safe vests\nN2,Boats\nN3,\n", dry_run=True)
    counts = {name: job["result"][name] for name in ("created", "updated", "refused")}
    assert counts == {"created": 1, "updated": 1, "refused": 1}
    assert house.own("ana")["N1"].body["title"] == "Vests"
    assert len(house.own("ana")) == 1


def test_classified_markings_are_refused_as_by_hand(house):
    """A row with a classification marking is not kept; an import has no override."""
    job = house.import_file(
        "ana", b"id,title,description\nN1,Vests,RESTREINT UE/EU RESTRICTED\nN2,Boats,Fast\n"
    )
    assert [line for line, _ in refused(job)] == [2], job["issues"]
    assert set(house.own("ana")) == {"N2"}


def test_an_organisation_that_is_not_vetted_imports_private_records_only(house):
    """What must wait for vetting by hand waits in imports too."""
    assert house.import_file("eva", b"id,title\nN1,Vests\n")["result"]["created"] == 0
    assert house.import_file("eva", b"id,title\nN1,Vests\n", visibility="private")["result"]["created"] == 1


def test_a_file_without_visibility_does_not_open_what_was_closed(house):
    """A record that its owner made private stays so when the file is imported again."""
    house.import_file("ana", b"id,title\nN1,Vests\n")
    house.change(house.own("ana")["N1"].id, visibility="private")
    job = house.import_file("ana", b"id,title\nN1,New vests\n")
    assert job["result"]["updated"] == 1
    assert house.own("ana")["N1"].visibility == "private"
    assert any(issue["field"] == "visibility" for issue in job["issues"])
    house.import_file("ana", b"id,title\nN1,New vests\n", visibility="public")
    assert house.own("ana")["N1"].visibility == "public"


def test_columns_are_renamed_as_asked(house):
    """`map` names the columns of the file."""
    job = house.import_file("ana", b"nr,titel\nN1,Vests\n", **{"map": ["id=nr", "title=titel"]})
    assert job["result"]["created"] == 1, job
    bad = house.ask("ana", "POST", "/imports", params={"kind": "needs", "map": "nonsense"}, content=b"x")
    assert bad.status_code == 422


def test_solutions_are_imported_by_who_offers_them(house):
    """A vendor imports solutions, and may import no needs."""
    job = house.import_file("ivo", b"id,name\nS1,SafeCell\n", kind="solutions")
    assert job["result"]["created"] == 1
    assert set(house.own("ivo", Kind.SOLUTION)) == {"S1"}
    denied = house.ask(
        "ivo", "POST", "/imports", params={"kind": "needs"}, files={"file": ("n.csv", b"id\n")}
    )
    assert denied.status_code == 403


def test_a_body_without_a_form_is_a_file_too(house):
    """The raw body is taken, its format from Content-Type or from the parameter."""
    line = json.dumps({"id": "N1", "title": "Vests"}).encode()
    asked = house.ask(
        "ana", "POST", "/imports", params={"kind": "needs"}, content=line,
        headers={"Content-Type": "application/x-ndjson"},
    )  # fmt: skip
    assert asked.status_code == 202
    assert house.runner.once()
    assert set(house.own("ana")) == {"N1"}
    unknown = house.ask("ana", "POST", "/imports", params={"kind": "needs"}, content=line)
    assert unknown.status_code == 415


def bomb():
    """A workbook that says it unpacks to gigabytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000_000)
    return packed.getvalue()


BROKEN = {
    "zip bomb": ("needs.xlsx", bomb, "unpacks to"),
    "no workbook": ("needs.xlsx", lambda: b"PK nonsense", "not an xlsx workbook"),
    "XML bomb": (
        "notice.xml",
        lambda: (
            b'<!DOCTYPE a [<!ENTITY x "aaaa"><!ENTITY y "&x;&x;&x;">]>'
            b'<ContractNotice xmlns="urn:oasis:names:specification:ubl:schema:xsd:ContractNotice-2">&y;'
            b"</ContractNotice>"
        ),
        "DOCTYPE",
    ),
    "no notice": ("notice.xml", lambda: b"<html></html>", "neither an eForms nor a TED notice"),
    "broken JSON": ("needs.json", lambda: b'[{"id": "N1", ', "not JSON"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_cannot_be_read_fails_and_keeps_nothing(house, case):
    """Bombs and broken files end the job with a sentence; nothing is kept and nothing breaks."""
    name, make, said = BROKEN[case]
    job = house.import_file("ana", make(), name)
    assert job["status"] == "failed"
    assert said in job["error"]
    assert "/tmp" not in job["error"]
    assert house.own("ana") == {}


def test_broken_utf8_is_read_as_far_as_it_can_and_reported(house):
    """A file in another encoding is read by its letters, and its owner told."""
    job = house.import_file("ana", "id,title\nN1,Häirekeskus\n".encode("latin-1"))
    assert job["status"] == "done"
    assert any("not UTF-8" in issue["problem"] for issue in job["issues"])


def test_a_file_that_breaks_off_keeps_nothing(house, monkeypatch):
    """The whole file is read before anything is written."""
    monkeypatch.setattr(imports, "BATCH", 2)
    rows = [{"id": f"N{n}", "title": "Vests"} for n in range(9)]
    job = house.import_file("ana", json.dumps(rows).encode()[:-5], "needs.json")
    assert job["status"] == "failed"
    assert house.own("ana") == {}


def test_empty_and_oversized_files_are_refused_at_once(house, settings):
    """Nothing and too much are 4xx."""
    empty = house.ask("ana", "POST", "/imports", params={"kind": "needs"}, files={"file": ("n.csv", b"")})
    assert empty.status_code == 422
    house.held.settings.max_upload_bytes = 5_000
    large = house.ask(
        "ana", "POST", "/imports", params={"kind": "needs"}, files={"file": ("n.csv", b"x" * 9_000)}
    )
    assert large.status_code == 413


def test_a_job_that_is_taken_up_again_keeps_nothing_twice(house, monkeypatch):
    """A worker that ends after some batches leaves the rest to another, and the counts are whole."""
    monkeypatch.setattr(imports, "BATCH", 2)
    content = b"id,title\n" + b"".join(b"N%d,Vests %d\n" % (n, n) for n in range(7))
    asked = house.ask("ana", "POST", "/imports", params={"kind": "needs"}, files={"file": ("n.csv", content)})
    steps = iter(range(100))
    whole = Work.step

    def stop(work, done, total=None):
        if total and next(steps) == 2:
            raise HandedBack
        whole(work, done, total)

    monkeypatch.setattr(Work, "step", stop)
    assert house.runner.once()
    job_id = asked.json()["id"]
    between = house.ask("ana", "GET", f"/jobs/{job_id}").json()
    assert between["status"] == "queued"
    assert len(house.own("ana")) == 4
    assert house.runner.once()
    job = house.ask("ana", "GET", f"/jobs/{job_id}").json()
    assert job["status"] == "done"
    assert job["result"]["created"] == 7
    with house.held.database.read() as session:
        versions = session.scalars(select(VersionRow.version)).all()
    assert versions == [1] * 7


def test_a_worker_that_lost_its_job_writes_nothing_more(house, monkeypatch):
    """After a takeover the first worker's batch is refused by its lease."""
    content = b"id,title\nN1,Vests\n"
    house.ask("ana", "POST", "/imports", params={"kind": "needs"}, files={"file": ("n.csv", content)})
    database = house.held.database
    lease = queue.claim(database, "first", house.held.clock())
    house.pass_(seconds=31)
    assert queue.claim(database, "second", house.held.clock()) is not None
    work = Work(house.held, lease, house.runner._stopping)
    with pytest.raises(queue.LeaseLost):
        imports.run(work)
    assert house.own("ana") == {}


def test_the_file_itself_is_forgotten_when_the_job_is_over(house):
    """What was uploaded is not kept once it was read."""
    job = house.import_file("ana", STORY)
    with house.held.database.read() as session:
        names = session.scalars(select(FileRow.name).where(FileRow.job_id == job["id"])).all()
    assert names == [imports.REPORT]


def test_a_withdrawn_notice_withdraws_its_need(house):
    """A row that says withdrawn ends the record that it is about."""
    house.import_file("ana", b"id,title\nN1,Vests\n")
    house.import_file("ana", b"id,title,status\nN1,Vests,withdrawn\n")
    assert house.own("ana")["N1"].status == "withdrawn"


def test_rows_of_one_moment_by_two_workers_are_kept_once(house, monkeypatch):
    """Where somebody enters the same row at that moment, the batch is begun again."""
    real, raised = records.create_all, []

    def taken(session, drafts, by, *, reason=""):
        if not raised:
            raised.append(1)
            raise imports.RefTaken("N1")
        return real(session, drafts, by, reason=reason)

    monkeypatch.setattr(imports.records, "create_all", taken)
    assert house.import_file("ana", b"id,title\nN1,Vests\n")["result"]["created"] == 1
    assert raised == [1]


def test_an_import_ends_with_the_account_behind_it(house):
    """A job of somebody who is no longer active fails, and keeps nothing."""
    asked = house.ask(
        "ana", "POST", "/imports", params={"kind": "needs"}, files={"file": ("n.csv", b"id,title\nN1,V\n")}
    )
    with house.held.database.write() as session:
        session.get(imports.JobRow, asked.json()["id"])
        house_user = session.get(type(house.user("ana")), "ana")
        house_user.active = False
    assert house.runner.once()
    with house.held.database.read() as session:
        row = session.get(JobRow, asked.json()["id"])
    assert row.status == "failed"
    assert "no longer active" in row.error
    assert house.own("ana") == {}


def test_ocds_of_one_house_is_read_in_another(house, vest, tmp_path):
    """An export as OCDS is needs again for whoever imports it."""
    house.enter("ana", vest(cpv=("35815100",)))
    exported = house.ask("bea", "GET", "/exports/needs.json")
    path = tmp_path / "needs.json"
    path.write_bytes(exported.content)
    assert [n.title for n in read_records(path, Kind.NEED, report=Report())] == [vest().title]
    job = house.import_file("bea", exported.content, "planning.json")
    assert job["result"]["created"] == 1


PACKAGE = {
    "2031/award.xml": notice(1, root="ContractAwardNotice"),
    "2031/a.xml": notice(2, "Vests"),
    "2031/../b.xml": notice(3, "Boats"),
    "2031/c.xml": notice(4, "RESTREINT UE/EU RESTRICTED"),
}


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_a_package_of_notices_is_an_import(house, pack, tmp_path):
    """What is wrong with a notice is told under its name; what is no need is no error and told last."""
    path = pack(tmp_path / "package", PACKAGE)
    job = house.import_file("ana", path.read_bytes(), path.name)
    assert job["status"] == "done", job["error"]
    counts = {name: job["result"][name] for name in ("rows", "created", "refused", "skipped")}
    assert counts == {"rows": 4, "created": 1, "refused": 2, "skipped": 1}
    told = [(issue["file"].partition("/")[2], issue["severity"]) for issue in job["issues"]]
    assert told == [("2031/../b.xml", "refused"), ("2031/c.xml", "refused"), ("2031/award.xml", "skipped")]
    assert list(house.own("ana")) == ["notice-2-01"]


def test_notices_that_are_no_needs_do_not_keep_a_package_out(house, tmp_path):
    """All or none is about what was meant to be kept."""
    good = {name: PACKAGE[name] for name in ("2031/award.xml", "2031/a.xml")}
    content = tarred(tmp_path / "p", good).read_bytes()
    job = house.import_file("ana", content, "p.tar.gz", on_error="refuse_all")
    assert (job["status"], job["result"]["created"]) == ("done", 1), job
    job = house.import_file(
        "bea", zipped(tmp_path / "q", PACKAGE).read_bytes(), "q.zip", on_error="refuse_all"
    )
    assert job["status"] == "failed"
    assert house.own("bea") == {}


@pytest.mark.parametrize(
    ("name", "query", "media"),
    [
        ("2031.tgz", {}, "application/octet-stream"),
        ("2031.tar.gz", {"format": "eforms"}, "application/octet-stream"),
        ("upload", {"format": "tar.gz"}, "application/octet-stream"),
        ("upload", {}, "application/gzip"),
    ],
)
def test_a_package_is_known_by_its_name_its_format_or_its_type(house, tmp_path, name, query, media):
    """As other files are."""
    content = tarred(tmp_path / "p", {"a.xml": notice(1)}).read_bytes()
    asked = house.ask(
        "ana", "POST", "/imports", params={"kind": "needs", **query}, files={"file": (name, content, media)}
    )
    assert asked.status_code == 202, asked.text
    assert house.runner.once()
    assert house.ask("ana", "GET", f"/jobs/{asked.json()['id']}").json()["result"]["created"] == 1


def test_a_package_that_is_a_bomb_fails_and_keeps_nothing(house, tmp_path, monkeypatch):
    """Before it is unpacked, with a sentence."""
    monkeypatch.setattr("corpora.archive.FREE", 10_000)
    content = tarred(tmp_path / "p", {"a.xml": notice(1), "b.xml": bytes(5_000_000)}).read_bytes()
    job = house.import_file("ana", content, "p.tar.gz")
    assert job["status"] == "failed"
    assert "p.tar.gz unpacks to more than" in job["error"]
    assert house.own("ana") == {}
