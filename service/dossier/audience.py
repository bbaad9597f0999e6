"""What of a candidate an audience may see: judged again over the records that are open to it.

Masking cells would not be enough. A total, a sentence or a label that was made from a hidden record tells
of it, so everything but the members' table is made again from what the audience may see.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.errors import SettingInvalid
from matcher.filters import Filter
from matcher.joint import WEIGHTS, JointCandidate, NotJoint, Offers, judge
from matcher.records import Visibility

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
    if offers is not None:
        rows = _with_rows(offers.probability[np.ix_(members, offered)], len(seen_bystanders))
        offers = Offers(tuple(compared[place] for place in offered), rows)
    again = judge(
        [*(candidate.members[place] for place in members), *seen_bystanders],
        _with_rows(candidate.likeness[np.ix_(members, members)], len(seen_bystanders), square=True),
        offers=offers,
        copies=copies,
        id=candidate.id if everybody else "",
        label=candidate.label if everybody else None,
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
    hidden = (need for need in candidate.members if not sees(need))
    masked = sum(1 for need in hidden if need.visibility.rank >= LEAST_MASKED.rank)
    return View(again, open_to, masked)


def _with_rows(matrix: NDArray[np.float64], rows: int, *, square: bool = False) -> NDArray[np.float64]:
    """Rows below, and columns beside where it is square, for those who were compared with nobody."""
    return np.pad(matrix, ((0, rows), (0, rows if square else 0)), constant_values=np.nan)
