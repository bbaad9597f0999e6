"""Why a pair matches: contributions, facts, and quotations that stand in the texts to the letter."""

from typing import Any

import numpy as np
import pytest

from corpora import load_sample
from matcher.calibrate import FEATURES
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.explain import PAIRS, compare, contributions, evidence, facts
from matcher.phrases import Phrase
from matcher.records import EU_LANGUAGES, Need, Record, Solution
from matcher.retrieve import ask, ask_records
from matcher.text.terms import terms
from tests.phrased import plain, told_by

SAMPLE = load_sample()


def spoken(one: Record | str, other: Record, embedder: Embedder) -> tuple[list[str], list[str]]:
    """Reasons and gaps of a pair."""
    query = ask(one, embedder, "en") if isinstance(one, str) else ask_records([one], embedder)[0]
    return facts(query, other, query.terms, terms(other.text, other.language, grams=False))


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The sample corpus under the tiny encoder."""
    from models import open_encoder

    made = Engine(Embedder(open_encoder("hashing")))
    made.add([*SAMPLE.needs, *SAMPLE.solutions])
    return made


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_quotations_stand_in_both_records_to_the_letter(engine: Engine, language: str) -> None:
    """Over the sample corpus, in every language, each quoted sentence is a slice of its record."""
    quoted = 0
    for need in SAMPLE.needs:
        if need.language != language:
            continue
        for found in engine.match(need, k=5).items:
            for pair in found.explanation.evidence:
                quoted += 1
                assert pair.query.text in need.text
                assert pair.found.text in found.record.text
                assert pair.query.text.strip() == pair.query.text != ""
                assert pair.found.text.strip() == pair.found.text != ""
                assert pair.query.language == language
                assert -1.01 <= pair.similarity <= 1.01
            assert len(found.explanation.evidence) <= PAIRS
    assert quoted


def test_each_sentence_is_quoted_once(engine: Engine) -> None:
    """No sentence of either side stands in two pairs of one result."""
    for need in SAMPLE.needs[:20]:
        for found in engine.match(need, k=3).items:
            pairs = found.explanation.evidence
            assert (
                len({pair.query.text for pair in pairs}) == len({p.found.text for p in pairs}) == len(pairs)
            )


def test_a_sentence_is_quoted_rather_than_a_title_nearly_as_close(embedder: Embedder) -> None:
    """The title says what is matched; the sentence says why."""
    engine = Engine(embedder)
    sentence = "The pump has to float and start cold."
    engine.add([Solution(id="S", name="Floating pump that starts cold", description=sentence, language="en")])
    pairs = engine.match(Need(id="N", title="Pumps", description=sentence, language="en")).items[0]
    best = pairs.explanation.evidence[0]
    assert (best.query.text, best.found.text) == (sentence, sentence)
    assert best.similarity == pytest.approx(1.0, abs=0.01)


def test_without_sentences_there_is_no_evidence(embedder: Embedder) -> None:
    """Nothing to quote is no error."""
    query = ask("", embedder)
    assert compare(query, None) is None
    assert evidence(None, query, Solution(id="S", name="Pump"), "en") == ()


def test_shared_codes_and_words_are_reasons(embedder: Embedder) -> None:
    """Codes to the letter, then words in both, short words left out."""
    reasons, gaps = spoken(
        Need(id="N", title="Armoured glass to EN 1063 for the new car", language="en"),
        Solution(id="S", name="New armoured glasses, EN 1063 and ISO 9001", language="en"),
        embedder,
    )
    assert reasons[0] == "both name EN1063"
    assert reasons[1].startswith("words in both: ")
    assert reasons[1] == "words in both: Armoured, glass"
    assert gaps == []


def test_free_text_has_words_only(embedder: Embedder) -> None:
    """What somebody typed has no fields to compare."""
    solution = Solution(id="S", name="Fire pump", language="en", trl=3, cpv=("42122000",))
    assert spoken("fire pump", solution, embedder) == (["words in both: fire, pump"], [])


@pytest.mark.parametrize(
    ("asked", "offered", "branch"),
    [
        (("35815100",), ("35815100",), "358151"),
        (("35815100",), ("35813000", "48000000"), "3581"),
        (("35815100", "48461000"), ("48461000",), "48461"),
        (("35815100",), ("48000000",), None),
        (("35000000",), ("35000000",), None),
        (("35000000",), ("35010000",), None),
        ((), ("35815100",), None),
    ],
)
def test_a_common_branch_of_cpv_is_a_reason_from_three_digits_on(
    embedder: Embedder, asked: tuple[str, ...], offered: tuple[str, ...], branch: str | None
) -> None:
    """The deepest common branch is named, without the zeros that fill a code up."""
    reasons, gaps = spoken(
        Need(id="N", title="x1", cpv=asked), Solution(id="S", name="y2", cpv=offered), embedder
    )
    assert reasons == ([] if branch is None else [f"same CPV branch {branch}"])
    assert gaps == []


@pytest.mark.parametrize(
    ("need", "solution", "reasons", "gaps"),
    [
        (
            {"standards": ("EN 1063", "EN 1522")},
            {"standards": ("EN 1063",)},
            ["states EN 1063"],
            ["does not state EN 1522"],
        ),
        ({"standards": ("EN 1063",)}, {}, [], ["does not state EN 1063"]),
        ({"country": "PL"}, {"delivery_countries": ("PL", "CZ")}, ["delivers to PL"], []),
        ({"country": "PL"}, {"delivery_countries": ("EU",)}, ["delivers to PL"], []),
        ({"country": "PL"}, {"delivery_countries": ("FR",)}, [], ["does not list PL among its countries"]),
        ({"country": "PL"}, {}, [], []),
        ({"trl_min": 7}, {"trl": 5}, [], ["TRL 5, asked for 7"]),
        ({"trl_min": 7}, {"trl": 7}, [], []),
        ({"trl_min": 7}, {}, [], []),
        ({}, {"trl": 6}, [], ["TRL 6: not yet on the market"]),
        ({}, {"trl": 9}, [], []),
    ],
)
def test_fields_speak_for_and_against(
    embedder: Embedder,
    need: dict[str, Any],
    solution: dict[str, Any],
    reasons: list[str],
    gaps: list[str],
) -> None:
    """Standards, countries and readiness are compared, whichever side searches; what is unknown is said."""
    wanted = Need(id="N", title="x1", **need)
    offered = Solution(id="S", name="y2", **solution)
    assert spoken(wanted, offered, embedder) == (reasons, gaps)
    assert spoken(offered, wanted, embedder) == (reasons, gaps)


def test_two_needs_are_not_compared_as_need_and_solution(embedder: Embedder) -> None:
    """Between needs there is nothing to deliver."""
    other = Need(id="M", title="y2", country="PL", standards=("EN 1063",))
    assert spoken(Need(id="N", title="x1", standards=("EN 1522",)), other, embedder) == ([], [])


def test_contributions_come_strongest_first_and_leave_out_what_is_zero() -> None:
    """With a calibrator by what they add to the logit, without by their value."""
    values = np.array([0.5, 0.9, 0.0, 0.2, 0.0, 0.0], dtype=np.float32)
    logits = np.array([3.0, 0.9, 0.0, -1.0, 0.0, 0.0], dtype=np.float32)
    found = contributions(values, logits)
    assert [part.feature for part in found] == [FEATURES[0], FEATURES[3], FEATURES[1]]
    assert found[0].logit == 3.0
    assert found[0].value == 0.5
    plain = contributions(values, None)
    assert [part.feature for part in plain] == [FEATURES[1], FEATURES[0], FEATURES[3]]
    assert {part.logit for part in plain} == {None}


def test_what_the_records_do_not_say_is_marked() -> None:
    """A value taken for lack of a stated one is no reason to be shown."""
    values = np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.3], dtype=np.float32)
    assert [part.stated for part in contributions(values, None)] == [True, True]
    assert [part.stated for part in contributions(values, None, ("CPV branch",))] == [True, False]


def test_everything_said_of_a_match_is_a_phrase(engine: Engine) -> None:
    """Its scores, reasons, gaps and empty fields; quotations, codes and words of the texts stay text."""
    seen: set[str] = set()
    for need in SAMPLE.needs[:80]:
        for found in engine.match(need, k=5).items:
            made = found.explanation
            own = told_by(need, found.record)
            assert plain(made, own) == []
            for said in (*made.reasons, *made.gaps, *(gap.effect for gap in made.missing)):
                assert isinstance(said, Phrase)
                seen.add(said.template)
            assert all(isinstance(part.feature, Phrase) for part in made.contributions)
            assert found.level is None or isinstance(found.level.words, Phrase)
    assert len(seen) > 8
