"""Findings of a market."""

import threading

import pytest

from service.projection.findings import KEPT, Findings


def test_what_is_asked_often_is_made_once():
    """Even by many at once."""
    found: Findings[int] = Findings()
    market, made, start = object(), [], threading.Barrier(4)

    def ask():
        start.wait()
        found.get(market, "gaps", lambda: made.append(1) or 7)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_another_market_is_asked_anew():
    """Nothing of an earlier one is shown."""
    found: Findings[str] = Findings()
    assert found.get(object(), "gaps", lambda: "before") == "before"
    assert found.get(object(), "gaps", lambda: "after") == "after"


def test_what_was_asked_least_lately_is_forgotten_first():
    """Memory does not grow with what can be asked."""
    found: Findings[int] = Findings()
    market = object()
    for asked in range(KEPT):
        found.get(market, asked, lambda: 0)
    found.get(market, 0, lambda: 1)  # asked again just now
    found.get(market, "another", lambda: 0)
    assert found.get(market, 0, lambda: 2) == 0
    assert found.get(market, 1, lambda: 2) == 2


def test_what_failed_is_not_kept():
    """The next one who asks is answered."""
    found: Findings[int] = Findings()
    market = object()
    with pytest.raises(ValueError, match="no"):
        found.get(market, "gaps", lambda: int("no"))
    assert found.get(market, "gaps", lambda: 3) == 3
