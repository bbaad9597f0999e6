"""Cycles: what the needs, clusters and candidates were on a day, and what changed between two days.

A cycle keeps ids, a hash of each need's content, and scores; no text. Like the clusters it holds, it
belongs to one audience. Clusters of two needs or more are compared by id and by the needs they share, so
that two runs can be compared whose ids were given separately.
"""

import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from matcher.errors import FileUnreadable, SnapshotCorrupt, SnapshotIncompatible, SnapshotMissing
from matcher.listing import listed
from matcher.phrases import counted, phrase
from matcher.phrases import listed as enumerated
from matcher.records import Need

if TYPE_CHECKING:
    from matcher.joint import JointCandidate

FORMAT = 1
CLOSED = frozenset({"fulfilled", "withdrawn", "expired"})
"""Statuses of a need that nobody will buy for any more."""
_OUTSIDE = frozenset({"id", "status", "source", "url"})
"""Fields that are no content: they say where a need came from and what became of it."""
_UNORDERED = ("cpv", "standards", "working_languages")
NAMED = 10
"""Ids named in a sentence, at most."""


@dataclass(frozen=True, slots=True)
class NeedState:
    """A need as it was on the day."""

    content: str
    """sha256 of what it says."""
    country: str | None
    status: str

    @classmethod
    def of(cls, need: Need) -> "NeedState":
        """The state of a need; the order of its codes, standards and languages does not matter."""
        content: dict[str, Any] = _NEED.dump_python(need, mode="json", exclude=set(_OUTSIDE), fallback=dict)
        content.update({name: sorted(content[name]) for name in _UNORDERED})
        packed = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return cls(hashlib.sha256(packed.encode()).hexdigest(), need.country, need.status)

    @property
    def closed(self) -> bool:
        """Whether nobody will buy for it any more."""
        return self.status.strip().casefold() in CLOSED


@dataclass(frozen=True, slots=True)
class CandidateState:
    """A candidate as it was judged on the day."""

    level: str
    """A, B or C."""
    score: float
    """S, 0 to 100."""
    completeness: float
    """K, 0 to 1."""
    rank: float
    """R, 0 to 100."""

    @classmethod
    def of(cls, candidate: "JointCandidate") -> "CandidateState":
        """The state of a candidate."""
        score = candidate.score
        return cls(str(score.level), score.total, score.completeness, score.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What an analyst compares with other days.

    >>> before = Cycle.of(date(2026, 3, 1), [Need(id="N1", title="Vests")])
    >>> after = Cycle.of(date(2026, 9, 1), [Need(id="N1", title="Vests"), Need(id="N2", title="Boats")])
    >>> diff(before, after).sentences
    ('1 need is new: N2.',)
    """

    day: date
    needs: Mapping[str, NeedState]
    """By need id."""
    clusters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Need ids of each cluster, sorted, by cluster id; singles may be left out."""
    candidates: Mapping[str, CandidateState] = field(default_factory=dict)
    """By candidate id."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What made the clusters and scores: model, offset, fitted values, taxonomy, weights."""

    @classmethod
    def of(
        cls,
        day: date,
        needs: Iterable[Need],
        clusters: Mapping[str, Iterable[str]] | None = None,
        candidates: Mapping[str, CandidateState] | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> "Cycle":
        """A cycle of what is there now. Raises `ValueError` when a cluster holds a need that is not there."""
        cycle = cls(
            day=day,
            needs={need.id: NeedState.of(need) for need in sorted(needs, key=lambda need: need.id)},
            clusters={id_: tuple(sorted(set(held))) for id_, held in sorted((clusters or {}).items())},
            candidates=dict(sorted((candidates or {}).items())),
            versions=dict(sorted((versions or {}).items())),
        )
        if fault := _fault(cycle):
            raise ValueError(f"this is no cycle: {fault}")
        return cycle

    def save(self, path: Path) -> None:
        """Write the cycle to a file, whole or not at all.

        Raises `FileUnreadable` when it cannot be written.
        """
        body = _CYCLE.dump_python(self, mode="json")
        stored = {"format": FORMAT, "sha256": _digest(body), "cycle": body}
        part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
        try:
            try:
                with part.open("w", encoding="utf-8", newline="\n") as file:
                    json.dump(stored, file, ensure_ascii=False, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise FileUnreadable(
                f"The cycle cannot be written to {path} ({error.strerror or error}). "
                "Choose a folder that exists and may be written to."
            ) from error

    @classmethod
    def load(cls, path: Path) -> "Cycle":
        """Read a cycle that `save` wrote.

        Raises `SnapshotMissing`, `SnapshotIncompatible` for another format, and `SnapshotCorrupt` when the
        file is truncated or altered.
        """
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SnapshotMissing(
                f"There is no cycle at {path} ({error.strerror or error}). Give the file it was saved to."
            ) from error
        except (ValueError, RecursionError) as error:
            raise _corrupt(path, "it is not whole JSON") from error
        if not isinstance(stored, dict) or "format" not in stored:
            raise _corrupt(path, "it names no format")
        if stored["format"] != FORMAT:
            raise SnapshotIncompatible(
                f"The cycle {path} has the format {stored['format']!r}, this version reads {FORMAT}. "
                "Open it with the version that wrote it."
            )
        body = stored.get("cycle")
        if stored.get("sha256") != _digest(body):
            raise _corrupt(path, "its content does not hash to what it says")
        try:
            cycle = _CYCLE.validate_python(body)
        except ValueError as error:
            raise _corrupt(path, f"its fields are not those of a cycle ({error})") from error
        if fault := _fault(cycle):
            raise _corrupt(path, fault)
        return cycle


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A cluster of the one day beside the several of the other that hold its needs."""

    id: str
    others: tuple[str, ...]
    jaccard: tuple[float, ...]
    """Shared needs among all needs of the two, for each of the others, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Resized:
    """A cluster that one other carries on with other needs."""

    id: str
    now: str
    """The id it has now, mostly the same."""
    joined: tuple[str, ...]
    left: tuple[str, ...]
    jaccard: float
    """Shared needs among all needs of the two, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A candidate whose level is another."""

    id: str
    before: CandidateState
    after: CandidateState


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs between two cycles; ids are sorted."""

    before: date
    after: date
    new: tuple[str, ...] = ()
    """Needs that were not there."""
    changed: tuple[str, ...] = ()
    """Needs that say something else."""
    closed: tuple[str, ...] = ()
    """Needs that are fulfilled, withdrawn or expired now, or that are gone."""
    reopened: tuple[str, ...] = ()
    """Needs that were closed and are not any more."""
    births: tuple[str, ...] = ()
    """Clusters that carry on none."""
    deaths: tuple[str, ...] = ()
    """Clusters that none carries on."""
    splits: tuple[Reshaped, ...] = ()
    """Clusters of before with the several that carry them on."""
    merges: tuple[Reshaped, ...] = ()
    """Clusters of after with the several that they carry on."""
    resized: tuple[Resized, ...] = ()
    """Clusters of before with the one that carries them on, where its needs are not the same."""
    candidates_new: tuple[str, ...] = ()
    candidates_gone: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()
    versions: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Stated versions that differ, before and after; None where one was not stated."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What changed, a sentence each; versions come first, because they may explain the rest."""
        return tuple(sentence for _, group in self.sections for sentence in group)

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The same under headings: versions, needs, clusters, candidates, as far as there is something."""
        every = (
            (phrase("Versions"), tuple(self._versions())),
            (phrase("Needs"), tuple(self._needs())),
            (phrase("Clusters"), tuple(self._clusters())),
            (phrase("Candidates"), tuple(self._candidates())),
        )
        return tuple((title, told) for title, told in every if told)

    def markdown(self) -> str:
        """A report in English: a heading, and a list for versions, needs, clusters and candidates."""
        lines = [f"# Changes from {self.before} to {self.after}"]
        for title, group in self.sections:
            lines += ["", f"## {title}", "", *(f"- {_escaped(sentence)}" for sentence in group)]
        if len(lines) == 1:
            lines += ["", "Nothing changed."]
        return "\n".join(lines) + "\n"

    def _versions(self) -> Iterator[str]:
        for name, (before, after) in sorted(self.versions.items()):
            was, now = before or phrase("not stated"), after or phrase("not stated")
            yield phrase("The {name} was {was} and is {now}.", name=name, was=was, now=now)
        if self.versions:
            yield phrase(
                "Changes of clusters and scores may come from these versions and not from the needs."
            )

    def _needs(self) -> Iterator[str]:
        if new := self.new:
            yield counted(
                "{n} need is new: {ids}.", "{n} needs are new: {ids}.", len(new), ids=listed(new, NAMED)
            )
        if changed := self.changed:
            yield counted(
                "{n} need says something else: {ids}.",
                "{n} needs say something else: {ids}.",
                len(changed),
                ids=listed(changed, NAMED),
            )
        if closed := self.closed:
            yield counted(
                "{n} need is closed or gone: {ids}.",
                "{n} needs are closed or gone: {ids}.",
                len(closed),
                ids=listed(closed, NAMED),
            )
        if reopened := self.reopened:
            yield counted(
                "{n} need is open again: {ids}.",
                "{n} needs are open again: {ids}.",
                len(reopened),
                ids=listed(reopened, NAMED),
            )

    def _clusters(self) -> Iterator[str]:
        if births := self.births:
            yield counted(
                "{n} cluster is new: {ids}.",
                "{n} clusters are new: {ids}.",
                len(births),
                ids=listed(births, NAMED),
            )
        if deaths := self.deaths:
            yield counted(
                "{n} cluster has ended: {ids}.",
                "{n} clusters have ended: {ids}.",
                len(deaths),
                ids=listed(deaths, NAMED),
            )
        for split in self.splits:
            yield phrase(
                "The cluster {id} was split into {others}.", id=split.id, others=enumerated(split.others)
            )
        for merge in self.merges:
            yield phrase(
                "The clusters {others} are one now, {id}.", id=merge.id, others=enumerated(merge.others)
            )
        for cluster in self.resized:
            yield _resized(cluster)

    def _candidates(self) -> Iterator[str]:
        if new := self.candidates_new:
            yield counted(
                "{n} candidate is new: {ids}.",
                "{n} candidates are new: {ids}.",
                len(new),
                ids=listed(new, NAMED),
            )
        if gone := self.candidates_gone:
            yield counted(
                "{n} candidate is gone: {ids}.",
                "{n} candidates are gone: {ids}.",
                len(gone),
                ids=listed(gone, NAMED),
            )
        for move in self.moved:
            yield phrase(
                "The candidate {id} moved from level {before} to {after} (score {was:.1f} to {now:.1f}).",
                id=move.id,
                before=move.before.level,
                after=move.after.level,
                was=move.before.score,
                now=move.after.score,
            )


def diff(before: Cycle, after: Cycle) -> Changes:
    """What changed from one cycle to a later one."""
    old, new = before.needs, after.needs
    both = old.keys() & new.keys()
    clusters = _compared(before, after)
    judged = before.candidates.keys() & after.candidates.keys()
    return Changes(
        before=before.day,
        after=after.day,
        new=tuple(sorted(need for need in new.keys() - old.keys() if not new[need].closed)),
        changed=tuple(sorted(need for need in both if old[need].content != new[need].content)),
        closed=tuple(
            sorted(need for need in old if not old[need].closed and (need not in new or new[need].closed))
        ),
        reopened=tuple(sorted(need for need in both if old[need].closed and not new[need].closed)),
        births=clusters.births,
        deaths=clusters.deaths,
        splits=clusters.splits,
        merges=clusters.merges,
        resized=clusters.resized,
        candidates_new=tuple(sorted(after.candidates.keys() - judged)),
        candidates_gone=tuple(sorted(before.candidates.keys() - judged)),
        moved=tuple(
            Moved(id_, before.candidates[id_], after.candidates[id_])
            for id_ in sorted(judged)
            if before.candidates[id_].level != after.candidates[id_].level
        ),
        versions={
            name: (before.versions.get(name), after.versions.get(name))
            for name in sorted(before.versions.keys() | after.versions.keys())
            if before.versions.get(name) != after.versions.get(name)
        },
    )


_NEED = TypeAdapter(Need)
_CYCLE = TypeAdapter(Cycle)


@dataclass(frozen=True, slots=True)
class _Clusters:
    """How the groups of two days relate."""

    births: tuple[str, ...]
    deaths: tuple[str, ...]
    splits: tuple[Reshaped, ...]
    merges: tuple[Reshaped, ...]
    resized: tuple[Resized, ...]


def _compared(before: Cycle, after: Cycle) -> _Clusters:
    old = {id_: set(held) for id_, held in before.clusters.items() if len(held) > 1}
    new = {id_: set(held) for id_, held in after.clusters.items() if len(held) > 1}
    places = {need: id_ for id_, held in new.items() for need in held}
    links = sorted(
        (one, other)
        for one, held in old.items()
        for other in {places[need] for need in held if need in places}
        if one == other or _carries_on(held, new[other], before, after)
    )
    onward, origins = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for one, other in links:
        onward[one].append(other)
        origins[other].append(one)
    return _Clusters(
        births=tuple(sorted(new.keys() - origins.keys())),
        deaths=tuple(sorted(old.keys() - onward.keys())),
        splits=tuple(_reshaped(one, old, found, new) for one, found in onward.items() if len(found) > 1),
        merges=tuple(
            _reshaped(one, new, found, old) for one, found in sorted(origins.items()) if len(found) > 1
        ),
        resized=tuple(
            Resized(
                one,
                other,
                tuple(sorted(new[other] - old[one])),
                tuple(sorted(old[one] - new[other])),
                _jaccard(old[one], new[other]),
            )
            for one, other in links
            if len(onward[one]) == len(origins[other]) == 1 and old[one] != new[other]
        ),
    )


def _carries_on(held: set[str], now: set[str], before: Cycle, after: Cycle) -> bool:
    """Whether two needs or more went along: half or more of those left, or of those that were there."""
    shared = len(held & now)
    stayed = sum(1 for need in held if need in after.needs and not after.needs[need].closed)
    came = sum(1 for need in now if need in before.needs)
    return shared > 1 and 2 * shared >= min(stayed, came)


def _reshaped(
    id_: str, own: Mapping[str, set[str]], found: list[str], others: Mapping[str, set[str]]
) -> Reshaped:
    return Reshaped(id_, tuple(found), tuple(_jaccard(own[id_], others[other]) for other in found))


def _jaccard(one: set[str], other: set[str]) -> float:
    return round(len(one & other) / len(one | other), 4)


def _fault(cycle: Cycle) -> str:
    held = [need for members in cycle.clusters.values() for need in members]
    if len(set(held)) != len(held):
        return "a need is in two clusters"
    if lost := sorted(set(held) - cycle.needs.keys()):
        return f"a cluster holds {lost[0]}, which is not among its needs"
    return ""


def _digest(body: Any) -> str:
    packed = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode("utf-8", "surrogatepass")).hexdigest()


def _corrupt(path: Path, why: str) -> SnapshotCorrupt:
    return SnapshotCorrupt(f"The cycle {path} is damaged: {why}. Take a copy of the file, or another cycle.")


def _resized(cluster: Resized) -> str:
    name: str = cluster.id
    if cluster.now != name:
        name = phrase("{id}, now {now},", id=name, now=cluster.now)
    joined, left = listed(cluster.joined, NAMED), listed(cluster.left, NAMED)
    if not left:
        return phrase("The cluster {cluster} changed: {needs} joined.", cluster=name, needs=joined)
    if not joined:
        return phrase("The cluster {cluster} changed: {needs} left.", cluster=name, needs=left)
    return phrase(
        "The cluster {cluster} changed: {joined} joined and {left} left.",
        cluster=name,
        joined=joined,
        left=left,
    )


def _escaped(text: str) -> str:
    """Text in which an id cannot start markup or HTML, nor a line of its own."""
    return re.sub(r"([\\`*_\[\]<>#|~&!])", r"\\\1", " ".join(text.split()))
