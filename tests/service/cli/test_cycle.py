"""`cycle`: the state of a day in a file, and what changed."""

import pytest


def test_two_days_are_compared(loaded, files):
    """A new need and a merged group are told, on the screen, as JSON and as a report."""
    saved = loaded("cycle", "save", "a.json", "--json").json
    assert (saved["needs"], saved["clusters"], saved["candidates"]) == (3, 1, 1)
    (files / "more.csv").write_text("id,title,language,country\nN9,Search dogs,en,SI\n", encoding="utf-8")
    assert loaded("import", files / "more.csv").code == 0
    assert loaded("review", "must-link", "N2", "N3", "--who", "Ana").code == 0
    assert "4 needs, 1 clusters, 1 candidates, saved to b.json" in loaded("cycle", "save", "b.json").out
    changes = loaded("cycle", "diff", "a.json", "b.json", "--json").json
    assert changes["new"] == ["N9"]
    assert changes["resized"][0]["joined"] == ["N3"]
    text = " ".join(loaded("cycle", "diff", "a.json", "b.json", "--out", "report.md").out.split())
    assert all(" ".join(sentence.split()) in text for sentence in changes["sentences"])
    assert (files / "report.md").read_text(encoding="utf-8").startswith("# Changes from ")


def test_the_same_day_twice_is_no_change(loaded):
    """It is said that nothing changed."""
    assert loaded("cycle", "save", "a.json", "--day", "2031-01-01").code == 0
    ran = loaded("cycle", "diff", "a.json", "a.json")
    assert "2031-01-01 to 2031-01-01" in ran.out
    assert "Nothing changed." in ran.out


@pytest.mark.parametrize(("content", "words"), [(None, "no cycle at"), ("{", "damaged")])
def test_a_file_that_is_no_cycle_is_one_line(loaded, refuses, files, content, words):
    """Missing and broken files are told apart."""
    if content is not None:
        (files / "a.json").write_text(content, encoding="utf-8")
    assert words in refuses(loaded("cycle", "diff", "a.json", "a.json"))
