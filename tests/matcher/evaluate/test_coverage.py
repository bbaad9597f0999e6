"""How the places in the top 10 are spread over suppliers."""

from matcher.evaluate.coverage import SupplierCoverage, supplier_coverage

SUPPLIERS = {"a": "X", "b": "X", "c": "Y", "d": ""}


def test_one_supplier_everywhere_is_no_diversity() -> None:
    """Two of three suppliers never shown, one filling each list."""
    found = supplier_coverage([["a", "b"], ["b", "a"]], SUPPLIERS)
    assert found == SupplierCoverage(1 / 3, 1 / 3, 0.5)


def test_a_document_without_supplier_is_its_own() -> None:
    """Unknown vendors are not one vendor, nor that of a document whose id is a vendor's name."""
    assert supplier_coverage([["a", "c", "d"]], SUPPLIERS).diversity == 1.0
    assert supplier_coverage([["a", "X"]], {"a": "X", "X": ""}).diversity == 1.0


def test_only_the_first_ten_count() -> None:
    """What stands below is not seen."""
    many = {f"d{i}": f"s{i}" for i in range(20)}
    assert supplier_coverage([list(many)], many) == SupplierCoverage(1.0, 0.5, 0.5)


def test_nothing_shown_is_nothing_covered() -> None:
    """No rankings show no document; no documents, no figures."""
    assert supplier_coverage([], SUPPLIERS) == SupplierCoverage(0.0, 0.0, 1.0)
    assert supplier_coverage([], {}) == SupplierCoverage(0.0, 0.0, 0.0)
