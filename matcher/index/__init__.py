"""Indexes of vectors, all behind `protocols.VectorIndex`, and what chooses among them."""

from matcher.index.flat import FlatIndex
from matcher.index.ladder import LadderIndex
from matcher.index.plan import Choice, Plan, Planner, Rung, Way

__all__ = ["Choice", "FlatIndex", "LadderIndex", "Plan", "Planner", "Rung", "Way"]
