"""Six gates that a candidate stands before. A gate that fails labels the candidate; it never deletes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from matcher.joint.thresholds import NO_THRESHOLD, day_words, regime
from matcher.joint.totals import organisation
from matcher.joint.words import STATES, ids
from matcher.phrases import Phrase, counted, joined, phrase
from matcher.records import Need

NOT_OPEN = frozenset(STATES)
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


def _distinct(members: Sequence[Need]) -> Gate:
    countries = sorted({need.country for need in members if need.country})
    buyers = {name for need in members if (name := organisation(need))}
    no_country = [need for need in members if not need.country]
    no_buyer = [need for need in members if not organisation(need)]
    passed: bool | None
    reason: Phrase
    if len(buyers) < 2 and not no_buyer:
        passed, reason = False, phrase("All are of one organisation.")
    elif len(countries) < 2 and not no_country and len(buyers) >= 2:
        passed = True
        reason = counted(
            "{n} organisation, all in {country}: a national candidate.",
            "{n} organisations, all in {country}: a national candidate.",
            len(buyers),
            country=countries[0],
        )
    elif len(countries) < 2 and no_country:
        passed, reason = None, phrase("Country not stated by {needs}.", needs=ids(no_country))
    elif len(buyers) < 2:
        passed, reason = None, phrase("Organisation not stated by {needs}.", needs=ids(no_buyer))
    else:
        passed = True
        reason = counted(
            "{n} organisation in {countries}.",
            "{n} organisations in {countries}.",
            len(buyers),
            countries=joined(countries, ", "),
        )
    return Gate("G1", phrase("two organisations; two countries to be cross-border"), passed, reason)


def _open(members: Sequence[Need], day: date) -> Gate:
    shut = [
        phrase("{need} is {state}.", need=need.id, state=STATES.get(need.status, need.status))
        for need in members
        if need.status.strip().casefold() in NOT_OPEN
    ]
    past = [
        phrase("The window of {need} ended on {day}.", need=need.id, day=day_words(need.window_end))
        for need in members
        if need.window_end is not None and need.window_end < day
    ]
    reason = joined(shut + past) or phrase(
        "None is closed and no window is past on {day}.", day=day_words(day)
    )
    return Gate("G2", phrase("every member open, no window past"), not shut and not past, reason)


def _allowed(observers: Sequence[Need], declined: Sequence[Need]) -> Gate:
    # owners who said no are no members, so that the gate holds for those who are left
    parts = [
        *([phrase("{needs} said no and left.", needs=ids(declined))] if declined else []),
        *([phrase("Only observing: {needs}.", needs=ids(observers))] if observers else []),
    ]
    reason = joined([phrase("No owner of a member has said no."), *parts])
    return Gate("G3", phrase("every owner allows it"), True, reason)


def _unclassified(members: Sequence[Need]) -> Gate:
    excluded = [need for need in members if regime(need) == NO_THRESHOLD]
    marked = [need for need in members if classification(need)]
    untold = [need for need in members if classification(need) is None]
    no_regime = [need for need in members if not regime(need)]
    passed: bool | None
    if excluded or marked:
        parts = [
            *(
                [phrase("{needs} stated as excluded under Art. 346 TFEU", needs=ids(excluded))]
                if excluded
                else []
            ),
            *([phrase("{needs} marked as classified", needs=ids(marked))] if marked else []),
        ]
        passed = False
        reason = phrase(
            "Review first: {reasons}. Ask a lawyer and the security officer.", reasons=joined(parts, "; ")
        )
    elif untold or no_regime:
        parts = [
            *([phrase("classification not stated by {needs}", needs=ids(untold))] if untold else []),
            *([phrase("regime not stated by {needs}", needs=ids(no_regime))] if no_regime else []),
        ]
        passed, reason = None, phrase("Nothing is marked; {gaps}.", gaps=joined(parts, "; "))
    else:
        passed, reason = True, phrase("No member is excluded under Art. 346 TFEU or classified.")
    return Gate("G4", phrase("nothing excluded or classified"), passed, reason)


def _once(members: Sequence[Need], copies: Sequence[tuple[str, str]]) -> Gate:
    first: dict[tuple[str, str], Need] = {}
    twice: list[Phrase] = []
    for need in members:
        other = first.setdefault((organisation(need), need.text.casefold()), need)
        if other is not need and organisation(need):
            twice.append(
                phrase("{need} has the text and the organisation of {other}.", need=need.id, other=other.id)
            )
    repeats = [phrase("{copy} repeats {original}", copy=copy, original=original) for copy, original in copies]
    reason = joined(twice)
    if not reason and repeats:
        reason = phrase("Counted once: {repeats}.", repeats=joined(repeats, ", "))
    reason = reason or phrase("No copies among the members.")
    return Gate("G5", phrase("copies counted once"), not twice, reason)


def _visible(viewer_sees: int | None) -> Gate:
    title = phrase("the viewer may see two members")
    if viewer_sees is None:
        return Gate("G6", title, None, phrase("Not judged for a viewer."))
    # a number below two would tell of members that are hidden
    if viewer_sees < 2:
        return Gate("G6", title, False, phrase("Fewer than two members may be seen."))
    reason = counted("{n} member may be seen.", "{n} members may be seen.", viewer_sees)
    return Gate("G6", title, True, reason)
