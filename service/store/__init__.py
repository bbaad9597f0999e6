"""The database: the truth of the service. Everything else is made from it and can be made again."""

from service.store.database import Database, open_database

__all__ = ["Database", "open_database"]
