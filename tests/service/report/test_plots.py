"""Plots: what is drawn, looked up in the figure itself."""

from contextlib import contextmanager

import numpy as np
import pytest

from matcher.evaluate.reliability import GROUPS, Shown, reliability
from matcher.evaluate.significance import Interval
from service.report import plots


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved, as they were."""
    figures = []
    opened = plots.canvas

    @contextmanager
    def kept(path, width, height):
        with opened(path, width, height) as figure:
            figures.append(figure)
            yield figure

    monkeypatch.setattr(plots, "canvas", kept)
    return figures


def test_bars_are_as_long_as_their_means(drawn, tmp_path):
    """From the top in the order given, with an interval each; the chosen one in another colour."""
    averages = {"one": Interval(0.25, 0.1, 0.5), "two": Interval(0.75, 0.7, 0.8)}
    plots.systems(tmp_path / "s.svg", averages, "two")
    (axes,) = drawn[0].axes
    assert [bar.get_width() for bar in axes.patches] == [0.75, 0.25]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["two", "one"]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()
    (lines,) = axes.collections
    assert [segment[:, 0].tolist() for segment in lines.get_segments()] == [[0.7, 0.8], [0.1, 0.5]]


def test_languages_say_their_number(drawn, tmp_path):
    """Those of few queries are paler, and the number stands under each."""
    plots.languages(tmp_path / "l.svg", {"de": (12, 0.5), "mt": (3, 1.0)}, 10)
    (axes,) = drawn[0].axes
    assert [bar.get_height() for bar in axes.patches] == [0.5, 1.0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["de\n12", "mt\n3"]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()


@pytest.mark.parametrize("count", [0, 1, 6])
def test_a_diagram_for_all_and_each_group(drawn, tmp_path, count):
    """Marks lie at what was said and what held, between the ends of their intervals."""
    one = reliability([Shown("de", 0.25, False), Shown("de", 0.25, True), Shown("de", 0.9, True)])
    plots.reliability(tmp_path / "r.svg", one, dict.fromkeys(list(GROUPS)[:count], one))
    assert len(drawn[0].axes) == 1 + count
    for axes in drawn[0].axes:
        intervals, marks = axes.collections
        assert np.allclose(marks.get_offsets(), [[0.25, 0.5], [0.9, 1.0]])
        ends = [segment[:, 1].tolist() for segment in intervals.get_segments()]
        assert np.allclose(ends, [[0.0945, 0.9055], [0.2065, 1.0]], atol=1e-3)


def test_a_heat_map_has_a_cell_a_pair(drawn, tmp_path):
    """Queries down, documents across; what was not measured is blank."""
    plots.language_pairs(tmp_path / "p.svg", {("de", "en"): (3, 0.25), ("mt", "fr"): (4, 1.0)})
    axes = drawn[0].axes[0]
    (image,) = axes.images
    assert np.ma.getmaskarray(image.get_array()).tolist() == [[False, True], [True, False]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["de", "mt"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["en", "fr"]
    assert [(text.get_position(), text.get_text()) for text in axes.texts] == [
        ((0, 0), "0.25"),
        ((1, 1), "1.00"),
    ]
