"""What is served: the command line, and the engine wired for notebooks.

>>> from service import open_engine, Settings
>>> engine = open_engine(settings=Settings(model="hashing"), keep=False)
>>> len(engine.needs)
0
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.settings import Settings
    from service.wiring import open_engine

__all__ = ["Settings", "open_engine"]


def __getattr__(name: str) -> Any:
    # Late, so that `needmatch --help` need not wait for FAISS and scikit-learn.
    if name == "open_engine":
        from service.wiring import open_engine

        return open_engine
    if name == "Settings":
        from service.settings import Settings

        return Settings
    raise AttributeError(f"module 'service' has no attribute {name!r}")
