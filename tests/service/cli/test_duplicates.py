"""`duplicates`: needs entered twice."""

import pytest

from matcher.duplicates import DuplicateModel
from service import wiring

MODEL = DuplicateModel("hashing@1", (6.0, 6.0, 2.0, 2.0, 2.0, 0.0), -11.0, 0.5)


def test_needs_entered_twice_are_shown_with_what_they_share(loaded, monkeypatch):
    """Both needs, how sure, and why; the same for programs."""
    monkeypatch.setattr(wiring, "duplicate_model", lambda _: MODEL)
    (pair,) = loaded("duplicates", "--json").json
    assert pair["ids"] == ["N1", "N2"]
    assert 0.5 <= pair["probability"] <= 1
    assert any("2000" in reason for reason in pair["reasons"])
    shown = loaded("duplicates").out
    assert "N1  Mobile flood pumps" in shown
    assert "the same numbers" in shown


def test_nothing_found_is_said(loaded, monkeypatch):
    """An empty list is no silence."""
    strict = DuplicateModel("hashing@1", (0.0,) * 6, -10.0, 0.5)
    monkeypatch.setattr(wiring, "duplicate_model", lambda _: strict)
    assert "No need looks like another" in loaded("duplicates").out
    assert loaded("duplicates", "--json").json == []


@pytest.mark.parametrize("arguments", [("duplicates",), ("suggest", "fire pump")])
def test_a_model_it_was_not_fitted_for_is_named(loaded, refuses, arguments):
    """With what to do."""
    message = refuses(loaded(*arguments))
    assert "hashing@1" in message
    assert "needmatch models" in message
