"""What joint buying might change, as a scenario: every parameter is the user's and stands in the table.

Nothing here is a forecast, and no saving is promised. A part whose parameter is not set is not computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite
from typing import TYPE_CHECKING, Any

import pandas as pd

from matcher.errors import SettingInvalid
from matcher.market.finding import LEAST_ORGANISATIONS, Finding, tidy
from matcher.market.market import Market, value_eur
from matcher.market.supply import of_cluster
from matcher.phrases import counted, joined, phrase

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


SHOWN = 20
"""Clusters in the figure, at most: those of the highest stated value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What the user takes for the scenario; None is not set. Raises `SettingInvalid`."""

    threshold_eur: float | None = None
    """The threshold that aggregates are held against, net of VAT."""
    threshold_basis: str = ""
    """What the threshold is and when it is valid, in words."""
    elasticity: float | None = None
    """Of the unit price to volume: -0.05 takes 5 % off, about, whenever volume grows 2.7-fold; in [-1, 1]."""
    specification_hours: float | None = None
    """Hours that writing one specification and running its procedure takes."""
    coordination_hours: float | None = None
    """Hours that working together takes each organisation."""

    def __post_init__(self) -> None:
        for name in ("threshold_eur", "specification_hours", "coordination_hours"):
            number = getattr(self, name)
            if number is not None and not (isfinite(number) and number >= 0):
                raise SettingInvalid(
                    phrase(
                        "{name} is {number}: expected a number of 0 or more, or None.",
                        name=name,
                        number=number,
                    )
                )
        if self.elasticity is not None and not -1 <= self.elasticity <= 1:
            raise SettingInvalid(
                phrase(
                    "elasticity is {elasticity}: expected -1 to 1, such as -0.05, or None.",
                    elasticity=self.elasticity,
                )
            )


_TYPES = {
    "id": "string",
    "title": "string",
    "needs": "Int64",
    "organisations": "Int64",
    "countries": "Int64",
    "value_eur": "Float64",
    "value_stated": "Int64",
    "value_missing": "Int64",
    "threshold_eur": "Float64",
    "threshold_basis": "string",
    "exceeds_together": "boolean",
    "exceeding_alone": "Int64",
    "specifications_avoided": "Int64",
    "suppliers_of_most": "Int64",
    "suppliers_of_any": "Int64",
    "elasticity": "Float64",
    "scenario_eur": "Float64",
    "scenario_ratio": "Float64",
    "specification_hours": "Float64",
    "coordination_hours": "Float64",
    "effort_hours": "Float64",
}


def joint_buying(
    market: Market, assumptions: Assumptions | None = None, *, suppress: bool = False
) -> Finding:
    """A row for each cluster of at least two needs.

    | column | what it is |
    |---|---|
    | `exceeds_together` | stated sum above the threshold; unknown if it is not and values are missing |
    | `exceeding_alone` | needs whose own stated value is above it |
    | `specifications_avoided` | organisations less one, if all share one; unknown if any is not named |
    | `suppliers_of_most`, `_of_any` | suppliers adequate for more than half of the needs, for any of them |
    | `scenario_eur` | sum of value_i x (total / value_i) ^ elasticity, over two stated values or more |
    | `effort_hours` | hours of specifications avoided less hours of coordination; below 0 it is more work |

    With `suppress`, clusters of fewer than three organisations are left out.
    """
    chosen = assumptions or Assumptions()
    rows: list[dict[str, Any]] = []
    left_out = 0
    for cluster in sorted(market.clusters):
        members = market.members(cluster)
        if len(members) < 2:
            continue
        if suppress and market.organisations(members) < LEAST_ORGANISATIONS:
            left_out += 1
            continue
        rows.append({"id": cluster} | _row(market, members, chosen))
    table = tidy(rows, _TYPES)
    involved = sorted({row for name in table["id"] for row in market.members(str(name))})
    coverage = [market.coverage("value", "organisation", "supply", rows=involved)]
    if suppress:
        coverage.append(
            counted(
                "{n} clusters of fewer than three organisations left out",
                "{n} clusters of fewer than three organisations left out",
                left_out,
            )
        )
    return Finding(
        name=phrase("joint buying scenario"),
        table=table,
        sentence=_sentence(table, chosen),
        n=len(involved),
        coverage=joined(coverage, "; "),
        versions=market.versions,
        caveat=phrase(
            "A scenario under the parameters shown, not a promised saving; sums of stated values only."
        ),
        day=market.day,
        parameters={
            name: phrase("not set") if value is None or value == "" else value
            for name in (
                "threshold_eur",
                "threshold_basis",
                "elasticity",
                "specification_hours",
                "coordination_hours",
            )
            for value in [getattr(chosen, name)]
        },
        draw=_bars,
    )


def scaled(values: Sequence[float], elasticity: float) -> float:
    """The sum of amounts when each unit price moves with the common volume, at one elasticity.

    >>> round(scaled([100.0, 100.0], -0.05), 2), scaled([100.0, 300.0], 0.0)
    (193.19, 400.0)
    """
    total = fsum(values)
    return fsum(value * (total / value) ** elasticity for value in sorted(values))


def _row(market: Market, members: Sequence[int], chosen: Assumptions) -> dict[str, Any]:
    stated = [v for row in members if (v := value_eur(market.needs[row])) is not None]
    total, limit = market.total(members).eur, chosen.threshold_eur
    missing = len(members) - len(stated)
    organisations = market.organisations(members)
    # needs that do not say whose they are may be another's or the same one's
    named = all(market.buyers[row] is not None for row in members)
    avoided = organisations - 1 if named else None
    exceeds: bool | None = None
    if limit is not None and total is not None and (total > limit or not missing):
        exceeds = total > limit
    scenario = None
    if chosen.elasticity is not None and len(stated) >= 2:
        scenario = scaled(stated, chosen.elasticity)
    effort = None
    if (
        chosen.specification_hours is not None
        and chosen.coordination_hours is not None
        and avoided is not None
    ):
        effort = avoided * chosen.specification_hours - organisations * chosen.coordination_hours
    most = of_cluster(market, members)
    anybody = {market.supplier(c) for row in members for c in market.adequate_for(row).tolist()}
    compared = any(market.compared(row) for row in members)
    return {
        "title": market.needs[members[0]].title,
        "needs": len(members),
        "organisations": organisations,
        "countries": len(market.countries(members)) or None,
        "value_eur": total,
        "value_stated": len(stated),
        "value_missing": missing,
        "threshold_eur": limit,
        "threshold_basis": chosen.threshold_basis or None,
        "exceeds_together": exceeds,
        "exceeding_alone": None if limit is None else sum(value > limit for value in stated),
        "specifications_avoided": avoided,
        "suppliers_of_most": len({market.supplier(c) for c in most.adequate}) if compared else None,
        "suppliers_of_any": len(anybody) if compared else None,
        "elasticity": chosen.elasticity,
        "scenario_eur": scenario,
        "scenario_ratio": scenario / total if scenario is not None and total else None,
        "specification_hours": chosen.specification_hours,
        "coordination_hours": chosen.coordination_hours,
        "effort_hours": effort,
    }


def _sentence(table: pd.DataFrame, chosen: Assumptions) -> str:
    if table.empty:
        return phrase("No cluster of two needs or more can be shown.")
    parts = [
        counted(
            "{n} specifications would be shared, not written again",
            "{n} specifications would be shared, not written again",
            int(table["specifications_avoided"].sum()),
        )
    ]
    if chosen.threshold_eur is not None:
        crossing = table[table["exceeds_together"].fillna(False) & (table["exceeding_alone"] == 0)]
        parts.append(
            counted(
                "{n} aggregates exceed the threshold that none of their stated values does",
                "{n} aggregates exceed the threshold that none of their stated values does",
                len(crossing),
            )
        )
    priced = table.dropna(subset=["scenario_eur"])
    if not priced.empty:
        parts.append(
            counted(
                "at an elasticity of {elasticity} the stated {stated:eur} of {n} clusters "
                "would be {scenario:eur}",
                "at an elasticity of {elasticity} the stated {stated:eur} of {n} clusters "
                "would be {scenario:eur}",
                len(priced),
                elasticity=chosen.elasticity,
                stated=float(priced["value_eur"].sum()),
                scenario=float(priced["scenario_eur"].sum()),
            )
        )
    if table["effort_hours"].notna().any():
        change = -float(table["effort_hours"].sum())
        parts.append(phrase("effort would change by {hours:+,.0f} hours", hours=change))
    return counted(
        "If {n} clusters bought jointly (a scenario): {effects}.",
        "If {n} clusters bought jointly (a scenario): {effects}.",
        len(table),
        effects=joined(parts, "; "),
    )


def _bars(table: pd.DataFrame) -> "Figure":
    """Stated value of each cluster, beside the scenario where one was set, and the threshold as a line."""
    from html import escape

    from plotly import graph_objects as go

    from matcher.market.chart import PALETTE, empty, more_in_table, plain

    if table.empty:
        return empty(phrase("No clusters"))
    ordered = table.sort_values(["value_eur", "id"], na_position="last", ascending=[False, True]).head(SHOWN)
    names = [escape(str(name)) for name in ordered["id"]]
    figure = go.Figure()
    figure.add_bar(
        x=plain(ordered["value_eur"]),
        y=names,
        orientation="h",
        name=phrase("sum of stated values"),
        marker={"color": PALETTE[0]},
        customdata=[[int(s), int(n)] for s, n in zip(ordered["value_stated"], ordered["needs"], strict=True)],
        hovertemplate=phrase(
            "{cluster}: EUR {value}, stated by {stated} of {n}",
            cluster="%{y}",
            value="%{x:,.0f}",
            stated="%{customdata[0]}",
            n="%{customdata[1]}",
        )
        + "<extra></extra>",
    )
    if ordered["scenario_eur"].notna().any():
        figure.add_bar(
            x=plain(ordered["scenario_eur"]),
            y=names,
            orientation="h",
            name=phrase("scenario"),
            marker={"color": PALETTE[1], "pattern": {"shape": "/"}},
            hovertemplate=phrase("{cluster}: EUR {value} in the scenario", cluster="%{y}", value="%{x:,.0f}")
            + "<extra></extra>",
        )
    for name, value, missing in zip(
        names, plain(ordered["value_eur"]), ordered["value_missing"], strict=True
    ):
        if missing:
            figure.add_annotation(
                x=value or 0,
                y=name,
                xanchor="left",
                xshift=6,
                showarrow=False,
                font={"size": 11},
                text=phrase("no value stated")
                if value is None
                else counted("{n} not stated", "{n} not stated", int(missing)),
            )
    if len(table) > SHOWN:
        figure.add_annotation(
            text=more_in_table(len(table) - SHOWN),
            showarrow=False,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
        )
    limits = ordered["threshold_eur"].dropna()
    if len(limits):
        figure.add_vline(
            x=float(limits.iloc[0]),
            line={"dash": "dash", "color": "#333333"},
            annotation_text=phrase("threshold"),
        )
    figure.update_layout(
        barmode="group",
        height=240 + 40 * len(ordered),
        xaxis={"title": {"text": phrase("EUR, net of VAT")}, "rangemode": "tozero"},
        yaxis={
            "title": {"text": phrase("cluster")},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names[::-1],
        },
        legend={"orientation": "h"},
    )
    return figure
