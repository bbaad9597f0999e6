"""Sentences that name records by their ids, said again with names that people know."""

from collections.abc import Mapping

from matcher.phrases import Counted, Joined, Listed, Named, Phrase, counted, joined, listed, phrase


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A phrase whose values that are ids are said by name; what is no phrase, and no id, stays.

    >>> renamed(phrase("{said} ({need})", said="3 sets", need="N1"), {"N1": phrase("this need")})
    '3 sets (this need)'
    """
    match text:
        case Named():
            return text
        case Joined():
            return joined([renamed(part, names) for part in text.values["parts"]], text.template)
        case Listed():
            return listed([renamed(part, names) for part in text.values["parts"]])
        case Counted():
            values = {name: _value(value, names) for name, value in text.values.items() if name != "n"}
            return counted(text.one, text.template, text.values["n"], **values)
        case Phrase():
            return phrase(text.template, **{name: _value(v, names) for name, v in text.values.items()})
    return names.get(text, text)


def _value(value: object, names: Mapping[str, str]) -> object:
    return renamed(value, names) if isinstance(value, str) else value
