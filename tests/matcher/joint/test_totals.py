"""Sums of what members state."""

from matcher.joint.totals import organisation, totals
from matcher.records import Need

ONE = Need(id="A", title="Vests", value_eur=100_000.0, quantity="40", organisation="Police")
TWO = Need(id="B", title="Vests", value_min_eur=50_000.0, value_max_eur=80_000.0, quantity="40")
SILENT = Need(id="C", title="Vests", organisation=" POLICE ")


def test_what_is_not_stated_is_counted_and_not_taken_as_nothing() -> None:
    """A range is no value, but bounds the sum; without an upper end there is none."""
    both, all_three = totals([ONE, TWO]), totals([ONE, TWO, SILENT])
    assert (both.value_eur, both.values_missing) == (100_000, 1)
    assert (both.value_min_eur, both.value_max_eur) == (150_000, 180_000)
    assert (all_three.values_missing, all_three.value_min_eur, all_three.value_max_eur) == (2, 150_000, None)
    assert totals([SILENT]).value_min_eur is None


def test_quantities_and_organisations_are_counted_once() -> None:
    """Names are compared without case and spaces; ids go before names."""
    found = totals([ONE, TWO, SILENT])
    assert (found.quantity, found.organisations) == (("40",), 1)
    named = Need(id="D", title="Vests", organisation="Police", organisation_id="EE-7")
    assert organisation(named) == "EE-7"
    assert totals([ONE, named]).organisations == 2
