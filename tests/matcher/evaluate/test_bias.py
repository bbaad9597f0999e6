"""Language bias: against chance, and against merit."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.evaluate.bias import Ranked, by_language_pair, language_bias

LANGUAGES = {"a": "de", "b": "fr", "c": "de", "d": "fr", "e": "fr", "f": "fr"}


def test_a_fair_ranking_has_a_ratio_of_one() -> None:
    """Relevant documents of both languages are found alike."""
    bias = language_bias([Ranked("q", "de", ["a", "b", "c"])], {"q": {"a": 3, "b": 3}}, LANGUAGES)
    assert (bias.shown, bias.own_shown, bias.own_expected, bias.ratio.mean) == (2, 1, 1.0, 1.0)
    assert bias.same_in_top == pytest.approx(2 / 3)
    assert bias.chance == pytest.approx(1 / 3)
    assert bias.over_chance.mean == pytest.approx(1 / 3)
    assert bias.queries == 1


def test_leaving_out_other_languages_shows() -> None:
    """Only the same-language answer among the shown: twice what was to be expected."""
    bias = language_bias([Ranked("q", "de", ["a", "c"])], {"q": {"a": 3, "b": 3}}, LANGUAGES)
    assert bias.ratio.mean == pytest.approx(2.0)


def test_only_equally_relevant_documents_are_compared() -> None:
    """A better document in the own language is no sign of bias, and related ones do not count."""
    qrels = {"q": {"a": 3, "b": 2}, "r": {"a": 1, "b": 1}}
    rankings = [Ranked("q", "de", ["a"]), Ranked("r", "de", ["a"])]
    bias = language_bias(rankings, qrels, LANGUAGES)
    assert bias.queries == bias.shown == 0
    assert bias.ratio.mean == 0.0


def test_showing_the_better_grade_first_is_no_bias() -> None:
    """Half of the answers are in the own language, a third of what answers most: each grade for itself."""
    qrels = {"q": {"a": 3, "b": 3, "c": 2, "d": 2, "e": 2}}
    bias = language_bias([Ranked("q", "de", ["a", "b"])], qrels, LANGUAGES)
    assert (bias.shown, bias.ratio.mean) == (2, 1.0)


def test_queries_with_more_answers_found_do_not_tilt_the_ratio() -> None:
    """Each query is held against its own share, not against that of all."""
    qrels = {"easy": {"a": 3, "c": 3, "b": 3}, "hard": {"a": 3, "b": 3, "d": 3, "e": 3, "f": 3}}
    rankings = [Ranked("easy", "de", ["a", "c", "b"]), Ranked("hard", "de", [])]
    assert language_bias(rankings, qrels, LANGUAGES).ratio.mean == 1.0


def test_unknown_languages_are_not_compared() -> None:
    """Two texts of no known language do not share one."""
    languages = {"a": "", "b": "fr", "c": "de"}
    qrels = {"q": {"a": 3, "b": 3}, "r": {"a": 3, "c": 3}}
    bias = language_bias([Ranked("q", "", ["a", "b"]), Ranked("r", "de", ["c"])], qrels, languages)
    assert (bias.queries, bias.same_in_top) == (0, 1.0)
    assert by_language_pair([Ranked("q", "", ["a", "b"])] * 3, qrels, languages) == {}


def test_whole_families_are_drawn() -> None:
    """Copies of a query within its family leave the intervals as they are."""
    qrels = {"q": {"a": 3, "b": 3}, "r": {"a": 3, "b": 3}}
    rankings = [Ranked("q", "de", ["a", "d"]), Ranked("r", "de", ["a", "b", "c"])]
    copies = [Ranked(f"{item.query}{at}", "de", item.documents) for item in rankings for at in range(5)]
    families = {item.query: item.query[0] for item in copies}
    once = language_bias(rankings, qrels, LANGUAGES)
    copied = language_bias(copies, {c: qrels[c[0]] for c in families}, LANGUAGES, families)
    assert copied.ratio.low == pytest.approx(once.ratio.low)
    assert copied.ratio.high == pytest.approx(once.ratio.high)
    assert copied.over_chance.low == pytest.approx(once.over_chance.low)


@given(st.integers(0, 10_000))
def test_a_blind_ranking_is_fair_in_the_long_run(seed: int) -> None:
    """Whatever the shares of the languages: documents in random order have a ratio near 1."""
    rng = Random(seed)
    documents = [f"d{at}" for at in range(30)]
    languages = {d: rng.choice(["de", "fr", "it"]) for d in documents}
    qrels = {f"q{at}": {d: rng.choice([2, 3]) for d in rng.sample(documents, 12)} for at in range(120)}
    rankings = [Ranked(query, "de", rng.sample(documents, 30)) for query in qrels]
    bias = language_bias(rankings, qrels, languages)
    assert bias.own_shown == 0 or 0.6 < bias.ratio.mean < 1.6


def test_language_pairs_stand_for_themselves() -> None:
    """Only documents of the pair's language are ranked; cells of few queries are left out."""
    qrels = {f"q{i}": {"a": 3, "b": 3} for i in range(3)}
    rankings = [Ranked(f"q{i}", "de", ["b", "d", "c", "a"]) for i in range(3)]
    cells = by_language_pair(rankings, qrels, LANGUAGES)
    assert cells[("de", "fr")] == (3, pytest.approx(1.0))
    assert cells[("de", "de")] == (3, pytest.approx(0.6309, abs=1e-4))
    assert by_language_pair(rankings[:2], qrels, LANGUAGES) == {}
