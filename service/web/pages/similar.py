"""Needs like one's own, above all abroad: whose, how alike, what differs, when, and how to reach them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Response

from matcher.feedback import Verdict
from matcher.phrases import phrase, renamed
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import similar as resource
from service.schemas.forms import Key, Note
from service.schemas.judging import FeedbackOut, Reason, Subject
from service.schemas.matching import SimilarOut
from service.schemas.records import NeedOut
from service.web.narrowing import narrowing
from service.web.page import PageRoute, Visit, door
from service.web.pages.matches import SAID, need_of, say_of, standing

router = APIRouter(route_class=PageRoute)
WIDTH = 100
"""Units of a timeline's drawing from its first day to its last."""
SAME: tuple[tuple[float, str], ...] = ((0.8, "strong"), (0.5, "likely"), (0.2, "possible"), (0.0, "weak"))
"""Least probability that two needs ask for the same, and what it is called."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A procurement window in a drawing: where it begins and how long it is."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Windows:
    """Two windows on one line of time; a window without both ends has no bar."""

    first: date
    last: date
    ours: Bar | None
    theirs: Bar | None


@dataclass(frozen=True, slots=True)
class Alike:
    """A similar need as the page shows it."""

    found: SimilarOut
    level: str | None
    windows: Windows | None
    mailbox: str
    differences: tuple[str, ...]


@router.get("/needs/{need_id}/similar")
def listed(
    need_id: Key,
    visit: Visit = door(Permission.MATCH),
    abroad: Annotated[Literal["true", "false"], Query()] = "true",
) -> Response:
    """The needs nearest to a need, those of other countries unless asked otherwise."""
    need = need_of(visit, need_id)
    asked = narrowing(visit.request.query_params)
    found = resource.similar(
        need.id, visit.held, visit.viewer, k=asked.k, countries=None, languages=None, cpv=None, nature=None,
        abroad=abroad == "true",
    )  # fmt: skip
    said = standing(visit, Subject.SIMILAR, need.id) if visit.may("feedback") else {}
    return visit.show(
        "matches/similar.html",
        need=need,
        tab="similar",
        found=found,
        abroad=abroad == "true",
        asked=asked,
        items=[_alike(need, one) for one in found.items],
        verdicts_of={id_: one.verdict.value for id_, one in said.items()},
        left_out=_left_out(visit, said),
    )


@router.post("/needs/{need_id}/similar/{other_id}/verdict")
def judge(
    need_id: Key,
    other_id: Key,
    verdict: Annotated[Literal["relevant", "not_relevant", "unsure", "undo"], Form()],
    visit: Visit = door(Permission.FEEDBACK),
    reason: Annotated[Reason, Form()] = Reason.NONE,
    comment: Annotated[Note, Form()] = "",
    rank: Annotated[int | None, Form(ge=1, le=10_000)] = None,
) -> Response:
    """Say of a similar need whether it is relevant, or take that back."""
    say_of(visit, Subject.SIMILAR, (need_id, other_id), verdict, (reason, comment, rank))
    query = visit.request.url.query
    said = phrase("Noted as relevant.") if verdict == "relevant" else SAID[verdict]
    return visit.go(f"/needs/{need_id}/similar{'?' + query if query else ''}", said)


# -- inside -------------------------------------------------------------------------------------


def _alike(need: NeedOut, found: SimilarOut) -> Alike:
    names = {need.id: phrase("this need"), found.need.id: phrase("the other need")}
    return Alike(
        found=found,
        level=_level(found.same_need),
        windows=windows(
            (need.window_start, need.window_end), (found.need.window_start, found.need.window_end)
        ),
        mailbox=found.contact if "@" in found.contact else "",
        differences=tuple(renamed(one, names) for one in found.differences),
    )


def _level(probability: float | None) -> str | None:
    """A code for how likely both ask for the same; None where they were not compared."""
    if probability is None:
        return None
    return next(name for least, name in SAME if probability >= least)


def windows(ours: tuple[date | None, date | None], theirs: tuple[date | None, date | None]) -> Windows | None:
    """Two windows drawn from the first day of either to the last; None where neither has both ends.

    >>> windows((date(2027, 1, 1), date(2027, 1, 11)), (date(2027, 1, 6), date(2027, 1, 21)))
    ... # doctest: +NORMALIZE_WHITESPACE
    Windows(first=datetime.date(2027, 1, 1), last=datetime.date(2027, 1, 21), ours=Bar(x=0.0, width=50.0),
            theirs=Bar(x=25.0, width=75.0))
    """
    whole = [(one[0], one[1]) for one in (ours, theirs) if one[0] and one[1] and one[0] <= one[1]]
    if not whole:
        return None
    first, last = min(start for start, _ in whole), max(end for _, end in whole)
    days = max(1, (last - first).days)

    def bar(one: tuple[date | None, date | None]) -> Bar | None:
        start, end = one
        if start is None or end is None or start > end:
            return None
        x = WIDTH * (start - first).days / days
        return Bar(round(x, 2), round(max(1.0, WIDTH * (end - start).days / days), 2))

    return Windows(first, last, bar(ours), bar(theirs))


def _left_out(visit: Visit, said: Mapping[str, FeedbackOut]) -> list[tuple[FeedbackOut, str]]:
    found = []
    for document_id, one in said.items():
        if one.verdict is not Verdict.NOT_RELEVANT:
            continue
        try:
            found.append((one, need_of(visit, document_id).title))
        except Problem as problem:
            if problem.status != 404:
                raise
    return found
