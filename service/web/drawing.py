"""Findings as tables and charts of a page: cells in the reader's language, and the numbers drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matcher.market.tiles import PLACES
from matcher.market.words import cell
from matcher.phrases import Phrase, joined, phrase
from service.language import present
from service.web.market import COLUMNS, OWN_FORMS
from service.web.pages.demand_views import AREAS

Row = Mapping[str, Any]
HIDDEN = phrase("withheld")
UNKNOWN = phrase("not known")
UNSTATED = phrase("not stated")
MOST_SERIES, MOST_BARS = 8, 30


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, and the number or day that it stands for."""

    text: str
    value: str | None = None
    """None for words; empty for a number that is not known or withheld."""
    name: str = ""
    """Shorter, for a chart."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a chart's table."""

    words: str
    role: str = ""
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a chart's table."""

    cells: tuple[Cell, ...]
    place: Mapping[str, str] = field(default_factory=dict)
    """`data-` attributes of the row."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with the table that it is drawn from."""

    kind: str
    title: Phrase
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    tall: bool = False


Draw = Callable[[Sequence[Row], Sequence[str]], Drawing | None]
"""Makes the chart of a finding from its rows and what they are divided by."""


def form_of(analysis: str, column: str) -> str:
    """How a column is written."""
    return OWN_FORMS.get((analysis, column), COLUMNS[column].form if column in COLUMNS else "text")


def filled(analysis: str, row: Row, column: str) -> Cell:
    """A cell of a finding's row."""
    form = form_of(analysis, column)
    if form in {"text", "id"}:
        return Cell(_words(row, column))
    value = row.get(column)
    if value is None:
        gone = row.get("suppressed") or (column in _SUPPLY and row.get("compared"))
        return Cell(HIDDEN if gone else UNSTATED if column == "value_eur" else UNKNOWN, "")
    if form == "yes":
        return Cell(phrase("yes") if value else phrase("no"))
    return Cell(written(float(value), form), repr(round(float(value), 6)).removesuffix(".0"))


_SUPPLY = frozenset({"matched", "suppliers", "domestic_suppliers", "suppliers_per_need"})


def written(value: float, form: str) -> str:
    """A number in the reader's language."""
    spoken = present()
    match form:
        case "eur":
            return spoken.money(value)
        case "percent":
            return spoken.percent(value)
        case "points":
            return spoken.value(100 * value, "+.1f")
        case "decimal":
            return spoken.number(value, 2)
        case "hours":
            return spoken.number(value, 0)
    return spoken.number(value, 0)


def _words(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        return UNSTATED
    if column == "area":
        parts = str(value).split("; ")
        if all(part in AREAS for part in parts):
            return joined((AREAS[part] for part in parts), "; ")
    found: str = cell(row, column)
    return found


def names(analysis: str, row: Row, columns: Sequence[str]) -> str:
    """What a row is of."""
    return joined((filled(analysis, row, column).text for column in columns), ", ")


# -- charts -----------------------------------------------------------------------------------------


def drawing(analysis: str, rows: Sequence[Row], by: Sequence[str]) -> Drawing | None:
    """The chart of a finding; None where nothing is left to draw."""
    found = _DRAWN[analysis](rows, by)
    return found if found is not None and found.lines else None


def _seen(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row.get("suppressed")]


def _heads(*columns: tuple[str, str]) -> tuple[Head, ...]:
    return tuple(Head(COLUMNS[name].words, role) for name, role in columns)


def _flat(
    analysis: str, rows: Sequence[Row], columns: Sequence[str], label: Sequence[str]
) -> tuple[Line, ...]:
    """Rows with what they are of in the first cell."""
    return tuple(
        Line((Cell(names(analysis, row, label)), *(filled(analysis, row, column) for column in columns)))
        for row in rows
    )


def _matrix(
    analysis: str, rows: Sequence[Row], down: str, across: str, measure: str, title: Phrase, unit: str
) -> Drawing:
    """One column to a word of `across`; what is added up from several rows says where a part is withheld."""
    lines = list(dict.fromkeys(row[down] for row in rows))
    columns = list(dict.fromkeys(row[across] for row in rows))
    form = form_of(analysis, measure)
    found: dict[tuple[Any, Any], Cell] = {}
    for row in rows:
        found[row[down], row[across]] = filled(analysis, row, measure)
    nothing = Cell("–", "") if form != "number" else Cell(written(0, form), "0")
    heads = (
        Head(COLUMNS[down].words),
        *(Head(_words({across: column}, across)) for column in columns),
    )
    return Drawing(
        "heat",
        title,
        heads,
        tuple(
            Line(
                (
                    Cell(_words({down: line}, down)),
                    *(found.get((line, column), nothing) for column in columns),
                )
            )
            for line in lines
        ),
        {"unit": unit} if unit else {},
    )


def _environment(rows: Sequence[Row], by: Sequence[str]) -> Drawing | None:
    if not _seen(rows):
        return None
    if len(by) > 1:
        return _matrix("environment", rows, by[0], by[1], "needs", phrase("Needs by both"), "count")
    most = sorted(_seen(rows), key=lambda row: -row["needs"])
    return Drawing(
        "bars",
        phrase("Needs"),
        _heads((by[0], ""), ("needs", "")),
        _flat("environment", most, ["needs"], by[:1]),
        {"unit": "count"},
    )


def _map(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    lines = []
    for row in rows:
        code = str(row["country"])
        cells = tuple(filled("country-map", row, name) for name in ("country", "needs", "value_eur"))
        at = PLACES.get(code)
        place = {"column": str(at[0]), "row": str(at[1]), "code": code} if at else {}
        lines.append(Line(cells, place))
    bare = " ".join(f"{code}:{x}:{y}" for code, (x, y) in PLACES.items())
    return Drawing(
        "tiles",
        phrase("Needs by country"),
        _heads(("country", "label"), ("needs", ""), ("value_eur", "")),
        tuple(lines),
        {"bare": bare},
    )


def _trends(rows: Sequence[Row], by: Sequence[str]) -> Drawing | None:
    group = by[0] if by else "group"
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row[group]] = sizes.get(row[group], 0) + (row["needs"] or 0)
    chosen = sorted(sizes, key=lambda name: -sizes[name])[:MOST_SERIES]
    quarters = list(dict.fromkeys(row["quarter"] for row in rows))
    found = {(row[group], row["quarter"]): filled("trends", row, "needs") for row in rows}
    if not _seen(rows):
        return None
    heads = [Head(_words({group: name}, group)) for name in chosen] if by else [Head(COLUMNS["needs"].words)]
    return Drawing(
        "line" if by or len(quarters) > 6 else "columns",
        phrase("Needs by quarter of planned start"),
        (Head(COLUMNS["quarter"].words), *heads),
        tuple(
            Line((Cell(quarter), *(found.get((name, quarter), Cell(UNKNOWN, "")) for name in chosen)))
            for quarter in quarters
        ),
        {"unit": "count"},
    )


def _drift(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    most = sorted(_seen(rows), key=lambda row: -abs(row["change"] or 0.0))[:MOST_BARS]
    columns = ("low", "change", "high")
    roles = (("branch", "label"), ("low", "low"), ("change", "value"), ("high", "high"))
    return Drawing(
        "range",
        phrase("Change of each branch's share, with its interval"),
        _heads(*roles),
        _flat("cpv-drift", most, columns, ["branch"]),
        {"unit": "percent", "mark": "0", "mark-name": present().say(phrase("no change"))},
    )


def _balance(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    columns = ("needs", "suppliers", "value_eur", "area")
    there = [row for row in _seen(rows) if row["suppliers"] is not None]
    return Drawing(
        "scatter",
        phrase("Demand beside adequate suppliers"),
        (
            Head(phrase("Where"), "label"),
            *_heads(("needs", "x"), ("suppliers", "y"), ("value_eur", "size"), ("area", "group")),
        ),
        _named(_flat("supply-and-demand", there, columns, ["area", "country"]), there, "country"),
        _axes("needs", "suppliers"),
        tall=True,
    )


def _named(lines: Sequence[Line], rows: Sequence[Row], column: str) -> tuple[Line, ...]:
    """The lines with a shorter name of what each is of."""
    return tuple(
        Line(
            (Cell(line.cells[0].text, None, present().say(_words(row, column))), *line.cells[1:]), line.place
        )
        for line, row in zip(lines, rows, strict=True)
    )


def _axes(x: str, y: str) -> dict[str, str]:
    say = present().say
    return {"x": say(COLUMNS[x].words), "y": say(COLUMNS[y].words)}


def _unmet(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    there = [row for row in rows if row["adequate"] is not None and row["value_eur"]]
    columns = ("adequate", "value_eur", "needs", "state")
    return Drawing(
        "scatter",
        phrase("Stated value beside adequate solutions"),
        (
            Head(COLUMNS["title"].words, "label"),
            *_heads(("adequate", "x"), ("value_eur", "y"), ("needs", "size"), ("state", "group")),
        ),
        _flat("unmet-clusters", there, columns, ["title"]),
        _axes("adequate", "value_eur") | {"log": "y", "unit-x": "count", "unit-y": "eur"},
        tall=True,
    )


def _bars(analysis: str, title: Phrase, measure: str) -> Draw:
    def draw(rows: Sequence[Row], by: Sequence[str]) -> Drawing:
        there = [row for row in _seen(rows) if row[measure] is not None]
        most = sorted(there, key=lambda row: -row[measure])[:MOST_BARS]
        label = by[0] if by else "country"
        return Drawing(
            "bars",
            title,
            _heads((label, ""), (measure, "")),
            _flat(analysis, most, [measure], [label]),
        )

    return draw


def _origins(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    asked = {row["origin"] for row in rows if row["needs"]}
    title = phrase("Needs by where the nearest adequate supply is from")
    there = [row for row in rows if row["origin"] in asked]
    return _stacked(_matrix("import-dependence", there, "country", "origin", "needs", title, "count"))


def _stacked(one: Drawing) -> Drawing:
    return Drawing("stack", one.title, one.heads, one.lines, one.options)


def _profiles(rows: Sequence[Row], by: Sequence[str]) -> Drawing | None:
    if not _seen(rows):
        return None
    title = phrase("Shares of each country's needs")
    return _matrix("profiles", rows, "country", by[0], "share", title, "percent")


def _distances(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    ordered = sorted(rows, key=lambda row: (row["country"], row["other"]))
    ends = sorted({row["country"] for row in ordered})
    # the same order down and across
    ordered.sort(key=lambda row: (ends.index(row["country"]), ends.index(row["other"])))
    both = [{"country": end, "other": end, "distance": 0.0} for end in ends]
    found = _matrix(
        "distances", [*both, *ordered], "country", "other", "distance", phrase("Distance of each two"), ""
    )
    return Drawing("heat", found.title, found.heads, found.lines, {"min": "0", "max": "1"})


def _cooperation(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    most = sorted(_seen(rows), key=lambda row: -(row["links"] or 0))[:MOST_BARS]
    return Drawing(
        "bars",
        phrase("Links of like needs between two countries"),
        (Head(phrase("Countries")), *_heads(("links", ""))),
        _flat("cooperation", most, ["links"], ["country", "other_country"]),
        {"unit": "count"},
    )


def _joint(rows: Sequence[Row], _: Sequence[str]) -> Drawing:
    there = sorted((row for row in rows if row["value_eur"]), key=lambda row: -row["value_eur"])[:20]
    assumed = any(row["scenario_eur"] is not None for row in there)
    columns = ["value_eur", "scenario_eur"] if assumed else ["value_eur"]
    options = {"unit": "eur"}
    limit = next((row["threshold_eur"] for row in there if row["threshold_eur"] is not None), None)
    if limit is not None:
        options |= {"mark": str(limit), "mark-name": present().say(phrase("threshold"))}
    return Drawing(
        "bars",
        phrase("Stated value of each group"),
        (Head(COLUMNS["id"].words), *_heads(*((name, "") for name in columns))),
        _flat("joint-buying", there, columns, ["title"]),
        options,
    )


_DRAWN: Mapping[str, Draw] = {
    "environment": _environment,
    "country-map": _map,
    "trends": _trends,
    "cpv-drift": _drift,
    "supply-and-demand": _balance,
    "unmet-clusters": _unmet,
    "unmet-needs": _unmet,
    "concentration": _bars("concentration", phrase("Concentration of suppliers by matched demand"), "hhi"),
    "import-dependence": _origins,
    "profiles": _profiles,
    "distances": _distances,
    "cooperation": _cooperation,
    "joint-buying": _joint,
}
