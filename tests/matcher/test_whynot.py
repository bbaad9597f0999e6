"""Why a record is not among the results: place, filter, score."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from matcher.calibrate import FEATURES
from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.errors import RecordUnknown
from matcher.filters import Condition, Filter
from matcher.phrases import Phrase
from matcher.records import Need, Solution, Visibility
from matcher.whynot import CONDITIONS, WhyNot, behind
from tests.phrased import plain

SOLUTIONS = [
    Solution(id=f"S{i}", name=name, language="en", delivery_countries=countries)
    for i, (name, countries) in enumerate(
        [
            ("Floating fire pump", ("FR",)),
            ("Fire pump", ("FR", "PL")),
            ("Fire hose", ()),
            ("Diving suit", ("FR",)),
        ]
    )
]


@pytest.fixture
def engine(embedder: Embedder) -> Engine:
    """One need, four solutions."""
    made = Engine(embedder)
    made.add([Need(id="N", title="Floating fire pump", language="en", country="FR"), *SOLUTIONS])
    return made


def test_what_is_shown_says_its_place(engine: Engine) -> None:
    """A record among the results is no mystery."""
    found = engine.why_not("N", "S0", 2)
    assert (found.rank, found.shown, found.hidden_by, found.behind) == (1, 2, (), ())
    assert found.sentence == "It is shown, at place 1."


def test_what_is_not_shown_says_place_and_score(engine: Engine) -> None:
    """The rank among all, and the score it lacks against the last one shown."""
    found = engine.why_not("N", "S3", 2)
    assert found.rank == 4
    assert found.behind
    least = found.behind[0]
    assert least.feature in FEATURES
    assert least.value < least.needed
    assert found.sentence.startswith("It stands at place 4, 2 are shown. Most is lost on")


def test_the_filter_that_hides_is_named_and_lifting_it_shows_the_record(engine: Engine) -> None:
    """Story 4: removing the named filter makes it appear."""
    where = Filter(countries=("PL",))
    assert "S0" not in [match.record.id for match in engine.match("N", 2, where).items]
    found = engine.why_not("N", "S0", 2, where)
    assert found.hidden_by == ("countries",)
    assert found.sentence.startswith("Hidden by your filter on countries: without that it would stand at")
    assert "S0" in [match.record.id for match in engine.match("N", 2).items]


def test_a_need_can_be_missed_as_well(engine: Engine) -> None:
    """A solution searches needs."""
    assert engine.why_not("S0", "N").rank == 1


def test_what_may_not_be_seen_is_unknown(engine: Engine) -> None:
    """A hidden record has no place, and no message tells that it is there."""
    engine.add([Need(id="P", title="Fire pump", visibility=Visibility.PRIVATE)])
    with pytest.raises(RecordUnknown):
        engine.why_not("S0", "P", where=Filter(open_to=Visibility.PUBLIC))
    with pytest.raises(RecordUnknown):
        engine.why_not("N", "S9")


def test_only_scores_that_matter_are_named() -> None:
    """The costliest first; what makes less than a tenth of the distance is left out."""
    own = np.array([0.1, 0.5, 0.0, 0.0, 0.30, 0.0])
    last = np.array([0.5, 0.7, 0.0, 0.0, 0.31, 0.0])
    found = behind(own, last, np.ones(6))
    assert [score.feature for score in found] == [FEATURES[0], FEATURES[1]]
    assert behind(last, last, np.ones(6)) == ()


def test_the_answer_is_made_of_phrases(engine: Engine) -> None:
    """Shown, hidden, behind or not ranked: each sentence can be said in another language."""
    texts = "\n".join(each.name for each in SOLUTIONS)
    nowhere = WhyNot(SOLUTIONS[0], (), None, 3, (), (), ())
    for found in (
        engine.why_not("N", "S0", 2),
        engine.why_not("N", "S3", 2),
        engine.why_not("N", "S0", 2, Filter(countries=("PL",), languages=("fi",))),
        replace(nowhere, hidden_by=("cpv",)),
        nowhere,
    ):
        assert isinstance(found.sentence, Phrase)
        assert plain(found, texts) == []
    assert set(CONDITIONS) == set(get_args(Condition))
