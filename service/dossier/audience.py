"""What of a candidate an audience may see: judged again over the records that are open to it.

Masking cells would not be enough. A total, a sentence or a label that was made from a hidden record tells
of it, so everything but the members' table is made again from what the audience may see.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.errors import SettingInvalid
from matcher.filters import Filter
from matcher.joint import WEIGHTS, JointCandidate, NotJoint, Offers, judge
from matcher.records import Need, Visibility

LEAST_MASKED = Visibility.NETWORK
"""Needs more closed than this are not even shown masked: no shared document may tell that they exist."""


@dataclass(frozen=True, slots=True)
class View:
    """A candidate as one audience may see it."""

    candidate: JointCandidate
    open_to: Visibility
    masked: int = 0
    """Members that are shown as an authority in one Member State, and in nothing else."""


def view(candidate: JointCandidate, open_to: Visibility) -> View:
    """The candidate for everybody who may see records that are open to `open_to`.

    Where nothing is hidden it is as it was judged. Raises `SettingInvalid` when fewer than two members
    are open to the audience: then there is nothing joint to show.
    """
    sees = Filter(open_to=open_to).sees
    members = [place for place, need in enumerate(candidate.members) if sees(need)]
    bystanders = (*candidate.observers, *candidate.declined)
    seen_bystanders = tuple(filter(sees, bystanders))
    offers = candidate.offers
    compared = () if offers is None else offers.solutions
    offered = [place for place, solution in enumerate(compared) if sees(solution)]
    everybody = len(members) == len(candidate.members) and len(seen_bystanders) == len(bystanders)
    # of a repeat only the id is at hand, so that nobody can say who may know of it
    copies = candidate.copies if open_to is Visibility.PRIVATE else ()
    if everybody and len(offered) == len(compared) and copies == candidate.copies:
        return View(candidate, open_to)
    again = _judged(
        candidate,
        [(place, candidate.members[place]) for place in members],
        seen_bystanders,
        offered,
        copies=copies,
        whole=everybody,
        open_to=open_to,
    )
    if open_to is Visibility.PUBLIC:
        return View(again, open_to)  # how many more the network knows of is the network's to know
    hidden = (need for need in candidate.members if not sees(need))
    masked = sum(1 for need in hidden if need.visibility.rank >= LEAST_MASKED.rank)
    return View(again, open_to, masked)


def as_shown(
    candidate: JointCandidate, open_to: Visibility, shown: Callable[[Need], Need | None]
) -> JointCandidate:
    """The candidate with each need as it is shown to `open_to`, judged again where that is less.

    `shown` gives None for a need that is not to be seen at all: it is left out. Needs that are more closed
    stay as they are, for `view` to count and to hide. Raises `SettingInvalid` as `view` does.
    """
    sees = Filter(open_to=open_to).sees

    def each(needs: Iterable[Need]) -> list[tuple[int, Need]]:
        given = ((place, shown(need) if sees(need) else need) for place, need in enumerate(needs))
        return [(place, need) for place, need in given if need is not None]

    members = each(candidate.members)
    known = {need.id: need.joint_interest for need in (*candidate.observers, *candidate.declined)}
    given = (need for _, need in (*each(candidate.observers), *each(candidate.declined)))
    # who has changed its mind was compared with nobody, and is no member yet
    bystanders = [need for need in given if need.joint_interest is known[need.id]]
    same = [need for _, need in members] == [*candidate.members]
    if same and bystanders == [*candidate.observers, *candidate.declined]:
        return candidate
    offered = range(len(candidate.offers.solutions) if candidate.offers else 0)
    whole = len(members) == len(candidate.members)
    # the label was made from the records as they were
    return _judged(
        replace(candidate, label=None), members, bystanders, offered, copies=(), whole=whole, open_to=open_to
    )


def _judged(
    candidate: JointCandidate,
    members: Sequence[tuple[int, Need]],
    bystanders: Sequence[Need],
    offered: Sequence[int],
    *,
    copies: Sequence[tuple[str, str]],
    whole: bool,
    open_to: Visibility,
) -> JointCandidate:
    """The candidate of those members alone, each with its place in the first, and of those solutions."""
    places = [place for place, _ in members]
    offers = candidate.offers
    if offers is not None:
        rows = _with_rows(offers.probability[np.ix_(places, offered)], len(bystanders))
        offers = Offers(tuple(offers.solutions[place] for place in offered), rows)
    again = judge(
        [*(need for _, need in members), *bystanders],
        _with_rows(candidate.likeness[np.ix_(places, places)], len(bystanders), square=True),
        offers=offers,
        copies=copies,
        id=candidate.id if whole else "",
        label=candidate.label if whole else None,
        day=candidate.day,
        sure=candidate.sure,
        weights=replace(WEIGHTS, of={factor.name: factor.weight for factor in candidate.score.factors}),
        viewer_sees=len(members),
    )
    if isinstance(again, NotJoint):
        raise SettingInvalid(
            f"Fewer than two members of the candidate are open to {open_to.value!r}: there is nothing joint "
            "to show. Choose a narrower audience, or ask the owners to open their needs."
        )
    return again


def _with_rows(matrix: NDArray[np.float64], rows: int, *, square: bool = False) -> NDArray[np.float64]:
    """Rows below, and columns beside where it is square, for those who were compared with nobody."""
    return np.pad(matrix, ((0, rows), (0, rows if square else 0)), constant_values=np.nan)
