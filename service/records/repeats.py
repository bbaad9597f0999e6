"""Needs that look like one entered twice, among those that a viewer may see."""

from dataclasses import dataclass, replace

from matcher.collection import Collection
from matcher.duplicates import NEIGHBOURS, near_duplicates
from matcher.filters import Filter
from matcher.records import Kind, Need
from service.backend import Backend
from service.records.noting import noted
from service.rights.viewer import Viewer

UNSAVED = "~unsaved"
"""Id of a need that is not kept yet."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A need that may be the same one, as the viewer sees it."""

    need: Need
    probability: float
    reasons: tuple[str, ...]


def repeats(
    held: Backend, viewer: Viewer, need: Need, *, without: frozenset[str] = frozenset()
) -> tuple[Repeat, ...] | None:
    """The needs that look like this one, the surest first; None where the model in use cannot tell.

    Only what the viewer's searches reach is compared, as the viewer sees it. What is found is noted as seen.
    """
    model = held.tuning.duplicates
    if model is None:
        return None
    asked = need if need.id else replace(need, id=UNSAVED)
    nearest = held.searches.similar(viewer, asked, NEIGHBOURS, Filter(exclude=without))
    others = [match.record for match in nearest.items if match.record.id not in without]
    if not others:
        return ()
    beside = Collection.empty(Kind.NEED, held.embedder.encoder.identity.dimension)
    beside.upsert([asked, *others], held.embedder, fit_statistics=True)
    everything = beside.select(Filter()).allowed
    own = beside.select(Filter(only=frozenset({asked.id}))).allowed
    found = tuple(
        Repeat(pair.other if pair.one.id == asked.id else pair.one, pair.probability, pair.reasons)
        for pair in near_duplicates(beside, model, everything, own)
    )
    noted(held, viewer, "duplicates", [each.need for each in found])
    return found
