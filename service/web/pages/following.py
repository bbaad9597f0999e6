"""Saved searches: kept, changed, run, paused and deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from matcher.calibrate import Level
from matcher.phrases import counted, phrase
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission
from service.routes import needs, solutions
from service.routes import saved_searches as resource
from service.schemas.forms import Key
from service.schemas.saved_searches import DigestOut, SavedSearchIn, SavedSearchOut, SavedSearchPatch
from service.versions import etag
from service.web import words
from service.web.narrowing import countries, languages
from service.web.page import PageRoute, Visit, door
from service.web.pages.offering import Filled

router = APIRouter(route_class=PageRoute)
SAVE = Permission.SAVE_SEARCHES
CHANNELS = {
    "inbox": phrase("Your inbox here"),
    "email": phrase("E-mail to your own address"),
    "webhook": phrase("Webhook: your system is called"),
    "feed": phrase("Atom feed: your reader fetches it"),
}
FREQUENCIES = {
    "instant": phrase("As soon as something comes"),
    "daily": phrase("Once a day"),
    "weekly": phrase("Once a week"),
}
STATES = {
    "waiting": phrase("The last delivery is waiting to be sent."),
    "arrived": phrase("The last delivery arrived."),
    "given_up": phrase("The last delivery was given up."),
}
TEXTS = ("name", "query_text", "language", "example_id", "cpv", "nature", "trl_min", "min_level", "frequency",
         "max_items", "channel", "target", "searched", "until")  # fmt: skip
SEVERAL = ("countries", "languages")
BLANK = {"searched": "needs", "min_level": "possible", "frequency": "daily", "max_items": "10",
         "channel": "inbox"}  # fmt: skip


@router.get("/saved-searches")
def listed(
    visit: Visit = door(SAVE), cursor: Annotated[str | None, Query(max_length=2_000)] = None
) -> Response:
    """One's saved searches."""
    found = resource.mine(visit.held, Paging(cursor), visit.viewer)
    return visit.show(
        "following/list.html", found=found, examples={one.id: _example(visit, one) for one in found.items},
        **_words(),
    )  # fmt: skip


@router.get("/saved-searches/new")
def blank(visit: Visit = door(SAVE)) -> Response:
    """The form, filled with the search that one comes from."""
    query = visit.request.query_params
    typed = _typed(query)
    typed["query_text"] = query.get("text", typed["query_text"])[:20_000]
    typed["name"] = typed["name"] or " ".join(typed["query_text"].split())[:80]
    return _form(visit, typed)


@router.post("/saved-searches")
def create(form: Filled, visit: Visit = door(SAVE)) -> Response:
    """Keep a search. A webhook's secret and a feed's address are shown now and never again."""
    typed = _typed(form)
    errors: dict[str, str] = {}
    given = _given(typed, errors)
    if given is None:
        return _form(visit, typed, errors=errors, problem=_faulty(), status=422)
    try:
        made = resource.create(given, visit.held, Response(), visit.viewer)
    except Problem as problem:
        return _refused(visit, typed, problem)
    if made.secret or made.feed_url:
        return visit.show("following/made.html", search=made)
    return visit.go("/saved-searches", phrase("The search is saved. You are told of what is new."))


@router.get("/saved-searches/{search_id}")
def show(search_id: Key, visit: Visit = door(SAVE)) -> Response:
    """A saved search: what it would tell now, and the form to change it."""
    found = resource.one(search_id, visit.held, Response(), visit.viewer)
    return _form(visit, _typed_of(found), search=found, preview=_preview(visit, found))


@router.post("/saved-searches/{search_id}")
def change(search_id: Key, form: Filled, visit: Visit = door(SAVE)) -> Response:
    """Change a saved search."""
    typed, errors = _typed(form), dict[str, str]()
    found = resource.one(search_id, visit.held, Response(), visit.viewer)
    typed["searched"] = found.searched
    given = _given(typed, errors)
    if given is None:
        return _form(visit, typed, errors=errors, problem=_faulty(), status=422, search=found)
    told = given.model_dump(exclude={"searched", "channel", "target"})
    told["filters"] = given.filters
    if given.channel != found.channel or (given.channel == "webhook" and given.target != found.target):
        # named again, a webhook or feed would get a new secret or address
        told |= {"channel": given.channel, "target": given.target}
    try:
        made = resource.change(
            search_id, SavedSearchPatch(**told), visit.held, Response(),
            if_match=etag(_number(form.get("version"))), viewer=visit.viewer,
        )  # fmt: skip
    except Problem as problem:
        return _refused(visit, typed, problem, search=found)
    if made.secret or made.feed_url:
        return visit.show("following/made.html", search=made)
    return visit.go("/saved-searches", phrase("Your changes are saved."))


@router.post("/saved-searches/{search_id}/run")
def run(search_id: Key, visit: Visit = door(SAVE)) -> Response:
    """Run it now, as the clock would."""
    try:
        found = resource.run(search_id, visit.held, visit.viewer, preview=False)
    except Problem as problem:
        if problem.status != 409:
            raise
        return visit.go("/saved-searches", phrase("It is paused. Resume it first."), "warn")
    if not found.items:
        return visit.go("/saved-searches", phrase("Nothing is new since the last run, so nothing was sent."))
    said = counted("{n} new or changed was sent.", "{n} new or changed were sent.", len(found.items))
    return visit.go("/saved-searches", said)


@router.post("/saved-searches/{search_id}/{step}")
def pause(search_id: Key, step: Key, form: Filled, visit: Visit = door(SAVE)) -> Response:
    """Pause it, or resume it."""
    if step not in {"pause", "resume"}:
        raise Problem(404, "not-found", phrase("There is no such page."))
    try:
        resource.change(
            search_id, SavedSearchPatch(active=step == "resume"), visit.held, Response(),
            if_match=etag(_number(form.get("version"))), viewer=visit.viewer,
        )  # fmt: skip
    except Problem as problem:
        if problem.status != 412:
            raise
        return visit.go("/saved-searches", phrase("It was changed meanwhile. Look at it first."), "warn")
    said = phrase("It runs again.") if step == "resume" else phrase("It is paused: nothing is sent.")
    return visit.go("/saved-searches", said)


@router.get("/saved-searches/{search_id}/delete")
def sure(search_id: Key, visit: Visit = door(SAVE)) -> Response:
    """Ask whether it is meant."""
    found = resource.one(search_id, visit.held, Response(), visit.viewer)
    return visit.show("following/delete.html", search=found)


@router.post("/saved-searches/{search_id}/delete/now")
def delete(search_id: Key, form: Filled, visit: Visit = door(SAVE)) -> Response:
    """Delete it, with what it told."""
    version = etag(_number(form.get("version")))
    resource.delete(search_id, visit.held, if_match=version, viewer=visit.viewer)
    return visit.go("/saved-searches", phrase("The search is deleted."))


# -- inside ---------------------------------------------------------------------------------------


def _typed(form: Any) -> dict[str, Any]:
    """What was typed, or stands in an address."""
    made: dict[str, Any] = {name: str(form.get(name, BLANK.get(name, "")) or "").strip() for name in TEXTS}
    made |= {name: _codes(form, name) for name in SEVERAL}
    return made


def _codes(form: FormData, name: str) -> list[str]:
    return [part for value in form.getlist(name) for part in str(value).split(",") if part]


def _typed_of(found: SavedSearchOut) -> dict[str, Any]:
    kept = found.filters
    return {
        "name": found.name, "query_text": found.query_text, "language": found.language or "",
        "example_id": found.example_id or "", "cpv": ", ".join(kept.cpv), "nature": kept.nature or "",
        "trl_min": str(kept.trl_min or ""), "min_level": found.min_level, "frequency": found.frequency,
        "max_items": str(found.max_items), "channel": found.channel, "target": found.target,
        "searched": found.searched, "countries": list(kept.countries), "languages": list(kept.languages),
        "until": found.expires_at.date().isoformat() if found.expires_at else "",
    }  # fmt: skip


def _given(typed: dict[str, Any], errors: dict[str, str]) -> SavedSearchIn | None:
    """The search that was typed; None with `errors` where it is none."""
    if not typed["name"]:
        errors["name"] = phrase("Give it a name, so that you know it again.")
    if not typed["query_text"] and not typed["example_id"]:
        errors["query_text"] = phrase("Say what is looked for.")
    if typed["channel"] == "webhook" and not typed["target"]:
        errors["target"] = phrase("Give the address that is to be called.")
    if errors:
        return None
    given = {
        "name": typed["name"][:400],
        "searched": typed["searched"],
        "query_text": "" if typed["example_id"] else typed["query_text"],
        "language": typed["language"] or None,
        "example_id": typed["example_id"] or None,
        "filters": {
            "countries": typed["countries"],
            "languages": typed["languages"],
            "cpv": typed["cpv"].replace(",", " ").split(),
            "nature": typed["nature"] or None,
            "trl_min": _number(typed["trl_min"]) or None,
        },
        "min_level": typed["min_level"] or Level.POSSIBLE,
        "frequency": typed["frequency"],
        "max_items": _number(typed["max_items"]) or 10,
        "channel": typed["channel"],
        "target": typed["target"] if typed["channel"] == "webhook" else "",
        "expires_at": f"{typed['until']}T00:00:00Z" if typed["until"] else None,
    }
    try:
        return SavedSearchIn.model_validate(given)
    except ValidationError as error:
        for one in error.errors():
            name = str(
                one["loc"][-1] if one["loc"] and one["loc"][0] == "filters" else (one["loc"] or ("name",))[0]
            )
            errors.setdefault(
                "until" if name == "expires_at" else name, one["msg"].removeprefix("Value error, ")
            )
        return None


def _number(given: Any) -> int:
    text = str(given or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _faulty() -> Problem:
    return Problem(422, "invalid", phrase("Look at the fields that are marked below."))


def _refused(visit: Visit, typed: dict[str, Any], problem: Problem, **more: Any) -> Response:
    if problem.status not in {409, 412, 422}:
        raise problem
    errors = {
        one.pointer.strip("/").split("/")[-1].removeprefix("query."): one.detail for one in problem.errors
    }
    if problem.status == 412:
        problem = Problem(412, "stale", phrase("It was changed meanwhile. Open it again, then change it."))
    return _form(visit, typed, errors=errors, problem=problem, status=problem.status, **more)


def _field(pointer: str) -> str:
    """The field of the form that a pointer is about.

    >>> _field("/filters/countries"), _field("/target")
    ('countries', 'target')
    """
    return pointer.strip("/").removeprefix("filters/").split("/")[0].rsplit(".", 1)[-1]


def _preview(visit: Visit, found: SavedSearchOut) -> DigestOut | None:
    try:
        return resource.run(found.id, visit.held, visit.viewer, preview=True)
    except Problem as problem:
        if problem.status not in {404, 409, 422}:
            raise
        return None


def _example(visit: Visit, found: SavedSearchOut) -> tuple[str, str, str | None]:
    """Kind, title and language of the record that stands for a search, as far as it is to be seen."""
    return _titled(visit, found.example_id) if found.example_id else ("", "", None)


def _titled(visit: Visit, record_id: str) -> tuple[str, str, str | None]:
    try:
        offer = solutions.show_solution(record_id, Response(), visit.held, visit.viewer)
        return "solution", offer.name, offer.language
    except Problem as problem:
        if problem.status != 404:
            raise
    try:
        need = needs.show_need(record_id, Response(), visit.held, visit.viewer)
        return "need", need.title, need.language
    except Problem as problem:
        if problem.status != 404:
            raise
        return "", "", None


def _words() -> dict[str, Any]:
    return {"channels": CHANNELS, "frequencies": FREQUENCIES, "states": STATES, "least": words.LEVELS}


def _form(
    visit: Visit,
    typed: dict[str, Any],
    *,
    errors: dict[str, str] | None = None,
    problem: Problem | None = None,
    status: int = 200,
    search: SavedSearchOut | None = None,
    preview: DigestOut | None = None,
) -> Response:
    example = _titled(visit, typed["example_id"]) if typed["example_id"] else ("", "", None)
    if typed["example_id"] and not typed["name"]:
        typed["name"] = example[1][:80]
    return visit.show(
        "following/form.html", status=status, form=typed, errors=errors or {}, problem=problem, search=search,
        preview=preview, example=example, words=words, no_mail=not visit.held.settings.smtp_host,
        countries=countries(visit.spoken, typed["countries"]), tongues=languages(visit.spoken),
        language_choices=languages(visit.spoken, typed["languages"]), **_words(),
    )  # fmt: skip
