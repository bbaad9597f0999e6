"""Joint buying as a scenario."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import SettingInvalid
from matcher.market import Assumptions, Market, joint_buying
from matcher.market.scenario import scaled
from matcher.records import Need

SET = Assumptions(
    threshold_eur=350_000.0,
    threshold_basis="an invented rule",
    elasticity=-0.1,
    specification_hours=100.0,
    coordination_hours=20.0,
)


def test_the_scenario_is_computed_by_hand(market: Market) -> None:
    """Armour: 100,000 and 300,000 stated, one not; three organisations."""
    row = joint_buying(market, SET).table.set_index("id").loc["C1"]
    assert (row.value_eur, row.value_stated, row.value_missing) == (400_000.0, 2, 1)
    assert row.scenario_eur == pytest.approx(100_000 * 4**-0.1 + 300_000 * (4 / 3) ** -0.1)
    assert row.scenario_ratio == pytest.approx(row.scenario_eur / 400_000)
    assert (bool(row.exceeds_together), row.exceeding_alone) == (True, 0)
    assert (row.specifications_avoided, row.effort_hours) == (2, 2 * 100 - 3 * 20)
    assert (row.suppliers_of_most, row.suppliers_of_any) == (2, 3)


def test_all_parameters_stand_in_the_table_and_below_the_figure(market: Market) -> None:
    """Nobody has to ask what was assumed."""
    finding = joint_buying(market, SET)
    for name in (
        "threshold_eur",
        "threshold_basis",
        "elasticity",
        "specification_hours",
        "coordination_hours",
    ):
        assert finding.table[name].tolist() == [getattr(SET, name)] * 2
        assert any(f"{name} {getattr(SET, name)}" in note for note in finding.footnotes)


def test_what_is_not_set_is_not_computed(market: Market) -> None:
    """No default price effect, no default hours."""
    table = joint_buying(market).table
    assert (
        table[["scenario_eur", "effort_hours", "exceeds_together", "exceeding_alone"]].isna().all(axis=None)
    )


def test_below_the_threshold_with_values_missing_is_unknown(market: Market) -> None:
    """What is not stated might cross it."""
    table = joint_buying(market, Assumptions(threshold_eur=5_000_000.0)).table.set_index("id")
    assert table.exceeds_together.isna()["C1"]
    assert table.exceeds_together["C2"] == False  # noqa: E712 # a nullable boolean is no bool


def test_needs_that_do_not_say_whose_they_are_leave_specifications_open(
    market_of: Callable[..., Market],
) -> None:
    """They may be one organisation's or two."""
    made = market_of(
        [Need(id="A", title="t", organisation="O"), Need(id="B", title="t")], clusters={"C": ("A", "B")}
    )
    row = joint_buying(made, SET).table.iloc[0]
    assert row[["specifications_avoided", "effort_hours", "countries"]].isna().all()


def test_nothing_is_promised(market: Market) -> None:
    """It is called a scenario, and no saving is spoken of but to deny it."""
    finding = joint_buying(market, SET)
    assert "scenario" in finding.sentence
    assert "sav" not in finding.sentence.lower()
    assert "not a promised saving" in finding.caveat


def test_more_work_shows_as_more_work(market: Market) -> None:
    """Coordination may cost more than it spares."""
    made = joint_buying(market, Assumptions(specification_hours=1.0, coordination_hours=20.0))
    assert (made.table.effort_hours < 0).all()
    assert "effort would change by +97 hours" in made.sentence


@pytest.mark.parametrize(
    "bad",
    [{"elasticity": -2.0}, {"threshold_eur": -1.0}, {"specification_hours": float("nan")}],
)
def test_assumptions_out_of_range_are_refused(bad: dict[str, float]) -> None:
    """The message says what is expected."""
    with pytest.raises(SettingInvalid, match="expected"):
        Assumptions(**bad)  # type: ignore[arg-type] # a table of settings


@given(st.lists(st.floats(10, 1e7), min_size=1, max_size=5), st.floats(-1, 0))
def test_an_elasticity_of_zero_changes_nothing_and_below_it_never_adds(
    values: list[float], elasticity: float
) -> None:
    """And one buyer alone has no common volume."""
    assert scaled(values, 0.0) == pytest.approx(sum(values))
    assert scaled(values, elasticity) <= sum(values) * (1 + 1e-9)
    assert scaled(values[:1], elasticity) == pytest.approx(values[0])
