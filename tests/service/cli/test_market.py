"""`market`: the analyses as tables, JSON and files."""

import pandas as pd
import pytest

import matcher.market
from service.cli.market import ANALYSES
from service.cli.screen import console
from service.cli.show_table import print_frame

ELSEWHERE = {"emerging"}
"""Analyses that need days on which needs were first seen, which an import does not know."""


def test_every_analysis_is_listed(needmatch):
    """All of `matcher.market` but one, without a model or an import."""
    listed = {item["analysis"] for item in needmatch("market", "--json").json}
    functions = {
        name.replace("_", "-")
        for name in matcher.market.__all__
        if not isinstance(getattr(matcher.market, name), type)
    }
    assert listed == functions - ELSEWHERE
    ran = needmatch("market")
    assert max(map(len, ran.lines)) <= 80
    assert all(name in ran.out for name in listed)


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_fits_the_terminal(loaded, name):
    """Its sentence, n, coverage and caveat stand there, 80 columns wide."""
    ran = loaded("market", name)
    assert ran.code == 0
    assert max(map(len, ran.lines)) <= 80
    found = loaded("market", name, "--json").json
    text = " ".join(ran.out.split())
    for words in (found["sentence"], f"n = {found['n']}", found["coverage"], found["caveat"]):
        assert " ".join(words.split()) in text
    assert isinstance(found["rows"], list)


def test_a_finding_is_written_as_table_and_figure(loaded, files):
    """The figure needs no network: plotly lies beside it."""
    ran = loaded("market", "country-map", "--out", "found")
    assert ran.code == 0
    names = sorted(path.name for path in (files / "found").iterdir())
    assert names == ["country-map.csv", "country-map.html", "plotly.min.js"]
    table = pd.read_csv(files / "found" / "country-map.csv")
    assert sorted(table["country"]) == ["AT", "IE", "MT"]
    page = (files / "found" / "country-map.html").read_text(encoding="utf-8")
    assert 'src="plotly.min.js"' in page
    assert "https://cdn" not in page


def test_cells_that_a_spreadsheet_would_run_are_harmless(loaded, files):
    """A title that begins with an equals sign gets an apostrophe in the csv."""
    row = "id,title,description,language,country\nN9,=1+1,Search dogs for the mountain rescue,en,SI\n"
    (files / "more.csv").write_text(row, encoding="utf-8")
    assert loaded("import", files / "more.csv").code == 0
    assert loaded("market", "unmet-needs", "--out", "found").code == 0
    titles = pd.read_csv(files / "found" / "unmet-needs.csv")["title"]
    assert "'=1+1" in set(titles)


def test_an_analysis_is_divided_otherwise(loaded):
    """By one thing, or by several where it takes several."""
    rows = loaded("market", "environment", "--by", "country", "--by", "nature", "--json").json["rows"]
    assert {"country", "nature"} <= rows[0].keys()
    assert loaded("market", "trends", "--by", "country", "--json").json["rows"][0]["country"] == "IE"


def test_small_cells_are_taken_out(loaded):
    """No country of fewer than three organisations keeps its numbers."""
    rows = loaded("market", "country-map", "--suppress", "--json").json["rows"]
    assert all(row["suppressed"] and row["needs"] is None for row in rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["weather"], "unmet-needs"),
        (["unmet-needs", "--by", "area"], "cannot be divided"),
        (["trends", "--by", "area", "--by", "country"], "one thing at a time"),
        (["trends", "--by", "colour"], "'colour'"),
        (["--by", "area"], "name it"),
    ],
)
def test_what_cannot_be_asked_is_one_line(loaded, refuses, arguments, words):
    """The message says what can."""
    assert words in refuses(loaded("market", *arguments))


def test_columns_that_do_not_fit_are_named(capsys):
    """The table keeps to 80 columns; nothing is dropped in silence, and what is unknown is said."""
    frame = pd.DataFrame({f"measure_{i}": pd.Series([i, None], dtype="Float64") for i in range(12)})
    frame["nothing"] = pd.Series([None, None], dtype="Float64")
    print_frame(console(), frame, 1)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(lines)
    assert "Nothing known: nothing" in text
    assert "measure_11" in text
    assert "... and 1 more rows" in text


def test_a_table_without_rows_says_so(capsys):
    """There is no empty frame of lines."""
    print_frame(console(), pd.DataFrame({"country": []}), 5)
    assert "no rows" in capsys.readouterr().out
