"""What was fitted for a model revision on the tuning splits, as it ships: weights, thresholds, calibrator."""

import json
from importlib.resources import files
from typing import Any

from matcher.errors import ModelCorrupt
from matcher.protocols import ModelIdentity


def shipped(identity: ModelIdentity, suffix: str = ".json") -> dict[str, Any] | None:
    """The values fitted for a model revision, None if there are none.

    `suffix` names other values than those of ranking and grouping (`.duplicates.json`).

    Raises `ModelCorrupt` when the file cannot be read.
    """
    file = files("models").joinpath("fitted", f"{identity.id}{suffix}")
    if not file.is_file():
        return None
    try:
        stored: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return stored if stored["model"] == identity.model else None
    except (ValueError, KeyError, TypeError) as error:
        raise ModelCorrupt(f"{file.name} cannot be read ({error}). Install needmatch again.") from error
