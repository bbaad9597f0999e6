"""Six gates that a candidate stands before. A gate that fails labels the candidate; it never deletes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from matcher.joint.thresholds import NO_THRESHOLD, day_words, regime
from matcher.joint.totals import organisation
from matcher.records import Need

NOT_OPEN = frozenset({"draft", "paused", "fulfilled", "withdrawn", "expired", "closed", "cancelled"})
"""States of a need that nobody can join; one that states none is taken as open."""
CLASSIFICATIONS = ("none", "restricted", "confidential", "secret", "top secret")
"""Marks of classification, from the most open; as stated in `extra["classification"]`."""

UNMARKED = frozenset({"no", "open", "public", "unclassified", "not classified", "tlp:clear"})
"""Other words for `none`."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, whether it holds, and why."""

    name: str
    """G1 to G6."""
    title: str
    passed: bool | None
    """None where it cannot be said."""
    reason: str
    """In a sentence."""


def gates(
    members: Sequence[Need],
    *,
    day: date,
    observers: Sequence[Need] = (),
    declined: Sequence[Need] = (),
    copies: Sequence[tuple[str, str]] = (),
    viewer_sees: int | None = None,
) -> tuple[Gate, ...]:
    """The six gates of some members on a day.

    `viewer_sees` counts the members that the one who asks may see; None where nobody in particular asks.
    """
    return (
        _distinct(members),
        _open(members, day),
        _allowed(observers, declined),
        _unclassified(members),
        _once(members, copies),
        _visible(viewer_sees),
    )


def classification(need: Need) -> int | None:
    """The rank of the stated classification among `CLASSIFICATIONS`; None where none is stated.

    A mark that is not among them ranks as restricted: it marks something.

    >>> classification(Need(id="N1", title="Vests", extra={"classification": "Confidential"}))
    2
    """
    stated = " ".join(need.extra.get("classification", "").casefold().replace("+", " ").split())
    if not stated or stated == "unknown":
        return None
    if stated in UNMARKED:
        return 0
    return CLASSIFICATIONS.index(stated) if stated in CLASSIFICATIONS else 1


def ids(needs: Sequence[Need]) -> str:
    """The ids of some needs, for a sentence."""
    return ", ".join(need.id for need in needs)


def _distinct(members: Sequence[Need]) -> Gate:
    countries = sorted({need.country for need in members if need.country})
    buyers = {name for need in members if (name := organisation(need))}
    no_country = [need for need in members if not need.country]
    no_buyer = [need for need in members if not organisation(need)]
    passed: bool | None
    if len(buyers) < 2 and not no_buyer:
        passed, reason = False, "All are of one organisation."
    elif len(countries) < 2 and not no_country and len(buyers) >= 2:
        passed, reason = True, f"{len(buyers)} organisations, all in {countries[0]}: a national candidate."
    elif len(countries) < 2 and no_country:
        passed, reason = None, f"Country not stated by {ids(no_country)}."
    elif len(buyers) < 2:
        passed, reason = None, f"Organisation not stated by {ids(no_buyer)}."
    else:
        passed, reason = True, f"{len(buyers)} organisations in {', '.join(countries)}."
    return Gate("G1", "two organisations; two countries to be cross-border", passed, reason)


def _open(members: Sequence[Need], day: date) -> Gate:
    shut = [f"{need.id} is {need.status}." for need in members if need.status.strip().casefold() in NOT_OPEN]
    past = [
        f"The window of {need.id} ended on {day_words(need.window_end)}."
        for need in members
        if need.window_end is not None and need.window_end < day
    ]
    reason = " ".join(shut + past) or f"None is closed and no window is past on {day_words(day)}."
    return Gate("G2", "every member open, no window past", not shut and not past, reason)


def _allowed(observers: Sequence[Need], declined: Sequence[Need]) -> Gate:
    # owners who said no are no members, so that the gate holds for those who are left
    parts = [
        *([f"{ids(declined)} said no and left."] if declined else []),
        *([f"Only observing: {ids(observers)}."] if observers else []),
    ]
    reason = " ".join(["No owner of a member has said no.", *parts])
    return Gate("G3", "every owner allows it", True, reason)


def _unclassified(members: Sequence[Need]) -> Gate:
    excluded = [need for need in members if regime(need) == NO_THRESHOLD]
    marked = [need for need in members if classification(need)]
    untold = [need for need in members if classification(need) is None]
    no_regime = [need for need in members if not regime(need)]
    passed: bool | None
    if excluded or marked:
        parts = [
            *([f"{ids(excluded)} stated as excluded under Art. 346 TFEU"] if excluded else []),
            *([f"{ids(marked)} marked as classified"] if marked else []),
        ]
        passed, reason = False, f"Review first: {'; '.join(parts)}. Ask a lawyer and the security officer."
    elif untold or no_regime:
        parts = [
            *([f"classification not stated by {ids(untold)}"] if untold else []),
            *([f"regime not stated by {ids(no_regime)}"] if no_regime else []),
        ]
        passed, reason = None, f"Nothing is marked; {'; '.join(parts)}."
    else:
        passed, reason = True, "No member is excluded under Art. 346 TFEU or classified."
    return Gate("G4", "nothing excluded or classified", passed, reason)


def _once(members: Sequence[Need], copies: Sequence[tuple[str, str]]) -> Gate:
    first: dict[tuple[str, str], Need] = {}
    twice: list[str] = []
    for need in members:
        other = first.setdefault((organisation(need), need.text.casefold()), need)
        if other is not need and organisation(need):
            twice.append(f"{need.id} has the text and the organisation of {other.id}.")
    counted = ", ".join(f"{copy} repeats {original}" for copy, original in copies)
    reason = " ".join(twice) or (f"Counted once: {counted}." if counted else "No copies among the members.")
    return Gate("G5", "copies counted once", not twice, reason)


def _visible(viewer_sees: int | None) -> Gate:
    title = "the viewer may see two members"
    if viewer_sees is None:
        return Gate("G6", title, None, "Not judged for a viewer.")
    # a number below two would tell of members that are hidden
    reason = (
        f"{viewer_sees} members may be seen." if viewer_sees >= 2 else "Fewer than two members may be seen."
    )
    return Gate("G6", title, viewer_sees >= 2, reason)
