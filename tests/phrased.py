"""Which texts of a value are plain although a person reads them: what no other language can say."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from matcher.phrases import Phrase
from matcher.records import Need, Solution


def texts(held: Any) -> Iterator[str]:
    """Every text in a value, with those that its phrases are made of; records are left out."""
    if isinstance(held, Phrase):
        yield held
        for value in held.values.values():
            yield from texts(value)
    elif isinstance(held, str):
        yield held
    elif isinstance(held, Need | Solution | type):
        return
    elif is_dataclass(held):
        for field in fields(held):
            yield from texts(getattr(held, field.name))
        for name, member in vars(type(held)).items():
            if isinstance(member, property) and not name.startswith("_"):
                yield from texts(getattr(held, name))
    elif isinstance(held, Mapping):
        for key, value in held.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(held, list | tuple | set | frozenset):
        for part in held:
            yield from texts(part)


def plain(held: Any, own: str = "") -> list[str]:
    """Texts of two words or more that are neither phrases nor, in parts between commas, in `own`."""
    return [
        text
        for text in texts(held)
        if not isinstance(text, Phrase)
        and " " in text.strip()
        and not all(part.strip() in own for part in text.split(", "))
    ]


def told_by(*records: Need | Solution) -> str:
    """Everything that records say."""
    return "\n".join(str(getattr(record, field.name)) for record in records for field in fields(record))
