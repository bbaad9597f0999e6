"""`match`, `demand`, `similar`: best first, with level, reasons and quoted sentences."""

import pytest

from matcher.calibrate import LogisticCalibrator
from matcher.engine import Tuning
from service import wiring
from service.cli import screen

WIDTH = 80
CALIBRATED = Tuning(
    calibrator=LogisticCalibrator("hashing@1", (8.0, 0.0, 1.0, 1.0, 1.0, 0.0), -3.0, 9, "2031-01-01")
)


def test_the_solution_that_answers_comes_first(loaded):
    """Ranks count from 1, and each result has everything that is shown."""
    found = loaded("match", "N1", "--json").json
    assert found["query"] == {"id": "N1", "title": "Mobile flood pumps", "language": "en"}
    assert [r["rank"] for r in found["results"]] == [1, 2, 3]
    best = found["results"][0]
    assert best["id"] == "S1"
    for name in ("level", "probability", "contributions", "reasons", "gaps", "evidence"):
        assert name in best
    assert any("EN 1028" in reason or "EN1028" in reason for reason in best["reasons"])
    quoted = best["evidence"][0]
    assert quoted["query"]["language"] == quoted["found"]["language"] == "en"
    assert 0 < quoted["similarity"] <= 1.0001


def test_without_calibrator_there_is_no_level(loaded):
    """An order is no probability."""
    results = loaded("match", "N1", "--json").json["results"]
    assert {r["level"] for r in results} == {r["probability"] for r in results} == {None}
    assert "no level" in loaded("match", "N1").out


def test_with_a_calibrator_each_result_has_a_level(loaded, monkeypatch):
    """The word, its mark, and what each score brought to the probability."""
    monkeypatch.setattr(wiring, "tuning_of", lambda _: CALIBRATED)
    results = loaded("match", "N1", "--json").json["results"]
    assert all(r["level"] in screen.MARKS for r in results)
    assert all(0 <= r["probability"] <= 1 for r in results)
    assert all(c["logit"] is not None for r in results for c in r["contributions"])
    shown = loaded("match", "N1").out
    assert f"{screen.MARKS[results[0]['level']]} {results[0]['level']}" in shown


def test_free_words_find_demand(loaded):
    """What is offered may be an id or words in any language."""
    by_id = loaded("demand", "S2", "--json").json
    assert by_id["results"][0]["id"] == "N3"
    by_words = loaded("demand", "Westen für Diensthunde mit waschbarem Bezug", "--json").json
    assert by_words["query"]["id"] is None
    assert by_words["query"]["language"] == "de"
    assert by_words["results"][0]["id"] == "N3"
    assert "“Westen für Diensthunde" in loaded("demand", "Westen für Diensthunde").out


def test_similar_needs_leave_out_the_need_itself(loaded):
    """The twin comes first."""
    results = loaded("similar", "N1", "--json").json["results"]
    assert [r["id"] for r in results] == ["N2", "N3"]


@pytest.mark.parametrize(
    ("arguments", "left"), [(["--country", "nl"], ["S1"]), (["--cpv", "358"], ["S2"]), (["-k", "1"], ["S1"])]
)
def test_filters_and_counts_cut_the_list(loaded, arguments, left):
    """What a filter hides is counted."""
    found = loaded("match", "N1", *arguments, "--json").json
    assert [r["id"] for r in found["results"]] == left
    if arguments[0] != "-k":
        assert sum(found["hidden"].values()) == 2
        assert "hidden by your filter" in loaded("match", "N1", *arguments).out


def test_countries_may_be_several(loaded):
    """An option given twice widens the filter."""
    found = loaded("match", "N1", "--country", "NL", "--country", "CY", "--json").json
    assert {r["id"] for r in found["results"]} == {"S1", "S3"}


def test_a_filter_that_hides_all_says_so(loaded):
    """An empty list is not silent."""
    out = loaded("match", "N1", "--cpv", "99").out
    assert "Nothing found" in out
    assert "3 hidden by your filter" in out


@pytest.mark.parametrize(
    "command", [("match", "N1"), ("demand", "S1"), ("similar", "N2"), ("demand", "pump")]
)
def test_what_is_shown_fits_the_terminal(loaded, command):
    """No line is wider than 80 columns, and each result quotes both sides."""
    ran = loaded(*command)
    assert ran.code == 0
    assert max(map(len, ran.lines)) <= WIDTH
    assert ran.out.count("“") >= 2
    assert " 1. " in ran.out


def test_marks_in_a_title_are_shown_as_they_are(loaded, files):
    """Square brackets of a record are not taken for markup."""
    (files / "marked.csv").write_text("id,title\nN8,[bold]Pumps[/bold] [red]\n", encoding="utf-8")
    assert loaded("import", files / "marked.csv").code == 0
    assert "[bold]Pumps[/bold] [red]" in loaded("match", "N8").out
    assert "[bold]Pumps[/bold] [red]" in loaded("similar", "N1").out


@pytest.mark.parametrize("count", ["0", "1001", "many"])
def test_a_count_outside_its_range_is_refused(loaded, count):
    """The message names the option."""
    ran = loaded("match", "N1", "-k", count)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert "--results" in ran.err


def test_why_not_tells_place_filter_and_score(loaded):
    """A solution that is shown, one that is not, and one that a filter hides."""
    shown = loaded("why-not", "N1", "S1", "--json").json
    assert (shown["rank"], shown["hidden_by"], shown["behind"]) == (1, [], [])
    behind = loaded("why-not", "N1", "S3", "-k", "1", "--json").json
    assert behind["rank"] > 1
    assert behind["behind"][0]["needed"] > behind["behind"][0]["value"]
    assert "Most is lost on" in loaded("why-not", "N1", "S3", "-k", "1").out
    hidden = loaded("why-not", "N3", "S2", "--country", "FR", "--json").json
    assert hidden["hidden_by"] == ["countries"]
    assert "Hidden by your filter on countries" in hidden["sentence"]


def test_why_not_of_an_unknown_record_is_one_line(loaded, refuses):
    """The id is named."""
    assert "S99" in refuses(loaded("why-not", "N1", "S99"))
