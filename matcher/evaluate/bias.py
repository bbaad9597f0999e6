"""Whether a text's language decides what is found: a record must not stand higher for sharing it.

Two comparisons. Against *chance*: the share of same-language items in the top 10, beside the share that
language has among all documents. The better answers may happen to be in one's own language, so this tells
of preference, not of fault. Against *merit*: where a query has equally relevant documents (of one grade,
2 or more) in its own language and in others, those of them that the top 10 shows would be in its own
language as often as all of them are, did language play no part. Shown over expected is 1 for a fair
ranking and above it for one that prefers its own language; 1.5 is the most that is tolerated.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from matcher.evaluate.ranking import RELEVANT, Grades, ndcg
from matcher.evaluate.significance import Interval, interval, ratio_interval

TOP = 10
TOLERATED = 1.5
LEAST_QUERIES = 3
"""A cell of the table of language pairs with fewer queries says nothing and is left out."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The documents a query was shown, best first."""

    query: str
    language: str
    """Empty if it is not known; such queries and documents are not compared."""
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class LanguageBias:
    """How much sharing a language lifts a document."""

    same_in_top: float
    """Share of same-language documents in the top 10, mean over queries."""
    chance: float
    """Share of the query's language among all documents, mean over the same queries."""
    over_chance: Interval
    """The former less the latter."""
    shown: int
    """Documents in the top 10 that have equally relevant ones both in the query's language and in others."""
    own_shown: int
    """Those of them in the query's language."""
    own_expected: float
    """How many of them would be, did language play no part."""
    ratio: Interval
    """Shown over expected; 1 is fair, 0 throughout if nothing could be compared."""
    queries: int
    """Queries with equally relevant documents in their own language and in others."""


def language_bias(
    rankings: Sequence[Ranked],
    qrels: Mapping[str, Grades],
    languages: Mapping[str, str],
    families: Mapping[str, str] | None = None,
) -> LanguageBias:
    """The bias of a system's rankings; `languages` are those of the documents.

    Intervals are drawn by whole families of queries; without one, a query is its own.

    >>> shown = [Ranked("q", "de", ["a", "c"])]
    >>> bias = language_bias(shown, {"q": {"a": 3, "b": 3}}, {"a": "de", "b": "fr", "c": "fr"})
    >>> bias.own_shown, bias.own_expected
    (1, 0.5)
    """
    own_family = families or {}
    counts = Counter(languages.values())
    same: list[float] = []
    chances: list[float] = []
    seen: list[tuple[int, int, float]] = []
    asked: list[str] = []
    compared: list[str] = []
    for ranked in rankings:
        top = ranked.documents[:TOP]
        if not ranked.language:
            continue
        if top:
            same.append(sum(languages[document] == ranked.language for document in top) / len(top))
            chances.append(counts[ranked.language] / len(languages))
            asked.append(own_family.get(ranked.query, ranked.query))
        equals = list(_equals(qrels.get(ranked.query, {}), ranked.language, languages))
        if equals:
            seen.append(_seen(equals, set(top), ranked.language, languages))
            compared.append(own_family.get(ranked.query, ranked.query))
    return LanguageBias(
        sum(same) / len(same) if same else 0.0,
        sum(chances) / len(chances) if chances else 0.0,
        interval([a - b for a, b in zip(same, chances, strict=True)], asked),
        sum(shown for shown, _, _ in seen),
        sum(own for _, own, _ in seen),
        sum(expected for _, _, expected in seen),
        ratio_interval([own for _, own, _ in seen], [expected for _, _, expected in seen], compared),
        len(seen),
    )


def by_language_pair(
    rankings: Sequence[Ranked], qrels: Mapping[str, Grades], languages: Mapping[str, str]
) -> dict[tuple[str, str], tuple[int, float]]:
    """(query language, document language) to number of queries and mean nDCG@10 among those documents.

    Only documents of the one language are ranked and judged, so that a pair stands for itself. A query
    counts where it has a relevant document; pairs of fewer than `LEAST_QUERIES` are left out.
    """
    cells: dict[tuple[str, str], list[float]] = {}
    for ranked in rankings:
        grades = qrels.get(ranked.query, {})
        found = {languages.get(document) for document, grade in grades.items() if grade >= RELEVANT}
        for language in filter(None, found if ranked.language else ()):
            own = {d: g for d, g in grades.items() if languages.get(d) == language}
            shown = [d for d in ranked.documents if languages[d] == language]
            cells.setdefault((ranked.language, language), []).append(ndcg(shown, own))
    return {
        pair: (len(values), sum(values) / len(values))
        for pair, values in sorted(cells.items())
        if len(values) >= LEAST_QUERIES
    }


def _equals(grades: Grades, language: str, languages: Mapping[str, str]) -> Iterator[set[str]]:
    """Documents of one relevant grade, for each grade that some in the language and some in others have."""
    for grade in {g for g in grades.values() if g >= RELEVANT}:
        equal = {d for d, g in grades.items() if g == grade and languages.get(d)}
        if 0 < sum(languages[d] == language for d in equal) < len(equal):
            yield equal


def _seen(
    equals: Sequence[set[str]], top: set[str], language: str, languages: Mapping[str, str]
) -> tuple[int, int, float]:
    """Of equally relevant documents: how many the top shows, of the language, and would by merit."""
    shown, own, expected = 0, 0, 0.0
    for equal in equals:
        here = equal & top
        shown += len(here)
        own += sum(languages[d] == language for d in here)
        expected += len(here) * sum(languages[d] == language for d in equal) / len(equal)
    return shown, own, expected
