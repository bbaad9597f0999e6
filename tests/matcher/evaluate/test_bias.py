"""Language bias: against chance, and against merit."""

import pytest

from matcher.evaluate.bias import Ranked, by_language_pair, language_bias

LANGUAGES = {"a": "de", "b": "fr", "c": "de", "d": "fr", "e": "fr", "f": "fr"}


def test_a_fair_ranking_has_a_ratio_of_one() -> None:
    """Relevant documents of both languages are found alike."""
    bias = language_bias([Ranked("q", "de", ["a", "b", "c"])], {"q": {"a": 3, "b": 3}}, LANGUAGES)
    assert (bias.relevant_in_top, bias.relevant_at_all, bias.ratio.mean) == (0.5, 0.5, 1.0)
    assert bias.same_in_top == pytest.approx(2 / 3)
    assert bias.chance == pytest.approx(1 / 3)
    assert bias.queries == 1


def test_leaving_out_other_languages_shows() -> None:
    """Only the same-language answer among the shown: twice its share."""
    bias = language_bias([Ranked("q", "de", ["a", "c"])], {"q": {"a": 3, "b": 3}}, LANGUAGES)
    assert bias.ratio.mean == pytest.approx(2.0)


def test_only_equally_relevant_documents_are_compared() -> None:
    """A better document in the own language is no sign of bias, and related ones do not count."""
    qrels = {"q": {"a": 3, "b": 2}, "r": {"a": 1, "b": 1}}
    rankings = [Ranked("q", "de", ["a"]), Ranked("r", "de", ["a"])]
    bias = language_bias(rankings, qrels, LANGUAGES)
    assert bias.queries == 0
    assert bias.ratio.mean == 0.0


def test_language_pairs_stand_for_themselves() -> None:
    """Only documents of the pair's language are ranked; cells of few queries are left out."""
    qrels = {f"q{i}": {"a": 3, "b": 3} for i in range(3)}
    rankings = [Ranked(f"q{i}", "de", ["b", "d", "c", "a"]) for i in range(3)]
    cells = by_language_pair(rankings, qrels, LANGUAGES)
    assert cells[("de", "fr")] == (3, pytest.approx(1.0))
    assert cells[("de", "de")] == (3, pytest.approx(0.6309, abs=1e-4))
    assert by_language_pair(rankings[:2], qrels, LANGUAGES) == {}
