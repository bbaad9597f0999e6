"""A candidate judged again with something changed: a member less or more, a window moved, a field stated."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.errors import SettingInvalid
from matcher.joint.candidate import JointCandidate, NotJoint, judge
from matcher.joint.weights import WEIGHTS, Weights
from matcher.joint.words import FACTORS, ids
from matcher.phrases import Phrase, phrase
from matcher.records import JointInterest, Nature, Need, Visibility

KINDS = {"nature": Nature, "visibility": Visibility, "joint_interest": JointInterest}
"""Fields whose words are those of an enumeration; a word is accepted for a member."""
LISTS = frozenset({"cpv", "standards", "working_languages"})
"""Fields of several values; in a text they are separated by `;`."""
DAYS = frozenset({"window_start", "window_end", "delivery_start", "delivery_end"})
AMOUNTS = frozenset({"value", "value_eur", "value_min_eur", "value_max_eur"})
FIXED = frozenset({"id", "extra"})
"""What cannot be stated anew; a name that is no field of a need is one of `extra`."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A candidate before and after a change, and what the change does."""

    before: JointCandidate
    after: JointCandidate | NotJoint
    changes: tuple[str, ...]
    """In words, the score first; empty where nothing changes."""


def what_if(
    candidate: JointCandidate,
    *,
    drop: Sequence[str] = (),
    add: tuple[Need, NDArray[np.float64]] | None = None,
    move: Mapping[str, tuple[date | None, date | None]] | None = None,
    state: Mapping[str, Mapping[str, Any]] | None = None,
    weights: Weights = WEIGHTS,
    viewer_sees: int | None = None,
) -> WhatIf:
    """The candidate without some members, with another need, with windows moved or fields stated.

    `add` is a need with its pair probabilities to the members, `float64[n]` in their order. `move` gives
    new procurement windows by the id of the need, `state` new values by id and field; the need that is
    added may be named too. Observers and owners who said no stay what they are. Raises `SettingInvalid`
    for an id that is no member and for a value that does not fit.
    """
    members, likeness, offers = list(candidate.members), candidate.likeness, candidate.offers
    if add is not None:
        need, row = add
        _check_addition(candidate, need, row)
        members.append(need)
        likeness = np.block([[likeness, row[:, None]], [row[None, :], np.ones((1, 1))]])
        if offers is not None:
            # what was not compared is not known
            empty = np.full((1, offers.probability.shape[1]), np.nan)
            offers = replace(offers, probability=np.vstack([offers.probability, empty]))
    move, state = move or {}, state or {}
    present = {need.id for need in members}
    for need_id in (*drop, *move, *state):
        if need_id not in present:
            raise SettingInvalid(
                phrase(
                    "{id} is no member of the candidate. Expected one of {needs}.",
                    id=repr(need_id),
                    needs=ids(sorted(present)),
                )
            )
    changed = [_changed(need, move.get(need.id), state.get(need.id, {})) for need in members]
    # who watches or said no is no member and is compared with nobody
    bystanders = [*candidate.observers, *candidate.declined]
    kept = [i for i, need in enumerate(members) if need.id not in drop]
    after = judge(
        [*(changed[i] for i in kept), *bystanders],
        _padded(likeness[np.ix_(kept, kept)], len(bystanders), len(bystanders)),
        offers=None
        if offers is None
        else replace(offers, probability=_padded(offers.probability[kept], len(bystanders), 0)),
        copies=candidate.copies,
        id=candidate.id,
        label=candidate.label,
        day=candidate.day,
        sure=candidate.sure,
        weights=weights,
        viewer_sees=viewer_sees,
    )
    return WhatIf(candidate, after, tuple(_changes(candidate, after)))


def _check_addition(candidate: JointCandidate, need: Need, row: NDArray[np.float64]) -> None:
    here = {each.id for each in (*candidate.members, *candidate.observers, *candidate.declined)}
    if need.id in here:
        raise SettingInvalid(
            phrase(
                "{need} is part of the candidate already. Add another need, or state fields.", need=need.id
            )
        )
    if row.shape != (len(candidate.members),):
        raise SettingInvalid(
            f"{need.id} comes with likeness to {row.shape} members, expected ({len(candidate.members)},): "
            "one probability a member, in their order."
        )


def _changed(need: Need, window: tuple[date | None, date | None] | None, stated: Mapping[str, Any]) -> Need:
    if window is not None:
        start, end = window
        _check_window(need, start, end)
        need = replace(need, window_start=start, window_end=end)
    own: dict[str, Any] = {}
    extra = dict(need.extra)
    known = {field.name for field in fields(Need)}
    for name, value in stated.items():
        if name in FIXED:
            raise SettingInvalid(
                phrase(
                    "{field} of {need} cannot be stated anew. State another field.",
                    field=repr(name),
                    need=need.id,
                )
            )
        if name not in known:
            extra[name] = str(value)
            continue
        own[name] = _fitting(need, name, value)
    need = replace(need, **own, extra=extra)
    if DAYS & own.keys():
        _check_window(need, need.window_start, need.window_end)
    return need


def _check_window(need: Need, start: date | None, end: date | None) -> None:
    if start is not None and end is not None and end < start:
        raise SettingInvalid(
            phrase(
                "The window of {need} would end on {end:%Y-%m-%d}, before it starts on {start:%Y-%m-%d}.",
                need=need.id,
                end=end,
                start=start,
            )
        )


def _fitting(need: Need, name: str, value: Any) -> Any:
    """A value as the field holds it; raises `SettingInvalid` where it does not fit."""
    expected: str = ""
    if name in KINDS and value is not None:
        words = list(KINDS[name])
        expected = "" if value in words else phrase("one of {words}", words=ids(words))
        value = KINDS[name](value) if not expected else value
    elif name in LISTS:
        parts = value.split(";") if isinstance(value, str) else value
        value = tuple(part.strip() for part in parts if part.strip())
    elif name in DAYS and not (value is None or isinstance(value, date)):
        expected = phrase("a date")
    elif name in AMOUNTS and not (
        value is None or (isinstance(value, int | float) and 0 <= value < math.inf)
    ):
        expected = phrase("an amount of 0 or more")
    if expected:
        raise SettingInvalid(
            phrase(
                "{field} of {need}: {value}, expected {expected}.",
                field=name,
                need=need.id,
                value=repr(value),
                expected=expected,
            )
        )
    return value


def _padded(matrix: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    return np.pad(matrix, ((0, rows), (0, columns)), constant_values=np.nan)


def _changes(before: JointCandidate, after: JointCandidate | NotJoint) -> Iterable[str]:
    if isinstance(after, NotJoint):
        yield phrase("No candidate any more: {reason}.", reason=after.reason)
        return
    one, other = before.score, after.score
    if round(one.total, 1) != round(other.total, 1):
        yield phrase("S {was:.1f} -> {now:.1f}", was=one.total, now=other.total)
    if round(one.completeness, 2) != round(other.completeness, 2):
        yield phrase("K {was:.2f} -> {now:.2f}", was=one.completeness, now=other.completeness)
    if round(one.rank, 1) != round(other.rank, 1):
        yield phrase("R {was:.1f} -> {now:.1f}", was=one.rank, now=other.rank)
    if one.level != other.level:
        yield phrase(
            "Level {was} ({was_words}) -> {now} ({now_words})",
            was=one.level.value,
            was_words=one.level.words,
            now=other.level.value,
            now_words=other.level.words,
        )
    for was_factor, factor in zip(one.factors, other.factors, strict=True):
        if (was_factor.value, was_factor.known) != (factor.value, factor.known):
            yield phrase(
                "{factor} {was} -> {now}: {sentence}",
                factor=FACTORS[factor.name],
                was=_shown(was_factor.value),
                now=_shown(factor.value),
                sentence=factor.sentence,
            )
    for was_gate, gate in zip(before.gates, after.gates, strict=True):
        # G6 is about who asks, not about the members
        if gate.name != "G6" and was_gate.passed != gate.passed:
            yield phrase("{gate}, {title}: {reason}", gate=gate.name, title=gate.title, reason=gate.reason)
    if before.threshold.sentence != after.threshold.sentence:
        yield after.threshold.sentence
    was_ids, now_ids = {need.id for need in before.members}, {need.id for need in after.members}
    if gone := sorted(was_ids - now_ids):
        yield phrase("Left out: {needs}", needs=ids(gone))
    if new := sorted(now_ids - was_ids):
        yield phrase("Joined: {needs}", needs=ids(new))


def _shown(value: float | None) -> Phrase:
    return phrase("unknown") if value is None else phrase("{value:.2f}", value=value)
