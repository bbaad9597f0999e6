"""The engine: records in, matches and joint candidates out. Start reading at `matcher.engine`.

>>> from matcher import Need
>>> Need(id="N1", title="Body armour").title
'Body armour'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.calibrate import Level
    from matcher.embed import Embedder
    from matcher.engine import Engine, Matches, Tuning
    from matcher.errors import NeedmatchError
    from matcher.explain import Evidence, Explanation, Match, Quote
    from matcher.filters import Filter
    from matcher.joint import JointCandidate, NotJoint
    from matcher.records import Kind, Need, Record, Solution, Visibility

_HOMES = {
    "Embedder": "embed",
    "Engine": "engine",
    "Evidence": "explain",
    "Explanation": "explain",
    "Filter": "filters",
    "JointCandidate": "joint",
    "Kind": "records",
    "Level": "calibrate",
    "Match": "explain",
    "Matches": "engine",
    "Need": "records",
    "NeedmatchError": "errors",
    "NotJoint": "joint",
    "Quote": "explain",
    "Record": "records",
    "Solution": "records",
    "Tuning": "engine",
    "Visibility": "records",
}

__all__ = [
    "Embedder",
    "Engine",
    "Evidence",
    "Explanation",
    "Filter",
    "JointCandidate",
    "Kind",
    "Level",
    "Match",
    "Matches",
    "Need",
    "NeedmatchError",
    "NotJoint",
    "Quote",
    "Record",
    "Solution",
    "Tuning",
    "Visibility",
]


def __getattr__(name: str) -> Any:
    # Late, so that reading files does not load FAISS.
    if name in _HOMES:
        return getattr(import_module(f"matcher.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'matcher' has no attribute {name!r}")
