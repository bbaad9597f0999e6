"""What holds for every analysis: order does not matter, figures draw, nothing hidden shows."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any, get_args

import pandas as pd
import pytest

from matcher.market import (
    Assumptions,
    Finding,
    Market,
    concentration,
    cooperation,
    country_map,
    cpv_drift,
    distances,
    emerging,
    environment,
    import_dependence,
    joint_buying,
    profiles,
    supply_and_demand,
    trends,
    unmet_clusters,
    unmet_needs,
)
from matcher.market.dimension import Dimension
from matcher.market.supply import Hint
from matcher.market.words import DIMENSIONS, cell, hinted
from matcher.phrases import Phrase
from tests.phrased import plain, texts, told_by

SEEN = {f"N{i}": date(2027, 1, i) for i in range(1, 7)}
ALIKE = {f"N{i}": {"E1": i / 10, "E2": 0.1} for i in range(1, 6)}
BOUGHT = Assumptions(
    threshold_eur=140_000.0,
    threshold_basis="2014/24, central, supplies, 2026-27",
    elasticity=-0.05,
    specification_hours=100.0,
    coordination_hours=20.0,
)
ANALYSES: dict[str, Callable[..., Finding]] = {
    "environment": environment,
    "country_map": country_map,
    "cooperation": cooperation,
    "organisations": lambda m, **k: cooperation(m, by="organisation", **k),
    "profiles": lambda m, **k: profiles(m, least=1, draws=200, **k),
    "distances": lambda m, **k: distances(m, least=1, draws=200, **k),
    "unmet_needs": unmet_needs,
    "unmet_clusters": unmet_clusters,
    "supply_and_demand": supply_and_demand,
    "concentration": concentration,
    "import_dependence": import_dependence,
    "trends": trends,
    "trends_by_area": lambda m, **k: trends(m, by="area", **k),
    "cpv_drift": cpv_drift,
    "emerging": lambda m, **k: emerging(m, first_seen=SEEN, since=date(2027, 1, 1), likeness=ALIKE, **k),
    "joint_buying": lambda m, **k: joint_buying(m, BOUGHT, **k),
}
every = pytest.mark.parametrize("analysis", ANALYSES.values(), ids=list(ANALYSES))


@every
def test_the_order_of_records_does_not_matter(
    analysis: Callable[..., Finding], market: Market, shuffled: Market
) -> None:
    """Table, sentence and coverage are the same to the letter."""
    one, other = analysis(market), analysis(shuffled)
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    assert (one.sentence, one.coverage, one.n) == (other.sentence, other.coverage, other.n)


@every
@pytest.mark.parametrize("suppress", [False, True])
def test_a_figure_says_the_finding_and_what_it_rests_on(
    analysis: Callable[..., Finding], market: Market, suppress: bool
) -> None:
    """Its title is the sentence; n, coverage, caveat and versions stand below; JSON has no NaN."""
    finding = analysis(market, suppress=suppress)
    drawn: dict[str, Any] = json.loads(finding.figure().to_json())
    title = drawn["layout"]["title"]["text"].replace("<br>", " ")
    assert title == " ".join(finding.sentence.split())
    notes = " ".join(note["text"].replace("<br>", " ") for note in drawn["layout"]["annotations"])
    for text in (f"n = {finding.n}", finding.coverage, finding.caveat, "model tiny@1", "2027-03-01"):
        assert text in notes
    assert "NaN" not in json.dumps(drawn)


@every
def test_a_market_without_records_has_findings(
    analysis: Callable[..., Finding], market_of: Callable[..., Market]
) -> None:
    """An empty table, a sentence that says so, and a figure."""
    finding = analysis(market_of([]))
    assert finding.table.empty
    assert finding.n == 0
    assert finding.sentence.endswith(".")
    assert finding.figure().layout.title.text


@every
def test_suppression_shows_no_small_cell(analysis: Callable[..., Finding], market: Market) -> None:
    """Each number that is left stands for three organisations or for none."""
    table = analysis(market, suppress=True).table
    if "organisations" in table:
        assert not table["organisations"].dropna().between(1, 2).any()


@every
def test_own_analysis_is_not_suppressed(analysis: Callable[..., Finding], market: Market) -> None:
    """It is asked for, not assumed."""
    assert "suppressed" not in analysis(market).table


@every
def test_a_table_holds_no_bare_objects(analysis: Callable[..., Finding], market: Market) -> None:
    """Types are nullable: unknown is <NA> in every column and never NaN."""
    table = analysis(market).table
    assert {str(kind) for kind in table.dtypes} <= {"string", "Int64", "Float64", "boolean", "bool"}


def test_texts_of_records_cannot_mark_up_a_figure(market_of: Callable[..., Market]) -> None:
    """A title with a tag is shown as it was written."""
    from matcher.records import Need, Solution

    made = market_of(
        [Need(id="N", title="<a href='x'>Radar</a>", value_eur=5000.0)], [Solution(id="S", name="s")], [[0.1]]
    )
    drawn = unmet_needs(made).figure().to_json()
    assert "<a href" not in drawn.replace("\\u003c", "<")


@every
@pytest.mark.parametrize("suppress", [False, True])
def test_everything_said_of_a_market_is_a_phrase(
    analysis: Callable[..., Finding], market: Market, market_of: Callable[..., Market], suppress: bool
) -> None:
    """Title, sentence, what it rests on and what was chosen; also where there is nothing to say."""
    for some in (market, market_of([])):
        finding, own = analysis(some, suppress=suppress), told_by(*some.needs) + BOUGHT.threshold_basis
        said = (finding.name, finding.sentence, finding.coverage, finding.caveat, finding.footnotes)
        assert all(isinstance(text, Phrase) for text in (*said[:4], *finding.footnotes))
        assert plain(said, own) == []
        assert plain(finding.parameters, own) == []


@every
@pytest.mark.parametrize("suppress", [False, True])
def test_the_words_in_a_table_are_phrases(
    analysis: Callable[..., Finding], market: Market, suppress: bool
) -> None:
    """As `cell` shows them by their column; ids, titles and names of organisations are the records'."""
    table, own = analysis(market, suppress=suppress).table, told_by(*market.needs)
    own += own.casefold() + BOUGHT.threshold_basis
    for row in table.to_dict("records"):
        for column in table.columns:
            shown = cell(row, column)
            assert shown is row[column] or shown == row[column]
            assert plain(shown, own) == []


@every
@pytest.mark.parametrize("suppress", [False, True])
def test_a_figure_can_be_said_in_another_language(
    analysis: Callable[..., Finding], market: Market, suppress: bool
) -> None:
    """With each phrase said otherwise, nothing of two words is left but texts of records and markup."""
    finding = analysis(market, suppress=suppress)
    drawn: dict[str, Any] = json.loads(finding.figure(lambda said: "§").to_json())
    assert drawn["layout"]["title"]["text"] == "§"
    drawn["layout"].pop("template")
    own = told_by(*market.needs)
    left = [
        text
        for text in texts(drawn)
        if " " in text and not any(part in own for part in (text, text.partition(": ")[2].partition(" §")[0]))
    ]
    assert left == []


def test_every_dimension_has_a_name_and_every_hint_its_words() -> None:
    """As phrases."""
    assert set(DIMENSIONS) == set(get_args(Dimension))
    assert all(isinstance(name, Phrase) for name in DIMENSIONS.values())
    assert all(isinstance(hinted(hint, 1, 0), Phrase) for hint in get_args(Hint))
