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

import string
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

Names = Literal["language", "country"]
EUR = "eur"
"""The format of an amount in euro: "EUR 1,234" in English, on pages as each language writes it."""


class Phrase(str):
    """A sentence or a word, from a template in English and its values.

    >>> phrase("Quoted: {text}", text="{braces} stay").upper()
    'QUOTED: {BRACES} STAY'
    """

    __slots__ = ("template", "values")
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

    __slots__ = ("one",)
    one: str

    def __reduce__(self) -> tuple[Any, ...]:
        return _counted, (str(self), self.one, self.template, self.values)


class Joined(Phrase):
    """Phrases one after the other: `values["parts"]`, with `template` between them."""

    __slots__ = ()


class Listed(Phrase):
    """An enumeration: `values["parts"]`, in English as "a, b and c"."""

    __slots__ = ()


class Named(Phrase):
    """The name of a country or language: `template` says which of the two, `values["code"]` its code."""

    __slots__ = ()


def phrase(template: str, /, **values: Any) -> Phrase:
    """A phrase of a template as for `str.format`; dates, numbers and amounts in euro are formatted in it.

    >>> phrase("Together {total:eur}, {share:.0%} of it known.", total=1234567, share=0.5)
    'Together EUR 1,234,567, 50% of it known.'
    """
    return Phrase(_filled(template, values), template, values) if values else _constant(template)


@cache
def _constant(template: str) -> Phrase:
    """A phrase without values: one serves all who say it, of whom there are thousands."""
    return Phrase(_filled(template, {}), template, {})


def counted(one: str, many: str, n: int, /, **values: Any) -> Phrase:
    """A phrase for one or for many, in which `{n}` is the number.

    >>> counted("{n} day", "{n} days", 1)
    '1 day'
    """
    values = {"n": n, **values}
    return _counted(_filled(one if n == 1 else many, values), one, many, values)


class _English(string.Formatter):
    """Fills templates in English."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return f"EUR {value:,.0f}" if format_spec == EUR else format(value, format_spec)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    if f":{EUR}}}" not in template:  # most phrases, in a third of the time
        return template.format(**values)
    return _English().vformat(template, (), values)


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


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A phrase whose values that stand in `names`, ids mostly, are said by name; so is a text that does.

    What is not changed stays the same phrase: its days may be written otherwise than its template says.

    >>> renamed(phrase("{said} ({need})", said="3 sets", need="N1"), {"N1": phrase("this need")})
    '3 sets (this need)'
    """
    return _mapped(text, lambda part: names.get(part, part))


def replaced(text: str, old: str, new: str) -> str:
    """A phrase with a part of the texts among its values replaced; a text that is no phrase likewise.

    >>> replaced(phrase("{file} has {n} lines", file="/tmp/needs.csv", n=3), "/tmp/needs.csv", "needs.csv")
    'needs.csv has 3 lines'
    """
    return _mapped(text, lambda part: part.replace(old, new) if old in part else part)


def _mapped(text: str, change: Callable[[str], str]) -> str:
    """A phrase with every text among its values changed, those of phrases inside it too."""
    match text:
        case Named():
            return text
        case Joined() | Listed():
            parts = tuple(_mapped(part, change) for part in text.values["parts"])
            if all(one is other for one, other in zip(parts, text.values["parts"], strict=True)):
                return text
            return listed(parts) if isinstance(text, Listed) else joined(parts, text.template)
        case Phrase():
            values = {k: _mapped(v, change) if isinstance(v, str) else v for k, v in text.values.items()}
            if all(values[name] is value for name, value in text.values.items()):
                return text
            if isinstance(text, Counted):
                form = text.one if values["n"] == 1 else text.template
                return _counted(_filled(form, values), text.one, text.template, values)
            return phrase(text.template, **values)
    return change(text)


def as_json(text: str) -> Any:
    """What a text is made of, as plain values that can be kept; a text that is no phrase stays as it is.

    >>> as_json(phrase("{need} waits until {day}.", need="N1", day=date(2027, 3, 1)))
    {'say': '{need} waits until {day}.', 'with': {'need': 'N1', 'day': {'day': '2027-03-01'}}}
    """
    match text:
        case Named():
            return {"name": text.template, "code": text.values["code"], "said": str.__str__(text)}
        case Listed():
            return {"list": [as_json(part) for part in text.values["parts"]]}
        case Joined():
            return {"parts": [as_json(part) for part in text.values["parts"]], "between": text.template}
        case Phrase():
            made = {"say": text.template, "with": {k: _plain(value) for k, value in text.values.items()}}
            if isinstance(text, Counted):
                made["one"] = text.one
            # some phrases say their values otherwise than their template does in English
            return made if from_json(made) == text else made | {"said": str.__str__(text)}
    return str.__str__(text)


def from_json(kept: Any) -> str:
    """The phrase, or the text, that `as_json` made these plain values of.

    >>> again = from_json({"say": "{n} days", "one": "{n} day", "with": {"n": 1}})
    >>> again, type(again).__name__
    ('1 day', 'Counted')
    """
    match kept:
        case {"name": what, "code": code, "said": english}:
            return named(what, code, english)
        case {"list": parts}:
            return listed(from_json(part) for part in parts)
        case {"parts": parts, "between": between}:
            return joined((from_json(part) for part in parts), between)
        case {"say": template, "with": given}:
            values = {name: _value(value) for name, value in given.items()}
            one = kept.get("one")
            form = template if one is None or values["n"] != 1 else one
            said = kept["said"] if "said" in kept else _filled(form, values)
            return Phrase(said, template, values) if one is None else _counted(said, one, template, values)
    return str(kept)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return as_json(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    return {"day": value.isoformat()} if isinstance(value, date) else str(value)


def _value(kept: Any) -> Any:
    match kept:
        case {"moment": moment}:
            return datetime.fromisoformat(moment)
        case {"day": day}:
            return date.fromisoformat(day)
        case dict():
            return from_json(kept)
    return kept
