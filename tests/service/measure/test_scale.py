"""Grouping at scale: what the page says of runs, of peers that are missing, and what is drawn."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from service.measure import scale


def run(size, grouping=10.0, judging=5.0, bcubed=0.7):
    """What one run of needmatch found."""
    return {
        "size": size,
        "seconds_grouping": grouping,
        "seconds_judging": judging,
        "seconds_one_need_less": 0.25,
        "candidates": 12,
        "pair_f1": 0.5,
        "bcubed_f1": bcubed,
        "peak_gb": 1.5,
    }


def peer(size, grouping, bcubed):
    """What one run of a peer found."""
    return {"size": size, "seconds_grouping": grouping, "pair_f1": 0.4, "bcubed_f1": bcubed, "peak_gb": 2.0}


FACTS = {
    "date": "2026-01-01",
    "commit": "abc1234",
    "processor": "One",
    "cores": 2,
    "threads": 2,
    "memory_gb": 8.0,
    "system": "Linux",
    "python": "3.11",
    "load_before": 0.0,
}
ABSENT = {"size": 200, "failed": "BERTopic is not installed"}


def test_a_time_that_grows_with_the_square_has_the_power_of_two():
    """By least squares over logarithms; runs that failed count for nothing, and one run tells nothing."""
    growth = [run(100, 1.0), run(200, 4.0), {"size": 300, "failed": "killed"}, run(400, 16.0)]
    assert scale.exponent(growth, "seconds_grouping") == pytest.approx(2.0)
    assert scale.exponent(growth, "seconds_judging") == pytest.approx(0.0)
    assert scale.exponent(growth[:1], "seconds_grouping") is None


def test_a_peer_that_is_not_installed_says_so_at_once(monkeypatch):
    """Nothing is computed for it, and how to install it is told."""
    monkeypatch.setattr(scale, "find_spec", lambda _: None)
    monkeypatch.setattr(scale, "corpus", lambda _: pytest.fail("a corpus was made"))
    found = scale.bertopic(200)
    assert found["size"] == 200
    assert "BERTopic is not installed" in found["failed"]
    assert ".[peers]" in found["failed"]


def test_the_page_sets_needmatch_beside_the_fastest_peer():
    """How many times as fast, and whether with better groups; who was not run is named with the reason."""
    peers = {"ours": run(200, 2.0, bcubed=0.75), "community": peer(200, 25.0, 0.7), "bertopic": ABSENT}
    page = scale.page([run(100), run(200)], peers, {})
    assert "12.5 times as fast as community_detection" in page
    assert "B-cubed F1 0.050 higher" in page
    assert "BERTopic was not run: BERTopic is not installed" in page
    assert "| community_detection | 25.0 s | 12.5 | 0.400 | 0.700 | 2.00 GB |" in page


def test_the_page_does_not_hide_that_a_peer_is_better():
    """Slower and worse is written as such."""
    peers = {"ours": run(200, 20.0, bcubed=0.7), "community": peer(200, 5.0, 0.8), "bertopic": ABSENT}
    page = scale.page([run(200)], peers, {})
    assert "4.0 times as slow as community_detection" in page
    assert "B-cubed F1 0.100 lower" in page


def test_groups_are_compared_at_cuts_that_were_chosen_alike():
    """Where the peer's threshold was chosen with the true groups known, so was ours; both rows are shown."""
    peers = {
        "ours": run(200, 20.0, bcubed=0.7),
        "likewise": peer(200, 21.0, 0.83),
        "community": peer(200, 5.0, 0.8),
    }
    page = scale.page([run(200)], peers, {})
    assert (
        "4.0 times as slow as community_detection, the fastest peer that ran, at a B-cubed F1 0.030 higher"
        in page
    )
    assert "| needmatch, its cut chosen as theirs | 21.0 s |" in page


def test_a_size_that_failed_keeps_its_row():
    """With the reason, so that nobody takes it for not having been tried."""
    peers = {"ours": run(100), "community": ABSENT, "bertopic": ABSENT}
    page = scale.page([run(100), {"size": 100_000, "failed": "MemoryError"}], peers, {})
    assert "| 100,000 | not run: MemoryError |" in page
    assert "Nothing can be compared." in page


def test_times_are_drawn_over_sizes_on_scales_of_powers(monkeypatch, tmp_path):
    """Grouping, and grouping with judging, at each size that ran; each peer that ran at its own; the bar."""
    figures = []
    opened = scale.canvas

    @contextmanager
    def kept(path, width, height):
        with opened(path, width, height) as figure:
            figures.append(figure)
            yield figure

    monkeypatch.setattr(scale, "canvas", kept)
    peers = {"ours": run(200), "community": peer(200, 25.0, 0.7), "bertopic": ABSENT}
    path = tmp_path / "growth.svg"
    scale.drawn(path, [run(100), run(200, 40.0), {"size": 400, "failed": "killed"}], peers)
    (axes,) = figures[0].axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    points = [(line.get_xdata(), line.get_ydata()) for line in axes.lines]
    assert [(list(x), list(y)) for x, y in points] == [
        ([100, 200], [15.0, 45.0]),
        ([100, 200], [10.0, 40.0]),
        ([200], [25.0]),
        ([100_000], [180]),
    ]
    assert path.stat().st_size


def test_page_figures_and_plot_are_written_beside_each_other(monkeypatch, tmp_path: Path):
    """A size that was measured for the growth is not measured again for the peers."""
    asked = []

    def alone(job, size):
        asked.append((job, size))
        return run(size) if job == "ours" else ABSENT

    monkeypatch.setattr(scale, "_alone", alone)
    monkeypatch.setattr(scale, "machine", lambda _: FACTS)
    scale.main(["--sizes", "100,200", "--size", "200", "--out", str(tmp_path)])
    assert asked == [
        ("ours", 100),
        ("ours", 200),
        *((job, 200) for job in ("likewise", "community", "bertopic")),
    ]
    assert (tmp_path / "scale.md").read_text("utf-8").count("scale/growth.svg") == 1
    assert {path.name for path in tmp_path.iterdir()} == {
        "scale.md",
        "scale.json",
        "scale",
        "performance.md",
        "performance",
    }
    assert (tmp_path / "scale" / "growth.svg").is_file()
