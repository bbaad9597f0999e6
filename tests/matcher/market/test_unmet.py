"""Demand without adequate supply."""

from collections.abc import Callable

import pytest

from matcher.market import Market, unmet_clusters, unmet_needs
from matcher.records import Need, Solution

Maker = Callable[..., Market]


def test_the_planted_unmet_need_comes_first_with_its_hint(market: Market) -> None:
    """Nothing answers N5; a need of higher value with supply stands below it."""
    first = unmet_needs(market).table.iloc[0]
    assert (first.id, first.state, first.hint) == ("N5", "unserved", "unmet")
    assert first.hint_sentence == "Unmet need: consider publishing it as a challenge."
    assert first.gap == pytest.approx(0.8)


def test_every_class_is_told_by_its_offers(market: Market) -> None:
    """By hand from the fit: served by three at TRL 9, thin with two, immature with a radar at TRL 7."""
    table = unmet_needs(market).table.set_index("id")
    assert table.state.to_dict() == {
        "N1": "served", "N2": "thin", "N3": "thin", "N4": "immature", "N5": "unserved", "N6": "not compared",
    }  # fmt: skip
    assert (table.hint["N4"], table.best_trl["N4"], table.adequate["N1"]) == ("ppi", 7, 3)
    assert table.m1["N1"] == pytest.approx(0.9)


def test_a_need_that_was_not_compared_stands_last_and_unknown(market: Market) -> None:
    """Its gap is not 1 and its offers are not 0."""
    last = unmet_needs(market).table.iloc[-1]
    assert last.id == "N6"
    assert last[["gap", "adequate", "suppliers", "m1", "priority", "hint"]].isna().all()


def test_a_cluster_ranks_by_its_countries(market: Market) -> None:
    """The radar and the sensor together have no offer for both, in two countries."""
    table = unmet_clusters(market).table
    assert table.id.tolist() == ["C2", "C1"]
    first = table.iloc[0]
    assert (first.countries, first.country, first.needs, first.state) == (2, "FR, PT", 2, "unserved")
    # lower median of .9 and .1 at TRL 7 is .1; the others' is .1 at TRL 9
    assert first.gap == pytest.approx(0.9)
    assert first.priority == pytest.approx(0.9 * 2 * 6.462398, rel=1e-6)  # log10 of 2.9 million


def test_a_value_that_is_not_stated_is_taken_as_typical_for_the_order_alone(market_of: Maker) -> None:
    """It stands between a lower and a higher one, and its value stays unknown."""
    needs = [Need(id="A", title="t", value_eur=1000.0), Need(id="B", title="t"),
             Need(id="C", title="t", value_eur=1_000_000.0)]  # fmt: skip
    table = unmet_needs(market_of(needs, [Solution(id="S", name="s")], [[0.1]] * 3)).table
    assert table.id.tolist() == ["C", "B", "A"]
    unknown = table.set_index("id").loc["B"]
    assert unknown[["value_eur"]].isna().all()
    assert bool(unknown.value_assumed)


def test_unknown_trl_gives_no_hint(market_of: Maker) -> None:
    """The classes that are possible stand beside."""
    made = market_of([Need(id="A", title="t")], [Solution(id="S", name="s")], [[0.9]])
    row = unmet_needs(made).table.iloc[0]
    assert (row.state, row.possible, row.trl_unknown) == ("unclear", "immature or thin", 1)
    assert row[["hint", "best_trl"]].isna().all()
    assert row.hint_sentence == "No hint: 1 of 1 adequate solutions state no TRL."


def test_with_suppression_single_needs_are_left_out(market: Market) -> None:
    """A need is one organisation's; a cluster of three organisations stays."""
    assert unmet_needs(market, suppress=True).table.empty
    clusters = unmet_clusters(market, suppress=True)
    assert clusters.table.id.tolist() == ["C1"]
    assert "1 clusters of fewer than three organisations left out" in clusters.coverage


def test_the_figure_keeps_what_states_no_value_on_a_strip_of_its_own(market: Market) -> None:
    """N3 has no value: it is drawn, and not at zero."""
    figure = unmet_needs(market).figure()
    strip = [(trace.text[0], trace.y[0]) for trace in figure.data if trace.yaxis == "y2" and len(trace.x)]
    assert strip == [("N3: Vests for officers", "value not stated")]
    assert any("1 not compared" in note.text for note in figure.layout.annotations)
