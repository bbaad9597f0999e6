"""Large files read as a stream."""

import json
from pathlib import Path

from service.measure import streams


def test_files_are_made_read_and_told_of(tmp_path: Path) -> None:
    """All rows are kept, and the page says how many there were."""
    streams.main(["--out", str(tmp_path), "--lines", "30", "60", "--notices", "20"])
    facts = json.loads((tmp_path / "streams.json").read_text(encoding="utf-8"))
    assert [(one["file"], one["rows"], one["kept"]) for one in facts["read"]] == [
        (".jsonl", 30, 30), (".jsonl", 60, 60), (".gz", 20, 20)
    ]  # fmt: skip
    assert "| .jsonl | 60 |" in (tmp_path / "streams.md").read_text(encoding="utf-8")
