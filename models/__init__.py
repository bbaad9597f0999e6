"""Models: which are known, where their weights come from, and what turns texts into vectors.

Importing this package loads neither openvino nor torch; opening a model does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.cache import cache_folder
    from models.hashing import HashingEncoder
    from models.loader import open_encoder
    from models.registry import DEFAULT, ENTRIES, ModelEntry, Source, entry

_HOMES = {
    "DEFAULT": "models.registry",
    "ENTRIES": "models.registry",
    "HashingEncoder": "models.hashing",
    "ModelEntry": "models.registry",
    "Source": "models.registry",
    "cache_folder": "models.cache",
    "entry": "models.registry",
    "open_encoder": "models.loader",
}

__all__ = [
    "DEFAULT",
    "ENTRIES",
    "HashingEncoder",
    "ModelEntry",
    "Source",
    "cache_folder",
    "entry",
    "open_encoder",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
