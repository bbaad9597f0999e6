import json
from datetime import date
from pathlib import Path

from corpora.writers.jsonl import write
from matcher.records import Need, Solution


def test_each_line_is_a_flat_row_without_unknown_values(tmp_path: Path) -> None:
    """Letters stay letters, days are ISO text, numbers are numbers."""
    path = tmp_path / "records.jsonl"
    records = [
        Need(
            id="N1", title="Žilety", cpv=("35000000", "18100000"), value_eur=5.5, window_end=date(2026, 3, 1)
        ),
        Solution(id="S1", name="=SkyNet"),
    ]
    assert write(records, path) == 2
    text = path.read_text(encoding="utf-8")
    assert "Žilety" in text
    assert [json.loads(line) for line in text.splitlines()] == [
        {
            "id": "N1",
            "title": "Žilety",
            "cpv": "35000000;18100000",
            "value_eur": 5.5,
            "window_end": "2026-03-01",
            "visibility": "network",
        },
        {"id": "S1", "name": "=SkyNet", "visibility": "public"},
    ]
