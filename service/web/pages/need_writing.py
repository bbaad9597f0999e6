"""Writing a need: the form, and the help beside it while one writes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from matcher.phrases import Phrase, phrase
from matcher.records import EU_LANGUAGES, Kind
from service.confidentiality.redaction import Reason, redactable
from service.confidentiality.sensitive import SensitiveKind
from service.paging import Paging
from service.problems import Problem
from service.rights.policy import Permission, Role
from service.routes import matching
from service.routes import needs as resource
from service.routes import organisations as bodies
from service.schemas.forms import Key
from service.schemas.matching import MatchOut
from service.schemas.records import Checked, GapOut, NeedOut
from service.schemas.searching import NeedSearch
from service.web import words
from service.web.page import PageRoute, Visit, door
from service.web.pages import need_form as form
from service.web.pages.needs import by_name, countries, labels, own_need, speaks

router = APIRouter(route_class=PageRoute)
SIMILAR = 5
"""Similar needs abroad shown while one writes."""
LOOKED = 25
"""Needs looked through for those of other countries."""
ORGANISATIONS = 300
"""Organisations to share with that are offered by name."""
CURRENCIES = (
    "EUR",
    "BGN",
    "CZK",
    "DKK",
    "HUF",
    "PLN",
    "RON",
    "SEK",
    "NOK",
    "CHF",
    "ISK",
    "GBP",
    "UAH",
    "USD",
)
UNVETTED = phrase(
    "Your organisation is not vetted yet, so it may keep drafts and private needs only. "
    "Ask your national contact to vet it."
)
KINDS: dict[str, str] = {kind.value: kind.words for kind in SensitiveKind}


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the same gaps in one or more fields cost."""

    fields: tuple[str, ...]
    weight: float
    effect: str


@dataclass(frozen=True, slots=True)
class Look:
    """What is told beside the form."""

    checked: Checked | None
    costs: tuple[Cost, ...] = ()
    similar: tuple[MatchOut, ...] = ()
    chosen: tuple[str, ...] = ()
    """Codes that stand in the form."""

    @property
    def warnings(self) -> int:
        """How many things should be looked at before others see the need."""
        found = self.checked
        if found is None:
            return 0
        return len(found.classified) + len(found.sensitive) + len(found.duplicates or ()) + len(found.issues)


@router.get("/needs/new")
def begin(visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """The empty form."""
    return _page(visit, None, form.fresh(visit.spoken.code), Look(None))


@router.post("/needs/new")
def keep(sent: Sent, visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """Keep a new need, as a draft or open."""
    values = form.of_form(sent, form.fresh(visit.spoken.code))
    body, errors = form.body_of(values)
    draft = sent.get("do") != "open"
    given, more = form.given(body | {"status": "draft" if draft else "open"})
    errors = {**more, **errors}
    if given is None or errors:
        return _wrong(visit, None, values, errors)
    try:
        kept = resource.enter_need(given, Response(), visit.held, visit.viewer, _override(sent))
    except Problem as problem:
        return _refused(visit, None, values, problem)
    return _on(visit, kept, opened=not draft, said=_SAID["draft" if draft else "open"])


@router.post("/needs/check")
def look(sent: Sent, visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """The help beside the form for what it holds; a CPV code may be taken at the same time."""
    need = _of(visit, sent)
    values = form.of_form(sent, _before(visit, need))
    taken = str(sent.get("take", ""))
    if taken.isascii() and taken.isdigit() and len(taken) == 8:
        values["cpv"] = form.taken(values["cpv"], taken)
    return _page(visit, need, values, look_at(visit, values, need), part="help", taken=bool(taken), sent=sent)


@router.get("/needs/{need_id}/edit")
def change(need_id: Key, visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """The form with a need in it."""
    need = own_need(visit, need_id)
    values = form.of_need(need)
    return _page(visit, need, values, look_at(visit, values, need))


@router.post("/needs/{need_id}/edit")
def keep_changes(need_id: Key, sent: Sent, visit: Visit = door(Permission.WRITE_NEEDS)) -> Response:
    """Keep what was changed."""
    need = own_need(visit, need_id)
    before = form.of_need(need)
    values = form.of_form(sent, before)
    body, errors = form.body_of(values)
    opened = sent.get("do") == "open" and need.status == "draft"
    _, more = form.given(body)
    errors = {**more, **errors}
    if errors:
        return _wrong(visit, need, values, errors, sent=sent)
    patch = form.changed(body, form.body_of(before)[0]) | ({"status": "open"} if opened else {})
    version = str(sent.get("version", ""))
    try:
        kept = need
        if patch or version != str(need.version):
            kept = resource.change_need(
                need.id, patch, Response(), visit.held, visit.viewer, f'"{version}"', _override(sent)
            )
    except Problem as problem:
        if problem.status == 412:
            return _page(visit, need, values, look_at(visit, values, need), status=412, stale=sorted(patch))
        return _refused(visit, need, values, problem, sent=sent)
    return _on(visit, kept, opened=opened, said=_SAID["open" if opened else "saved"])


_SAID = {
    "draft": phrase("The draft is kept. Nobody outside your organisation sees it."),
    "open": phrase("The need is open. These solutions answer it best."),
    "saved": phrase("Your changes are kept."),
}


def look_at(visit: Visit, values: form.Values, need: NeedOut | None) -> Look:
    """Everything that helps with what stands in the form."""
    chosen = tuple(form.bare_codes(values["cpv"]))
    if not (values["title"] or values["description"]):
        return Look(None, chosen=chosen)
    body, _ = form.body_of(values)
    given, errors = form.given(body)
    if given is None:  # what is wrong must not keep back the help for the rest
        given, _ = form.given({name: value for name, value in body.items() if name not in errors})
    if given is None:
        return Look(None, chosen=chosen)
    asking = replace(visit.viewer, locale=visit.spoken.code)
    checked = resource.validate_need(given, visit.held, asking, need.id if need else None)
    return Look(checked, _costs(checked.missing), _similar(visit, values, need), chosen)


# -- inside -----------------------------------------------------------------------------------


def _similar(visit: Visit, values: form.Values, need: NeedOut | None) -> tuple[MatchOut, ...]:
    """Needs of other countries that the text is like."""
    text = "\n".join(values[name] for name in ("title", "outcome", "description") if values[name])
    language = values["language"] if values["language"] in EU_LANGUAGES else None
    asked = NeedSearch(text=text[:20_000], language=language, k=LOOKED, countries=[], languages=[], cpv=[])
    home = (need.country if need else values["country"]) or visit.viewer.country
    found = matching.search_needs(asked, visit.held, visit.viewer).items
    abroad = [
        match for match in found
        if match.need is not None and match.need.country not in (None, home)
        and (need is None or match.need.id != need.id) and match.level != "weak"
    ]  # fmt: skip
    return tuple(abroad[:SIMILAR])


def _costs(missing: Sequence[GapOut]) -> tuple[Cost, ...]:
    """Gaps with the same effect, such as the two ends of a window, told once."""
    found: dict[str, Cost] = {}
    for gap in missing:
        known = found.get(gap.effect)
        if known is None:
            found[gap.effect] = Cost((gap.field,), gap.weight, gap.effect)
        else:
            found[gap.effect] = replace(
                known, fields=(*known.fields, gap.field), weight=known.weight + gap.weight
            )
    return tuple(sorted(found.values(), key=lambda one: -one.weight))


def _page(
    visit: Visit, need: NeedOut | None, values: form.Values, found: Look, *, sent: FormData | None = None,
    status: int = 200, part: str | None = None, problem: Problem | None = None,
    errors: form.Errors | None = None, taken: bool = False, stale: Sequence[str] = (),
) -> Response:  # fmt: skip
    version = need.version if need else None
    if need is not None and sent is not None and not stale:
        version = _version(sent, need)
    return visit.show(
        "needs/form.html", part=part, status=status, need=need, version=version, values=values, look=found,
        problem=problem, errors=errors or {}, taken=taken, stale=stale, names=words, kinds=KINDS,
        unvetted=UNVETTED,
        speaks=speaks(visit), options=_options(visit, values), limits=_LIMITS,
        chosen=labels(list(found.chosen), visit.spoken.code),
        may_override=problem is not None and problem.slug == "classified"
        and visit.viewer.role is Role.ADMINISTRATOR,
    )  # fmt: skip


_LIMITS = {"title": 400, "outcome": 20_000, "description": 20_000, "requirements": 20_000}


def _version(sent: FormData, need: NeedOut) -> int:
    given = str(sent.get("version", ""))
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else need.version or 0


def _wrong(
    visit: Visit, need: NeedOut | None, values: form.Values, errors: form.Errors, sent: FormData | None = None
) -> Response:
    problem = Problem(422, "invalid", phrase("Some fields need another look. Each says what is wrong."))
    found = look_at(visit, values, need)
    return _page(visit, need, values, found, status=422, problem=problem, errors=errors, sent=sent)


def _refused(
    visit: Visit, need: NeedOut | None, values: form.Values, problem: Problem, sent: FormData | None = None
) -> Response:
    if problem.status not in {403, 409, 422}:
        raise problem
    found = look_at(visit, values, need)
    errors = form.errors_of(problem)
    said = problem.detail
    if problem.slug == "invalid":
        said = phrase("Some fields need another look. Each says what is wrong.")
    elif problem.slug == "classified":
        said = phrase(
            "Classified information must not be entered: take out what is marked, with its marking."
        )
    elif problem.status == 403 and found.checked is not None and found.checked.vetting:
        said = UNVETTED
    problem = Problem(problem.status, problem.slug, said, problem.errors)
    return _page(visit, need, values, found, status=problem.status, problem=problem, errors=errors, sent=sent)


def _on(visit: Visit, kept: NeedOut, *, opened: bool, said: Phrase) -> Response:
    """Go on to what was kept, and tell what was changed on the way."""
    for one in kept.warnings or ():
        text = phrase("{problem}: {remedy}.", problem=one.problem, remedy=one.remedy)
        visit.said.append({"tone": "warn", "text": visit.spoken.say(text)})
    place = f"/needs/{kept.id}"
    return visit.go(f"{place}/solutions" if opened and visit.may(Permission.MATCH) else place, said)


def _override(sent: FormData) -> str | None:
    return str(sent.get("override_reason", ""))[:2_000] or None


def _of(visit: Visit, sent: FormData) -> NeedOut | None:
    key = str(sent.get("need_id", ""))
    return own_need(visit, key) if key else None


def _before(visit: Visit, need: NeedOut | None) -> form.Values:
    return form.of_need(need) if need else form.fresh(visit.spoken.code)


def _options(visit: Visit, values: form.Values) -> dict[str, list[tuple[str, Any]]]:
    """What may be chosen; what is chosen already stays among it, whatever it is."""
    spoken = visit.spoken
    tongues = sorted(
        ((code, spoken.language(code)) for code in EU_LANGUAGES), key=lambda pair: pair[1].casefold()
    )
    names = spoken.locale.currencies
    found: dict[str, list[tuple[str, Any]]] = {
        "language": tongues,
        "country": [*by_name(visit, countries())],
        "currency": [(code, f"{code} – {names.get(code, code)}") for code in CURRENCIES],
        "nature": list(words.NATURES.items()),
        "vat_included": [("false", phrase("Without VAT")), ("true", phrase("VAT included"))],
        "regime": list(words.REGIMES.items()),
        "procedure_intent": list(words.PROCEDURES.items()),
        "joint_interest": list(words.JOINT_INTERESTS.items()),
        "classification": list(words.CLASSIFICATIONS.items()),
        "level": list(words.NEED_LEVELS.items()),
        "budget_status": list(words.BUDGETS.items()),
        "visibility": list(words.VISIBILITIES.items()),
        "tlp": list(words.TLPS.items()),
        "trl_min": [(str(level), str(level)) for level in range(1, 10)],
    }
    for name, pairs in found.items():
        if values[name] and values[name] not in dict(pairs):
            pairs.append((values[name], values[name]))
    found["withheld"] = [(name, words.NEED_FIELDS.get(name, name)) for name in redactable(Kind.NEED)]
    known = dict(found["withheld"])
    found["withheld"] += [
        (one["field"], one["field"]) for one in values["redactions"] if one["field"] not in known
    ]
    found["reasons"] = [(reason.value, reason.label) for reason in Reason]
    found["organisations"] = _organisations(visit, values)
    return found


def _organisations(visit: Visit, values: form.Values) -> list[tuple[str, Any]]:
    found: dict[str, str] = {}
    cursor: str | None = None
    while len(found) < ORGANISATIONS:
        part = bodies.organisations(visit.held, Paging(cursor, 100), visit.viewer, None, None, False)
        for one in part.items:
            if one.kind.value != "supplier" and not visit.viewer.owns(one.id):
                place = f" ({visit.spoken.country(one.country)})" if one.country else ""
                found[one.id] = one.name + place
        cursor = part.next
        if cursor is None:
            break
    for one in values["shared_with"]:
        found.setdefault(one, one)
    return sorted(found.items(), key=lambda pair: pair[1].casefold())
