from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.money import Amount, currency, load_rates, read_amount, written
from matcher.errors import FileUnreadable


@pytest.mark.parametrize(
    ("cell", "value", "coin"),
    [
        ("1234,56", 1234.56, ""),
        ("1.234,56", 1234.56, ""),
        ("1,234.56", 1234.56, ""),
        ("1 234 567,89", 1234567.89, ""),
        ("1\u00a0234\u00a0567", 1234567.0, ""),
        ("1\u2009234\u202f567,5", 1234567.5, ""),
        ("1'234.50", 1234.5, ""),
        ("1’234’567", 1234567.0, ""),
        ("1.234.567", 1234567.0, ""),
        ("250000 EUR", 250000.0, "EUR"),
        ("250.000,00€", 250000.0, "EUR"),
        ("€ 1 500", 1500.0, "EUR"),
        ("PLN 12,5", 12.5, "PLN"),
        ("1 200 Kč", 1200.0, "CZK"),
        ("99,- €", 99.0, "EUR"),
        ("1e6", 1_000_000.0, ""),
        (42, 42.0, ""),
        (0.5, 0.5, ""),
        ("0,125", 0.125, ""),
        ("1234.567", 1234.567, ""),
    ],
)
def test_amount_is_read_as_people_write_it(cell: object, value: float, coin: str) -> None:
    """Decimal commas, every kind of space and apostrophe, and a currency on either side are understood."""
    assert read_amount(cell) == Amount(value, coin)


@pytest.mark.parametrize("cell", ["1.234", "250,000", "12.500"])
def test_one_separator_before_three_digits_parts_thousands_and_says_so(cell: str) -> None:
    """Amounts have cents, not mills: the reading is a guess, and is marked as one."""
    amount = read_amount(cell)
    assert amount.guessed
    assert amount.value == float(cell.replace(",", "").replace(".", ""))


@pytest.mark.parametrize(
    "cell",
    [
        "about 5000",
        "1,2,3",
        "12 34",
        "-5",
        -5,
        float("nan"),
        float("inf"),
        True,
        "5 kr",
        "EUR 5 USD",
        "10-20",
        "1" * 99,
    ],
)
def test_what_is_no_amount_is_refused_with_a_reason(cell: object) -> None:
    """Words, ranges, negative and endless numbers, and unclear currencies are not guessed at."""
    with pytest.raises(ValueError, match="amount"):
        read_amount(cell)


@given(st.one_of(st.floats(0, 1e300, allow_nan=False), st.integers(0, 10**14).map(lambda cents: cents / 100)))
def test_written_amounts_are_read_back_exactly(value: float) -> None:
    """What an export writes is never taken for something else, thousands or not."""
    assert read_amount(written(value)) == Amount(value)


@given(st.integers(0, 10**12), st.sampled_from(" .'\u00a0\u2009"), st.integers(0, 99))
def test_grouping_does_not_change_an_amount(units: int, mark: str, cents: int) -> None:
    """A number with its thousands parted and a decimal comma is the number."""
    text = f"{units:,}".replace(",", mark) + f",{cents:02d}"
    assert read_amount(text).value == float(f"{units}.{cents:02d}")


def test_currency_is_a_code_or_a_plain_sign() -> None:
    """Three letters are taken on trust; a sign that several currencies share is not."""
    assert [currency(text) for text in ("eur", "€", "zł", "ABC", "kr", "12")] == [
        "EUR",
        "EUR",
        "PLN",
        "ABC",
        None,
        None,
    ]


def test_shipped_rates_hold_the_fixed_lev_and_the_currencies_of_the_union() -> None:
    """The lev's rate is the one fixed by law, and no currency of a member state is missing."""
    rates = load_rates()
    assert rates.to_eur(195.583, "BGN") == 100
    assert {"BGN", "CZK", "DKK", "HUF", "PLN", "RON", "SEK"} <= rates.units_per_eur.keys()
    assert rates.units_per_eur.keys() == rates.days.keys()
    assert rates.to_eur(7, "EUR") == 7


def test_rates_of_another_file_replace_the_shipped_ones(tmp_path: Path) -> None:
    """A table of the user's own is used as it is; what it does not list has no rate."""
    table = tmp_path / "rates.tsv"
    table.write_text("# mine\ncurrency\tunits_per_eur\tdate\nczk\t25\t2026-01-02\n", encoding="utf-8")
    rates = load_rates(table)
    assert rates.to_eur(100, "CZK") == 4
    assert rates.to_eur(100, "PLN") is None
    assert rates.days["CZK"].isoformat() == "2026-01-02"


@pytest.mark.parametrize(
    "line",
    ["CZK\t25", "CZK\tmany\t2026-01-02", "CZK\t-1\t2026-01-02", "CZK\t25\tsoon", "CZK\tnan\t2026-01-02"],
)
def test_broken_rate_table_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    """A rate that cannot be trusted stops the read before any amount is converted."""
    table = tmp_path / "rates.tsv"
    table.write_text(f"# mine\n{line}\n", encoding="utf-8")
    with pytest.raises(FileUnreadable, match="Line 2"):
        load_rates(table)


def test_missing_rate_table_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere is an error, not a table without rates."""
    with pytest.raises(FileUnreadable, match="cannot be read"):
        load_rates(tmp_path / "none.tsv")
