import json
from pathlib import Path
from typing import Any

import pytest

from service.measure.performance import Figure, embedding, page, querying, row, terminal_row, write


@pytest.fixture
def facts() -> dict[str, Any]:
    """What a page says besides the figures."""
    return {
        "date": "2031-02-03",
        "commit": "abc1234",
        "processor": "Abacus, 8 cores",
        "threads": 3,
        "memory_gb": 12.5,
        "system": "Linux x86_64",
        "python": "3.14.1",
        "versions": {"openvino": "9.1", "torch": "8.2"},
        "load_before": 0.5,
        "load_after": 1.5,
        "quick": False,
        "plan": {"size": 4321, "seed": 99, "warm_up": 2, "passes": 3},
        "engines": {"fast": "m@1/quick", "reference": "m@1/torch"},
    }


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(2.5, True, True), (2.49, True, False), (2.5, False, False), (2.49, False, True)],
)
def test_a_bar_is_reached_or_stayed_below(value: float, at_least: bool, met: bool) -> None:
    """The bar itself is good enough where more is better, and too much where less is."""
    figure = Figure("speed", value, "x", bar=2.5, at_least=at_least)
    assert figure.met is met
    assert row(figure)[3] == ("yes" if met else "**no**")


def test_a_figure_without_a_bar_is_neither_met_nor_missed() -> None:
    """Its cells for the bar and for being met are empty."""
    assert Figure("time", 3.0, "s").met is None
    assert row(Figure("time", 3.0, "s"))[2:4] == ["", ""]


def test_speed_is_the_median_of_the_pairs_ratios() -> None:
    """Not the ratio of the medians: a slow moment of the machine hits both sides of its pair."""
    pairs = [(1.0, 3.0), (10.0, 40.0), (2.0, 10.0)]
    found = {"lengths": {"120": {"texts": 20, "mean_tokens": 118.2, "pairs": pairs}}}
    (figure,) = embedding(found)
    assert (figure.value, figure.bar, figure.met) == (4.0, 2.5, True)
    assert "10 texts a second against 2" in figure.note
    assert "3 pairs, from 3.00 to 5.00" in figure.note


def test_query_times_are_given_at_the_middle_and_the_tail() -> None:
    """Of 1 to 101 ms the median is 51 and the 95th percentile 96; one slow pass of three moves neither."""
    even = [ms / 1000 for ms in range(1, 102)]
    found = {
        "seconds": [even, [10 * s for s in even], even],
        "reading_seconds": [0.002, 0.004],
        "warm_up_queries": 48,
        "warm_up_seconds": 7.0,
        "peak_bytes": 1_500_000_000,
        "calibrated": True,
    }
    values = {figure.name: figure.value for figure in querying(found, 10_000)}
    assert values["one query over 10,000 solutions, p50"] == pytest.approx(51)
    assert values["one query over 10,000 solutions, p95"] == pytest.approx(96)
    assert values["peak memory, 10,000 solutions"] == pytest.approx(1.5)


def test_the_page_says_where_and_of_what_it_was_measured(facts: dict[str, Any]) -> None:
    """Machine, commit, versions and load stand on it, and every figure with its bar."""
    shown = page([Figure("start", 0.61, "s", "3 times", bar=0.5)], facts)
    for said in ("2031-02-03", "abc1234", "Abacus, 8 cores (3 used)", "torch 8.2", "4,321", "seed\n  99"):
        assert said in shown
    assert "| start | 0.61 s | below 0.5 s | **no** | 3 times |" in shown
    assert "figures say nothing" not in shown
    assert "figures say nothing" in page([], {**facts, "quick": True})


def test_what_is_written_can_be_read_back(tmp_path: Path, facts: dict[str, Any]) -> None:
    """The JSON holds the facts and each figure, with whether its bar is met."""
    figures = [Figure("speed", 3.0, "x", bar=2.5, at_least=True), Figure("time", 1.0, "s")]
    markdown, stored = write(figures, facts, tmp_path / "new")
    read = json.loads(stored.read_text(encoding="utf-8"))
    assert [(f["name"], f["value"], f["met"]) for f in read["figures"]] == [
        ("speed", 3.0, True),
        ("time", 1.0, None),
    ]
    assert read["commit"] == facts["commit"]
    assert markdown.read_text(encoding="utf-8") == page(figures, facts)


def test_a_terminal_shows_no_markdown() -> None:
    """Neither backticks nor asterisks."""
    cells = terminal_row(Figure("`needmatch --help`", 0.7, "s", "a note", bar=0.5))
    assert cells == ["needmatch --help", "0.7 s", "below 0.5 s", "no"]
