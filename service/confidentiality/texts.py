"""What a record says in words, field by field."""

from collections.abc import Iterator

from matcher.records import Need, Record


def texts(record: Record) -> Iterator[tuple[str, str]]:
    """Each field that holds words, with them: title first, then translations and columns by name.

    >>> list(texts(Need(id="N1", title="Vests", titles={"fr": "Gilets"}, extra={"level": "tactical"})))
    [('title', 'Vests'), ('titles.fr', 'Gilets'), ('extra.level', 'tactical')]
    """
    if isinstance(record, Need):
        named = {
            "title": record.title,
            "description": record.description,
            "requirements": record.requirements,
            "quantity": record.quantity,
        }
    else:
        named = {"name": record.name, "description": record.description, "availability": record.availability}
    yield from ((field, text) for field, text in named.items() if text)
    yield from ((f"titles.{language}", text) for language, text in sorted(record.titles.items()) if text)
    yield from ((f"extra.{column}", text) for column, text in sorted(record.extra.items()) if text)
