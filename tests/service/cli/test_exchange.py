"""`import` and `export`: good rows are kept, bad ones are listed, and nothing is lost on the way."""

import csv
import json

import pytest

from corpora import Report, read_records
from matcher.records import Kind
from tests.corpora.test_archive import notice, tarred

MIXED = """\
id,title,description,country,cpv
A,Fire pump,Pump for floods,IE,42122000
,Without id,Nobody can name it,IE,
B,Body armour,Plates and covers,FR,351
"""


@pytest.fixture
def mixed(tmp_path):
    """A file with a good row, one that is refused, and one that loses a value."""
    path = tmp_path / "mixed.csv"
    path.write_text(MIXED, encoding="utf-8")
    return path


def ids(needmatch, tmp_path) -> list[str]:
    """Ids of the needs that are loaded, by exporting them."""
    out = tmp_path / "all.jsonl"
    assert needmatch("export", out).code == 0
    return [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()]


def test_good_rows_are_imported(needmatch, files):
    """The summary says how many were read and kept."""
    ran = needmatch("import", files / "needs.csv")
    assert ran.code == 0
    assert "3 rows read, 3 kept" in ran.out
    assert ran.err == ""


def test_bad_rows_are_listed_and_good_ones_kept(needmatch, mixed, tmp_path):
    """Each finding has file, line, field and remedy."""
    ran = needmatch("import", mixed)
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert "mixed.csv:3 id: the row has no id" in text
    assert "mixed.csv:4 cpv: '351'" in text
    assert "3 rows read, 2 kept" in text
    assert ids(needmatch, tmp_path) == ["A", "B"]


def test_every_finding_goes_into_the_report(needmatch, mixed, tmp_path):
    """One JSON object a finding, with what became of the row."""
    assert needmatch("import", mixed, "--report", tmp_path / "report.jsonl").code == 0
    found = [
        json.loads(line) for line in (tmp_path / "report.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [(f["line"], f["field"], f["severity"]) for f in found] == [
        (3, "id", "refused"),
        (4, "cpv", "dropped"),
    ]
    assert all(f["problem"] and f["remedy"] and f["file"] == "mixed.csv" for f in found)


def test_the_account_as_json(needmatch, mixed):
    """Programs get the same counts and findings."""
    account = needmatch("import", mixed, "--json").json
    assert (account["rows"], account["kept"], account["refused"]) == (3, 2, 1)
    assert account["counts"] == {"refused": 1, "dropped": 1}
    assert [issue["line"] for issue in account["issues"]] == [3, 4]


def test_strict_imports_nothing_if_a_row_is_refused(needmatch, refuses, mixed, tmp_path):
    """The findings are shown, the exit code is 2, and what was there stays as it was."""
    ran = needmatch("import", mixed, "--strict", "--report", tmp_path / "report.jsonl")
    assert "--strict" in refuses(ran)
    assert "mixed.csv:3" in ran.out
    assert (tmp_path / "report.jsonl").exists()
    assert not (tmp_path / "data").exists()


def test_strict_imports_what_is_whole(needmatch, files):
    """A file without refused rows is imported."""
    assert needmatch("import", files / "needs.csv", "--strict").code == 0


def test_columns_can_be_mapped(needmatch, tmp_path):
    """The first filled of several columns is taken."""
    (tmp_path / "own.csv").write_text("nr,titel,name\n1,Pumpen,\n2,,Westen\n", encoding="utf-8")
    ran = needmatch("import", "own.csv", "--map", "id=nr", "--map", "title=titel|name")
    assert ran.code == 0
    records = read(needmatch, tmp_path, "need")
    assert [(r.id, r.title) for r in records] == [("1", "Pumpen"), ("2", "Westen")]


@pytest.mark.parametrize("mapping", ["titel", "=nr", "wish=nr"])
def test_a_mapping_that_cannot_be_read_is_refused(needmatch, refuses, files, mapping):
    """The message quotes it."""
    assert mapping.split("=")[0] in refuses(needmatch("import", files / "needs.csv", "--map", mapping))


def test_a_known_id_is_replaced(loaded, files):
    """The newer row stands, the others stay."""
    (files / "newer.csv").write_text("id,title\nN1,Rescue boats\nN9,Ladders\n", encoding="utf-8")
    assert loaded("import", files / "newer.csv").code == 0
    titles = {r.id: r.title for r in read(loaded, files, "need")}
    assert titles["N1"] == "Rescue boats"
    assert sorted(titles) == ["N1", "N2", "N3", "N9"]


def test_several_files_are_one_import(needmatch, files, mixed):
    """All are read under one account."""
    account = needmatch("import", files / "needs.csv", mixed, "--json").json
    assert (account["rows"], account["kept"]) == (6, 5)


def test_nothing_importable_is_an_error(needmatch, refuses, tmp_path):
    """The findings say why; nothing is written."""
    (tmp_path / "strange.csv").write_text("colour,size\nred,2\n", encoding="utf-8")
    ran = needmatch("import", "strange.csv")
    assert "No row could be imported" in refuses(ran)
    assert "strange.csv:2 id" in ran.out
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["absent.csv", "needs.pdf"])
def test_a_file_that_cannot_be_read_is_named(needmatch, refuses, tmp_path, name):
    """Absent files and unknown formats are one line."""
    if name.endswith("pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    assert name in refuses(needmatch("import", name))


def read(needmatch, tmp_path, kind, name="copy.jsonl"):
    """The loaded records of a kind, through a file."""
    assert needmatch("export", tmp_path / name, "--kind", kind).code == 0
    return list(read_records(tmp_path / name, Kind(kind), report=Report()))


@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx", "jsonl"])
@pytest.mark.parametrize("kind", ["need", "solution"])
def test_what_is_exported_can_be_imported(loaded, files, form, kind):
    """Every flat format gives back the records that were read at first."""
    before = list(read_records(files / f"{kind}s.csv", Kind(kind), report=Report()))
    assert read(loaded, files, kind, f"copy.{form}") == before


def test_needs_go_through_ocds(loaded, files):
    """The release package holds id, title, buyer and value of each need."""
    assert loaded("export", files / "copy.json").code == 0
    package = json.loads((files / "copy.json").read_text(encoding="utf-8"))
    assert len(package["releases"]) == 3
    again = {need.id: need for need in read_records(files / "copy.json", Kind.NEED, report=Report())}
    before = list(read_records(files / "needs.csv", Kind.NEED, report=Report()))
    assert set(again) == {need.id for need in before}
    for need in before:
        found = again[need.id]
        for name in ("title", "organisation", "cpv", "value_eur", "country", "language"):
            assert getattr(found, name) == getattr(need, name), name


def test_export_says_what_it_wrote(loaded, files):
    """A sentence for people, facts for programs."""
    assert "3 needs written to out.csv" in loaded("export", "out.csv").out
    assert loaded("export", "out.csv", "--json").json == {"file": "out.csv", "records": 3}
    with (files / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["N1", "N2", "N3"]


def test_a_package_of_notices_is_imported(needmatch, tmp_path):
    """A tar.gz as TED gives it is read like the notices in it."""
    path = tarred(tmp_path / "2031-01", {"1/a.xml": notice(1), "1/b.xml": b"no notice", "2/c.xml": notice(2)})
    ran = needmatch("import", path)
    assert ran.code == 0, ran.err
    assert "3 rows read, 2 kept" in ran.out
    assert "2031-01.tar.gz/1/b.xml:1" in "".join(ran.out.split("\n"))
    assert ids(needmatch, tmp_path) == ["notice-1-01", "notice-2-01"]
