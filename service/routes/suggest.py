"""Help while writing: CPV codes for a text in any language."""

from fastapi import APIRouter

from matcher.phrases import phrase
from service.access import BackendIn, require
from service.problems import Problem
from service.rights.policy import Permission
from service.rights.viewer import Viewer
from service.schemas.suggestions import CpvAsked, CpvSuggested
from service.suggesting import suggested

router = APIRouter(prefix="/suggest", tags=["suggestions"])


@router.post("/cpv", response_model=CpvSuggested)
def suggest_cpv(
    asked: CpvAsked, held: BackendIn, viewer: Viewer = require(Permission.SUGGEST)
) -> CpvSuggested:
    """CPV codes to choose from: a likelihood each, and never a correction."""
    found = suggested(held, asked.text, language=asked.language, k=asked.k, locale=viewer.locale)
    if found is None:
        raise Problem(409, "not-fitted", phrase("No CPV classifier is fitted for the model in use."))
    return CpvSuggested(items=found)
