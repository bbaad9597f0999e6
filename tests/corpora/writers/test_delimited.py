import csv
from datetime import date
from pathlib import Path

from corpora.columns import COLUMNS
from corpora.writers.delimited import write
from matcher.records import Kind, Need, Solution


def table(path: Path, separator: str = ",") -> list[list[str]]:
    """The cells of a written file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_columns_are_those_of_the_contract_then_translations_then_extras(tmp_path: Path) -> None:
    """Every file of a kind begins with the same columns, filled or not."""
    path = tmp_path / "needs.csv"
    records = [
        Need(id="N1", title="a", extra={"zeta": "1"}),
        Need(id="N2", title="b", titles={"fr": "c"}, extra={"alpha": "2"}),
    ]
    assert write(records, path) == 2
    header, first, second = table(path)
    assert header == [*COLUMNS[Kind.NEED], "title_fr", "alpha", "zeta"]
    assert first[-3:] == ["", "", "1"]
    assert second[-3:] == ["c", "2", ""]


def test_cells_are_plain_text_for_any_reader(tmp_path: Path) -> None:
    """ISO dates, decimal points, words for flags, and semicolons between several values."""
    path = tmp_path / "needs.csv"
    need = Need(
        id="N1",
        title="a",
        cpv=("35000000", "18100000"),
        value=2500.5,
        value_eur=1000.0,
        vat_included=True,
        window_end=date(2026, 3, 1),
    )
    write([need], path)
    row = dict(zip(*table(path), strict=True))
    assert row["cpv"] == "35000000;18100000"
    assert (row["value"], row["value_eur"], row["vat_included"], row["window_end"]) == (
        "2500.5",
        "1000",
        "true",
        "2026-03-01",
    )


def test_formulas_are_neutralised_in_cells_and_headings(tmp_path: Path) -> None:
    """Nothing that is exported runs when the file is opened."""
    path = tmp_path / "solutions.csv"
    write([Solution(id="S1", name='=HYPERLINK("x")', description="-5", extra={"+evil": "@x"})], path)
    row = dict(zip(*table(path), strict=True))
    assert (row["name"], row["description"], row["'+evil"]) == ('\'=HYPERLINK("x")', "-5", "'@x")


def test_tsv_is_separated_by_tabs(tmp_path: Path) -> None:
    """The suffix tells the separator."""
    path = tmp_path / "needs.tsv"
    write([Need(id="N1", title="a,b")], path)
    assert table(path, "\t")[1][:2] == ["N1", "a,b"]


def test_nothing_to_write_gives_a_header(tmp_path: Path) -> None:
    """An empty export is a template."""
    path = tmp_path / "needs.csv"
    assert write([], path) == 0
    assert table(path) == [list(COLUMNS[Kind.NEED])]
