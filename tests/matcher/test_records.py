"""Needs and solutions as values."""

from dataclasses import FrozenInstanceError

import pytest

from matcher.records import EU_COUNTRIES, EU_LANGUAGES, Kind, Need, Solution, Visibility


def test_the_text_of_a_record_is_its_parts_once_each() -> None:
    """Title first; empty and repeated parts are left out."""
    assert Need(id="1", title="Vest", description="Vest", requirements="EN 1063").text == "Vest\nEN 1063"
    assert Solution(id="1", name="Radar", description="sees drones").text == "Radar\nsees drones"
    assert Need(id="1", title="", description="Only this").text == "Only this"


def test_records_are_told_apart_by_kind_and_cannot_be_changed() -> None:
    """A record is a value."""
    need, solution = Need(id="1", title="Vest"), Solution(id="1", name="Vest")
    assert (need.kind, solution.kind) == (Kind.NEED, Kind.SOLUTION)
    assert solution.title == "Vest"
    with pytest.raises(FrozenInstanceError):
        need.title = "Helmet"  # type: ignore[misc]  # the point of the test


def test_visibility_runs_from_private_to_public() -> None:
    """The order is that of openness, not of the alphabet."""
    assert sorted(Visibility, key=lambda v: v.rank) == [
        Visibility.PRIVATE,
        Visibility.GROUP,
        Visibility.NETWORK,
        Visibility.NETWORK_INDUSTRY,
        Visibility.PUBLIC,
    ]


def test_the_union_has_24_languages_and_27_countries() -> None:
    """The lists are sorted and without doubles."""
    assert len(set(EU_LANGUAGES)) == 24
    assert len(set(EU_COUNTRIES)) == 27
    assert list(EU_LANGUAGES) == sorted(EU_LANGUAGES)
    assert list(EU_COUNTRIES) == sorted(EU_COUNTRIES)
