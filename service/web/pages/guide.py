"""Help, written for those who use the pages."""

from collections.abc import Mapping

from fastapi import APIRouter, Response

from matcher.phrases import Phrase, phrase
from service.problems import not_found
from service.web.page import PageRoute, Visit, door

router = APIRouter(route_class=PageRoute)
TOPICS: Mapping[str, tuple[Phrase, Phrase]] = {
    "first-steps": (phrase("First steps"), phrase("What to do in your first ten minutes, by what you do.")),
    "needs": (
        phrase("Describing a need"),
        phrase("What makes a need easy to find, and what each gap costs."),
    ),
    "matches": (
        phrase("Reading recommendations"),
        phrase("What the levels mean, and where a match comes from."),
    ),
    "joint": (phrase("Buying jointly"), phrase("How groups are found and judged, and how to work in one.")),
    "industry": (phrase("For suppliers"), phrase("How to be found, and how to learn why you are not.")),
    "analysis": (
        phrase("Clusters and market"),
        phrase("How groups are corrected, and what figures do not say."),
    ),
    "data": (phrase("Your data"), phrase("Who sees what, what is kept for how long, and how to erase it.")),
    "accessibility": (
        phrase("Accessibility"),
        phrase("How pages work by keyboard, by ear and without scripts."),
    ),
}
"""The topics in their order: title, and what one learns there."""


@router.get("/help")
def overview(visit: Visit = door()) -> Response:
    """All topics."""
    return visit.show("help/overview.html", topics=TOPICS)


@router.get("/help/{topic}")
def about(topic: str, visit: Visit = door()) -> Response:
    """One topic."""
    if topic not in TOPICS:
        raise not_found("topic", topic)
    return visit.show(f"help/{topic}.html", topics=TOPICS, topic=topic)
