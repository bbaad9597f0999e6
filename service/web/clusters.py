"""Clusters as pages tell of them: how alike, what holds them together, what was done to them, by titles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcher.calibrate import level
from matcher.phrases import Phrase, counted, joined, listed, phrase, renamed
from service.schemas.analysis import ClusterDetail, ClusterOut, EditOut
from service.schemas.matching import NeedBrief

COHESIONS: Mapping[str, Phrase] = {
    "strong": phrase("Very alike"),
    "likely": phrase("Alike"),
    "possible": phrase("Loosely alike"),
    "weak": phrase("Hardly alike"),
}
"""How alike the members are on average."""
SAME: Mapping[str, Phrase] = {
    "strong": phrase("Very likely the same need"),
    "likely": phrase("Likely the same need"),
    "possible": phrase("Possibly the same need"),
    "weak": phrase("Hardly the same need"),
}
"""How likely two needs ask for the same."""
OPS: Mapping[str, Phrase] = {
    "merge": phrase("Merged"),
    "split": phrase("Split"),
    "lock": phrase("Locked"),
    "unlock": phrase("Unlocked"),
    "rename": phrase("Named"),
    "must_link": phrase("Tied together"),
    "cannot_link": phrase("Kept apart"),
    "undo": phrase("Undone"),
}
GONE = phrase("a need that is gone")
NAMED = 4
"""Needs named in a sentence."""
OUTSIDE = 0.5
"""A member that is, on average, less likely than this the same as the others is looked at first."""
DRAWN = 30
"""Members in the matrix."""
TITLE = 70
"""Characters of a title in a sentence."""


def titled(text: str) -> str:
    """A title as a sentence quotes it.

    >>> titled("Boats")
    '“Boats”'
    """
    short = text if len(text) <= TITLE else text[: TITLE - 1].rstrip() + "…"
    return f"“{short}”"


class Titles(dict[str, str]):
    """Id to what a sentence calls it; also of several ids parted by commas, as the engine lists them.

    >>> Titles(a="“Boats”", b="“Vests”")["a, b"]
    '“Boats”, “Vests”'
    """

    def __missing__(self, text: str) -> str:
        parts = text.split(", ")
        if len(parts) > 1 and any(part in self for part in parts):
            return joined([self.get(part, part) for part in parts], ", ")
        return text

    def get(self, text: str, default: object = None) -> str:  # noqa: ARG002
        """What the text says, and itself where it is no id."""
        return self[text]


def told(sentences: Iterable[str], called: Titles) -> list[str]:
    """Sentences with titles instead of ids."""
    return [renamed(one, called) for one in sentences]


def done(edit: EditOut, called: Titles) -> str:
    """What a change of an analyst did, in a sentence."""
    needs, apart = _several(edit.need_ids, called), _several(edit.apart, called)
    match edit.op:
        case "merge":
            return phrase("Merged into one cluster: {needs}.", needs=needs)
        case "must_link":
            return phrase("Belong together: {needs}.", needs=needs)
        case "cannot_link":
            return phrase("Never in one cluster: {needs}.", needs=needs)
        case "split":
            return phrase("Taken out: {needs}. Kept apart from: {others}.", needs=needs, others=apart)
        case "lock":
            return phrase("A cluster that stays as it is: {needs}.", needs=needs)
        case "unlock":
            return phrase("No longer held as they are: {needs}.", needs=needs)
        case "rename" if edit.name:
            return phrase("Called “{name}”: {needs}.", name=edit.name, needs=needs)
        case "rename":
            return phrase("No name of its own any more: {needs}.", needs=needs)
    return phrase("The change with number {number} was undone.", number=edit.undoes or 0)


def _several(ids: Sequence[str], called: Titles) -> str:
    shown = [called[one] for one in ids[:NAMED]]
    if (more := len(ids) - NAMED) > 0:
        shown.append(counted("{n} more", "{n} more", more))
    return listed(shown) if shown else ""


@dataclass(frozen=True, slots=True)
class Member:
    """A need in its cluster: how it goes with the others."""

    number: int
    """Its place in the list and in the matrix, from 1."""
    need: NeedBrief
    medoid: bool
    mean: float | None
    """Probability, on average over the others, that both ask for the same; None where it is alone."""
    nearest: int | None
    """Number of the member it is most like."""
    link: float
    """How likely it asks for the same as that one."""
    outside: bool
    """Whether it stands apart from the others."""

    @property
    def sure(self) -> str:
        """How alike the others it is, as a level."""
        return level(self.mean if self.mean is not None else 1.0).value

    @property
    def linked(self) -> str:
        """How sure its nearest link is, as a level."""
        return level(self.link).value


def members(found: ClusterDetail) -> list[Member]:
    """The members, the typical need first, then those most like the others."""
    likeness, count = found.likeness, len(found.needs)
    means = [
        sum(row[j] for j in range(count) if j != i) / (count - 1) if count > 1 else None
        for i, row in enumerate(likeness)
    ]
    order = sorted(
        range(count),
        key=lambda i: (found.needs[i].id != found.cluster.medoid, -(means[i] or 0.0), found.needs[i].id),
    )
    number = {i: place for place, i in enumerate(order, 1)}
    shown = []
    for i in order:
        others = [j for j in order if j != i]
        nearest = max(others, key=lambda j: likeness[i][j], default=None)
        mean = means[i]
        shown.append(
            Member(
                number=number[i],
                need=found.needs[i],
                medoid=found.needs[i].id == found.cluster.medoid,
                mean=mean,
                nearest=number[nearest] if nearest is not None else None,
                link=likeness[i][nearest] if nearest is not None else 1.0,
                outside=count > 2 and mean is not None and mean < OUTSIDE and mean < found.cluster.cohesion,
            )
        )
    return shown


def matrix(found: ClusterDetail, shown: Sequence[Member]) -> list[list[float | None]]:
    """How likely each pair of members asks for the same, in their order; a need and itself are no pair."""
    at = {need.id: i for i, need in enumerate(found.needs)}
    rows = [at[one.need.id] for one in shown[:DRAWN]]
    return [[None if i == j else found.likeness[i][j] for j in rows] for i in rows]


def name(cluster: ClusterOut) -> str:
    """What a cluster is called: as an analyst named it, else as its typical need."""
    return cluster.name or cluster.title


def sure(probability: float) -> str:
    """A probability as a level."""
    return level(probability).value
