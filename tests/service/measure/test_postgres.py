"""The figures on PostgreSQL, on a small scale: measured, computed and written where they belong."""

import json
from pathlib import Path

import pytest

from service.measure import postgres
from service.settings import Settings
from tests.postgres import PostgresServer


def test_everything_is_measured_and_written_between_the_marks(
    postgres_server: PostgresServer, hashing: Settings, tmp_path: Path
) -> None:
    """Recall, bytes and times come out; the rest of the page stays, and nothing of the data does."""
    url = postgres_server.url.render_as_string(hide_password=False)
    found = postgres.measure(url, hashing, sizes=(300,), queries=3, count=20, posted=40, looked_at=4)
    (one,) = found["nearest"]
    assert next(each["allowed"] for each in one["searches"]) == 300
    assert all(each["recall"] == 1.0 for each in one["searches"])
    assert one["bytes"]["graph"] > 2 * postgres.DIMENSION
    assert found["words"]["largest_difference"] < 1e-4
    assert found["written"]["tables"] == 3
    page = tmp_path / "scaling.md"
    page.write_text(f"before\n{postgres.BEGIN}old\n{postgres.END}\nafter\n")
    postgres.write(found, page)
    text = page.read_text()
    assert text.startswith(f"before\n{postgres.BEGIN}")
    assert text.endswith(f"{postgres.END}\nafter\n")
    assert "old\n" not in text
    assert "| 300 |" in text
    assert json.loads((tmp_path / "postgres.json").read_text())["nearest"] == found["nearest"]


@pytest.mark.parametrize("count", [10**6, 10**8])
def test_what_is_computed_grows_with_the_number_of_records(count: int) -> None:
    """Bytes a record times records, in the tables of three audiences."""
    found = {
        "nearest": [{"bytes": {"vectors": 800.0, "key": 30.0, "graph": 1000.0}}],
        "read": {"passages": 1.5, "parts_bytes": 4000.0, "record_bytes": 1000.0},
        "words": {"memory_bytes": 3000.0},
        "written": {"bytes": 5000.0},
    }
    made = postgres.computed(found, count)
    assert made["rows_disk"] == 5000 * count
    assert made["vectors_disk"] == pytest.approx(3 * 1.5 * 1830 * count)
    assert made["graph_memory"] == pytest.approx(3 * 1.5 * 1000 * count)
    assert made["worker_memory"] == pytest.approx(3 * 8000 * count)


def test_the_guide_shows_the_figures_that_are_kept() -> None:
    """The tables in the guide are those of docs/postgres.json."""
    found = json.loads(postgres.SCALING.with_name("postgres.json").read_text(encoding="utf-8"))
    shown = (
        postgres.SCALING.read_text(encoding="utf-8").partition(postgres.BEGIN)[2].partition(postgres.END)[0]
    )
    assert shown == postgres.tables(found)
