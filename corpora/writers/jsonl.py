"""Records as one JSON object a line; what is unknown is left out."""

import json
from collections.abc import Iterable
from pathlib import Path

from corpora.columns import flatten
from corpora.writers.atomic import replacing
from matcher.records import Record


def write(records: Iterable[Record], path: Path) -> int:
    """Write the records, dates as ISO text, several values joined by `;`; returns how many."""
    rows = 0
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps(flatten(record), ensure_ascii=False, default=str))
            file.write("\n")
            rows += 1
    return rows
