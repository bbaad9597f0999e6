"""Needs: the list, one need as its reader sees it, its history, and the steps of its life."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from corpora.taxonomy.cpv import CpvTable
from matcher.joint.words import LEVELS
from matcher.phrases import Phrase, phrase
from matcher.records import EU_COUNTRIES, Nature
from service.paging import Paging
from service.problems import Problem
from service.records.keeping import FULFIL, PAUSE, RENEW, REOPEN, SPEAKERS, SUBMIT, WITHDRAW, Move
from service.rights.policy import Permission
from service.routes import candidates as joint
from service.routes import needs as resource
from service.routes import organisations as bodies
from service.routes.seeing import audience_of
from service.schemas.cooperation import CandidateBrief
from service.schemas.forms import Key, Page
from service.schemas.records import MoveIn, NeedOut, RenewIn
from service.versions import etag
from service.web import words
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
NEIGHBOURS = ("IS", "LI", "NO", "CH", "UA", "MD", "AL", "BA", "ME", "MK", "RS")
"""Countries beside the Union that buyers of this kind are of."""
VERSIONS = 5
"""Versions told beside a need; all stand on a page of their own."""
Asked = Annotated[str, Query(max_length=200)]
Short = Annotated[str, Form(max_length=2_000)]
Version = Annotated[int, Form(ge=0, le=2**53)]


@dataclass(frozen=True, slots=True)
class Step:
    """A step in the life of a need, as its page tells of it."""

    move: Move
    press: Phrase
    ask: Phrase
    effect: Phrase
    done: Phrase
    call: Callable[..., NeedOut]


STEPS: Mapping[str, Step] = {
    step.move.name: step
    for step in (
        Step(
            SUBMIT, phrase("Submit"), phrase("Submit this need?"),
            phrase("It is opened to those who may see it, and matched with solutions and with other needs."),
            phrase("The need is open. These solutions answer it best."), resource.submit_need,
        ),
        Step(
            RENEW, phrase("Renew"), phrase("Give this need more time?"),
            phrase("It stays open until the day that you name; without one for a year from now."),
            phrase("The need has more time."), resource.renew_need,
        ),
        Step(
            REOPEN, phrase("Open again"), phrase("Open this need again?"),
            phrase("It is matched again, and those who may see it find it again."),
            phrase("The need is open again."), resource.reopen_need,
        ),
        Step(
            FULFIL, phrase("Mark as met"), phrase("Is this need met?"),
            phrase("It leaves matching and joint candidates. You can open it again."),
            phrase("The need is marked as met."), resource.fulfil_need,
        ),
        Step(
            PAUSE, phrase("Pause"), phrase("Pause this need?"),
            phrase("It is taken out of matching for a while. You can open it again."),
            phrase("The need is paused."), resource.pause_need,
        ),
        Step(
            WITHDRAW, phrase("Withdraw"), phrase("Withdraw this need?"),
            phrase("It leaves matching and joint candidates, and is kept. You can open it again."),
            phrase("The need is withdrawn."), resource.withdraw_need,
        ),
    )
}  # fmt: skip


@router.get("/needs")
def listed(
    visit: Visit = door(),
    mine: Asked = "",
    status: Asked = "",
    country: Asked = "",
    cpv: Asked = "",
    nature: Asked = "",
    q: Asked = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Needs: one's own, or all that one may see."""
    belongs = visit.viewer.organisation_id is not None and visit.may(Permission.WRITE_NEEDS)
    own = belongs and (mine or "1") != "0"
    found: Page[NeedOut] | None = None
    errors: dict[str, str] = {}
    if cpv and not (cpv.isascii() and cpv.isdigit() and len(cpv) <= 8):
        errors["cpv"] = phrase("Give the first digits of a code, such as 3581.")
    if not errors:
        found = resource.list_needs(
            visit.held,
            Paging(cursor or None),
            visit.viewer,
            own,
            status if status in words.STATUSES else None,  # type: ignore[arg-type]
            country if country in countries() else None,
            cpv or None,
            Nature(nature) if nature in words.NATURES else None,
            q.strip() or None,
            None,
        )
    asked = {"status": status, "country": country, "cpv": cpv, "nature": nature, "q": q}
    return visit.show(
        "needs/list.html", part="results", status=422 if errors else 200, own=own, belongs=belongs,
        found=found, asked=asked, narrowed=any(asked.values()), errors=errors, names=words,
        countries=by_name(visit, countries()),
    )  # fmt: skip


@router.get("/needs/{need_id}")
def show(need_id: Key, visit: Visit = door()) -> Response:
    """A need as the one who asks sees it."""
    need = need_of(visit, need_id)
    versions = None
    if need.own and visit.may(Permission.READ_NEEDS):
        versions = resource.need_history(need.id, visit.held, Paging(limit=VERSIONS), visit.viewer)
    return visit.show(
        "needs/need.html", need=need, tab="need", names=words, versions=versions,
        masks={one.field: one for one in need.masked}, codes=labels(need.cpv, visit.spoken.code),
        steps=steps_of(visit, need), candidate=candidate_of(visit, need), levels=LEVELS,
        shares=shared_names(visit, need),
    )  # fmt: skip


@router.get("/needs/{need_id}/history")
def versions(
    need_id: Key,
    visit: Visit = door(Permission.READ_NEEDS),
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Every version of one's own need."""
    need = need_of(visit, need_id)
    found = resource.need_history(need.id, visit.held, Paging(cursor or None), visit.viewer)
    return visit.show("needs/history.html", need=need, tab="history", names=words, versions=found)


@router.get("/needs/{need_id}/step/{name}")
def ask_step(need_id: Key, name: Key, visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """What a step would do, before it is taken."""
    need = own_need(visit, need_id)
    return _step_page(visit, need, step_of(name, need), None)


@router.post("/needs/{need_id}/step/{name}")
def take_step(
    need_id: Key,
    name: Key,
    visit: Visit = door(Permission.WRITE_NEEDS),
    version: Version = 0,
    reason: Short = "",
    until: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Take a step."""
    need = own_need(visit, need_id)
    step = step_of(name, need)
    try:
        why = _why(step, reason, until)
        step.call(need.id, Response(), visit.held, why, visit.viewer, etag(version))
    except Problem as problem:
        if problem.status not in {403, 409, 412, 422}:
            raise
        return _step_page(visit, own_need(visit, need_id), step, problem, reason=reason, until=until)
    place = f"/needs/{need.id}"
    return visit.go(f"{place}/solutions" if step.move is SUBMIT else place, step.done)


@router.get("/needs/{need_id}/erase")
def ask_erase(need_id: Key, visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """What is lost when a need is erased."""
    need = own_need(visit, need_id)
    return visit.show("needs/erase.html", need=need, tab="need", problem=None)


@router.post("/needs/{need_id}/erase")
def erase(
    need_id: Key,
    visit: Visit = door(Permission.WRITE_NEEDS),
    version: Version = 0,
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Erase a need with all its versions."""
    need = own_need(visit, need_id)
    try:
        if not sure:
            raise Problem(422, "invalid", phrase("Tick the box to say that you mean it."))
        resource.erase_need(need.id, visit.held, visit.viewer, etag(version))
    except Problem as problem:
        if problem.status not in {409, 412, 422}:
            raise
        return visit.show(
            "needs/erase.html", status=problem.status, need=own_need(visit, need_id), tab="need",
            problem=problem,
        )  # fmt: skip
    return visit.go("/needs?mine=1", phrase("The need is erased, with all its versions."))


# -- what other pages of needs use too ----------------------------------------------------------


def need_of(visit: Visit, need_id: str) -> NeedOut:
    """A need as the visitor sees it. Raises `Problem` 404."""
    return resource.show_need(need_id, Response(), visit.held, visit.viewer)


def own_need(visit: Visit, need_id: str) -> NeedOut:
    """A need that the visitor may change. Raises `Problem` 403 and 404."""
    need = need_of(visit, need_id)
    if not need.own:
        raise Problem(403, "forbidden", phrase("Only its owner's organisation may change this need."))
    return need


def step_of(name: str, need: NeedOut) -> Step:
    """A step by its name. Raises `Problem` 404 for none, and 409 where it does not fit the need."""
    step = STEPS.get(name)
    if step is None:
        raise Problem(404, "not-found", phrase("There is no such step."))
    if need.status not in step.move.allowed:
        raise Problem(
            409, "conflict", phrase("This step does not fit the need any more: its status has changed.")
        )
    return step


def steps_of(visit: Visit, need: NeedOut) -> list[Step]:
    """The steps that the visitor may take with a need."""
    if not (need.own and visit.may(Permission.WRITE_NEEDS)):
        return []
    return [step for step in STEPS.values() if need.status in step.move.allowed]


def candidate_of(visit: Visit, need: NeedOut) -> CandidateBrief | None:
    """The joint candidate that a need is in, if the visitor may see it and it is made already."""
    if not visit.may(Permission.READ_CANDIDATES):
        return None
    view = visit.held.views.known(audience_of(visit.viewer), visit.held.today)
    if view is None or view.of_need(need.id) is None:
        return None
    found = joint.candidates(
        visit.held, Paging(limit=1), visit.viewer, None, None, None, need.id, False, True
    )
    return found.items[0] if found.items else None


def shared_names(visit: Visit, need: NeedOut) -> list[str]:
    """Names of the organisations that a need is shared with; the id of what is not there any more."""
    found = []
    for one in need.shared_with or ():
        try:
            found.append(bodies.organisation(one, Response(), visit.held, visit.viewer).name)
        except Problem:
            found.append(one)
    return found


def labels(codes: list[str], locale: str) -> list[tuple[str, str]]:
    """CPV codes with their labels in a language; English where that has none."""
    table = CpvTable.load()
    return [(code, table.label(code, locale) or table.label(code, "en") or "") for code in codes]


def countries() -> tuple[str, ...]:
    """Countries to choose from."""
    return (*EU_COUNTRIES, *NEIGHBOURS)


def by_name(visit: Visit, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Countries with their names, in the order of the names."""
    found = [(code, visit.spoken.country(code)) for code in codes]
    return sorted(found, key=lambda pair: pair[1].casefold())


def speaks(visit: Visit) -> bool:
    """Whether the visitor may enter needs of other organisations."""
    return visit.viewer.role in SPEAKERS


# -- inside -----------------------------------------------------------------------------------


def _why(step: Step, reason: str, until: str) -> MoveIn:
    if step.move is not RENEW:
        return MoveIn(reason=reason.replace("\x00", ""))
    try:
        end = f"{until}T23:59:59Z" if until else None
        return RenewIn.model_validate({"reason": reason.replace("\x00", ""), "expires_at": end})
    except ValueError:
        raise Problem(422, "invalid", phrase("Give a day, such as 2027-03-31.")) from None


def _step_page(visit: Visit, need: NeedOut, step: Step, problem: Problem | None, **values: Any) -> Response:
    return visit.show(
        "needs/step.html", status=problem.status if problem else 200, need=need, tab="need", step=step,
        problem=problem, **{"reason": "", "until": "", **values},
    )  # fmt: skip
