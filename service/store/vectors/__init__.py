"""Vectors in PostgreSQL (pgvector), beside the records: an index that any number of processes share."""

from service.store.vectors.index import PgVectorIndex

__all__ = ["PgVectorIndex"]
