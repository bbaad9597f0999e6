"""Explanations of the real model are faithful: what is quoted is what the score stands on."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from corpora import load_sample
from matcher.text.sentences import sentences
from service import open_engine

pytestmark = pytest.mark.model
NEEDS = 30


@pytest.fixture(scope="module")
def engine():
    """The default model over the sample's solutions."""
    opened = open_engine()
    opened.add(load_sample().solutions)
    return opened


def chance(engine, need, solution):
    """The probability that a solution answers a need, wherever it is ranked."""
    return next(m.probability for m in engine.match(need, 112).items if m.record.id == solution)


def without(need, sentence):
    """The need less one sentence of its description."""
    return replace(need, description=need.description.replace(sentence, " ", 1))


def test_removing_the_quoted_sentence_costs_more_than_removing_another(engine):
    """On average over needs of many languages, with the texts read anew."""
    rng = Random(7)
    quoted, other = [], []
    for need in load_sample().needs:
        spans = [need.description[a:b] for a, b in sentences(need.description, need.language)]
        if len(spans) < 4 or len(quoted) >= NEEDS:
            continue
        best = engine.match(need, 1).items[0]
        named = [e.query.text for e in best.explanation.evidence if e.query.text in spans]
        if not named:
            continue
        before = np.log(best.probability / (1 - best.probability))
        rest = [sentence for sentence in spans if sentence not in named]
        for sentence, drops in ((named[0], quoted), (rng.choice(rest), other)):
            after = chance(engine, without(need, sentence), best.record.id)
            drops.append(before - np.log(after / (1 - after)))
    assert len(quoted) == NEEDS
    assert np.mean(quoted) > np.mean(other)
    assert np.mean(quoted) > 0


def test_an_acronym_never_matches_another_that_contains_it(engine):
    """Story 3: a search for ISMS puts no LC-MSMS above a true ISMS, and EN 1063 is EN 1063."""
    from matcher.records import Need

    opened = open_engine()
    texts = {
        "lab": "Gerät LC-MSMS für das Labor, Massenspektrometer",
        "isms": "Aufbau eines ISMS nach ISO 27001",
        "other": "LC-MSMS analyser with software",
        "policy": "Consultancy: ISMS audit and policy",
        "glass": "Transparent armour tested to EN 1063 BR6",
        "near": "Transparent armour tested to EN 10630",
    }
    opened.add([Need(id=name, title=title) for name, title in texts.items()])
    found = [match.record.id for match in opened.demand("ISMS", 6).items]
    assert set(found[:2]) == {"isms", "policy"}
    assert opened.demand("EN 1063", 1).items[0].record.id == "glass"


def test_unmet_requirements_are_rarer_where_the_solution_answers(engine):
    """Sentences that nothing speaks to are shown more often beside solutions that do not answer."""
    sample = load_sample().part("tune")
    answered, failed = [], []
    for need in sample.needs[:40]:
        grades = sample.qrels.get(need.id, {})
        for match in engine.match(need, 5).items:
            counted = answered if grades.get(match.record.id, 0) == 3 else failed
            if grades.get(match.record.id, 0) in (0, 3):
                counted.append(len(match.explanation.uncovered))
            for unmet in match.explanation.uncovered:
                assert unmet.quote.text in need.text
    assert np.mean(answered) < np.mean(failed)
