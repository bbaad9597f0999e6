from dataclasses import fields
from datetime import date

import pytest

from corpora.columns import COLUMNS, contract_name, flatten
from matcher.records import Kind, Need, Solution, Visibility


@pytest.mark.parametrize(("kind", "record"), [(Kind.NEED, Need), (Kind.SOLUTION, Solution)])
def test_columns_are_the_fields_of_the_record(kind: Kind, record: type) -> None:
    """Nothing of a record is left out when it is written, and no column has nothing behind it."""
    assert {field.name for field in fields(record)} == {*COLUMNS[kind], "titles", "extra"}


@pytest.mark.parametrize(
    ("column", "kind", "name"),
    [
        ("CPV", Kind.NEED, "cpv"),
        (" Window Start ", Kind.NEED, "window_start"),
        ("buyer", Kind.NEED, "organisation"),
        ("text", Kind.NEED, "description"),
        ("_id", Kind.SOLUTION, "id"),
        ("needed_by", Kind.NEED, "window_end"),
        ("title", Kind.SOLUTION, "name"),
        ("title", Kind.NEED, "title"),
        ("name", Kind.NEED, None),
        ("buyer", Kind.SOLUTION, None),
        ("title_fr", Kind.NEED, "title_fr"),
        ("Title_DEU", Kind.SOLUTION, "title_de"),
        ("title_orig", Kind.NEED, None),
    ],
)
def test_column_is_known_by_its_name_or_alias(column: str, kind: Kind, name: str | None) -> None:
    """Casing, blanks and the aliases of the contract lead to one name; all others are unknown."""
    assert contract_name(column, kind) == name


def test_flat_row_holds_what_is_known_in_the_order_of_the_contract() -> None:
    """Unknown values leave no cell; lists are joined, translations and extras come last."""
    need = Need(
        id="N1",
        title="Vests",
        country="AT",
        standards=("EN 1063", "EN 1522"),
        window_start=date(2026, 3, 1),
        vat_included=False,
        visibility=Visibility.GROUP,
        titles={"fr": "Gilets"},
        extra={"colour": "blue"},
    )
    assert list(flatten(need).items()) == [
        ("id", "N1"),
        ("title", "Vests"),
        ("country", "AT"),
        ("vat_included", False),
        ("window_start", date(2026, 3, 1)),
        ("standards", "EN 1063;EN 1522"),
        ("visibility", "group"),
        ("title_fr", "Gilets"),
        ("colour", "blue"),
    ]


def test_extra_of_a_known_name_does_not_replace_the_field() -> None:
    """A record made by hand cannot lose its title to an extra of that name."""
    row = flatten(Need(id="N1", title="Vests", extra={"title": "other", "value_min": "5 XYZ"}))
    assert (row["title"], row["extra title"], row["value_min"]) == ("Vests", "other", "5 XYZ")
