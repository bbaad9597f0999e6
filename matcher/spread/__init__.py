"""A corpus embedded, indexed and grouped in pieces, by one process or by many, with the same outcome.

The pieces depend on the records alone, never on who works on them. What each comes to is kept in a folder
that all workers share, so that a run begun again goes on where it stopped.
"""

from matcher.spread.batch import Batch
from matcher.spread.crew import Alone, Crew
from matcher.spread.folder import Folder
from matcher.spread.shards import Reader
from matcher.spread.tiles import Tiles

__all__ = ["Alone", "Batch", "Crew", "Folder", "Reader", "Tiles"]
