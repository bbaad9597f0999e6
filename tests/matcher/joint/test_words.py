"""What is said of a candidate keeps its template and values, so that it can be said in other languages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any, get_args

import numpy as np
import pytest

from corpora import Sample, load_sample
from matcher.errors import SettingInvalid
from matcher.joint import JointCandidate, Offers, differences, judge, sensitivity, what_if, words
from matcher.joint.differences import Severity
from matcher.joint.gates import CLASSIFICATIONS, NOT_OPEN
from matcher.joint.score import FILLS, MOVES, CandidateLevel
from matcher.joint.thresholds import ROWS, BuyerClass, ContractKind, day_words
from matcher.joint.weights import NAMES
from matcher.phrases import Counted, Joined, Named, Phrase
from matcher.records import JointInterest, Nature, Need, Solution, Visibility
from matcher.text.measures import Dimension
from matcher.text.quantity import Counted as Kind

DAY = date(2026, 6, 1)
KEYS = frozenset(
    "id name factor kind hint severity by scope status missing contract_kind buyer_class source".split()
)
"""Fields that hold keys, for which `words` has what is shown, and sources, which may be addresses."""
OWN = frozenset({"members", "observers", "declined", "medoid", "weakest", "solution", "candidate", "offers"})
"""Fields that hold records."""


@pytest.fixture(scope="module")
def sample() -> Sample:
    """The corpus that the demo shows."""
    return load_sample()


def texts(held: object) -> Iterator[str]:
    """Every text that a finding shows, with those of which phrases are made; keys and records left out."""
    if isinstance(held, Phrase):
        yield held
        yield from texts([value for key, value in held.values.items() if key != "code"])
    elif isinstance(held, str):
        yield held
    elif is_dataclass(held):
        for name in (field.name for field in fields(held)):
            if name not in KEYS | OWN:
                yield from texts(getattr(held, name))
        for name, member in vars(type(held)).items():
            if isinstance(member, property):
                yield from texts(getattr(held, name))
    elif isinstance(held, Mapping):
        yield from texts(tuple(held.values()))
    elif isinstance(held, Sequence):
        for each in held:
            yield from texts(each)


def told_by(records: Sequence[Need | Solution]) -> str:
    """All that records say themselves."""
    return "\n".join(
        "\n".join(map(str, (*vars_of(record).values(), *getattr(record, "extra", {}).values())))
        for record in records
    )


def vars_of(record: Need | Solution) -> dict[str, Any]:
    """Fields by name."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def unsaid(held: object, own: str) -> list[str]:
    """Texts with a word that is neither of a phrase nor of a record."""
    return [
        text
        for text in texts(held)
        if not isinstance(text, Phrase) and re.search(r"[a-z]{3}", text) and text not in own
    ]


def varied(need: Need, random: Random) -> Need:
    """A need that states more, or other things, than it does."""
    start = date(2026, 7, 1) + timedelta(days=random.randrange(500))
    extra = {
        "classification": random.choice(("", "none", "secret")),
        "lead": random.choice(("", "yes", "maybe")),
        "is_cpb": random.choice(("", "yes")),
        "cpb_serves_foreign": random.choice(("", "yes", "no")),
        "budget_year": random.choice(("", "2027", "2028")),
        "forms": random.choice(("", "cpb")),
    }
    return replace(
        need,
        nature=random.choice((None, *Nature)),
        regime=random.choice(("", "2014/24", "2014/24", "2009/81", "below-threshold", "excluded-346")),
        visibility=random.choice(list(Visibility)),
        joint_interest=random.choice((None, *JointInterest)),
        working_languages=random.choice(((), ("en",), ("fr", "et"))),
        standards=random.choice(((), ("EN 1063",), ("EN 1063", "EN 469"), ("A 1", "B 2", "C 3", "D 4"))),
        value_eur=random.choice((None, 90_000.0, 4e6)),
        value_max_eur=random.choice((None, 3e6)),
        window_start=random.choice((None, start)),
        window_end=random.choice((None, start + timedelta(days=90))),
        delivery_start=random.choice((None, start)),
        quantity=random.choice((need.quantity, "24 ks", "25 users")),
        status=random.choice(("open", "open", "paused")),
        trl_min=random.choice((None, 5, 9)),
        extra=extra,
    )


def test_everything_said_of_a_candidate_is_a_phrase(sample: Sample) -> None:
    """Down to the words of which its sentences are made; what records say themselves stays text."""
    random, grouped = Random(3), [set(group) for group in groups_of(sample)]
    seen: set[str] = set()
    for turn in range(200):
        group = random.choice(grouped)
        chosen = [need for need in sample.needs if need.id in group] + random.sample(sample.needs, 2)
        needs = [varied(need, random) for need in {need.id: need for need in chosen}.values()]
        size = len(needs)
        alike = np.clip(np.array([[random.random() for _ in needs] for _ in needs]) + turn % 2, 0, 1)
        solutions = tuple(random.sample(sample.solutions, 3))
        fits = np.array([[random.random() for _ in solutions] for _ in needs]) + turn % 3 / 3
        offers = Offers(solutions, np.clip(fits, 0, 1)) if turn % 5 else None
        copies = [(needs[1].id, needs[0].id)] if turn % 7 == 0 else []
        found = judge(
            needs,
            alike,
            offers=offers,
            copies=copies,
            day=DAY,
            sure=0.5,
            viewer_sees=random.choice((None, size)),
        )
        own = told_by((*needs, *solutions))
        assert unsaid(found, own) == []
        if isinstance(found, JointCandidate):
            first, last = found.members[0].id, found.members[-1].id
            changed = what_if(found, drop=[last], state={first: {"regime": "2014/25", "value_eur": 2e6}})
            told = (changed.changes, sensitivity([found], 1, draws=3)[0].sentence)
            assert unsaid(told, own) == []
            assert all(isinstance(text, Phrase) for text in (*told[0], told[1], found.score.level.words))
        seen |= {text.template for text in texts(found) if isinstance(text, Phrase)}
    assert len(seen) > 150


def groups_of(sample: Sample) -> list[frozenset[str]]:
    """Groups of two or more needs."""
    by_group: dict[str, set[str]] = {}
    for need_id, group in sample.groups.items():
        by_group.setdefault(group, set()).add(need_id)
    return [frozenset(held) for held in by_group.values() if len(held) > 1]


def test_a_gap_of_a_table_would_be_seen() -> None:
    """A sentence that is mere text is found wherever it stands, also inside a phrase."""
    need = Need(id="N1", title="Vests")
    assert unsaid(("All agree.",), told_by([need])) == ["All agree."]
    inside = Phrase("Told: all agree.", "Told: {said}", {"said": "all agree."})
    assert unsaid(inside, told_by([need])) == ["all agree."]
    assert unsaid((need.title, need.id), told_by([need])) == []


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        (words.FACTORS, NAMES),
        (words.LEVELS, tuple(CandidateLevel)),
        (words.SEVERITIES, get_args(Severity)),
        (words.NATURES, tuple(Nature)),
        (words.CONTRACTS, get_args(ContractKind)),
        (words.BUYERS, get_args(BuyerClass)),
        (words.MARKS, CLASSIFICATIONS),
        (words.STATES, tuple(NOT_OPEN)),
        (words.INTERESTS, tuple(JointInterest)),
        (words.DIMENSIONS, get_args(Dimension)),
        (words.COUNTED, get_args(Kind)),
    ],
)
def test_every_key_has_words(table: Mapping[str, Phrase], keys: Sequence[str]) -> None:
    """Nothing that stands as a key lacks what is shown for it."""
    assert set(table) == set(keys)
    assert all(isinstance(said, Phrase) for said in table.values())


def test_what_a_candidate_holds_as_keys_has_words(sample: Sample) -> None:
    """Hints, moves and fillings, kinds of improvements, fields that are missing."""
    assert set(words.HINTS) == {"market", "thin market", "ppi", "pcp", "unmet"}
    assert {*MOVES, *FILLS} <= set(words.FACTORS)
    group = groups_of(sample)[0]
    bare = [Need(id=need.id, title=need.title) for need in sample.needs if need.id in group]
    found = judge(bare, np.ones((len(bare), len(bare))), day=DAY)
    assert isinstance(found, JointCandidate)
    missing = {entry.rpartition(": ")[2] for factor in found.score.factors for entry in factor.missing}
    assert missing == set(words.FIELDS)
    assert {step.kind for step in found.score.improvements} <= set(words.IMPROVEMENTS)
    assert found.scope in words.SCOPES
    assert found.law.status in words.STANDINGS


def test_the_threshold_rows_that_ship_are_phrases() -> None:
    """Their rules and notes, and sources that have no address."""
    for row in ROWS:
        assert isinstance(row.rule, Phrase), row.rule
        assert isinstance(row.note, Phrase) or not row.note, row.note
        assert isinstance(row.source, Phrase) or ".eu" in row.source or ".de" in row.source, row.source


def test_days_and_languages_keep_what_they_are() -> None:
    """Whoever says them in another language needs the day and the code."""
    said = day_words(DAY)
    assert (said, said.values["day"]) == ("1 Jun 2026", DAY)
    named = words.language("et")
    assert isinstance(named, Named)
    assert (named.template, named.values["code"]) == ("language", "et")
    both = words.languages(["fr", "xx"])
    assert isinstance(both, Joined)
    assert [type(part) for part in both.values["parts"]] == [Named, str]


def test_numbers_are_kept_as_numbers() -> None:
    """They are written otherwise in other languages, and choose between forms."""
    two = [
        Need(id="A", title="Vests", country="EE", window_start=DAY, window_end=DAY, value_eur=1e6),
        Need(id="B", title="Vests", country="FI", window_start=DAY, window_end=DAY, value_eur=2e6),
    ]
    found = judge(two, np.ones((2, 2)), day=DAY)
    assert isinstance(found, JointCandidate)
    line, check = found.timeline.sentence, found.threshold.sentence
    assert isinstance(line, Counted)
    assert line.values["n"] == 0
    assert isinstance(check, Phrase)
    assert check.values["total"] == 3e6


def test_what_cannot_be_asked_is_said_in_a_phrase() -> None:
    """The reason stands in the error as it was made."""
    two = [Need(id=name, title="Vests", country=name) for name in ("EE", "FI")]
    found = judge(two, np.ones((2, 2)), day=DAY)
    assert isinstance(found, JointCandidate)
    for asked in ({"drop": ["XX"]}, {"state": {"EE": {"value_eur": -1}}}, {"state": {"EE": {"id": "E"}}}):
        with pytest.raises(SettingInvalid) as caught:
            what_if(found, **asked)  # type: ignore[arg-type]  # each case names one argument
        assert isinstance(caught.value.args[0], Phrase)
    assert unsaid(differences.differences(two), told_by(two)) == []
