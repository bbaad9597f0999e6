"""The quality page holds every section and only numbers."""

import json
import re
from dataclasses import replace

import pytest

from corpora.tuning import load
from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.ranking import MEASURES
from matcher.evaluate.systems import DENSE, HYBRID, PLAIN, engine_system, own_systems
from matcher.evaluate.trial import Result, Trial, run
from matcher.records import Need, Solution
from models import open_encoder
from service.fit.classification import SHOWN_FIGURES
from service.measure import quality

FACTS = {"version": "1.2.3", "commit": "abc1234", "date": "2031-05-04"}
RANKED, BOTH, GROUPED = "Only ranked", "Ranked and grouped", "Only grouped"


@pytest.fixture
def results(tiny_sample) -> dict[str, Result]:
    """A trial of each form, on the sample of two themes."""
    part = tiny_sample.part("test")
    both = Trial(part.needs, part.solutions, part.qrels, part.needs, part.groups, part.themes)
    trials = {
        BOTH: both,
        RANKED: replace(both, needs=(), groups={}),
        GROUPED: Trial(needs=part.needs, groups=part.groups),
    }
    embedder = Embedder(open_encoder("hashing"))
    return {name: run(trial, embedder, Tuning()) for name, trial in trials.items()}


def test_the_page_has_a_section_a_trial(results, tmp_path):
    """Ranking, languages and grouping stand where they were measured, with the facts of the run."""
    page = quality.page(results, FACTS, tmp_path)
    assert all(fact in page for fact in FACTS.values())
    assert "hashing@1/hashing" in page
    sections = dict(zip(results, re.split(r"^## .*\n", page, flags=re.MULTILINE)[1:], strict=True))
    for name in (RANKED, BOTH):
        for words in (
            f"| {HYBRID} |",
            f"| {PLAIN} |",
            "| BM25 |",
            "4 queries of 2 families.",
            "| en (few) |",
            f"{HYBRID} less {PLAIN}",
        ):
            assert words in sections[name], (name, words)
    for name in (GROUPED, BOTH):
        assert "| average linkage, plain | 4 |" in sections[name]
    assert "pair F1" not in sections[RANKED]
    assert "nDCG@10" not in sections[GROUPED]


def test_the_page_holds_numbers_only(results, tmp_path):
    """No figure is missing or not a number, and every row of a table is as wide as its head."""
    page = quality.page(results, FACTS, tmp_path)
    assert not re.search(r"\b(nan|inf|None)\b", page)
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_intervals_hold_their_mean(results, tmp_path):
    """A gain stands inside its interval."""
    gains = re.findall(
        r"([+-]\d\.\d{3}) \[([+-]\d\.\d{3}), ([+-]\d\.\d{3})\]", quality.page(results, FACTS, tmp_path)
    )
    assert len(gains) > 12
    assert all(float(low) <= float(mean) <= float(high) for mean, low, high in gains)


def test_only_answered_needs_of_the_test_half_are_asked(monkeypatch, tiny_sample, hashing):
    """A need without an answer, and the half that was tuned on, are left out."""
    judged = {**tiny_sample.qrels, "test-N0": {"test-S0": 1}}
    monkeypatch.setattr(quality, "load_sample", lambda: replace(tiny_sample, qrels=judged))
    said: list[str] = []
    (result,) = quality.measure(hashing, None, said.append).values()
    assert [scores.query for scores in result.rankings[HYBRID]] == ["test-N1", "test-N2", "test-N3"]
    assert result.groupings
    assert any(HYBRID in text for text in said)


def test_page_and_figures_are_written(monkeypatch, tmp_path, tiny_sample):
    """`make quality` writes Markdown for people and JSON for programs, with the same figures."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(quality, "load_sample", lambda: tiny_sample)
    monkeypatch.setattr(quality, "DOCS", tmp_path / "docs")
    quality.main([])
    written = json.loads((tmp_path / "docs" / "quality.json").read_text(encoding="utf-8"))
    (figures,) = written["trials"].values()
    page = (tmp_path / "docs" / "quality.md").read_text(encoding="utf-8")
    for system, means in figures["systems"].items():
        assert f"| {system} | " + " | ".join(f"{means[m]:.3f}" for m in MEASURES) + " |" in page
        for over in (PLAIN, DENSE):
            if system != over:
                gain = figures["gains"][over][system]["ndcg_10"]
                assert f"| {system} | {gain['mean']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}] |" in page
    assert written["date"] in page


def test_each_system_is_held_against_the_model_it_began_as(tiny_sample, tmp_path):
    """Plain e5 and e5 with an offset where they were measured, else the own dense legs."""
    part = tiny_sample.part("test")
    trial = Trial(part.needs, part.solutions, part.qrels, families=part.themes)
    embedder = Embedder(open_encoder("hashing"))
    began = [engine_system(name, embedder, Tuning()) for name in (quality.E5, quality.E5_OFFSET)]
    result = run(trial, embedder, Tuning(), systems=[*own_systems(embedder, Tuning()), *began])
    assert quality.references(result) == [quality.E5, quality.E5_OFFSET]
    page = quality.page({"Sample": result}, FACTS, tmp_path)
    for over in (quality.E5, quality.E5_OFFSET):
        assert f"Each system less `{over}`" in page
    assert page.count(f"| {HYBRID} | +") + page.count(f"| {HYBRID} | -") >= 2
    assert quality.references(run(trial, embedder, Tuning())) == [PLAIN, DENSE]


def test_procedure_is_put_between_the_sentences_of_a_need():
    """Sentences that nothing was trained on; the title stays, and what is asked for stays whole."""
    need = Need(
        id="N", title="Pumps", description="Four are asked for. They float. They start cold.", language="en"
    )
    changed = quality.with_procedure(need)
    assert changed.title == "Pumps"
    for sentence in ("Four are asked for", "They float", "They start cold"):
        assert sentence in changed.description
    assert ".." not in changed.description
    assert changed.description.endswith(".")
    held = load().procedure["test"]["en"]
    assert sum(sentence in changed.description for sentence in held) == quality.PROCEDURE
    offer = Solution(id="S", name="Pump")
    assert quality.with_procedure(offer) is offer


def test_codes_and_duplicates_have_their_sections(results, tmp_path):
    """The figures stand in tables, under headings of their own."""
    beside = {
        "cpv": {
            "notices": 40,
            "division_top_1_by_language": {"de": 0.75},
            **dict.fromkeys(SHOWN_FIGURES, 0.625),
        },
        "duplicates": {
            "needs all different": {"needs": 80, "flagged": 1},
            "edited copies": {"flagged": 50, "precision": 0.94, "needs_with_a_twin_found": 0.78},
        },
    }
    page = quality.page(results, FACTS, tmp_path, beside)
    assert "| division at first place | 0.625 |" in page
    assert "de 0.75." in page
    assert "| edited copies | 50 | 0.940 | 0.780 |" in page


def test_plots_lie_where_the_page_says(results, tmp_path):
    """Every plot of every section is a file beside the page."""
    page = quality.page(results, FACTS, tmp_path)
    names = re.findall(r"!\[[^\]]+\]\((.*?)\)", page)
    assert len(names) == len(set(names)) >= 4
    assert all((tmp_path / name).is_file() for name in names)
