"""What analysts change about clusters: who, when and why, kept as a list that only grows.

Edits name needs, never clusters or rows, so they hold for every later run. What follows from those that
stand are three kinds of constraint: needs that belong together, needs that are kept apart, and locked
groups. A review never holds edits that contradict each other, so a clustering can meet all of them, in
this order: a locked group stays exactly as it is and takes no part in linking; needs that belong together
start as one part; two parts that hold needs kept apart are never joined, however alike they are. Needs
that an edit names and a run does not know are passed over.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product
from typing import Literal, assert_never

from pydantic import TypeAdapter

from matcher.errors import RecordInvalid, ReviewConflict
from matcher.identity import ClusterEvent
from matcher.listing import listed
from matcher.phrases import counted, joined, phrase

Op = Literal["merge", "split", "lock", "unlock", "rename", "must_link", "cannot_link", "undo"]
NAMED = 5
"""Needs named in a message, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change, by one person.

    - merge, must_link: `need_ids` belong together; a merge names all members of the clusters it joins.
    - split: `need_ids` leave, and are kept apart from `apart`, the needs that stay behind.
    - cannot_link: no two of `need_ids` may be in one cluster.
    - lock: `need_ids` are a cluster of their own, to which nothing is added.
    - unlock: lifts the locks that hold any of `need_ids`.
    - rename: the cluster that holds most of `need_ids` is called `name`; an empty one takes the name away.
    - undo: the edit with the number `undoes` no longer stands; undoing an undo brings it back.
    """

    who: str
    when: datetime
    op: Op
    need_ids: tuple[str, ...] = ()
    why: str = ""
    name: str = ""
    apart: tuple[str, ...] = ()
    undoes: int | None = None
    """Counted from 1, as the edits of a review are."""

    def __str__(self) -> str:
        """What it does, in a few words.

        >>> from datetime import UTC
        >>> print(Edit(who="Ana", when=datetime(2026, 3, 1, tzinfo=UTC), op="lock", need_ids=("N1", "N2")))
        lock of N1, N2
        """
        return self.told

    @property
    def told(self) -> str:
        """The same as a phrase."""
        needs = listed(self.need_ids, NAMED)
        match self.op:
            case "merge":
                return phrase("merge of {needs}", needs=needs)
            case "must_link":
                return phrase("must_link of {needs}", needs=needs)
            case "cannot_link":
                return phrase("cannot_link of {needs}", needs=needs)
            case "split":
                others = listed(self.apart, NAMED)
                return phrase("split of {needs} from {others}", needs=needs, others=others)
            case "lock":
                return phrase("lock of {needs}", needs=needs)
            case "unlock":
                return phrase("unlock of {needs}", needs=needs)
            case "rename":
                return phrase("rename of {needs}", needs=needs)
            case "undo":
                return phrase("undo of edit {number}", number=self.undoes)
        assert_never(self.op)


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a clustering of rows has to keep to."""

    must: tuple[tuple[int, int], ...] = ()
    """Pairs that are joined, each ascending; enough of them to span every set that belongs together."""
    cannot: tuple[tuple[int, int], ...] = ()
    """All pairs that are kept apart, each ascending, with those that follow from `must`."""
    locked: tuple[frozenset[int], ...] = ()
    """Groups that stay as they are; disjoint."""


@dataclass(frozen=True, slots=True)
class Review:
    """Edits in the order they were made; the first has the number 1.

    >>> from datetime import UTC
    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> review = Review().add(Edit(who="Ana", when=at, op="must_link", need_ids=("N1", "N2")))
    >>> constraints(review, {"N1": 0, "N2": 4}).must
    ((0, 4),)
    >>> constraints(review.undo(1, who="Ana", when=at), {"N1": 0, "N2": 4}).must
    ()
    """

    edits: tuple[Edit, ...] = ()
    _state: "_State" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_state", _State(self.edits))

    def add(self, edit: Edit) -> "Review":
        """With one more edit.

        Raises `ReviewConflict` when it contradicts one that stands, naming that one, or takes back what
        does not stand; `RecordInvalid` when it does not say all that its kind of edit needs.
        """
        if edit.op == "unlock" and not any(lock & set(edit.need_ids) for lock in self.locks):
            needs = listed(edit.need_ids, NAMED)
            raise ReviewConflict(phrase("No lock holds {needs}: there is nothing to unlock.", needs=needs))
        return Review((*self.edits, edit))

    def undo(self, number: int, *, who: str, when: datetime, why: str = "") -> "Review":
        """With an edit taken back. Raises `ReviewConflict` as `add` does."""
        return self.add(Edit(who=who, when=when, op="undo", why=why, undoes=number))

    def without(self, need_ids: Set[str]) -> "Review":
        """The edits that stand, as if some needs had never been; edits left with too few needs are gone.

        Locks that were lifted go, and so do names that were given to any of the needs: a name may tell of
        all that it was given to.
        """
        left: list[Edit] = []
        for _, edit in self.standing:
            # replayed without a hidden need, an unlock could lift less than it did
            if edit.op == "unlock" or (edit.op == "lock" and frozenset(edit.need_ids) not in self.locks):
                continue
            if edit.op == "rename" and not need_ids.isdisjoint(edit.need_ids):
                continue
            own = tuple(need for need in edit.need_ids if need not in need_ids)
            apart = tuple(need for need in edit.apart if need not in need_ids)
            least = 2 if edit.op in ("merge", "must_link", "cannot_link") else 1
            if len(own) >= least and (apart or not edit.apart):
                left.append(replace(edit, need_ids=own, apart=apart))
        return Review(tuple(left))

    @property
    def standing(self) -> tuple[tuple[int, Edit], ...]:
        """The edits that nobody took back, each with its number, without the undos."""
        return tuple(
            (n, self.edits[n - 1]) for n in sorted(self._state.standing) if self.edits[n - 1].op != "undo"
        )

    @property
    def named(self) -> frozenset[str]:
        """All needs that edits name, whether these stand or not."""
        return frozenset(need for edit in self.edits for need in (*edit.need_ids, *edit.apart))

    @property
    def together(self) -> tuple[frozenset[str], ...]:
        """Sets of needs that edits join, by their smallest need; locked groups are not among them."""
        return tuple(self._state.links.groups())

    @property
    def apart(self) -> tuple[tuple[str, str], ...]:
        """Pairs of needs that edits keep apart, each ascending."""
        return tuple(
            sorted(
                {
                    (min(one, other), max(one, other))
                    for these, those, _ in self._state.walls
                    for one, other in product(these, those)
                    if one != other
                }
            )
        )

    @property
    def locks(self) -> tuple[frozenset[str], ...]:
        """Needs of each group that stays as it is."""
        return tuple(self._state.locks)

    def names(self, homes: Mapping[str, str]) -> dict[str, str]:
        """Cluster id to the name an analyst gave, for the clusters that needs are in (`Identities.homes`).

        A name goes to the cluster with most of the needs it was given to; a later one replaces it.
        """
        found: dict[str, str] = {}
        for _, edit in self.standing:
            if edit.op == "rename" and (home := _home(edit.need_ids, homes)):
                found[home] = edit.name
        return {id_: name for id_, name in found.items() if name}

    def locked(self, homes: Mapping[str, str]) -> frozenset[str]:
        """Ids of the clusters that are locked."""
        return frozenset(home for lock in self.locks if (home := _home(tuple(lock), homes)))

    def events(self, homes: Mapping[str, str], after: int = 0) -> tuple[ClusterEvent, ...]:
        """Names and locks given by the edits after the number `after`, for the log of clusters."""
        return tuple(
            event
            for number, edit in self.standing
            if number > after and (home := _home(edit.need_ids, homes)) and (event := _event(edit, home))
        )

    def to_jsonl(self) -> str:
        """One edit a line; a further edit is a further line (`line`)."""
        return "".join(line(edit) for edit in self.edits)

    @classmethod
    def from_jsonl(cls, text: str) -> "Review":
        """The inverse of `to_jsonl`.

        Raises `RecordInvalid` for a line that is no edit, `ReviewConflict` when edits contradict each other.
        """
        edits: list[Edit] = []
        for number, row in enumerate(text.split("\n"), 1):
            if not row.strip():
                continue
            try:
                edits.append(_STORED.validate_json(row))
            except ValueError as error:
                raise RecordInvalid(
                    phrase(
                        "Line {number} of the review is no edit ({error}). "
                        "Expected one JSON object a line, as it was written; take the line from a copy.",
                        number=number,
                        error=str(error),
                    )
                ) from error
        return cls(tuple(edits))


def line(edit: Edit) -> str:
    """An edit as one line of JSON, for a file to which lines are only added."""
    return _STORED.dump_json(edit).decode() + "\n"


def constraints(review: Review, rows: Mapping[str, int]) -> Constraints:
    """What the standing edits ask of a clustering of these rows; needs without a row are passed over.

    Sets that belong together hold through needs that are gone: where A and B, and B and C belong together,
    A and C still do after B was withdrawn.
    """
    at: dict[str, tuple[int, ...]] = {need: (row,) for need, row in rows.items()}
    must: list[tuple[int, int]] = []
    for group in review.together:
        present = tuple(sorted(rows[need] for need in group if need in rows))
        at.update(dict.fromkeys(group, present))
        must += ((present[0], row) for row in present[1:])
    cannot = {
        (min(i, j), max(i, j))
        for these, those, _ in review._state.walls
        for one, other in product(these, those)
        if one != other
        for i, j in product(at.get(one, ()), at.get(other, ()))
    }
    locked = (frozenset(rows[need] for need in lock if need in rows) for lock in review.locks)
    return Constraints(
        tuple(sorted(must)), tuple(sorted(cannot)), tuple(sorted(filter(None, locked), key=min))
    )


class _Links:
    """Needs that belong together, and which edits say so."""

    def __init__(self) -> None:
        self._edges: dict[str, dict[str, int]] = defaultdict(dict)

    def join(self, needs: Sequence[str], number: int) -> None:
        for other in needs[1:]:
            self._edges[needs[0]].setdefault(other, number)
            self._edges[other].setdefault(needs[0], number)

    def reach(self, need: str) -> dict[str, frozenset[int]]:
        """Every need that belongs with this one, itself too, and the edits that lead to each."""
        found: dict[str, frozenset[int]] = {need: frozenset()}
        waiting = deque([need])
        while waiting:
            here = waiting.popleft()
            for other, number in self._edges.get(here, {}).items():
                if other not in found:
                    found[other] = found[here] | {number}
                    waiting.append(other)
        return found

    def groups(self) -> Iterator[frozenset[str]]:
        seen: set[str] = set()
        for need in sorted(self._edges):
            if need not in seen:
                group = frozenset(self.reach(need))
                seen |= group
                yield group


class _State:
    """What follows from the edits that stand, replayed in their order; raises where two contradict."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self.links = _Links()
        self.walls: list[tuple[frozenset[str], frozenset[str], int]] = []
        """Needs that an edit keeps apart from others, or from each other where both sets are one."""
        self.locks: dict[frozenset[str], int] = {}
        self.standing = _standing(edits)
        for number in sorted(self.standing):
            self._apply(number, edits[number - 1])

    def _apply(self, number: int, edit: Edit) -> None:
        needs = tuple(sorted(set(edit.need_ids)))
        match edit.op:
            case "merge" | "must_link":
                self._join(needs, number)
            case "cannot_link":
                self._part(frozenset(needs), frozenset(needs), number)
            case "split":
                self._part(frozenset(needs), frozenset(edit.apart), number)
            case "lock":
                self._lock(frozenset(needs), number)
            case "unlock":
                self.locks = {lock: by for lock, by in self.locks.items() if not lock & set(needs)}
            case "rename" | "undo":
                pass
            case _:
                assert_never(edit.op)

    def _join(self, needs: Sequence[str], number: int) -> None:
        self.links.join(needs, number)
        reached = self.links.reach(needs[0])
        for these, those, by in self.walls:
            if pair := _across(reached.keys(), these, those):
                self._refuse(number, {by} | self.links.reach(pair[0])[pair[1]])
        for lock, by in self.locks.items():
            inside, outside = reached.keys() & lock, reached.keys() - lock
            if inside and outside:
                self._refuse(number, {by} | self.links.reach(min(inside))[min(outside)])

    def _part(self, these: frozenset[str], those: frozenset[str], number: int) -> None:
        for group in self.links.groups():
            if pair := _across(group, these, those):
                self._refuse(number, self.links.reach(pair[0])[pair[1]])
        for lock, by in self.locks.items():
            if _across(lock, these, those):
                self._refuse(number, {by})
        self.walls.append((these, those, number))

    def _lock(self, needs: frozenset[str], number: int) -> None:
        for lock, by in self.locks.items():
            if lock & needs and lock != needs:
                self._refuse(number, {by})
        for these, those, by in self.walls:
            if _across(needs, these, those):
                self._refuse(number, {by})
        for group in self.links.groups():
            inside, outside = group & needs, group - needs
            if inside and outside:
                self._refuse(number, self.links.reach(min(inside))[min(outside)])
        self.locks.setdefault(needs, number)

    def _refuse(self, number: int, others: Iterable[int]) -> None:
        """Raise over an edit and those it contradicts; the newest edit is the one that is refused."""
        newest = len(self._edits)
        earlier = tuple(sorted({number, *others} - {newest}))
        raise ReviewConflict(
            phrase(
                "The {edit} contradicts {others}. Take that back first, or leave out the needs concerned.",
                edit=self._edits[newest - 1].told,
                others=joined((self._told(n) for n in earlier), "; "),
            ),
            earlier,
        )

    def _told(self, number: int) -> str:
        edit = self._edits[number - 1]
        if not edit.why:
            return phrase(
                "edit {number} ({edit}, by {who} on {day:%Y-%m-%d})",
                number=number,
                edit=edit.told,
                who=edit.who,
                day=edit.when.date(),
            )
        return phrase(
            "edit {number} ({edit}, by {who} on {day:%Y-%m-%d}: {why!r})",
            number=number,
            edit=edit.told,
            who=edit.who,
            day=edit.when.date(),
            why=edit.why,
        )


_STORED = TypeAdapter(Edit)


def _standing(edits: Sequence[Edit]) -> set[int]:
    """Numbers of the edits that nobody took back; raises where an undo has nothing to take back."""
    for number, edit in enumerate(edits, 1):
        _check(edit, number)
        if edit.op == "undo" and edit.undoes not in (stood := _kept(edits[: number - 1])):
            refused = phrase("Edit {number} cannot be taken back: it does not stand.", number=edit.undoes)
            if not stood:
                raise ReviewConflict(joined([refused, phrase("Those that stand are none.")]))
            numbers = ", ".join(map(str, sorted(stood)))
            raise ReviewConflict(
                joined([refused, phrase("Those that stand are {numbers}.", numbers=numbers)])
            )
    return _kept(edits)


def _kept(edits: Sequence[Edit]) -> set[int]:
    kept: set[int] = set()
    gone: set[int | None] = set()
    # From the end: whether an undo stands depends on later ones only.
    for number, edit in reversed(list(enumerate(edits, 1))):
        if number not in gone:
            kept.add(number)
            if edit.op == "undo":
                gone.add(edit.undoes)
    return kept


def _check(edit: Edit, number: int) -> None:
    """Raise `RecordInvalid` for an edit that does not say all that its kind needs."""
    needs, apart = set(edit.need_ids), set(edit.apart)
    least = {"merge": 2, "must_link": 2, "cannot_link": 2, "undo": 0}.get(edit.op, 1)
    if not edit.who.strip():
        fault = phrase("nobody is named as its author")
    elif len(needs) < least:
        fault = counted(
            "expected {n} needs or more, got {got}",
            "expected {n} needs or more, got {got}",
            least,
            got=len(needs),
        )
    elif edit.op == "split" and not apart:
        fault = phrase("the needs that stay behind are not named in 'apart'")
    elif edit.op == "split" and needs & apart:
        fault = phrase("{need} stands on both sides", need=min(needs & apart))
    elif edit.op == "undo" and edit.undoes is None:
        fault = phrase("the number of the edit to take back is not given in 'undoes'")
    else:
        return
    raise RecordInvalid(
        phrase("Edit {number}, {op}, is not complete: {fault}.", number=number, op=edit.op, fault=fault)
    )


def _across(group: Set[str], these: Set[str], those: Set[str]) -> tuple[str, str] | None:
    """Two needs of a group that are kept apart, the smallest; None where it holds no such two."""
    one, other = group & these, group & those
    if not one or not other or len(one | other) < 2:
        return None
    first = min(one | other)
    return first, min((other if first in one else one) - {first})


def _home(needs: Iterable[str], homes: Mapping[str, str]) -> str | None:
    """The cluster that most of the needs are in; of two, the one with the smallest need id."""
    held = Counter(homes[need] for need in sorted(set(needs)) if need in homes)
    return held.most_common(1)[0][0] if held else None


def _event(edit: Edit, home: str) -> ClusterEvent | None:
    day = edit.when.date()
    if edit.op == "lock":
        return ClusterEvent("locked", home, (), day)
    if edit.op == "rename":
        return ClusterEvent("renamed", home, (), day, name=edit.name)
    return None
