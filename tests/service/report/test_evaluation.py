"""The report: every number of a plot stands in a table, and nothing is shown that was not measured."""

import re
from dataclasses import replace

import pytest

from matcher.calibrate import LogisticCalibrator
from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.significance import Interval
from matcher.evaluate.systems import DENSE, HYBRID, PLAIN, random_system
from matcher.evaluate.trial import Result, Trial, Unknown, run
from models import open_encoder
from service.report import plots
from service.report.evaluation import left_out, promised, reliability_rows, section, write_report

CALIBRATOR = LogisticCalibrator("hashing@1", (8.0, 0.0, 1.0, 1.0, 1.0, 0.0), -5.0, 9, "2031-01-01")


@pytest.fixture
def embedder() -> Embedder:
    """The encoder without weights."""
    return Embedder(open_encoder("hashing"))


@pytest.fixture
def trial(tiny_sample) -> Trial:
    """Four needs in two languages and two families, one of them without an answer."""
    part = tiny_sample.part("test")
    qrels = {**part.qrels, "test-N3": {"test-S0": 1}}
    return Trial(part.needs, part.solutions, qrels, part.needs, part.groups, part.themes)


@pytest.fixture
def result(trial, embedder) -> Result:
    """With levels, and language pairs of three queries made up: the sample is too small for them."""
    found = run(trial, embedder, Tuning(calibrator=CALIBRATOR))
    return replace(found, pairs={("de", "en"): (3, 0.875), ("en", "en"): (4, 0.25)})


def tables(lines: list[str]) -> dict[str, list[list[str]]]:
    """The tables of a page by the heading of their first column: rows of cells."""
    found = {}
    for block in re.findall(r"(?:^\|.*\n?)+", "\n".join(lines), re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        assert len({len(row) for row in rows}) == 1
        found[" ".join(rows[0])] = rows[2:]
    return found


def test_a_page_with_its_plots(result, tmp_path):
    """Five plots, each an SVG that the page names with words for those who do not see it."""
    page = write_report(result, tmp_path / "new" / "rep", "Trial of pumps")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Trial of pumps\n")
    named = re.findall(r"!\[([^\]]+)\]\((.*?)\)", text)
    assert [name for _, name in named] == [
        "systems.svg",
        "languages.svg",
        "language-pairs.svg",
        "reliability.svg",
    ]
    for words, name in named:
        assert words
        assert (page.parent / name).read_text(encoding="utf-8").startswith("<?xml")
    assert not re.search(r"\b(nan|inf|None)\b", text)


def test_the_numbers_of_the_plots_stand_in_tables(result, tmp_path, monkeypatch):
    """What is drawn is what is written: bars and intervals, languages, pairs and bins."""
    drawn = {}
    for name in ("systems", "languages", "language_pairs", "reliability"):
        monkeypatch.setattr(
            plots, name, lambda path, values, *more, name=name: drawn.update({name: (values, *more)})
        )
    lines = section(result, tmp_path)
    found = tables(lines)
    averages, chosen = drawn["systems"]
    ranked = {row[0]: row for row in found["system nDCG@10 recall@10 recall@100 MRR acc@1 nDCG@10 within"]}
    assert chosen == HYBRID
    assert ranked.keys() == averages.keys()
    for name, one in averages.items():
        assert ranked[name][1] == f"{one.mean:.3f}"
        assert ranked[name][-1] == f"{one.low:.2f} to {one.high:.2f}"
    languages, few = drawn["languages"]
    assert [[f"{c} (few)", str(n), f"{v:.3f}"] for c, (n, v) in languages.items()] == [
        row[:3] for row in found["language queries nDCG@10 recall@10"]
    ]
    assert few > 4
    assert drawn["language_pairs"][0] == result.pairs
    assert found["pair queries nDCG@10"] == [["de to en", "3", "0.875"], ["en to en", "4", "0.250"]]
    whole, groups = drawn["reliability"]
    written = found["probability all " + " ".join(groups)]
    for column, one in enumerate([whole, *groups.values()], 1):
        assert [row[column] for row in written if row[column]] == [
            f"{b.said:.2f}, {b.held:.2f} ({b.count})" for b in one.bins
        ]


def test_levels_and_unanswered_needs_are_told(result, tmp_path):
    """By group of languages and by word; and what a need without an answer is shown."""
    found = tables(section(result, tmp_path))
    assert [row[0] for row in found["languages results Brier ECE ECE, equal mass"]] == ["all", "Germanic"]
    assert found["languages results Brier ECE ECE, equal mass"] == reliability_rows(result)
    assert result.reliability is not None
    assert [row[0] for row in found["level results said relevant"]] == list(result.reliability.levels)
    assert "Of 1 queries without an answer" in promised(result)
    assert "Were the answers of the 3 others not there" in promised(result)
    assert promised(replace(result, nothing_promised=None, bereft_promised_nothing=None)) == ""
    text = "\n".join(section(result, tmp_path))
    assert promised(result) in text
    assert "To 1 of the queries no document is relevant" in text


def test_differences_and_families_are_told(result, tmp_path):
    """The engine less either dense leg with p, and of how many families the queries are."""
    text = "\n".join(section(result, tmp_path))
    assert "4 queries of 2 families." in text
    for over in (PLAIN, DENSE):
        assert re.search(rf"- {HYBRID} less {over}: nDCG@10 [+-]\d\.\d+ \[.*\], p [01]\.\d{{4}}", text)


def test_nothing_is_shown_that_was_not_measured(trial, embedder, tmp_path):
    """Without calibrator, groups or the engine as used there are no tables and no plots of them."""
    bare = run(replace(trial, groups={}), embedder, Tuning(), systems=[random_system()])
    text = "\n".join(section(bare, tmp_path))
    assert "| random |" in text
    for words in ("Brier", "pair F1", "| language |", "less", "not there"):
        assert words not in text
    assert [path.name for path in tmp_path.iterdir()] == ["systems.svg"]
    assert section(Result("m", "", {}, {}, {}), tmp_path) == []


def test_bias_that_could_not_be_measured_is_said(trial, embedder, tmp_path):
    """No ratio of nothing over nothing."""
    alone = replace(trial, qrels={"test-N0": {"test-S0": 3}}, groups={})
    text = "\n".join(section(run(alone, embedder, Tuning()), tmp_path))
    assert "No query has equally relevant documents both in its own language and in others." in text
    assert "No pair of languages has 3 queries" in text


def test_sentences_of_what_is_left_out() -> None:
    """One for each kind that there is."""
    assert left_out(Unknown()) == []
    assert [s.partition(":")[0] for s in left_out(Unknown(1, 2, 3, 4, 5))] == [
        "Left out",
        "Counted as not found",
        "Left out of the true grouping",
    ]


def test_the_same_figures_give_the_same_plot(result, tmp_path):
    """Two runs of a report differ in nothing."""
    for at in ("one", "two"):
        write_report(result, tmp_path / at, "Report")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 5
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_plots_leave_the_style_of_others_alone(tmp_path) -> None:
    """A notebook's own settings are as before."""
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.systems(tmp_path / "x.svg", {"one": Interval(0.5, 0.4, 0.6)}, "one")
    assert dict(matplotlib.rcParams) == before
