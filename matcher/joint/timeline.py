"""When the members mean to buy: their windows side by side, what they have in common, and who would wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from matcher.joint.thresholds import day_words
from matcher.joint.words import ids
from matcher.phrases import Phrase, counted, joined, phrase
from matcher.records import Need


@dataclass(frozen=True, slots=True)
class Window:
    """The dates that one member states."""

    need_id: str
    country: str | None
    start: date | None
    """First day of the procurement window."""
    end: date | None
    """Last day of the procurement window."""
    delivery_start: date | None
    delivery_end: date | None
    budget_year: int | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The windows of all members and what they make together."""

    rows: tuple[Window, ...]
    """By country, then id."""
    overlap: tuple[date, date] | None
    """First and last day on which every window that is stated from start to end is open."""
    overlap_days: int | None
    """From the latest start to the earliest end, below zero where there is a gap; None while fewer than two
    members state a whole window."""
    waits: tuple[tuple[str, int], ...]
    """Members whose window ends before the latest one begins, with the days from one to the other, longest
    first."""
    missing: tuple[str, ...]
    """What is not stated of the windows, as `need id: field`."""
    sentence: str
    """The windows in words, with dates."""
    delivery: str
    """Delivery in words, with dates; empty where nobody states any."""
    budget: str
    """Budget years in words; empty where nobody states any."""


def timeline(members: Sequence[Need]) -> Timeline:
    """The timeline of some needs; only windows that state both ends are compared.

    >>> def need(id, *days):
    ...     start, end = map(date.fromisoformat, days)
    ...     return Need(id=id, title="Vests", window_start=start, window_end=end)
    >>> found = timeline([need("A", "2027-01-01", "2027-03-01"), need("B", "2027-05-03", "2027-09-01")])
    >>> found.overlap_days, found.waits
    (-63, (('A', 63),))
    """
    ordered = sorted(members, key=lambda need: (need.country or "", need.id))
    rows = tuple(_row(need) for need in ordered)
    whole = [
        (row.need_id, row.start, row.end) for row in rows if row.start is not None and row.end is not None
    ]
    overlap: tuple[date, date] | None = None
    days: int | None = None
    waits: tuple[tuple[str, int], ...] = ()
    if len(whole) > 1:
        latest, earliest = max(start for _, start, _ in whole), min(end for _, _, end in whole)
        days = (earliest - latest).days
        overlap = (latest, earliest) if days >= 0 else None
        late = [(need_id, (latest - end).days) for need_id, _, end in whole if end < latest]
        waits = tuple(sorted(late, key=lambda wait: (-wait[1], wait[0])))
    unstated = [
        (row.need_id, name)
        for row in rows
        for name, day in (("window_start", row.start), ("window_end", row.end))
        if day is None
    ]
    missing = tuple(f"{need_id}: {name}" for need_id, name in unstated)
    without = [need for need in ordered if need.id in {need_id for need_id, _ in unstated}]
    return Timeline(
        rows=rows,
        overlap=overlap,
        overlap_days=days,
        waits=waits,
        missing=missing,
        sentence=_sentence(whole, days, waits, without),
        delivery=_delivery(rows),
        budget=_budget(rows),
    )


def period(start: date | None, end: date | None) -> str:
    """Two days in words, of which either may be open; empty where both are.

    >>> period(date(2027, 1, 1), date(2027, 3, 1)), period(None, date(2027, 3, 1))
    ('1 Jan 2027 to 1 Mar 2027', 'until 1 Mar 2027')
    """
    if start is None:
        return phrase("until {end}", end=day_words(end)) if end is not None else ""
    if end is None:
        return phrase("from {start}", start=day_words(start))
    return phrase("{start} to {end}", start=day_words(start), end=day_words(end))


def _row(need: Need) -> Window:
    year = need.extra.get("budget_year", "").strip()
    return Window(
        need_id=need.id,
        country=need.country,
        start=need.window_start,
        end=need.window_end,
        delivery_start=need.delivery_start,
        delivery_end=need.delivery_end,
        budget_year=int(year) if year.isascii() and year.isdigit() else None,
    )


def _sentence(
    whole: Sequence[tuple[str, date, date]],
    days: int | None,
    waits: Sequence[tuple[str, int]],
    without: Sequence[Need],
) -> Phrase:
    if days is None and whole:
        return phrase(
            "Cannot be compared: only {need} states a whole window; not stated by {silent}.",
            need=whole[0][0],
            silent=ids(without),
        )
    if days is None:
        return phrase(
            "Cannot be compared: nobody states a whole window; not stated by {silent}.", silent=ids(without)
        )
    latest, earliest = max(start for _, start, _ in whole), min(end for _, _, end in whole)
    if days >= 0:
        text: Phrase = counted(
            "Windows overlap {n} day, {period}.",
            "Windows overlap {n} days, {period}.",
            days,
            period=period(latest, earliest),
        )
    else:
        closes = {need_id: end for need_id, _, end in whole}
        told = (
            counted(
                "{need} would have to wait {n} day beyond {end}",
                "{need} would have to wait {n} days beyond {end}",
                wait,
                need=need_id,
                end=day_words(closes[need_id]),
            )
            for need_id, wait in waits
        )
        text = phrase(
            "Windows do not overlap: {waits}, until that of {needs} opens on {day}.",
            waits=joined(told, ", "),
            needs=ids(sorted(need_id for need_id, start, _ in whole if start == latest)),
            day=day_words(latest),
        )
    if without:
        return joined((text, phrase("Window not stated in full by {needs}.", needs=ids(without))))
    return text


def _delivery(rows: Sequence[Window]) -> str:
    stated = [(row.need_id, period(row.delivery_start, row.delivery_end)) for row in rows]
    told = joined((joined((need_id, days)) for need_id, days in stated if days), "; ")
    silent = ids(need_id for need_id, days in stated if not days)
    if told and silent:
        return phrase("Delivery: {days}; not stated by {needs}.", days=told, needs=silent)
    return phrase("Delivery: {days}.", days=told) if told else ""


def _budget(rows: Sequence[Window]) -> str:
    years = sorted({row.budget_year for row in rows if row.budget_year is not None})
    told = joined(
        (
            # as a text: a year is no amount
            phrase(
                "{year} ({needs})",
                year=str(year),
                needs=ids(row.need_id for row in rows if row.budget_year == year),
            )
            for year in years
        ),
        "; ",
    )
    silent = ids(row.need_id for row in rows if row.budget_year is None)
    if told and silent:
        return phrase("Budget years: {years}; not stated by {needs}.", years=told, needs=silent)
    return phrase("Budget years: {years}.", years=told) if told else ""
