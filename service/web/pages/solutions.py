"""Solutions: those in the catalogue and one's own, written with help, shown, moved on."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response

from corpora.taxonomy.cpv import CpvTable
from matcher.fields import called
from matcher.phrases import phrase
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import solutions as resource
from service.schemas.forms import Key
from service.schemas.records import Checked, MoveIn, RenewIn, SolutionOut
from service.versions import etag
from service.web import choices, words
from service.web.page import PageRoute, Visit, door
from service.web.pages.offering import EXTRAS, Filled, Offered

router = APIRouter(route_class=PageRoute)
WRITE = Permission.WRITE_SOLUTIONS
Version = Annotated[int, Form()]
MOVES = {
    "submit": (resource.submit_solution, phrase("It is published. See now which needs it may answer.")),
    "withdraw": (resource.withdraw_solution, phrase("It is withdrawn: nobody is shown it any more.")),
    "pause": (resource.pause_solution, phrase("It is paused: it is matched with nothing until reopened.")),
    "reopen": (resource.reopen_solution, phrase("It is open again.")),
}  # fmt: skip
OFFERED_MOVES = {
    "draft": ("submit",),
    "open": ("renew", "pause", "withdraw"),
    "paused": ("reopen", "renew", "withdraw"),
    "expired": ("renew", "withdraw"),
    "withdrawn": ("reopen",),
}
"""Status to what its owner may do with it."""


@router.get("/solutions")
def listed(
    visit: Visit = door(),
    whose: Annotated[str, Query(max_length=4)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    country: Annotated[str, Query(max_length=2)] = "",
    cpv: Annotated[str, Query(max_length=10)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
) -> Response:
    """One's own solutions, or all that one may see."""
    mine = whose == "mine" or (whose == "" and visit.may("write_solutions"))
    wanted = status if status in words.STATUSES else None
    digits = cpv.strip() if cpv.strip().isdecimal() and cpv.isascii() and len(cpv.strip()) <= 8 else None
    found = resource.list_solutions(
        visit.held, Paging(cursor), visit.viewer, mine=mine, status=wanted,  # type: ignore[arg-type]
        country=country or None, cpv=digits, q=q.strip() or None, updated_after=None,
    )  # fmt: skip
    narrowed = bool(status or country or cpv or q)
    return visit.show(
        "solutions/list.html", found=found, mine=mine, of_status=status, country=country, cpv=cpv, q=q,
        narrowed=narrowed, wrong_cpv=bool(cpv.strip()) and digits is None, words=words,
        countries=choices.countries(visit.spoken),
        codes=labels(visit, [code for one in found.items for code in one.cpv]),
    )  # fmt: skip


@router.get("/solutions/new")
def blank(visit: Visit = door(WRITE)) -> Response:
    """The empty form."""
    form = Offered.blank(visit.spoken.code, visit.viewer.country)
    return _form(visit, form)


@router.post("/solutions/check")
def check(
    form: Filled,
    visit: Visit = door(WRITE),
    solution_id: Annotated[str, Form(max_length=200)] = "",
    version: Version = 0,
) -> Response:
    """What would come of saving it; nothing is kept."""
    offered = Offered.of(form)
    return _form(visit, offered, help=_checked(visit, offered), solution_id=solution_id, version=version)


@router.post("/solutions")
def enter(
    form: Filled, visit: Visit = door(WRITE), save: Annotated[str, Form(max_length=10)] = "draft"
) -> Response:
    """Keep a new solution, as a draft or open to others."""
    offered = Offered.of(form)
    given = offered.given(status="open" if save == "open" else "draft")
    if given is None:
        return _form(visit, offered, problem=_faulty(), status=422)
    try:
        made = resource.enter_solution(given, Response(), visit.held, visit.viewer, override_reason=None)
    except Problem as problem:
        return _refused(visit, offered, problem)
    said = phrase("It is published.") if made.status == "open" else phrase("The draft is saved.")
    return visit.go(f"/solutions/{made.id}", said)


@router.get("/solutions/{solution_id}")
def show(solution_id: Key, visit: Visit = door()) -> Response:
    """One solution as the visitor may see it; its owner sees what it lacks, and its history."""
    found = resource.show_solution(solution_id, Response(), visit.held, visit.viewer)
    history: list[Any] = []
    if found.own and visit.may("read_solutions"):
        history = resource.solution_history(found.id, visit.held, Paging(None, 50), visit.viewer).items
    return visit.show(
        "solutions/show.html", solution=found, history=history, words=words, called=called, extras=EXTRAS,
        moves=OFFERED_MOVES.get(found.status, ()) if owned(visit, found) else (), owned=owned(visit, found),
        codes=labels(visit, found.cpv), until=_next_year(visit),
    )  # fmt: skip


@router.get("/solutions/{solution_id}/edit")
def ask(solution_id: Key, visit: Visit = door(WRITE)) -> Response:
    """The form of a solution that is there."""
    found = _own(visit, solution_id)
    offered = Offered.from_record(found)
    return _form(
        visit, offered, help=_checked(visit, offered), solution_id=found.id, version=found.version or 0
    )


@router.post("/solutions/{solution_id}/edit")
def change(solution_id: Key, form: Filled, visit: Visit = door(WRITE), version: Version = 0) -> Response:
    """Keep what was changed of a solution."""
    offered = Offered.of(form)
    again: dict[str, Any] = {"solution_id": solution_id, "version": version}
    if offered.given() is None:
        return _form(visit, offered, problem=_faulty(), status=422, **again)
    try:
        made = resource.change_solution(
            solution_id, offered.patch(), Response(), visit.held, visit.viewer, if_match=etag(version),
            override_reason=None,
        )  # fmt: skip
    except Problem as problem:
        if problem.status == 412:
            again["version"] = _own(visit, solution_id).version or 0
        return _refused(visit, offered, problem, **again)
    return visit.go(f"/solutions/{made.id}", phrase("Your changes are saved."))


@router.post("/solutions/{solution_id}/move")
def move(
    solution_id: Key,
    visit: Visit = door(WRITE),
    step: Annotated[str, Form(max_length=20)] = "",
    version: Version = 0,
    reason: Annotated[str, Form(max_length=2_000)] = "",
    until: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Publish, pause, withdraw, reopen or renew a solution."""
    where, tag = f"/solutions/{solution_id}", etag(version)
    try:
        if step == "renew":
            moved = resource.renew_solution(
                solution_id, Response(), visit.held, RenewIn(reason=reason, expires_at=_moment(until)),
                visit.viewer, if_match=tag,
            )  # fmt: skip
            assert moved.expires_at is not None
            said = phrase("It stays open until {day:%d %b %Y}.", day=moved.expires_at.date())
            return visit.go(where, said)
        if step not in MOVES:
            return visit.go(where)
        act, said = MOVES[step]
        act(solution_id, Response(), visit.held, MoveIn(reason=reason), visit.viewer, if_match=tag)
    except Problem as problem:
        if problem.status == 412:
            return visit.go(where, phrase("Somebody changed it meanwhile. Look at it again first."), "warn")
        if problem.status in {409, 422, 403}:
            return visit.go(where, problem.detail, "bad")
        raise
    return visit.go(where, said)


@router.get("/solutions/{solution_id}/erase")
def sure(solution_id: Key, visit: Visit = door(WRITE)) -> Response:
    """Ask whether it is meant."""
    return visit.show("solutions/erase.html", solution=_own(visit, solution_id))


@router.post("/solutions/{solution_id}/erase")
def erase(solution_id: Key, visit: Visit = door(WRITE), version: Version = 0) -> Response:
    """Erase a solution with all its versions."""
    resource.erase_solution(solution_id, visit.held, visit.viewer, if_match=etag(version))
    return visit.go("/solutions?whose=mine", phrase("It is erased, with all its versions."))


def labels(visit: Visit, codes: list[str]) -> dict[str, str]:
    """CPV codes with their labels in the language of the page, as far as the table knows them."""
    found = {}
    for code in dict.fromkeys(codes):
        label = CpvTable.load().label(code, visit.spoken.code)
        if label:
            found[code] = label
    return found


def owned(visit: Visit, solution: SolutionOut) -> bool:
    """Whether the visitor may change it."""
    return visit.may("write_solutions") and (solution.own or visit.viewer.role == "administrator")


# -- inside ---------------------------------------------------------------------------------------


def _own(visit: Visit, solution_id: str) -> SolutionOut:
    found = resource.show_solution(solution_id, Response(), visit.held, visit.viewer)
    if not found.own:
        raise Problem(403, "forbidden", phrase("Only the organisation that offers it may change it."))
    return found


def _checked(visit: Visit, offered: Offered) -> Checked | None:
    given = offered.given()
    return None if given is None else resource.validate_solution(given, visit.held, visit.viewer)


def _faulty() -> Problem:
    return Problem(422, "invalid", phrase("Look at the fields that are marked below."))


def _refused(visit: Visit, offered: Offered, problem: Problem, **again: Any) -> Response:
    if problem.status not in {403, 409, 412, 422}:
        raise problem
    if problem.status == 412:
        problem = Problem(
            412, "stale",
            phrase("Somebody changed it meanwhile. What you typed is below: save again to overwrite theirs."),
        )  # fmt: skip
    offered.blame(problem)
    return _form(
        visit, offered, problem=problem, status=problem.status, help=_checked(visit, offered), **again
    )


def _form(
    visit: Visit,
    offered: Offered,
    *,
    help: Checked | None = None,
    problem: Problem | None = None,
    status: int = 200,
    solution_id: str = "",
    version: int = 0,
) -> Response:
    return visit.show(
        "solutions/form.html", status=status, part="help", form=offered.typed, errors=offered.errors,
        help=help, problem=problem, solution_id=solution_id, version=version, words=words, called=called,
        extras=EXTRAS, countries=choices.countries(visit.spoken),
        tongues=choices.languages(visit.spoken),
        codes=labels(visit, offered.fields.get("cpv", []) or offered.typed.get("cpv", "").split(", ")),
    )  # fmt: skip


def _next_year(visit: Visit) -> str:
    today = visit.held.today
    try:
        return today.replace(year=today.year + 1).isoformat()
    except ValueError:  # the 29th of February
        return today.replace(year=today.year + 1, day=28).isoformat()


def _moment(day: str) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        raise Problem(422, "invalid", phrase("Give a day of the form 2027-03-31.")) from None
