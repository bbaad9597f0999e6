"""Suggestions of codes: likelihoods to choose from, or why there are none."""

from functools import cached_property

import pytest

from matcher.classify import Suggestion
from service.backend import Backend
from service.routes import suggest


@pytest.fixture
def ask(asking):
    """Asks the routes of suggestions."""
    return asking(suggest.router)


class Fixed:
    """Suggests the same for every text, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def suggest(self, text, language, k):
        """Two codes of which the likelihoods add up to 1."""
        self.asked.append((text, language, k))
        return (
            Suggestion("35113400", "Protective and safety clothing", 0.66666),
            Suggestion("35000000", "Security", 0.33334),
        )[:k]


def test_codes_come_with_likelihood_and_place(ask, monkeypatch):
    """Best first; together never more than 1; the language as ISO 639-1."""
    fixed = Fixed()
    made = cached_property(lambda _: fixed)
    made.__set_name__(Backend, "suggester")
    monkeypatch.setattr(Backend, "suggester", made)
    items = ask("POST", "/suggest/cpv", "ana", json={"text": "Kuulivest", "language": "EST"}).json()["items"]
    assert [item["code"] for item in items] == ["35113400", "35000000"]
    assert sum(item["likelihood"] for item in items) <= 1
    assert items[0]["path"][0] == "Security, fire-fighting, police and defence equipment"
    assert items[1]["path"] == []
    assert fixed.asked == [("Kuulivest", "et", 5)]


def test_a_model_without_classifier_says_so(ask):
    """A problem in words, no failure."""
    found = ask("POST", "/suggest/cpv", "ana", json={"text": "vests"})
    assert found.status_code == 409
    assert "classifier" in found.json()["detail"]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x", "k": 11}, {"text": "x", "k": "5"}])
def test_what_cannot_be_asked_is_refused(ask, body):
    """With a 422."""
    assert ask("POST", "/suggest/cpv", "ana", json=body).status_code == 422


def test_strangers_are_not_helped(ask):
    """Suggestions cost work."""
    assert ask("POST", "/suggest/cpv", json={"text": "vests"}).status_code == 401
