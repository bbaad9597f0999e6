"""The single edge where a flat row becomes a record.

Every reader ends here, whatever its format: it hands over a mapping of column to cell, and gets a
trusted `Need` or `Solution`, or nothing and an issue that says why. The first row with an id counts;
later ones are refused.
"""

import re
from collections.abc import Container, Mapping
from hashlib import blake2b

from corpora.cells import Cells, Refused, plain
from corpora.columns import contract_name
from corpora.money import Amount, Rates, load_rates
from corpora.report import Issue, Report, Severity
from matcher.phrases import phrase
from matcher.records import Kind, Need, Record, Solution, Visibility

_DIRECTIVE = re.compile(
    r"(?:directive )?(20(?:14/2[345]|09/81))(?:/e[uc])?|3(20[01][0-9])l00([0-9]{2})", re.I
)
_FORMAT_CHARACTERS = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064]")
_NOT_CONVERTED = phrase("value not converted")


class FirstSeen:
    """Where each id was read first, at eight bytes an id and eight a place.

    Ids are kept as 64-bit hashes; among a million ids two fall together once in 37 million reads.

    >>> seen = FirstSeen()
    >>> seen.add("N1", "needs.csv", 2)
    >>> seen.place("N1"), seen.place("N2")
    ('needs.csv:2', None)
    """

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._files: list[str] = []

    def add(self, record_id: str, file: str, line: int) -> None:
        """Remember an id."""
        if not self._files or self._files[-1] != file:
            self._files.append(file)
        self._places[_hash(record_id)] = (len(self._files) - 1) << 40 | line

    def place(self, record_id: str) -> str | None:
        """File and line of the row that had this id first, or None."""
        packed = self._places.get(_hash(record_id))
        return None if packed is None else f"{self._files[packed >> 40]}:{packed & (1 << 40) - 1}"


def build_record(
    fields: Mapping[str, object],
    kind: Kind,
    *,
    file: str,
    line: int,
    report: Report,
    rates: Rates | None = None,
    cpv_codes: Container[str] | None = None,
    seen: FirstSeen | None = None,
) -> Record | None:
    """The record of a flat row in contract column names, or None when the row is refused.

    Counts the row in the report, and adds an issue for each value that was refused, dropped or
    changed. Without `rates` the shipped ones convert; with `cpv_codes` codes outside them are
    reported; with `seen` a second row of the same id is refused.

    >>> report = Report()
    >>> row = {"id": "N1", "title": "Vests", "country": "EL", "cpv": "35815100-1", "budget_eur": "1 500,50"}
    >>> need = build_record(row, Kind.NEED, file="needs.csv", line=2, report=report)
    >>> need.country, need.cpv, need.value_eur
    ('GR', ('35815100',), 1500.5)
    >>> build_record({"id": "N2"}, Kind.NEED, file="needs.csv", line=3, report=report)
    >>> print(report.issues[0])
    needs.csv:3 title: neither title nor description; seen: id (row refused; fill one of them, or name the
    column with --map title=COLUMN)
    """
    report.rows += 1
    named, titles, extra = _sorted(fields, kind)
    cells = Cells(named, file, line, report)
    try:
        record_id = _identity(cells, seen)
        language = cells.language("language")
        translations = _cleaned(titles, cells)
        heading = "title" if kind is Kind.NEED else "name"
        title, description = _headed(cells, heading, language, translations, fields)
        shared: dict[str, object] = {
            "id": record_id,
            heading: title,
            "description": description,
            "language": language,
            "country": cells.country("country"),
            "cpv": cells.codes("cpv", cpv_codes),
            "currency": cells.currency("currency"),
            "standards": cells.parts("standards"),
            "source": cells.words("source"),
            "url": cells.words("url"),
            "titles": translations,
        }
        kept = _cleaned(extra, cells)
        finish = _need if kind is Kind.NEED else _solution
        record = finish(shared, kept, cells, rates or load_rates())
    except Refused as refused:
        report.add(Issue(file, line, refused.field, Severity.REFUSED, refused.problem, refused.remedy))
        return None
    if seen is not None:
        seen.add(record_id, file, line)
    report.kept += 1
    return record


def _need(shared: dict[str, object], extra: dict[str, str], cells: Cells, rates: Rates) -> Record:
    window_start, window_end = cells.period("window_start", "window_end")
    delivery_start, delivery_end = cells.period("delivery_start", "delivery_end")
    purse = _Purse(cells, rates, str(shared["currency"]), extra)
    value = purse.amount("value")
    value_eur = purse.euro("value_eur", value)
    if value is None and value_eur is not None and not purse.currency:
        purse.unstated = "EUR"  # a row that speaks of euro means euro
    low, high = (purse.euro(f"{name}_eur", purse.amount(name), name) for name in ("value_min", "value_max"))
    if low is not None and high is not None and high < low:
        problem = phrase("the greatest value is below the least, so the two were exchanged")
        cells.note("value_max", Severity.CHANGED, problem, phrase("check both"))
        low, high = high, low
    shared["currency"] = purse.currency
    regime = cells.words("regime")
    return Need(
        **shared,  # type: ignore[arg-type]  # its keys are fields, and a test builds every one
        requirements=cells.text("requirements"),
        organisation=cells.words("organisation"),
        organisation_id=cells.words("organisation_id"),
        buyer_type=cells.words("buyer_type"),
        nature=cells.nature("nature"),
        value=value.value if value else None,
        value_eur=value_eur,
        value_min_eur=low,
        value_max_eur=high,
        vat_included=cells.flag("vat_included"),
        quantity=cells.words("quantity"),
        window_start=window_start,
        window_end=window_end,
        delivery_start=delivery_start,
        delivery_end=delivery_end,
        regime=_regime(regime),
        working_languages=cells.languages("working_languages"),
        visibility=cells.visibility("visibility", Visibility.NETWORK),
        joint_interest=cells.interest("joint_interest"),
        trl_min=cells.readiness("trl_min"),
        status=cells.words("status"),
        extra=extra,
    )


def _solution(shared: dict[str, object], extra: dict[str, str], cells: Cells, rates: Rates) -> Record:
    purse = _Purse(cells, rates, str(shared["currency"]), extra)
    low, high = purse.amount("price_min"), purse.amount("price_max")
    if low is not None and high is not None and high.value < low.value:
        problem = phrase("the greatest price is below the least, so the two were exchanged")
        cells.note("price_max", Severity.CHANGED, problem, phrase("check both"))
        low, high = high, low
    low_eur, high_eur = purse.euro("price_min_eur", low), purse.euro("price_max_eur", high)
    shared["currency"] = purse.currency
    return Solution(
        **shared,  # type: ignore[arg-type]  # its keys are fields, and a test builds every one
        vendor=cells.words("vendor"),
        vendor_id=cells.words("vendor_id"),
        size=cells.words("size"),
        trl=cells.readiness("trl"),
        delivery_countries=cells.countries("delivery_countries"),
        price_min=low.value if low else None,
        price_max=high.value if high else None,
        price_min_eur=low_eur,
        price_max_eur=high_eur,
        availability=cells.words("availability"),
        visibility=cells.visibility("visibility", Visibility.PUBLIC),
        extra=extra,
    )


class _Purse:
    """The amounts of one row and the currency they share."""

    def __init__(self, cells: Cells, rates: Rates, currency: str, extra: dict[str, str]) -> None:
        self.cells, self.rates, self.currency, self.extra = cells, rates, currency, extra
        self.unstated = ""

    def amount(self, name: str) -> Amount | None:
        """The amount of a cell; a currency written beside the number wins over the column's."""
        found = self.cells.amount(name)
        if found is not None and found.currency:
            if self.currency and self.currency != found.currency:
                problem = phrase(
                    "the number is in {currency}, the row in {other}",
                    currency=found.currency,
                    other=self.currency,
                )
                self.cells.note(name, Severity.CHANGED, problem, phrase("state one currency"))
            self.currency = found.currency
        return found

    def euro(self, column: str, amount: Amount | None, name: str | None = None) -> float | None:
        """The euro column if it is filled, else the amount converted; what has no rate is counted.

        With a name, an amount that no field of the record holds is then kept among the extras.
        """
        direct = self.cells.amount(column)
        if direct is not None and direct.currency in ("", "EUR"):
            return direct.value
        if direct is not None:
            problem = phrase("the number is in {currency}, not in euro", currency=direct.currency)
            remedy = phrase("put it into 'value', and name its currency")
            self.cells.note(column, Severity.DROPPED, problem, remedy)
        if amount is None:
            return None
        converted = self.rates.to_eur(amount.value, amount.currency or self.currency or self.unstated)
        if converted is None:
            self.cells.report.notes[_NOT_CONVERTED] += 1
            if name is not None:
                self.extra[name] = plain(self.cells.named[name])
        return converted


def _sorted(
    fields: Mapping[str, object], kind: Kind
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """The filled cells under contract names, the translations by language, and all others."""
    named: dict[str, object] = {}
    titles: dict[str, object] = {}
    extra: dict[str, object] = {}
    columns: dict[str, str] = {}
    for column, cell in fields.items():
        if cell is None or (isinstance(cell, str | list | dict) and not cell):
            continue
        if isinstance(cell, str) and cell.isspace():
            continue
        name = contract_name(column, kind)
        if name is None:
            extra[column] = cell
        elif name.startswith("title_"):
            if titles.setdefault(name[6:], cell) != cell:
                extra[column] = cell
        elif name not in named:
            named[name], columns[name] = cell, column
        elif name == "visibility":
            named[name] = [named[name], cell]
        elif column == name:
            # the contract's own name wins over an alias, wherever it stands
            extra[columns[name]], named[name], columns[name] = named[name], cell, column
        elif cell != named[name]:
            extra[column] = cell
    return named, titles, extra


def _identity(cells: Cells, seen: FirstSeen | None) -> str:
    given = cells.clean(cells.named.get("id"), "id")
    record_id = "_".join(_FORMAT_CHARACTERS.sub("", given).split())
    if not record_id:
        remedy = phrase("fill the column 'id', or name it with --map id=COLUMN")
        raise Refused("id", phrase("the row has no id"), remedy)
    if record_id != plain(cells.named["id"]):
        problem = phrase(
            "{id} holds white space or invisible characters, read as {read}",
            id=repr(plain(cells.named["id"])),
            read=repr(record_id),
        )
        cells.note("id", Severity.CHANGED, problem, phrase("give ids without white space"))
    if seen is not None and (first := seen.place(record_id)):
        problem = phrase("the id {id} was read before, at {place}", id=repr(record_id), place=first)
        raise Refused("id", problem, phrase("give every row its own id"))
    return record_id


def _headed(
    cells: Cells,
    heading: str,
    language: str | None,
    translations: Mapping[str, str],
    fields: Mapping[str, object],
) -> tuple[str, str]:
    title, description = cells.text(heading), cells.text("description")
    if not title:
        nearest = (language or "", "en", *sorted(translations))
        title = description or next((translations[near] for near in nearest if near in translations), "")
    if not title:
        seen = ", ".join(str(column) for column in list(fields)[:12])
        problem = phrase("neither {column} nor description; seen: {seen}", column=heading, seen=seen)
        remedy = phrase("fill one of them, or name the column with --map {column}=COLUMN", column=heading)
        raise Refused(heading, problem, remedy)
    # a description that stands in for the title stays letter for letter, so that `text` has it once
    return (title if title == description else " ".join(title.split())), description


def _cleaned(columns: Mapping[str, object], cells: Cells) -> dict[str, str]:
    texts = (
        (" ".join(cells.clean(name, "header").split()), cells.clean(cell, name))
        for name, cell in columns.items()
    )
    return {name or "unnamed": text for name, text in texts if text}


def _regime(text: str) -> str:
    """One name for a directive, however it is cited.

    >>> _regime("32014L0024"), _regime("Directive 2009/81/EC"), _regime("below-threshold")
    ('2014/24', '2009/81', 'below-threshold')
    """
    found = _DIRECTIVE.fullmatch(text)
    return text if found is None else found[1] or f"{found[2]}/{found[3]}"


def _hash(record_id: str) -> int:
    return int.from_bytes(blake2b(record_id.encode(), digest_size=8).digest(), "little")
