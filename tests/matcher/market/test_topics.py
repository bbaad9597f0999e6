"""Emerging topics."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from matcher.errors import SettingInvalid
from matcher.market import Finding, Market, emerging
from matcher.records import Need

OLD, NEW, SINCE = date(2026, 1, 1), date(2027, 2, 1), date(2027, 1, 1)


@pytest.fixture
def topics(market_of: Callable[..., Market]) -> Callable[..., Finding]:
    """Two new clusters, one that grew, one of unknown age, and singles."""
    needs = [Need(id=i, title=f"title {i}", organisation=i) for i in "ABCDEFGHIJ"]
    made = market_of(needs, clusters={"new": "ABC", "grew": "DE", "undated": "FG"})
    seen = dict.fromkeys("ABCEFHIJ", NEW) | {"D": OLD}

    def find(likeness: Mapping[str, Mapping[str, float]], **more: object) -> Finding:
        return emerging(made, first_seen=seen, since=SINCE, likeness=likeness, **more)  # type: ignore[arg-type]

    return find


FAR = {need: {"E1": 0.1, "E2": 0.05} for need in "ABCEFGHIJ"}


def test_what_is_far_from_all_earlier_clusters_is_new(topics: Callable[..., Finding]) -> None:
    """The nearest over all members decides."""
    table = topics(FAR | {"B": {"E1": 0.0, "E2": 0.3}, "I": {"E1": 0.9}}).table.set_index("id")
    assert table.state.to_dict() == {"H": "new topic", "J": "new topic", "new": "related", "I": "known"}
    assert (table.nearest["new"], table.likeness["new"]) == ("E2", 0.3)


def test_the_largest_new_topic_stands_first(topics: Callable[..., Finding]) -> None:
    """A cluster of three before singles."""
    finding = topics(FAR)
    assert finding.table.id.tolist()[0] == "new"
    assert finding.sentence.startswith("4 of 4 topics")


def test_earlier_clusters_that_grew_and_undated_ones_are_counted_not_listed(
    topics: Callable[..., Finding],
) -> None:
    """Growth is no birth, and an unknown day is no new one."""
    finding = topics(FAR)
    assert not {"grew", "undated"} & set(finding.table.id)
    assert "1 topics with an unknown day and 1 earlier clusters that grew" in finding.coverage


def test_what_was_not_compared_is_not_called_new(topics: Callable[..., Finding]) -> None:
    """Unless a member is known already."""
    table = topics({"A": {"E1": 0.6}, "H": {}}).table.set_index("id")
    assert table.state.to_dict() == {
        "new": "known",
        "H": "not compared",
        "I": "not compared",
        "J": "not compared",
    }
    assert table.likeness.isna()["H"]


def test_a_member_that_was_not_compared_leaves_its_topic_open(topics: Callable[..., Finding]) -> None:
    """Two far members do not speak for the third."""
    table = topics({need: near for need, near in FAR.items() if need != "C"}).table.set_index("id")
    assert (table.state["new"], table.likeness["new"]) == ("not compared", 0.1)


def test_suppression_leaves_out_topics_of_few(topics: Callable[..., Finding]) -> None:
    """The cluster of three organisations stays."""
    finding = topics(FAR, suppress=True)
    assert finding.table.id.tolist() == ["new"]
    assert "3 of fewer than three organisations left out" in finding.coverage


def test_bounds_in_the_wrong_order_are_refused(topics: Callable[..., Finding]) -> None:
    """Far must lie below known."""
    with pytest.raises(SettingInvalid, match="far"):
        topics(FAR, far=0.6, known=0.5)
