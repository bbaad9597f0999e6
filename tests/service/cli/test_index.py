"""`index`: how vectors are kept, why, and whether the files are whole."""

from matcher import snapshot


def test_the_plan_and_the_ways_are_shown_with_reasons(loaded):
    """For each kind what is kept and what is due; the same for programs."""
    found = loaded("index", "--json").json
    assert set(found) == {"need", "solution"}
    needs = found["need"]
    assert needs["records"] == 3
    assert needs["kept"] == needs["due"] == "exact, 4 bytes a number"
    assert [way["share"] for way in needs["searches"]] == [1.0, 0.1, 0.01, 0.001]
    shown = loaded("index").out
    assert "need: 3 records" in shown
    assert "a look at each of" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_damaged_file_is_found_by_the_check(loaded, refuses, tmp_path):
    """`--check` reads every file and names the first that is not as it was written."""
    assert "as it was written" in loaded("index", "--check").out
    files, _ = snapshot.inspect(tmp_path / "data" / "snapshot")
    file = files / "need.records.json"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert "need.records.json" in refuses(loaded("index", "--check"))


def test_without_a_snapshot_it_says_how_to_make_one(needmatch, refuses):
    """As every command does."""
    assert "needmatch import" in refuses(needmatch("index"))
