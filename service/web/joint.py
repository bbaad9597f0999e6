"""A joint candidate as pages tell of it: members by short names, days as days, windows as bars."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from matcher.phrases import Phrase, phrase, renamed
from service.language import present

Names = Mapping[str, str]
"""Need id to what a sentence calls it."""
NAMELESS = phrase("An authority in one Member State")
DAY_FIELDS = frozenset(
    "start end delivery_start delivery_end window_start window_end valid_from valid_to day due".split()
)


def names(needs: Iterable[Mapping[str, Any]]) -> Names:
    """What sentences call each need, instead of its id: its country, with a number where there are several.

    >>> names([{"id": "a", "country": "FI"}, {"id": "b", "country": "FI"}, {"id": "c", "country": "EE"}])
    {'a': 'FI 1', 'b': 'FI 2', 'c': 'EE'}
    """
    # an id once, though a need may stand in two lists
    known = {need["id"]: "copy" if need.get("copy") else need.get("country") or "" for need in needs}
    of = list(known.values())
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    for need_id, country in known.items():
        number = seen[country] = seen.get(country, 0) + 1
        if country == "copy":
            found[need_id] = phrase("copy {number}", number=str(number))
        elif not country:
            found[need_id] = phrase("authority {number}", number=str(number))
        else:
            found[need_id] = f"{country} {number}" if of.count(country) > 1 else country
    return found


def told(value: Any, called: Names) -> Any:
    """A part of an answer with the needs of its sentences by their names, and its days as days.

    >>> told({"sentence": phrase("{need} waits.", need="a"), "start": "2027-03-01"}, {"a": "FI"})
    {'sentence': 'FI waits.', 'start': datetime.date(2027, 3, 1)}
    """
    if isinstance(value, Phrase):
        return renamed(value, called)
    if isinstance(value, Mapping):
        return {
            key: _day(item) if key in DAY_FIELDS and isinstance(item, str) else told(item, called)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [told(item, called) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Bar:
    """One window on the line of all, in hundredths of its length."""

    need_id: str
    start: date | None
    end: date | None
    delivery_start: date | None
    delivery_end: date | None
    at: float
    """Where the window begins."""
    width: float
    """0 where it is not stated from start to end."""
    delivery_at: float
    delivery_width: float


@dataclass(frozen=True, slots=True)
class Line:
    """The windows of all members on one line of time."""

    bars: tuple[Bar, ...]
    first: date | None
    """None where nobody states a day."""
    last: date | None
    ticks: tuple[tuple[float, date], ...]
    """Beginnings of years or quarters, and where they are."""
    common_at: float = 0.0
    common_width: float = 0.0
    """What all have in common; no width where that is nothing."""


def line(timeline: Mapping[str, Any]) -> Line:
    """The bars of a timeline whose days are days (see `told`)."""
    rows: Sequence[Mapping[str, Any]] = timeline["rows"]
    fields = ("start", "end", "delivery_start", "delivery_end")
    days = [row[field] for row in rows for field in fields if row[field] is not None]
    if not days:
        bare = (Bar(row["need_id"], None, None, None, None, 0, 0, 0, 0) for row in rows)
        return Line(tuple(bare), None, None, ())
    first = min(days).replace(day=1)
    last = max(max(days), first + timedelta(days=30))
    length = (last - first).days

    def at(day: date) -> float:
        share: float = (day - first).days / length
        return round(100 * share, 2)

    def span(start: date | None, end: date | None) -> tuple[float, float]:
        """Where a time begins and how long it is; a day alone is a mark."""
        one, other = start or end, end or start
        if one is None or other is None:
            return 0.0, 0.0
        return at(one), max(1.0, round(at(other) - at(one), 2))

    bars = []
    for row in rows:
        start, end, delivered, until = (row[field] for field in fields)
        window, delivery = span(start, end), span(delivered, until)
        bars.append(Bar(row["need_id"], start, end, delivered, until, *window, *delivery))
    common = [date.fromisoformat(str(one)) for one in timeline["overlap"] or ()]
    common_at, common_width = span(common[0], common[1]) if common else (0.0, 0.0)
    return Line(tuple(bars), first, last, tuple(_ticks(first, last, at)), common_at, common_width)


def _ticks(first: date, last: date, at: Any) -> Iterable[tuple[float, date]]:
    """Where each year begins; each quarter, where the line is shorter than two years."""
    step = 12 if (last - first).days > 730 else 3
    month = first.year * 12 + first.month - 1
    month += -month % step
    while (day := date(month // 12, month % 12 + 1, 1)) <= last:
        yield at(day), day
        month += step


@dataclass(frozen=True, slots=True)
class Worth:
    """What members would buy together, and how many say so."""

    amount: str
    """In words."""
    stated: str
    """How many of how many state it."""


def worth(least: float | None, most: float | None, missing: int, members: int) -> Worth:
    """A value in words: nothing stated is not nothing.

    >>> worth(475_000.0, 475_000.0, 0, 2).stated
    'stated by 2 of 2'
    """
    said = present().money
    if least is None and most is None:
        amount: str = phrase("not stated")
    elif least is not None and most is not None:
        amount = said(least)
        if round(least) != round(most):
            amount = phrase("{least} to {most}", least=said(least), most=said(most))
    elif least is not None:
        amount = phrase("at least {amount}", amount=said(least))
    else:
        amount = phrase("at most {amount}", amount=said(most or 0))
    return Worth(amount, phrase("stated by {n} of {m}", n=members - missing, m=members))


def silent(missing: Sequence[str], called: Names) -> list[tuple[str, str]]:
    """Who leaves out what, from entries `id: field`."""
    from matcher.joint.words import FIELDS

    parts = [entry.rpartition(": ") for entry in missing]
    return [(called.get(need_id, need_id), FIELDS.get(field, field)) for need_id, _, field in parts]


def _day(value: str | date) -> date | str:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value
