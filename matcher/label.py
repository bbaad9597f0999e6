"""What a cluster is called: the title of its medoid, a CPV label, and the phrases that set it apart.

Everything is read off the members that are given, so a label shows nothing else: whoever must not see a
need leaves it out before. Phrases are slices of the members' own texts. They are weighed against texts
that everybody may see, by log-odds with their standard error (Monroe, Colaresi & Quinn 2008, without the
prior): frequent inside, rare outside, and not by a single chance.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.branch import significant
from matcher.pace import give_way
from matcher.records import Need
from matcher.text.language import language_of
from matcher.text.terms import stem, stop_words

PHRASES = 5
"""Phrases of a language, at most."""
COMMON = 0.1
"""A phrase in more than this share of the other texts says nothing about a cluster."""
ENOUGH = 100
"""Other texts of a language from which `COMMON` and `LEAST_SCORE` are applied."""
LEAST_LETTERS = 3
LEAST_SCORE = 1.0
"""Standard errors by which a phrase is more frequent inside than outside, at least."""
FEW = 4
"""Members of a language up to which a phrase may stand in one of them, if it is in the title."""
BETWEEN = 2
"""Small words inside a phrase, at most: `gilets de protection`, `lutte contre les drones`."""

_WORD = re.compile(r"(?<![\w\u00ad\u0300-\u036f])[^\W\d_]+(?![\w\u00ad\u0300-\u036f])")
_GAP = re.compile(r"[ \u00a0]|[ \u00a0]?[-\u2010\u2011][ \u00a0]?|['’]")
_ADDRESS = re.compile(r"(?<!\S)\S+@\S+|(?:https?://|www\.)\S+")

Phrase = tuple[str, ...]
"""One stem, or two that stand side by side, small words between them not counted."""


class Background(Protocol):
    """How common phrases are in texts that everybody may see."""

    def texts_in(self, language: str) -> int:
        """Number of texts, of this language if they are counted by language."""

    def texts_with(self, phrases: Sequence[Phrase], language: str) -> Sequence[int]:
        """In how many of them each phrase stands, or at most stands."""


@dataclass(frozen=True, slots=True)
class PhraseStatistics:
    """In how many texts of each language each phrase stands.

    >>> known = PhraseStatistics.fit([Need(id="N1", title="Fire pumps", language="en")])
    >>> known.texts_in("en"), known.texts_with([("fire", "pump"), ("hose",)], "en")
    (1, [1, 0])
    """

    texts: Mapping[str, int] = field(default_factory=dict)
    """By language."""
    frequency: Mapping[str, Mapping[Phrase, int]] = field(default_factory=dict)
    """By language; phrases that stand nowhere are absent."""

    @classmethod
    def fit(cls, needs: Iterable[Need]) -> "PhraseStatistics":
        """Statistics of needs that everybody may see."""
        texts: Counter[str] = Counter()
        frequency: dict[str, Counter[Phrase]] = defaultdict(Counter)
        for need in needs:
            give_way()
            if language := language_of(need):
                texts[language] += 1
                frequency[language].update({phrase for phrase, _ in _phrases(need.text, language)})
        return cls(dict(texts), dict(frequency))

    def texts_in(self, language: str) -> int:
        """Number of texts of a language."""
        return self.texts.get(language, 0)

    def texts_with(self, phrases: Sequence[Phrase], language: str) -> list[int]:
        """In how many texts of the language each phrase stands."""
        known = self.frequency.get(language, {})
        return [known.get(phrase, 0) for phrase in phrases]


@dataclass(frozen=True, slots=True)
class Label:
    """What a cluster is called, from its members alone."""

    title: str
    """Of the representative need, as it stands there."""
    title_language: str | None
    cpv: str
    """Eight digits; empty where most members share no branch."""
    cpv_label: str
    """Empty where the lookup knows none."""
    phrases: Mapping[str, tuple[str, ...]]
    """Verbatim, by language, the most telling first; a language without any is absent."""
    representative: str
    """Id of the need nearest to all others."""


def label(
    members: Sequence[Need],
    likeness: NDArray[np.float64],
    *,
    cpv_labels: Callable[[str], str | None] | Mapping[str, str],
    others: Background | None,
) -> Label:
    """The label of a cluster; the order of its members does not matter.

    `likeness` is `float64[n, n]`, the probability of every pair, in the order of the members. `cpv_labels`
    gives what a code of eight digits is called; without `others` no phrases are sought. Raises `ValueError`
    without members, or when shapes disagree.
    """
    if not members or likeness.shape != (len(members), len(members)):
        raise ValueError(
            f"a label needs members and the likeness of every pair: got {len(members)} members and "
            f"an array of shape {likeness.shape}"
        )
    order = sorted(range(len(members)), key=lambda i: members[i].id)
    ordered = [members[i] for i in order]
    nearest = _medoid(likeness[np.ix_(order, order)])
    code, called = _cpv(ordered, cpv_labels if callable(cpv_labels) else cpv_labels.get)
    return Label(
        title=ordered[nearest].title,
        title_language=language_of(ordered[nearest]),
        cpv=code,
        cpv_label=called,
        phrases={} if others is None else _telling(ordered, others),
        representative=ordered[nearest].id,
    )


def _medoid(likeness: NDArray[np.float64]) -> int:
    """The row most like all others, the first of equals."""
    totals = likeness.sum(axis=1) - np.diag(likeness)
    return int(np.argmax(np.round(totals, 9)))  # what rounding alone tells apart is equal


def _cpv(members: Sequence[Need], called: Callable[[str], str | None]) -> tuple[str, str]:
    """The deepest code that most members with a code stand under, and what it is called.

    Where the lookup does not know it, the nearest one above that it knows.
    """
    under = Counter(
        branch for need in members for branch in {above for code in need.cpv for above in _branches(code)}
    )
    stated = sum(1 for need in members if need.cpv)
    shared = [branch for branch, times in under.items() if 2 * times > stated]
    if not shared:
        return "", ""
    deepest = min(shared, key=lambda branch: (-len(branch), -under[branch], branch))
    for branch in _branches(deepest.ljust(8, "0")):
        if name := called(branch.ljust(8, "0")):
            return branch.ljust(8, "0"), name
    return deepest.ljust(8, "0"), ""


def _branches(code: str) -> Iterator[str]:
    """The significant digits of a code and of those above it, deepest first."""
    digits = significant(code)
    for length in range(len(digits), 1, -1):
        if length == 2 or digits[length - 1] != "0":
            yield digits[:length]


@dataclass(slots=True)
class _Seen:
    """Where a phrase stands among the members of one language."""

    members: int = 0
    titles: int = 0
    forms: Counter[str] = field(default_factory=Counter)


def _telling(members: Sequence[Need], others: Background) -> dict[str, tuple[str, ...]]:
    spoken: dict[str, list[Need]] = defaultdict(list)
    for need in members:
        if language := language_of(need):
            spoken[language].append(need)
    found = {language: _best(spoken[language], language, others) for language in sorted(spoken)}
    return {language: phrases for language, phrases in found.items() if phrases}


def _best(needs: Sequence[Need], language: str, others: Background) -> tuple[str, ...]:
    """Forms of the phrases that set the needs of one language apart."""
    seen = _collect(needs, language)
    # One text repeats its own turns of phrase: what sets a cluster apart stands in two texts, or in the
    # title of one of few.
    few = len(needs) <= FEW or all(s.members == 1 for s in seen.values())
    shared = {p: s for p, s in seen.items() if s.members > 1 or (few and s.titles)}
    phrases = sorted(shared)
    scores = _scores(phrases, shared, len(needs), language, others)
    chosen: list[Phrase] = []
    covered: set[str] = set()
    for phrase in sorted(scores, key=lambda p: (-scores[p], -shared[p].titles, -len(p), p)):
        times = shared[phrase].members
        # A word that always stands in one phrase is told by that phrase, and is not told twice.
        swallowed = len(phrase) == 1 and any(
            phrase[0] in longer and shared[longer].members == times for longer in scores if len(longer) > 1
        )
        told = any(part in covered and seen.get((part,), _Seen()).members <= times for part in phrase)
        if not swallowed and not told and not covered.issuperset(phrase):
            chosen.append(phrase)
            covered.update(phrase)
    return tuple(_form(shared[phrase].forms) for phrase in chosen[:PHRASES])


def _collect(needs: Sequence[Need], language: str) -> dict[Phrase, _Seen]:
    seen: dict[Phrase, _Seen] = defaultdict(_Seen)
    for need in needs:
        # Who asks is no matter of the need: the name of an authority would set its own needs apart.
        own = {part for phrase, _ in _phrases(need.organisation, language) for part in phrase}
        here: dict[Phrase, Counter[str]] = defaultdict(Counter)
        for phrase, form in _phrases(need.text, language):
            if not own.issuperset(phrase):
                here[phrase][form] += 1
        titled = {phrase for phrase, _ in _phrases(need.title, language)}
        for phrase, forms in here.items():
            seen[phrase].members += 1
            seen[phrase].titles += phrase in titled
            seen[phrase].forms += forms
    return dict(seen)


def _scores(
    phrases: Sequence[Phrase],
    seen: Mapping[Phrase, _Seen],
    members: int,
    language: str,
    others: Background,
) -> dict[Phrase, float]:
    """Log-odds of standing in a member against standing in another text, in standard errors."""
    texts = others.texts_in(language)
    scores: dict[Phrase, float] = {}
    for phrase, outside in zip(phrases, others.texts_with(phrases, language), strict=True):
        inside = seen[phrase].members
        if texts >= ENOUGH and outside > COMMON * texts:
            continue
        odds_in = log((inside + 0.5) / (members - inside + 0.5))
        odds_out = log((outside + 0.5) / (max(texts - outside, 0) + 0.5))
        score = (odds_in - odds_out) / sqrt(1 / (inside + 0.5) + 1 / (outside + 0.5))
        if texts == 0 or score >= (LEAST_SCORE if texts >= ENOUGH else 0.0):
            scores[phrase] = score
    return scores


def _phrases(text: str, language: str) -> Iterator[tuple[Phrase, str]]:
    """Words and neighbouring words that carry meaning, each with its slice of the text."""
    text = _ADDRESS.sub(lambda found: "\n" * len(found.group()), text)
    small = stop_words(language)
    before: re.Match[str] | None = None
    end = passed = 0
    for word in _WORD.finditer(text):
        if not _GAP.fullmatch(text, end, word.start()):
            before = None
        end = word.end()
        folded = word.group().casefold()
        if len(folded) < LEAST_LETTERS or folded in small:
            passed += 1
            continue
        one = stem(folded, language)
        yield (one,), word.group()
        if before is not None and passed <= BETWEEN:
            yield (stem(before.group().casefold(), language), one), text[before.start() : word.end()]
        before, passed = word, 0


def _form(forms: Counter[str]) -> str:
    """The commonest form; of equals the one with fewest capitals, then the first by letter."""
    return min(forms, key=lambda form: (-forms[form], sum(map(str.isupper, form)), form))
