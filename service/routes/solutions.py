"""Solutions: entered with help, changed by their owner, seen by whoever may."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from matcher.records import Kind
from service import suggesting
from service.access import BackendIn, require
from service.backend import Backend
from service.paging import PagingIn
from service.records import keeping
from service.records.finding import get, history, listed
from service.records.keeping import PAUSE, RENEW, REOPEN, SUBMIT, WITHDRAW, Move
from service.records.showing import checked, solution_out, versions
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.wanted import After, CpvPrefix, InCountry, Mine, OfStatus, Override, Part, wanted
from service.schemas.forms import Key, Page
from service.schemas.records import Checked, MoveIn, RenewIn, SolutionIn, SolutionOut, VersionOut
from service.store.tables import RecordRow
from service.versions import IfMatch, tag

router = APIRouter(prefix="/solutions", tags=["solutions"])
PLACE = "/api/v1/solutions"
SolutionPatch = Annotated[
    dict[str, Any],
    Body(
        media_type="application/merge-patch+json",
        description="Fields of a solution as in POST; null takes a field out (RFC 7396).",
        examples=[{"trl": 9, "price_max": None, "titles": {"fr": "Gilet SafeCell"}}],
    ),
]


@router.post("", status_code=201, response_model=SolutionOut)
def enter_solution(
    given: SolutionIn,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    override_reason: Override = None,
) -> SolutionOut:
    """Enter a solution. What was changed on the way stands in `warnings`."""
    row, entered = keeping.create(held, viewer, Kind.SOLUTION, given, override_reason)
    tag(response, row.version)
    response.headers["Location"] = f"{PLACE}/{row.id}"
    return solution_out(row, viewer, held.today, entered=entered, own=True)


@router.post("/validate", response_model=Checked)
def validate_solution(
    given: SolutionIn, held: BackendIn, viewer: Viewer = require(Permission.SUGGEST)
) -> Checked:
    """What would come of entering a solution: issues, gaps, sensitive words, codes. Keeps nothing."""
    tried = keeping.attempt(held, viewer, Kind.SOLUTION, given)
    if tried.found is None:
        return checked(tried, [], [], viewer)
    offer = tried.found.record
    codes = suggesting.suggested(held, offer.text, language=offer.language, locale=viewer.locale)
    # what tells a solution entered twice was not fitted for solutions
    return checked(tried, codes, None, viewer)


@router.get("", response_model=Page[SolutionOut])
def list_solutions(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.OPEN),
    mine: Mine = False,
    status: OfStatus = None,
    country: InCountry = None,
    cpv: CpvPrefix = None,
    q: Part = None,
    updated_after: After = None,
) -> Page[SolutionOut]:
    """Solutions that the one who asks may see, by last change, the newest first."""
    asked = wanted(mine=mine, status=status, country=country, cpv=cpv, q=q, updated_after=updated_after)
    rows, following = listed(held, viewer, Kind.SOLUTION, asked, paging)
    return Page(items=[solution_out(row, viewer, held.today) for row in rows], next=following)


@router.get("/{solution_id}", response_model=SolutionOut)
def show_solution(
    solution_id: Key, response: Response, held: BackendIn, viewer: Viewer = require(Permission.OPEN)
) -> SolutionOut:
    """A solution as the one who asks sees it; by its id, or by one's own id for it."""
    return _tagged(get(held, viewer, Kind.SOLUTION, solution_id), response, held, viewer)


@router.put("/{solution_id}", response_model=SolutionOut)
def replace_solution(
    solution_id: Key,
    given: SolutionIn,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
    override_reason: Override = None,
) -> SolutionOut:
    """Say everything anew. Status, visibility, TLP, shares, redactions, end and `ref` stay where left out."""
    row, entered = keeping.put(held, viewer, Kind.SOLUTION, solution_id, given, if_match, override_reason)
    tag(response, row.version)
    return solution_out(row, viewer, held.today, entered=entered)


@router.patch("/{solution_id}", response_model=SolutionOut)
def change_solution(
    solution_id: Key,
    given: SolutionPatch,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
    override_reason: Override = None,
) -> SolutionOut:
    """Change some fields: a merge patch."""
    row, entered = keeping.patch(held, viewer, Kind.SOLUTION, solution_id, given, if_match, override_reason)
    tag(response, row.version)
    return solution_out(row, viewer, held.today, entered=entered)


@router.delete("/{solution_id}", status_code=204)
def erase_solution(
    solution_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
) -> None:
    """Take a solution out of everything and erase its text with all its versions."""
    keeping.erase(held, viewer, Kind.SOLUTION, solution_id, if_match)


@router.post("/{solution_id}/submit", response_model=SolutionOut)
def submit_solution(
    solution_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
) -> SolutionOut:
    """Open a draft to those who may see it."""
    return _tagged(_moved(held, viewer, solution_id, SUBMIT, why, if_match), response, held, viewer)


@router.post("/{solution_id}/withdraw", response_model=SolutionOut)
def withdraw_solution(
    solution_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
) -> SolutionOut:
    """Take a solution out of matching, and keep it."""
    return _tagged(_moved(held, viewer, solution_id, WITHDRAW, why, if_match), response, held, viewer)


@router.post("/{solution_id}/renew", response_model=SolutionOut)
def renew_solution(
    solution_id: Key,
    response: Response,
    held: BackendIn,
    why: RenewIn | None = None,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
) -> SolutionOut:
    """Give a solution more time; one that has expired is open again."""
    return _tagged(_moved(held, viewer, solution_id, RENEW, why, if_match), response, held, viewer)


@router.post("/{solution_id}/pause", response_model=SolutionOut)
def pause_solution(
    solution_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
) -> SolutionOut:
    """Take an open solution out of matching for a while."""
    return _tagged(_moved(held, viewer, solution_id, PAUSE, why, if_match), response, held, viewer)


@router.post("/{solution_id}/reopen", response_model=SolutionOut)
def reopen_solution(
    solution_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_SOLUTIONS),
    if_match: IfMatch = None,
) -> SolutionOut:
    """Bring back what was paused or withdrawn."""
    return _tagged(_moved(held, viewer, solution_id, REOPEN, why, if_match), response, held, viewer)


@router.get("/{solution_id}/history", response_model=Page[VersionOut])
def solution_history(
    solution_id: Key, held: BackendIn, paging: PagingIn, viewer: Viewer = require(Permission.READ_SOLUTIONS)
) -> Page[VersionOut]:
    """Every version of one's own solution, the newest first."""
    found = versions(history(held, viewer, Kind.SOLUTION, solution_id))
    place = paging.number()
    later = [each for each in found if place is None or each.version < place]
    items, following = paging.cut(later, lambda each: [str(each.version)])
    return Page(items=items, next=following)


def _moved(
    held: Backend, viewer: Viewer, solution_id: str, step: Move, why: MoveIn | None, if_match: str | None
) -> RecordRow:
    end = why.expires_at if isinstance(why, RenewIn) else None
    reason = why.reason if why else ""
    return keeping.move(
        held, viewer, Kind.SOLUTION, solution_id, step, reason=reason, expires_at=end, if_match=if_match
    )


def _tagged(row: RecordRow, response: Response, held: Backend, viewer: Viewer) -> SolutionOut:
    found = solution_out(row, viewer, held.today)
    if found.own:
        tag(response, row.version)
    return found
