"""Joint buying: the list of candidates, and each with what decides on it, what proves it and what if."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from matcher.calibrate import level as level_of
from matcher.errors import NeedmatchError
from matcher.joint import JointCandidate
from matcher.joint.weights import WEIGHTS
from matcher.joint.words import (
    BUYERS,
    CONTRACTS,
    CUTS,
    FACTORS,
    HINTS,
    IMPROVEMENTS,
    INTERESTS,
    LEVELS,
    SCOPES,
    SEVERITIES,
)
from matcher.phrases import phrase, renamed
from matcher.records import Need
from service.cooperation import rooms
from service.paging import Paging
from service.problems import Problem
from service.projection.views import everybody
from service.records.noting import noted
from service.rights.policy import Permission
from service.routes import candidates as resource
from service.routes import needs as needs_resource
from service.routes.seeing import audience_of, in_network, place_for
from service.schemas.cooperation import CandidateOut, InterestOut, WhatIfIn
from service.schemas.forms import Key
from service.surround.answers import problem_of
from service.web import joint, words
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
READ = Permission.READ_CANDIDATES
PER_PAGE = 20
NOT_JOINED = 100
"""Groups shown that are no candidate."""
WORDS = {
    "FACTORS": FACTORS, "LEVELS": LEVELS, "SCOPES": SCOPES, "SEVERITIES": SEVERITIES, "CUTS": CUTS,
    "INTERESTS": INTERESTS, "IMPROVEMENTS": IMPROVEMENTS, "HINTS": HINTS, "BUYERS": BUYERS,
    "CONTRACTS": CONTRACTS, "STAGES": words.STAGES, "STEPS": words.STEPS, "SETTLED": words.SETTLED,
    "PARTS_TAKEN": words.PARTS_TAKEN, "SURE": words.LEVELS, "NAMELESS": joint.NAMELESS,
}  # fmt: skip
"""Tables of words that the templates look codes up in."""
Level = Annotated[Literal["A", "B", "C", ""], Query()]
Scope = Annotated[Literal["cross-border", "national", ""], Query()]


@router.get("/candidates")
def candidates(
    visit: Visit = door(READ),
    level: Level = "",
    scope: Scope = "",
    country: Annotated[str, Query(pattern="^([A-Z]{2})?$")] = "",
    need: Annotated[str, Query(max_length=200)] = "",
    mine: bool = False,
    doubtful: Annotated[Literal["yes", "no"], Query()] = "yes",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """Candidates, what would raise each, and one's own part in it."""
    held, viewer = visit.held, visit.viewer
    found = resource.candidates(
        held, Paging(cursor, PER_PAGE), viewer, level or None, scope or None, country or None, need or None,
        mine, doubtful == "yes",
    )  # fmt: skip
    view = held.views.cooperation(audience_of(viewer), held.today)
    places = {brief.id: place_for(held, viewer, brief.id) for brief in found.items}
    part = {}
    if in_network(viewer):
        with held.database.read() as session:
            for id_, (_, place) in places.items():
                own = [
                    one.kind
                    for one in rooms.interests(session, place, active=True)
                    if one.organisation_id == viewer.organisation_id
                ]
                part[id_] = own[0] if own else ""
    items = []
    for brief in found.items:
        candidate = places[brief.id][0]
        called = _names(candidate)
        items.append(
            {
                "brief": brief,
                "language": _title_language(candidate),
                "level": candidate.score.level.value,
                "worth": joint.worth(
                    brief.value_eur_min, brief.value_eur_max, brief.values_missing, len(brief.need_ids)
                ),
                "window": renamed(candidate.timeline.sentence, called),
                "doubt": renamed(brief.doubt, called),
                "raises": [renamed(one.sentence, called) for one in candidate.score.improvements],
                "part": part.get(brief.id, ""),
            }
        )
    asked = {"level": level, "scope": scope, "country": country, "need": need, "mine": mine}
    places_known = sorted({code for one in view.candidates for code in one.countries} | {country} - {""})
    return visit.show(
        "candidates/list.html", items=items, next=found.next, day=found.day, asked=asked,
        doubtful=doubtful, narrowed=any(asked.values()) or doubtful == "no",
        countries=sorted(((code, visit.spoken.country(code)) for code in places_known), key=lambda c: c[1]),
        total=len(view.candidates), W=WORDS,
    )  # fmt: skip


@router.get("/candidates/not-joined")
def not_joined(visit: Visit = door(READ)) -> Response:
    """Groups of like needs that are no candidate, and why."""
    held, viewer = visit.held, visit.viewer
    view = held.views.cooperation(audience_of(viewer), held.today)
    shown = view.not_joint[:NOT_JOINED]
    noted(held, viewer, "candidates", (need for one in shown for need in one.members))
    groups = []
    for one in shown:
        called = joint.names({"id": need.id, "country": need.country} for need in one.members)
        groups.append(
            {
                "members": [
                    {"need": need, "name": called[need.id], "interest": _answer(need)} for need in one.members
                ],
                "reason": renamed(one.reason, called),
            }
        )
    return visit.show(
        "candidates/not_joined.html", groups=groups, more=len(view.not_joint) - len(shown), W=WORDS
    )


@router.get("/candidates/{candidate_id}")
def overview(candidate_id: Key, visit: Visit = door(READ)) -> Response:
    """What somebody decides by, within five minutes."""
    return show(visit, candidate_id, "overview")


@router.get("/candidates/{candidate_id}/evidence")
def evidence(candidate_id: Key, visit: Visit = door(READ)) -> Response:
    """Everything that the level rests on."""
    return show(visit, candidate_id, "evidence")


@router.get("/candidates/{candidate_id}/print")
def printed(candidate_id: Key, visit: Visit = door(READ)) -> Response:
    """All of it on one page, to be printed."""
    return show(visit, candidate_id, "print")


@router.get("/candidates/{candidate_id}/dossier")
def dossier(
    candidate_id: Key,
    visit: Visit = door(READ),
    form: Annotated[Literal["md", "html", "docx", "ocds", "consultation"], Query(alias="format")] = "html",
    open_to: Annotated[Literal["network", "network_industry", "public", ""], Query()] = "",
) -> Response:
    """The dossier as a file."""
    return resource.dossier(candidate_id, visit.held, visit.viewer, form, open_to or None)


@router.get("/candidates/{candidate_id}/what-if")
def what_if(
    candidate_id: Key,
    visit: Visit = door(READ),
    drop: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies it
    add: Annotated[str, Query(max_length=200)] = "",
    other: Annotated[str, Query(max_length=200)] = "",
    move: Annotated[str, Query(max_length=200)] = "",
    start: Annotated[str, Query(max_length=10)] = "",
    end: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The candidate with members left out or added, or a window moved; nothing is kept."""
    held, viewer = visit.held, visit.viewer
    page = paged(visit, candidate_id)
    added = other.strip() or add
    asked = {"drop": drop, "add": add, "other": other, "move": move, "start": start, "end": end}
    result, problem, status = None, None, 200
    if drop or added or move:
        try:
            given = WhatIfIn(
                drop=drop, add=added or None, move={move: (_day(start), _day(end))} if move else {}
            )
            answer = resource.what_if(candidate_id, given, held, viewer)
            members = [*page.candidate["members"], *answer.after.get("members", [])]
            called = joint.names(
                [*_known(page.candidate), *(one for one in members if isinstance(one, dict))]
            )
            result = joint.told(
                {"before": answer.before, "after": answer.after, "changes": answer.changes}, called
            )
            result["joint"] = "score" in answer.after
        except (Problem, NeedmatchError, ValidationError, ValueError) as error:
            problem, status = _refusal(error), 422
    own = needs_resource.list_needs(
        held, Paging(None, 100), viewer, True, None, None, None, None, None, None
    ).items if viewer.organisation_id else []  # fmt: skip
    here = {one["id"] for one in _known(page.candidate)}
    return visit.show(
        "candidates/what_if.html", status=status, page=page, asked=asked, result=result, problem=problem,
        own=[(need.id, need.title) for need in own if need.id not in here], W=WORDS,
    )  # fmt: skip


# -- for the pages of the workspace, too ------------------------------------------------------


@dataclass(slots=True)
class CandidatePage:
    """A candidate as its pages show it: `told`, so that sentences name members and days are days."""

    found: CandidateOut
    candidate: dict[str, Any]
    called: joint.Names
    own: frozenset[str]
    """Needs of the viewer's organisation in it."""
    language: str | None
    """Of its title."""
    worth: joint.Worth
    line: joint.Line
    part: InterestOut | None
    """The viewer's own interest that stands."""
    concerned: bool
    """Whether the viewer has a need in it, or runs the service."""
    acts: bool
    """Whether the viewer may change stage, steps and agreement."""

    @property
    def id(self) -> str:
        """Of the candidate now."""
        return self.found.brief.id

    def sure(self, probability: float) -> str:
        """How sure a match is, as its word."""
        return level_of(probability).value

    def silent(self, missing: list[str]) -> list[tuple[str, str]]:
        """Who leaves out what."""
        return joint.silent(missing, self.called)


def paged(visit: Visit, candidate_id: str) -> CandidatePage:
    """A candidate with what its pages need to know of the one who looks. Raises `Problem` 404."""
    held, viewer = visit.held, visit.viewer
    found = resource.candidate(candidate_id, held, Response(), viewer)
    whole, _ = place_for(held, viewer, found.brief.id)
    raw = found.candidate
    called = joint.names(_known(raw))
    told = joint.told(raw, called)
    own = frozenset(rooms.own_needs(viewer, whole, held.catalogue.entries, held.today))
    totals, brief = raw["totals"], found.brief
    standing = [one for one in (found.room.interests if found.room else []) if one.withdrawn_at is None]
    concerned = brief.mine or viewer.role in rooms.OVERSEEING
    return CandidatePage(
        found=found,
        candidate=told,
        called=called,
        own=own,
        language=_title_language(whole),
        worth=joint.worth(
            totals["value_min_eur"], totals["value_max_eur"], totals["values_missing"], len(raw["members"])
        ),
        line=joint.line(told["timeline"]),
        part=next((one for one in standing if one.organisation_id == viewer.organisation_id), None),
        concerned=concerned,
        acts=found.room is not None and visit.may("advance_candidates") and concerned,
    )


def show(
    visit: Visit, candidate_id: str, tab: str, *, status: int = 200, problem: Problem | None = None,
    **more: Any,
) -> Response:  # fmt: skip
    """One of the pages of a candidate; an id that was given up is told of."""
    page = paged(visit, candidate_id)
    return visit.show(
        f"candidates/{tab}.html",
        status=status,
        page=page,
        problem=problem,
        weights=WEIGHTS,
        W=WORDS,
        **more,
    )


def _known(candidate: dict[str, Any]) -> list[dict[str, Any]]:
    """Members and those beside them; copies stand for themselves."""
    copies = [{"id": one["id"], "copy": True} for one in candidate["copies"]]
    return [*candidate["members"], *candidate["observers"], *candidate["declined"], *copies]


def _names(candidate: JointCandidate) -> joint.Names:
    return joint.names({"id": need.id, "country": need.country} for need in everybody(candidate))


def _answer(need: Need) -> str:
    """What its owner says to buying jointly; empty where nobody asked."""
    return INTERESTS[need.joint_interest] if need.joint_interest else ""


def _title_language(candidate: JointCandidate) -> str | None:
    medoid: Need = candidate.medoid
    return candidate.label.title_language if candidate.label else medoid.language


def _refusal(error: Exception) -> Problem:
    if isinstance(error, ValidationError):
        said = phrase("Choose members of this candidate, a need that you see, and days.")
        return Problem(422, "invalid", said)
    if isinstance(error, NeedmatchError | Problem):
        return problem_of(error)
    said = phrase("Give days as they stand in the calendar, the first before the last.")
    return Problem(422, "invalid", said)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
