import json
from pathlib import Path

import pytest

from service.measure.performance import Figure, embedding, figure_of, querying, row, stored, terminal_row


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


def test_speed_is_the_median_of_the_rounds_ratios_over_the_fastest_other() -> None:
    """Not the ratio of the medians: a slow moment of the machine hits all sides of its round."""
    seconds = {"needmatch": [1.0, 10.0, 2.0], "slow": [9.0, 90.0, 90.0], "quick": [3.0, 40.0, 10.0]}
    found = {
        "lengths": {"120": {"texts": 20, "mean_tokens": 118.2, "seconds": seconds}},
        "missing": {"other": "not installed"},
    }
    (figure,), tables = embedding(found)
    assert (figure.value, figure.bar, figure.met) == (4.0, 3.0, True)
    assert "10 texts a second against 2 of quick" in figure.note
    assert "3 rounds, from 3.00 to 5.00" in figure.note
    assert tables["ratios"] == {"120": {"slow": 9.0, "quick": 4.0}}
    assert tables["rates"]["120"] == {"needmatch": 10.0, "slow": pytest.approx(20 / 90), "quick": 2.0}
    assert tables["missing"] == {"other": "not installed"}


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
    asked, held = querying(found, 10_000)
    values = {figure.name: figure.value for figure in [*asked, *held]}
    assert values["one query over 10,000 solutions, p50"] == pytest.approx(51)
    assert values["one query over 10,000 solutions, p95"] == pytest.approx(96)
    assert values["peak memory, 10,000 solutions"] == pytest.approx(1.5)


@pytest.mark.parametrize(("size", "bar"), [(50, 40.0), (10_000, 40.0), (100_000, 45.0), (200_000, None)])
def test_a_query_is_held_to_the_bar_of_its_size(size: int, bar: float | None) -> None:
    """Or to that of the next larger one; beyond all there is none."""
    found = {
        "seconds": [[0.01, 0.02]],
        "reading_seconds": [0.01],
        "warm_up_queries": 1,
        "warm_up_seconds": 1.0,
        "peak_bytes": 1,
        "calibrated": True,
    }
    assert querying(found, size)[0][0].bar == bar


def test_what_is_stored_can_be_read_back(tmp_path: Path) -> None:
    """The JSON holds where each part was measured and each figure, with whether its bar is met."""
    figures = [Figure("speed", 3.0, "x", bar=2.5, at_least=True), Figure("time", 1.0, "s")]
    file = stored({"start": {"figures": figures}}, {"commit": "abc"}, tmp_path / "new")
    stored({"memory": {"figures": figures[1:]}}, {"commit": "def"}, tmp_path / "new")
    parts = json.loads(file.read_text(encoding="utf-8"))["parts"]
    assert {name: one["machine"]["commit"] for name, one in parts.items()} == {
        "start": "abc",
        "memory": "def",
    }
    assert [row["met"] for row in parts["start"]["figures"]] == [True, None]
    assert [figure_of(row) for row in parts["start"]["figures"]] == figures


def test_a_terminal_shows_no_markdown() -> None:
    """Neither backticks nor asterisks."""
    cells = terminal_row(Figure("`needmatch --help`", 0.7, "s", "a note", bar=0.5))
    assert cells == ["needmatch --help", "0.7 s", "below 0.5 s", "no"]
