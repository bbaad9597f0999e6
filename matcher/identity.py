"""Ids of clusters that stay the same from run to run, and what happened to each cluster.

An id follows the needs: it goes to the group that holds most of them. Of several ids that want one group,
the one that brings most needs has it; the others lead to it from then on. A group that no id follows takes
back the id that an earlier group of the same needs gave up, else it gets a new one, made from its smallest
need id. Nothing depends on the order of groups or needs, and a run that finds the same groups changes
nothing, whatever the day.

Identities belong to one audience: one run over exactly the needs that this audience may see. The log names
needs that were there on the day; needs that are gone are counted, not named.
"""

import hashlib
from base64 import b32encode
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any, Literal, assert_never

from pydantic import TypeAdapter

from matcher.errors import ClusterUnknown, SnapshotCorrupt
from matcher.listing import listed
from matcher.phrases import counted, joined, phrase

NAMED = 5
"""Needs named in a sentence, at most."""

Members = tuple[str, ...]
"""Need ids, sorted, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Needs that ask for the same; a need alone is a single.

    >>> Cluster(id="c-1", members=("N1", "N2"), medoid="N1", cohesion=0.8).name
    ''
    """

    id: str
    members: Members
    medoid: str
    """Id of the need nearest to all others."""
    cohesion: float
    """Mean probability over all pairs, in [0, 1]; 1 for a single."""
    locked: bool = False
    """Whether an analyst keeps the members as they are."""
    name: str = ""
    """What an analyst calls it; empty where nobody gave a name."""


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """What happened to a group of two needs or more; singles come and go unannounced."""

    kind: Literal["born", "grew", "shrank", "merged", "split", "died", "renamed", "locked"]
    id: str
    others: tuple[str, ...]
    """Other clusters concerned, sorted: where needs came from or went to."""
    day: date
    size: int = 0
    """How many needs it has now; of one that was split or died: had, and has left."""
    shares: tuple[int, ...] = ()
    """How many needs came from or went to each of the others, of one that was born or split."""
    moved: int = 0
    """How many needs joined or left."""
    named: tuple[str, ...] = ()
    """Ids of needs that are new in it, the first few."""
    name: str = ""
    """What it is called now, if it was renamed; empty where the name was taken away."""

    @property
    def sentence(self) -> str:
        """What happened, in words; made anew from what is kept, so that it can be said in any language."""
        match self.kind:
            case "born":
                first = counted(
                    "{id} is a new group of {n} needs: {needs}.",
                    "{id} is a new group of {n} needs: {needs}.",
                    self.size,
                    id=self.id,
                    needs=listed(self.named, NAMED, self.size),
                )
                origins = (
                    counted("{n} of them was in {id}.", "{n} of them were in {id}.", share, id=other)
                    for other, share in zip(self.others, self.shares, strict=True)
                )
                return joined([first, *origins])
            case "split":
                pieces = (
                    counted("{id} took {n}", "{id} took {n}", share, id=other)
                    for other, share in zip(self.others, self.shares, strict=True)
                )
                return counted(
                    "{id} was split: {pieces} of its {n} needs.",
                    "{id} was split: {pieces} of its {n} needs.",
                    self.size,
                    id=self.id,
                    pieces=joined(pieces, ", "),
                )
            case "grew":
                return counted(
                    "{n} need joined {id}: {needs}. It has {now} now.",
                    "{n} needs joined {id}: {needs}. It has {now} now.",
                    self.moved,
                    id=self.id,
                    needs=listed(self.named, NAMED, self.moved),
                    now=self.size,
                )
            case "shrank":
                return counted(
                    "{n} need left {id}. It has {now} now.",
                    "{n} needs left {id}. It has {now} now.",
                    self.moved,
                    id=self.id,
                    now=self.size,
                )
            case "merged":
                return phrase("{id} is part of {into} now.", id=self.id, into=self.others[0])
            case "died":
                if self.size:
                    return phrase("{id} is no group any more: one of its needs is left.", id=self.id)
                return phrase("{id} is no group any more: none of its needs is left.", id=self.id)
            case "locked":
                return phrase("{id} is locked: its needs stay as they are.", id=self.id)
            case "renamed":
                if self.name:
                    return phrase("{id} is called {name!r} now.", id=self.id, name=self.name)
                return phrase("{id} has no name of its own any more.", id=self.id)
        assert_never(self.kind)


@dataclass(frozen=True, slots=True)
class Retired:
    """An id that no cluster has at present."""

    members: Members
    """The last it held."""
    into: str | None
    """The cluster that has most of them now, or took them over; None: the id is dead."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Which id each cluster has, where given-up ids lead, and what happened.

    >>> first = Identities().follow([{"N1", "N2"}, {"N3"}], date(2026, 3, 1))
    >>> then = first.follow([{"N3", "N2", "N1"}], date(2026, 4, 1))
    >>> then.of("N3") == first.of("N1"), then.current(first.of("N3")) == first.of("N1")
    (True, True)
    >>> [event.kind for event in then.since(first)]
    ['grew']
    """

    clusters: Mapping[str, Members] = field(default_factory=dict)
    """Members of each living id, singles included."""
    retired: Mapping[str, Retired] = field(default_factory=dict)
    log: tuple[ClusterEvent, ...] = ()
    """Oldest first."""

    def follow(self, groups: Iterable[Collection[str]], day: date) -> "Identities":
        """The identities after a run that found these groups of need ids; the log grows by what changed.

        `day` dates the events and nothing else. Raises `ValueError` when a need is in two groups.
        """
        parts = sorted(tuple(sorted(set(group))) for group in groups if group)
        places = {need: place for place, part in enumerate(parts) for need in part}
        if len(places) != sum(map(len, parts)):
            twice = min(need for need, times in Counter(n for p in parts for n in p).items() if times > 1)
            raise ValueError(f"the need {twice!r} is in two groups; groups must not overlap")
        ids = self._assign(parts, places)
        clusters = dict(sorted(zip(ids, parts, strict=True)))
        retired = self._retire(clusters, ids, parts, places)
        events = tuple(_events(self.clusters, clusters, retired, day))
        return Identities(clusters, retired, self.log + events)

    def current(self, cluster_id: str) -> str | None:
        """The living id that an id leads to: itself, or what took its needs over; None for a dead one.

        Raises `ClusterUnknown` for an id that was never given.
        """
        if cluster_id in self.clusters:
            return cluster_id
        if cluster_id not in self.retired:
            raise ClusterUnknown(cluster_id)
        return self.retired[cluster_id].into

    @property
    def homes(self) -> dict[str, str]:
        """The id of the cluster that each need is in."""
        return {need: id_ for id_, members in self.clusters.items() for need in members}

    def of(self, need_id: str) -> str | None:
        """The id of the cluster a need is in; None for a need that was in no group of the last run."""
        return next((id_ for id_, members in self.clusters.items() if need_id in members), None)

    def since(self, earlier: "Identities") -> tuple[ClusterEvent, ...]:
        """What happened after an earlier state of these identities."""
        return self.log[len(earlier.log) :]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a file or a column."""
        stored: dict[str, Any] = _STORED.dump_python(self, mode="json")
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Identities":
        """The inverse of `as_json`. Raises `SnapshotCorrupt` when the values do not fit together."""
        try:
            found = _STORED.validate_python(dict(stored))
        except ValueError as error:
            raise SnapshotCorrupt(
                f"The cluster identities cannot be read ({error}). Take an older copy, or start again "
                "from none: then clusters get new ids."
            ) from error
        if fault := found._fault():
            raise SnapshotCorrupt(
                f"The cluster identities do not fit together: {fault}. Take an older copy, or start again "
                "from none: then clusters get new ids."
            )
        return found

    def _assign(self, parts: list[Members], places: Mapping[str, int]) -> list[str]:
        """The id of each part."""
        heirs = _heirs(self.clusters, parts, places)
        # An id comes back only with most of what it last held, so that it never means other needs.
        back = {
            id_: old.members
            for id_, old in self.retired.items()
            if 2 * max(Counter(places[n] for n in old.members if n in places).values(), default=0)
            > len(old.members)
        }
        for place, id_ in _heirs(back, parts, places).items():
            heirs.setdefault(place, id_)
        taken = {*self.clusters, *self.retired}
        for place, part in enumerate(parts):
            if place not in heirs:
                heirs[place] = _new_id(part[0], taken)
                taken.add(heirs[place])
        return [heirs[place] for place in range(len(parts))]

    def _retire(
        self, clusters: Mapping[str, Members], ids: list[str], parts: list[Members], places: Mapping[str, int]
    ) -> dict[str, Retired]:
        def home(members: Members) -> str | None:
            best = _favourite(members, parts, places)
            return None if best is None else ids[best[0]]

        retired = {
            id_: Retired(members, home(members))
            for id_, members in self.clusters.items()
            if id_ not in clusters
        }
        left_now = dict(retired)
        for id_, old in self.retired.items():
            if id_ in clusters:
                continue
            into = home(old.members)
            if into is None and old.into is not None:
                # None of its needs is left: it leads where it led, or where that one went.
                into = left_now[old.into].into if old.into in left_now else old.into
            retired[id_] = Retired(old.members, into)
        return dict(sorted(retired.items()))

    def _fault(self) -> str:
        if len(self.homes) != sum(map(len, self.clusters.values())):
            return "a need is in two clusters"
        if not all(self.clusters.values()):
            return "a cluster is empty"
        if both := sorted(self.clusters.keys() & self.retired.keys()):
            return f"{both[0]} is both living and given up"
        if lost := sorted({old.into for old in self.retired.values() if old.into} - self.clusters.keys()):
            return f"an id leads to {lost[0]}, which is no living cluster"
        return ""


_STORED = TypeAdapter(Identities)


def _favourite(
    members: Members, parts: list[Members], places: Mapping[str, int]
) -> tuple[int, int, int] | None:
    """The part with most of the members: its place, how many it holds, how many are left in all.

    Of two that hold as many, the smaller: its Jaccard overlap is the larger. Then the one with the
    smallest need id. None when no member is left.
    """
    held = Counter(places[need] for need in members if need in places)
    if not held:
        return None
    place = min(held, key=lambda p: (-held[p], len(parts[p]), p))
    return place, held[place], held.total()


def _heirs(owners: Mapping[str, Members], parts: list[Members], places: Mapping[str, int]) -> dict[int, str]:
    """Place of a part to the id that has it: of those that favour it, the one that brings most needs.

    Of two that bring as many, the one with fewer others (the larger Jaccard overlap), then the one with
    the smallest need id, then the smallest id.
    """
    suitors: dict[int, list[tuple[int, int, Members, str]]] = defaultdict(list)
    for id_, members in owners.items():
        if best := _favourite(members, parts, places):
            place, held, left = best
            suitors[place].append((-held, left, members, id_))
    return {place: min(found)[-1] for place, found in suitors.items()}


def _new_id(founder: str, taken: Collection[str]) -> str:
    """An id made from a need id, the first of its row that was never given.

    The row matters where a founder has left its group: the group keeps the first id.
    """
    for turn in count():
        digest = hashlib.sha256(f"{turn}\n{founder}".encode()).digest()[:5]
        id_ = "c-" + b32encode(digest).decode().lower()
        if id_ not in taken:
            return id_
    raise AssertionError("count() does not end")


def _events(
    before: Mapping[str, Members], after: Mapping[str, Members], retired: Mapping[str, Retired], day: date
) -> Iterator[ClusterEvent]:
    came_from = {need: id_ for id_, members in before.items() if len(members) > 1 for need in members}
    went_to = {need: id_ for id_, members in after.items() if len(members) > 1 for need in members}
    born = {i for i, members in after.items() if len(members) > 1 and len(before.get(i, ())) < 2}
    for id_ in sorted(before.keys() | after.keys()):
        was, now = before.get(id_, ()), after.get(id_, ())
        if id_ in born:
            origins = Counter(came_from[need] for need in now if need in came_from)
            others = tuple(sorted(origins))
            shares = tuple(origins[other] for other in others)
            yield ClusterEvent("born", id_, others, day, size=len(now), shares=shares, named=now[:NAMED])
        if len(was) < 2:
            continue
        taken = Counter(home for need in was if (home := went_to.get(need)) in born and home != id_)
        if pieces := {i: n for i, n in sorted(taken.items()) if i and n > 1}:
            shares = tuple(pieces.values())
            yield ClusterEvent("split", id_, tuple(pieces), day, size=len(was), shares=shares)
        if len(now) > 1:
            yield from _sizes(id_, was, now, came_from, went_to, day)
        elif id_ in retired and (into := retired[id_].into):
            yield ClusterEvent("merged", id_, (into,), day)
        else:
            yield ClusterEvent("died", id_, (), day, size=len(now))


def _sizes(
    id_: str,
    was: Members,
    now: Members,
    came_from: Mapping[str, str],
    went_to: Mapping[str, str],
    day: date,
) -> Iterator[ClusterEvent]:
    if came := tuple(sorted(set(now) - set(was))):
        yield ClusterEvent(
            "grew",
            id_,
            _clusters(came, came_from),
            day,
            size=len(now),
            moved=len(came),
            named=came[:NAMED],
        )
    if left := tuple(sorted(set(was) - set(now))):
        others = _clusters(left, went_to)
        yield ClusterEvent("shrank", id_, others, day, size=len(now), moved=len(left))


def _clusters(needs: Members, homes: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({homes[need] for need in needs if need in homes}))
