from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from corpora import load_sample
from matcher.records import Need, Record
from matcher.text.sentences import sentences
from service.measure import workload

SEED = 5


def test_made_solutions_are_of_the_sample_s_sentences_languages_and_lengths() -> None:
    """Each is made of sentences of the sample in its language, as many as its pattern has."""
    sample = load_sample()
    sources: list[Record] = [*sample.needs, *sample.solutions]
    stock: dict[str | None, set[str]] = {}
    for source in sources:
        text = source.description
        cut = {text[a:b] for a, b in sentences(text, source.language)}
        stock.setdefault(source.language, set()).update(cut)
    made = workload.made_solutions(224, SEED)
    assert Counter(m.language for m in made) == Counter(s.language for s in sample.solutions * 2)
    for one in made:
        left = one.description
        while left:
            known = [sentence for sentence in stock[one.language] if left.startswith(sentence)]
            assert known, left
            left = left.removeprefix(max(known, key=len)).lstrip()
    mean = sum(len(m.text) for m in made) / len(made)
    sampled = sum(len(s.text) for s in sample.solutions) / len(sample.solutions)
    assert abs(mean / sampled - 1) < 0.3


def test_made_records_are_the_same_each_time_and_all_different() -> None:
    """One seed gives the same ids and texts again; another seed gives others; none comes twice."""
    made = workload.made_solutions(300, SEED)
    assert made == workload.made_solutions(300, SEED)
    assert made[:5] != workload.made_solutions(5, SEED + 1)
    assert len({m.text for m in made}) == len({m.id for m in made}) == 300


def test_queries_are_the_sample_s_needs_first() -> None:
    """Recombined needs come when the sample's are used up; no text is asked twice."""
    needs = load_sample().needs
    asked = workload.query_needs(len(needs) + 7, SEED)
    assert tuple(asked[: len(needs)]) == needs
    assert len({need.text for need in asked}) == len(needs) + 7
    assert tuple(workload.query_needs(3, SEED)) == needs[:3]


def test_first_needs_speak_every_language() -> None:
    """Each language of the sample comes as often as was asked for."""
    spoken = Counter(need.language for need in workload.first_needs(2, SEED))
    assert set(spoken) == {need.language for need in load_sample().needs}
    assert set(spoken.values()) == {2}


def test_a_fingerprint_changes_with_the_texts_and_the_model() -> None:
    """The same for the same; another for another text, model or offset."""
    need = Need(id="N", title="fire pump")
    made = {
        workload.fingerprint([need], "e5@1/int8", "off"),
        workload.fingerprint([need], "e5@1/int8", "off"),
        workload.fingerprint([need], "e5@1/bf16", "off"),
        workload.fingerprint([need], "e5@1/int8", ""),
        workload.fingerprint([Need(id="N", title="fire pumps")], "e5@1/int8", "off"),
    }
    assert len(made) == 4


@settings(max_examples=50)
@given(
    words=st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=40),
    tokens=st.integers(1, 60),
    number=st.integers(1, 9),
)
def test_texts_of_a_length_are_as_long_as_they_may_be(words: list[str], tokens: int, number: int) -> None:
    """With a letter a token: no text of several words is too long, and one more word would be."""

    def letters(texts: list[str] | tuple[str, ...]) -> list[int]:
        return [len(text.replace(" ", "")) for text in texts]

    made = workload.of_length([" ".join(words)], tokens, number, letters)  # type: ignore[arg-type]
    assert len(made) == number
    for i, text in enumerate(made):
        size = len(text.split())
        start = i * len(words) // number
        run = words[start:] + words[:start]
        assert text.split() == run[:size]
        assert size == 1 or letters([text])[0] <= tokens
        assert size == len(run) or letters([" ".join(run[: size + 1])])[0] > tokens
