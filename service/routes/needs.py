"""Needs: entered with help, changed by their owner, seen by whoever may."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from matcher.phrases import phrase
from matcher.records import Kind, Nature, Need
from service import suggesting
from service.access import BackendIn, require
from service.backend import Backend
from service.paging import PagingIn
from service.problems import Problem
from service.projection.follower import entry_of_row
from service.records import keeping
from service.records.finding import find, get, history, listed
from service.records.keeping import FULFIL, PAUSE, RENEW, REOPEN, SUBMIT, WITHDRAW, Move
from service.records.repeats import repeats
from service.records.showing import checked, copy_out, need_out, versions
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.routes.wanted import After, CpvPrefix, InCountry, Mine, OfStatus, Override, Part, wanted
from service.schemas.forms import Key, Page
from service.schemas.records import Checked, CopiesOut, MoveIn, NeedIn, NeedOut, RenewIn, VersionOut
from service.store.tables import RecordRow
from service.versions import IfMatch, tag

router = APIRouter(prefix="/needs", tags=["needs"])
PLACE = "/api/v1/needs"
OfNature = Annotated[Nature | None, Query(description="supplies, services or works.")]
Of = Annotated[Key | None, Query(description="Id of the need that is being changed: it is no duplicate.")]
NeedPatch = Annotated[
    dict[str, Any],
    Body(
        media_type="application/merge-patch+json",
        description="Fields of a need as in POST; null takes a field out (RFC 7396).",
        examples=[{"value": 300000, "quantity": None, "titles": {"fr": "Gilets pare-balles"}}],
    ),
]


@router.post("", status_code=201, response_model=NeedOut)
def enter_need(
    given: NeedIn,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    override_reason: Override = None,
) -> NeedOut:
    """Enter a need. What was changed on the way stands in `warnings`."""
    row, entered = keeping.create(held, viewer, Kind.NEED, given, override_reason)
    tag(response, row.version)
    response.headers["Location"] = f"{PLACE}/{row.id}"
    return need_out(row, viewer, held.today, entered=entered, own=True)


@router.post("/validate", response_model=Checked)
def validate_need(
    given: NeedIn, held: BackendIn, viewer: Viewer = require(Permission.SUGGEST), of: Of = None
) -> Checked:
    """What would come of entering a need: issues, gaps, sensitive words, codes, duplicates. Keeps nothing."""
    tried = keeping.attempt(held, viewer, Kind.NEED, given)
    need = tried.found.record if tried.found else None
    if not isinstance(need, Need):
        return checked(tried, [], [], viewer)
    codes = suggesting.suggested(held, need.text, language=need.language, locale=viewer.locale)
    copies = repeats(held, viewer, need, without=_without(held, viewer, of))
    return checked(tried, codes, copies, viewer)


@router.get("", response_model=Page[NeedOut])
def list_needs(
    held: BackendIn,
    paging: PagingIn,
    viewer: Viewer = require(Permission.OPEN),
    mine: Mine = False,
    status: OfStatus = None,
    country: InCountry = None,
    cpv: CpvPrefix = None,
    nature: OfNature = None,
    q: Part = None,
    updated_after: After = None,
) -> Page[NeedOut]:
    """Needs that the one who asks may see, by last change, the newest first."""
    asked = wanted(
        mine=mine, status=status, country=country, cpv=cpv, nature=nature, q=q, updated_after=updated_after
    )
    rows, following = listed(held, viewer, Kind.NEED, asked, paging)
    return Page(items=[need_out(row, viewer, held.today) for row in rows], next=following)


@router.get("/{need_id}", response_model=NeedOut)
def show_need(
    need_id: Key, response: Response, held: BackendIn, viewer: Viewer = require(Permission.OPEN)
) -> NeedOut:
    """A need as the one who asks sees it; by its id, or by one's own id for it."""
    return _tagged(get(held, viewer, Kind.NEED, need_id), response, held, viewer)


@router.put("/{need_id}", response_model=NeedOut)
def replace_need(
    need_id: Key,
    given: NeedIn,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
    override_reason: Override = None,
) -> NeedOut:
    """Say everything anew. Status, visibility, TLP, shares, redactions, end and `ref` stay where left out."""
    row, entered = keeping.put(held, viewer, Kind.NEED, need_id, given, if_match, override_reason)
    tag(response, row.version)
    return need_out(row, viewer, held.today, entered=entered)


@router.patch("/{need_id}", response_model=NeedOut)
def change_need(
    need_id: Key,
    given: NeedPatch,
    response: Response,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
    override_reason: Override = None,
) -> NeedOut:
    """Change some fields: a merge patch."""
    row, entered = keeping.patch(held, viewer, Kind.NEED, need_id, given, if_match, override_reason)
    tag(response, row.version)
    return need_out(row, viewer, held.today, entered=entered)


@router.delete("/{need_id}", status_code=204)
def erase_need(
    need_id: Key,
    held: BackendIn,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> None:
    """Take a need out of everything and erase its text with all its versions."""
    keeping.erase(held, viewer, Kind.NEED, need_id, if_match)


@router.post("/{need_id}/submit", response_model=NeedOut)
def submit_need(
    need_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> NeedOut:
    """Open a draft to those who may see it."""
    return _tagged(_moved(held, viewer, need_id, SUBMIT, why, if_match), response, held, viewer)


@router.post("/{need_id}/withdraw", response_model=NeedOut)
def withdraw_need(
    need_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> NeedOut:
    """Take a need out of matching, and keep it."""
    return _tagged(_moved(held, viewer, need_id, WITHDRAW, why, if_match), response, held, viewer)


@router.post("/{need_id}/renew", response_model=NeedOut)
def renew_need(
    need_id: Key,
    response: Response,
    held: BackendIn,
    why: RenewIn | None = None,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> NeedOut:
    """Give a need more time; one that has expired is open again."""
    return _tagged(_moved(held, viewer, need_id, RENEW, why, if_match), response, held, viewer)


@router.post("/{need_id}/pause", response_model=NeedOut)
def pause_need(
    need_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> NeedOut:
    """Take an open need out of matching for a while."""
    return _tagged(_moved(held, viewer, need_id, PAUSE, why, if_match), response, held, viewer)


@router.post("/{need_id}/reopen", response_model=NeedOut)
def reopen_need(
    need_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> NeedOut:
    """Bring back what was paused, withdrawn or fulfilled."""
    return _tagged(_moved(held, viewer, need_id, REOPEN, why, if_match), response, held, viewer)


@router.post("/{need_id}/fulfil", response_model=NeedOut)
def fulfil_need(
    need_id: Key,
    response: Response,
    held: BackendIn,
    why: MoveIn | None = None,
    viewer: Viewer = require(Permission.WRITE_NEEDS),
    if_match: IfMatch = None,
) -> NeedOut:
    """Say that a need is met."""
    return _tagged(_moved(held, viewer, need_id, FULFIL, why, if_match), response, held, viewer)


@router.get("/{need_id}/history", response_model=Page[VersionOut])
def need_history(
    need_id: Key, held: BackendIn, paging: PagingIn, viewer: Viewer = require(Permission.READ_NEEDS)
) -> Page[VersionOut]:
    """Every version of one's own need, the newest first."""
    found = versions(history(held, viewer, Kind.NEED, need_id))
    place = paging.number()
    later = [each for each in found if place is None or each.version < place]
    items, following = paging.cut(later, lambda each: [str(each.version)])
    return Page(items=items, next=following)


@router.get("/{need_id}/duplicates", response_model=CopiesOut, responses={409: {}})
def need_duplicates(need_id: Key, held: BackendIn, viewer: Viewer = require(Permission.MATCH)) -> CopiesOut:
    """Needs that look like this one entered twice, among those that the one who asks may see."""
    row = get(held, viewer, Kind.NEED, need_id)
    need = entry_of_row(row).to_viewer(viewer, held.today)
    found = repeats(held, viewer, need) if isinstance(need, Need) else ()
    if found is None:
        raise Problem(409, "not-fitted", phrase("The model in use was not fitted to tell duplicates."))
    return CopiesOut(items=[copy_out(each, viewer) for each in found])


def _moved(
    held: Backend, viewer: Viewer, need_id: str, step: Move, why: MoveIn | None, if_match: str | None
) -> RecordRow:
    end = why.expires_at if isinstance(why, RenewIn) else None
    reason = why.reason if why else ""
    return keeping.move(
        held, viewer, Kind.NEED, need_id, step, reason=reason, expires_at=end, if_match=if_match
    )


def _tagged(row: RecordRow, response: Response, held: Backend, viewer: Viewer) -> NeedOut:
    found = need_out(row, viewer, held.today)
    if found.own:
        tag(response, row.version)
    return found


def _without(held: Backend, viewer: Viewer, key: str | None) -> frozenset[str]:
    if key is None:
        return frozenset()
    with held.database.read() as session:
        return frozenset({find(session, held, viewer, Kind.NEED, key).id})
