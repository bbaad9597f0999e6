"""Indexes of vectors, all behind `protocols.VectorIndex`, and the snapshot that keeps them."""

from matcher.index.flat import FlatIndex

__all__ = ["FlatIndex"]
