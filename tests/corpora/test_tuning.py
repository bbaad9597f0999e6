"""The tuning set is what its card says: varied, judged, and apart from what is measured."""

from collections import Counter
from itertools import combinations

import pytest

from corpora import load_sample
from corpora.tuning import TuningSet, load
from matcher.records import EU_LANGUAGES

GRAM = 8
"""Words in a row that two texts may not share: more is a template."""
FORMULA = 0.12
"""Share of such runs that a formula of the law may make in two texts of one language."""


@pytest.fixture(scope="module")
def tuning() -> TuningSet:
    """The whole set."""
    return load()


def test_every_record_has_its_place(tuning: TuningSet) -> None:
    """Themes and blocks of all, groups of needs, grades and questions of what is there."""
    needs, solutions = {n.id for n in tuning.needs}, {s.id for s in tuning.solutions}
    assert len(needs) == len(tuning.needs)
    assert len(solutions) == len(tuning.solutions)
    assert tuning.themes.keys() == tuning.blocks.keys() == needs | solutions
    assert tuning.groups.keys() == needs
    assert tuning.qrels.keys() <= needs
    assert tuning.questions.keys() <= solutions
    for grades in tuning.qrels.values():
        assert grades.keys() <= solutions
        assert set(grades.values()) <= {1, 2, 3}


def test_no_theme_of_the_sample_is_trained_on(tuning: TuningSet) -> None:
    """Neither half: what is measured on the sample is unseen."""
    assert not set(tuning.themes.values()) & set(load_sample().themes.values())


def test_no_text_of_the_sample_is_trained_on(tuning: TuningSet) -> None:
    """Not even a sentence of a dozen words."""
    sample = load_sample()
    measured = {g for r in (*sample.needs, *sample.solutions) for g in grams(r.text, 12)}
    trained = {g for r in (*tuning.needs, *tuning.solutions) for g in grams(r.text, 12)}
    assert not measured & trained


def test_all_languages_are_there(tuning: TuningSet) -> None:
    """Each with needs, solutions and questions."""
    for records in (tuning.needs, tuning.solutions):
        assert {record.language for record in records} == set(EU_LANGUAGES)
    asked = Counter(language for asked in tuning.questions.values() for language, _ in asked)
    assert set(asked) == set(EU_LANGUAGES)


def test_a_theme_speaks_many_languages(tuning: TuningSet) -> None:
    """The needs of a theme are of five languages, so that nothing is learned from the language."""
    languages: dict[str, set[str | None]] = {}
    for need in tuning.needs:
        languages.setdefault(tuning.themes[need.id], set()).add(need.language)
    assert min(len(found) for found in languages.values()) >= 4


def test_blocks_are_pairs_of_lookalikes(tuning: TuningSet) -> None:
    """Two themes a block; a theme is in one block."""
    themes: dict[str, set[str]] = {}
    for record, block in tuning.blocks.items():
        themes.setdefault(block, set()).add(tuning.themes[record])
    assert all(len(pair) == 2 for pair in themes.values())
    assert len(set().union(*themes.values())) == 2 * len(themes)


def test_grades_stay_within_a_block(tuning: TuningSet) -> None:
    """What is not judged across blocks is a negative in training, so nothing related may be there."""
    for need, grades in tuning.qrels.items():
        assert {tuning.blocks[solution] for solution in grades} == {tuning.blocks[need]}


def test_most_needs_have_an_answer_and_some_have_none(tuning: TuningSet) -> None:
    """Unmet needs teach that the nearest is not always right."""
    answered = sum(max(tuning.qrels.get(n.id, {}).values(), default=0) >= 2 for n in tuning.needs)
    assert 0.8 <= answered / len(tuning.needs) <= 0.98


def test_registers_and_lengths_vary(tuning: TuningSet) -> None:
    """From a line to a page, in the registers of real notices."""
    registers = Counter(need.extra.get("register") for need in tuning.needs)
    assert {"terse", "note", "bullets", "narrative", "official", "long"} <= registers.keys()
    assert max(registers.values()) < 0.35 * len(tuning.needs)
    words = sorted(len(need.description.split()) for need in tuning.needs)
    assert words[len(words) // 10] <= 40
    assert words[-len(words) // 10] >= 100


def test_no_two_texts_share_a_frame(tuning: TuningSet) -> None:
    """Templates would be learned instead of matter; a formula of the law may stand in two texts."""
    seen: dict[tuple[str, ...], str] = {}
    shared: Counter[tuple[str, str]] = Counter()
    sizes: dict[str, int] = {}
    for record in (*tuning.needs, *tuning.solutions):
        own = grams(record.text, GRAM)
        sizes[record.id] = len(own)
        for gram in own:
            other = seen.setdefault(gram, record.id)
            if other != record.id:
                shared[(other, record.id)] += 1
    alike = {pair: count / min(sizes[one] for one in pair) for pair, count in shared.items() if count > 3}
    assert {pair: share for pair, share in alike.items() if share > FORMULA} == {}
    assert len(alike) < len(sizes) / 20


def test_procedure_is_told_in_all_languages_and_apart_from_the_needs(tuning: TuningSet) -> None:
    """What is measured with it is not what was trained with it, and no need holds a sentence of it."""
    halves = tuning.procedure
    assert set(halves["train"]) == set(halves["test"]) == set(EU_LANGUAGES)
    for language in EU_LANGUAGES:
        assert len(halves["train"][language]) >= 8
        assert len(halves["test"][language]) >= 4
    train, test = ({s for own in halves[half].values() for s in own} for half in ("train", "test"))
    assert not train & test
    texts = [need.text for need in (*tuning.needs, *load_sample().needs)]
    assert not [sentence for sentence in train | test if any(sentence in text for text in texts)]


def test_groups_cross_borders(tuning: TuningSet) -> None:
    """Needs of a group are worded in different languages."""
    languages: dict[str, list[str | None]] = {}
    for need in tuning.needs:
        languages.setdefault(tuning.groups[need.id], []).append(need.language)
    pairs = [pair for found in languages.values() for pair in combinations(found, 2)]
    assert len(pairs) > 150
    assert all(one != other for one, other in pairs)


def grams(text: str, size: int) -> set[tuple[str, ...]]:
    """Runs of words of a text."""
    words = text.casefold().split()
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}
