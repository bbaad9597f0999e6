"""Sentences in English that keep what they were made of, so that they can be said in other languages.

A `Phrase` is the English text: it is stored, compared and written as any other text. What shows it to a
person looks at its template and its values, and says the same in the person's language. Texts of records,
ids and quotations are values, which stay as they are.

>>> sentence = counted("{n} member names {code}.", "{n} members name {code}.", 2, code="EN 1063")
>>> sentence
'2 members name EN 1063.'
>>> sentence.template, sentence.values["code"]
('{n} members name {code}.', 'EN 1063')
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

Names = Literal["language", "country"]


class Phrase(str):
    """A sentence or a word, from a template in English and its values.

    >>> phrase("Quoted: {text}", text="{braces} stay").upper()
    'QUOTED: {BRACES} STAY'
    """

    template: str
    values: Mapping[str, Any]

    def __new__(cls, said: str, template: str, values: Mapping[str, Any]) -> "Phrase":
        """The text that is said, with what it was made of."""
        made = super().__new__(cls, said)
        made.template, made.values = template, values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.template, self.values)

    def __add__(self, other: str) -> "Phrase":
        return joined((self, other), "") if other else self

    def __radd__(self, other: str) -> "Phrase":
        return joined((other, self), "") if other else self


class Counted(Phrase):
    """A phrase that has another form for each number; `values["n"]` is the number."""

    one: str

    def __reduce__(self) -> tuple[Any, ...]:
        return _counted, (str(self), self.one, self.template, self.values)


class Joined(Phrase):
    """Phrases one after the other: `values["parts"]`, with `template` between them."""


class Listed(Phrase):
    """An enumeration: `values["parts"]`, in English as "a, b and c"."""


class Named(Phrase):
    """The name of a country or language: `template` says which of the two, `values["code"]` its code."""


def phrase(template: str, /, **values: Any) -> Phrase:
    """A phrase of a template as for `str.format`; dates and numbers are formatted in it.

    >>> phrase("Together EUR {total:,.0f}.", total=1234567)
    'Together EUR 1,234,567.'
    """
    return Phrase(template.format(**values), template, values)


def counted(one: str, many: str, n: int, /, **values: Any) -> Phrase:
    """A phrase for one or for many, in which `{n}` is the number.

    >>> counted("{n} day", "{n} days", 1)
    '1 day'
    """
    values = {"n": n, **values}
    return _counted((one if n == 1 else many).format(**values), one, many, values)


def _counted(said: str, one: str, many: str, values: Mapping[str, Any]) -> Phrase:
    made = Counted(said, many, values)
    assert isinstance(made, Counted)
    made.one = one
    return made


def joined(parts: Iterable[str], between: str = " ") -> Phrase:
    """Phrases one after the other; empty ones are left out.

    >>> joined([phrase("All agree."), "", phrase("Nobody asks.")])
    'All agree. Nobody asks.'
    """
    told = tuple(part for part in parts if part)
    return Joined(between.join(told), between, {"parts": told})


def listed(parts: Iterable[str]) -> Phrase:
    """An enumeration in words.

    >>> listed(["EE", "FI", "LT"])
    'EE, FI and LT'
    """
    told = tuple(parts)
    said = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    return Listed(said, "", {"parts": told})


def named(what: Names, code: str, english: str) -> Phrase:
    """The name of a language (ISO 639-1) or country (ISO 3166-1), which every locale knows.

    >>> named("language", "et", "Estonian")
    'Estonian'
    """
    return Named(english, what, {"code": code})
