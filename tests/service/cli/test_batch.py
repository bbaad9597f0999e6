"""`batch`: a corpus in one go, as a data folder for the other commands."""

import shutil
import sys

import pytest


def test_it_comes_to_the_groups_of_one_process(needmatch, files):
    """`groups.tsv` is what `group` writes; the folder is one that all commands read."""
    ran = needmatch("batch", "needs.csv", "--out", "corpus", "--json")
    assert ran.code == 0
    assert ran.json == {
        "needs": 3,
        "solutions": 0,
        "groups": 2,
        "groups_of_several": 1,
        "shards": 1,
        "shards_read": 1,
        "workers": 1,
        "workers_lost": 0,
        "out": "corpus",
    }
    assert needmatch("group", "--needs", "needs.csv", "--out", "groups.tsv").code == 0
    assert (files / "corpus" / "groups.tsv").read_bytes() == (files / "groups.tsv").read_bytes()
    assert [found["id"] for found in needmatch("similar", "N1", "--data", "corpus", "--json").json["results"]]


def test_it_reads_solutions_beside_needs(needmatch, files):
    """Matches are those of an import of the same files."""
    ran = needmatch("batch", "needs.csv", "--solutions", "solutions.csv", "--out", "corpus")
    assert ran.code == 0
    assert "solutions 3" in " ".join(ran.out.split())
    for kind in ("need", "solution"):
        assert needmatch("import", f"{kind}s.csv", "--kind", kind).code == 0
    for need in ("N1", "N3"):
        plain = needmatch("match", need, "--json").json
        assert needmatch("match", need, "--json", "--data", "corpus").json == plain


def test_a_second_run_reads_what_is_new_and_keeps_ids(needmatch, files):
    """Shards that are there are not read again, and clusters go on under their ids."""
    first = needmatch("batch", "needs.csv", "--out", "corpus", "--json").json
    assert needmatch("batch", "needs.csv", "--out", "corpus", "--json").json == first | {"shards_read": 0}
    before = needmatch("candidates", "--all", "--json", "--data", "corpus").json
    rows = (files / "needs.csv").read_text().splitlines()
    (files / "needs.csv").write_text(
        "\n".join([*rows, "A0,Mobile flood pumps,Diesel pumps.,en,LV,,,,,,,"]) + "\n"
    )
    assert needmatch("batch", "needs.csv", "--out", "corpus", "--json").json["shards_read"] == 1
    after = needmatch("candidates", "--all", "--json", "--data", "corpus").json
    ids = [{item["id"] for item in found["candidates"]} for found in (before, after)]
    assert ids[0]
    assert ids[0] <= ids[1]


def test_without_a_need_there_is_nothing_to_do(needmatch, files, refuses):
    """A file of rows that are none is told, and nothing is written."""
    (files / "none.csv").write_text("id,title\n")
    assert "--solutions" in refuses(needmatch("batch", "none.csv", "--out", "corpus"))
    assert not (files / "corpus").exists()


@pytest.mark.parametrize("options", [["--workers", "2"], ["--nodes", "auto"]])
def test_without_ray_workers_are_refused(needmatch, files, refuses, monkeypatch, options):
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "needmatch[ray]" in refuses(needmatch("batch", "needs.csv", "--out", "corpus", *options))


def test_work_in_another_folder_begins_anew(needmatch, files):
    """What is done is found by its folder; a copy of it serves as well."""
    first = needmatch("batch", "needs.csv", "--out", "corpus", "--json").json
    shutil.copytree(files / "corpus" / "work", files / "copy" / "work")
    assert needmatch("batch", "needs.csv", "--out", "new", "--json").json == first | {"out": "new"}
    again = needmatch("batch", "needs.csv", "--out", "copy", "--json").json
    assert again == first | {"out": "copy", "shards_read": 0}
