"""EU thresholds as dated rows, and which of them a joint purchase meets. Not legal advice: ask a lawyer.

The rows stand in `thresholds.tsv`, each with its source; amounts are euro, net of VAT. They change every
two years, so the day decides: that on which the joint procedure could begin. Of a joint purchase the
aggregate value counts, so that a group can reach a threshold which none of its members reaches.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

from matcher.errors import SettingInvalid
from matcher.joint.totals import totals
from matcher.joint.words import THRESHOLDS, ids
from matcher.phrases import Phrase, joined, phrase
from matcher.records import Nature, Need

ContractKind = Literal["supplies", "services", "works", "social", "any"]
BuyerClass = Literal["central", "sub-central", "utility", "defence", "any"]

COLUMNS = "rule contract_kind buyer_class directive amount_eur valid_from valid_to source note".split()
NO_THRESHOLD = "excluded-346"
"""The regime of purchases that Art. 346 TFEU takes out of the directives."""
UNDER_2014_24 = frozenset({"2014/24", "below-threshold", "2024/2509"})
"""Regimes whose purchases are held against 2014/24; the last is that of the EU institutions."""
LEGAL_BASES = {
    "32014L0024": "2014/24",
    "32014L0025": "2014/25",
    "32014L0023": "2014/23",
    "32009L0081": "2009/81",
    "32024R2509": "2024/2509",
}
"""Regimes by the code of the legal basis (eForms BT-01)."""
BUYER_CLASSES: dict[str, BuyerClass] = {
    **dict.fromkeys(("cga", "body-pl-cga", "pub-undert-cga", "org-sub-cga", "eu-ins-bod-ag"), "central"),
    **dict.fromkeys(
        "ra la rl-aut body-pl body-pl-ra body-pl-la pub-undert pub-undert-ra pub-undert-la "
        "org-sub org-sub-ra org-sub-la".split(),
        "sub-central",
    ),
}
"""By the code of the buyer's legal type (eForms BT-11); a code that is not here leaves the class unknown."""
INDIRECTLY_CENTRAL = frozenset({"body-pl-cga", "pub-undert-cga", "org-sub-cga"})
"""Taken as central, which is the stricter reading: in law only those that Annex I of 2014/24 lists are."""


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """One threshold while it is in force."""

    rule: str
    contract_kind: ContractKind
    buyer_class: BuyerClass
    directive: str
    amount_eur: float
    """Net of VAT."""
    valid_from: date
    valid_to: date
    """The last day."""
    source: str
    note: str = ""
    provisional: bool = False
    """Whether it is used beyond its last day, because no later row is known."""

    @property
    def validity(self) -> str:
        """The days it is in force, in words.

        >>> ROWS[-1].validity
        'row valid 1 Jan 2026 - 31 Dec 2027'
        """
        first, last = day_words(self.valid_from), day_words(self.valid_to)
        return phrase("row valid {first} - {last}", first=first, last=last)


@dataclass(frozen=True, slots=True)
class ThresholdCheck:
    """The threshold that a joint purchase is held against."""

    row: ThresholdRow | None
    """The lowest of those that may apply; None where none does."""
    amount_eur: float | None
    """Of the row."""
    total_eur: float | None
    """Of the members that state a value; None where none does."""
    exceeded: bool | None
    """Whether the total reaches the threshold; None where values or classes that are missing decide that."""
    provisional: bool
    notes: tuple[str, ...]
    others: tuple[ThresholdRow, ...]
    """What else may apply, by amount: other buyer classes, kinds or regimes among the members."""

    @property
    def sentence(self) -> str:
        """The outcome in words, with the days on which the row is valid."""
        row, total = self.row, self.total_eur
        if row is None:
            return phrase("No EU threshold is known to apply: ask a lawyer.")
        held = {"amount": row.amount_eur, "rule": row.rule, "validity": row.validity}
        if total is None:
            return phrase(
                "No value is stated to hold against the threshold of {amount:eur} ({rule}; {validity}).",
                **held,
            )
        if self.exceeded is None:
            return phrase(
                "{total:eur} stated so far: whether it reaches the threshold of {amount:eur} "
                "({rule}; {validity}) cannot be said.",
                total=total,
                **held,
            )
        if self.exceeded:
            return phrase(
                "{total:eur} is at or above the threshold of {amount:eur} ({rule}; {validity}).",
                total=total,
                **held,
            )
        return phrase(
            "{total:eur} is below the threshold of {amount:eur} ({rule}; {validity}).",
            total=total,
            **held,
        )


def load(path: Path) -> tuple[ThresholdRow, ...]:
    """The rows of a file, by first day; raises `SettingInvalid` where a row cannot be used."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
        if reader.fieldnames != COLUMNS:
            raise SettingInvalid(
                f"{path.name!r} begins with the columns {reader.fieldnames}, expected {COLUMNS}. "
                "Correct its first line."
            )
        rows = [_row(cells, f"{path.name!r}, line {reader.line_num}") for cells in reader]
    if not rows:
        raise SettingInvalid(f"{path.name!r} holds no threshold. Add at least one row.")
    _check_spans(rows, path.name)
    return tuple(sorted(rows, key=lambda row: row.valid_from))


def check(members: Sequence[Need], today: date, rows: Sequence[ThresholdRow] | None = None) -> ThresholdCheck:
    """The threshold for buying these together, on the day on which the last window opens.

    `today` counts where no member states a window. Never raises for what members leave out: that is noted.
    """
    starts = [need.window_start for need in members if need.window_start is not None]
    day = max(starts, default=today)
    if rows is None:
        of_each = [_shipped(day, *_conditions(need)) for need in members]
    else:
        standing = in_force(rows, day)
        of_each = [_options(standing, *_conditions(need)) for need in members]
    possible = [options for options in of_each if options]
    # whatever the unstated classes and kinds turn out to be, the joint threshold lies between these two
    lowest = min((options[0] for options in possible), key=_by_amount, default=None)
    highest = min((options[-1] for options in possible), key=_by_amount, default=None)
    together = totals(members)
    stated = together.values_missing < len(members)
    exceeded = None
    if lowest is not None and highest is not None:
        least, most = together.value_min_eur, together.value_max_eur
        if least is not None and least >= highest.amount_eur:
            exceeded = True
        elif most is not None and most < lowest.amount_eur:
            exceeded = False
    others = {_same(row): row for options in possible for row in options}
    if lowest is not None:
        others.pop(_same(lowest), None)
    found = ThresholdCheck(
        row=lowest,
        amount_eur=None if lowest is None else lowest.amount_eur,
        total_eur=together.value_eur if stated else None,
        exceeded=exceeded,
        provisional=lowest is not None and lowest.provisional,
        notes=(),
        others=tuple(sorted(others.values(), key=_by_amount)),
    )
    return replace(found, notes=tuple(_notes(members, found, None if starts else day)))


def in_force(rows: Iterable[ThresholdRow], day: date) -> tuple[ThresholdRow, ...]:
    """The rows in force on a day; beyond the end of a rule's last row that row, marked provisional.

    Before the first row there is none.

    >>> [row.provisional for row in in_force(ROWS, date(2028, 1, 1)) if row.contract_kind == "social"]
    [True]
    """
    latest: dict[tuple[str, str, str], ThresholdRow] = {}
    for row in sorted(rows, key=lambda row: row.valid_from):
        if row.valid_from <= day:
            latest[row.directive, row.contract_kind, row.buyer_class] = row
    return tuple(row if day <= row.valid_to else replace(row, provisional=True) for row in latest.values())


def regime(need: Need) -> str:
    """The legal regime as stated, else by the code of the legal basis; empty where neither says one.

    >>> regime(Need(id="N1", title="Vests", extra={"legal_basis": "32009L0081"}))
    '2009/81'
    """
    return _regime(need.regime, need.extra.get("legal_basis", ""))


@lru_cache(maxsize=1024)
def _regime(stated: str, legal_basis: str) -> str:
    stated = stated.strip().casefold()
    if stated not in ("", "unknown", "other"):
        return stated
    return LEGAL_BASES.get(legal_basis.strip().upper(), "")


def buyer_classes(need: Need) -> tuple[BuyerClass, ...]:
    """The classes that the buyer of a need may be of under 2014/24; more than one where it cannot be told.

    >>> buyer_classes(Need(id="N1", title="Vests", buyer_type="ra"))
    ('sub-central',)
    >>> buyer_classes(Need(id="N2", title="Vests"))
    ('central', 'sub-central')
    """
    known = BUYER_CLASSES.get(need.buyer_type.strip().casefold())
    if known == "central" and need.extra.get("main_activity", "").strip().casefold() == "defence":
        return "central", "defence"
    return ("central", "sub-central") if known is None else (known,)


def contract_kinds(need: Need) -> tuple[ContractKind, ...]:
    """What may be bought: as stated, else by the divisions of the CPV codes, else any of the three.

    >>> contract_kinds(Need(id="N1", title="Vests", cpv=("35815100",)))
    ('supplies',)
    """
    if need.nature is not None:
        return (need.nature.value,)
    by_code: set[ContractKind] = {_kind_of_division(int(code[:2])) for code in need.cpv if code[:2].isdigit()}
    order: tuple[ContractKind, ...] = ("supplies", "services", "works")
    return tuple(kind for kind in order if not by_code or kind in by_code)


def day_words(day: date) -> Phrase:
    """A day in words, the same in every locale.

    >>> day_words(date(2026, 1, 1))
    '1 Jan 2026'
    """
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[day.month - 1]
    return Phrase(f"{day.day} {month} {day.year}", "{day:%d %b %Y}", {"day": day})


def _conditions(need: Need) -> tuple[str, tuple[BuyerClass, ...], tuple[ContractKind, ...]]:
    """What decides which thresholds may apply to a need."""
    return regime(need), buyer_classes(need), contract_kinds(need)


@lru_cache(maxsize=4096)
def _shipped(
    day: date, rules: str, classes: tuple[BuyerClass, ...], kinds: tuple[ContractKind, ...]
) -> tuple[ThresholdRow, ...]:
    """Of the rows that ship, those in force on a day that may apply."""
    return _options(in_force(ROWS, day), rules, classes, kinds)


def _options(
    standing: Sequence[ThresholdRow],
    rules: str,
    classes: tuple[BuyerClass, ...],
    kinds: tuple[ContractKind, ...],
) -> tuple[ThresholdRow, ...]:
    """Of the rows in force, those that may apply to one need, by amount."""
    if rules == NO_THRESHOLD:
        return ()
    directive = "2014/24" if not rules or rules in UNDER_2014_24 else rules
    fitting = [
        row
        for row in standing
        if row.directive == directive
        and (row.contract_kind in kinds or row.contract_kind == "any")
        and (row.buyer_class in classes or row.buyer_class in ("any", "utility"))
    ]
    return tuple(sorted(fitting, key=_by_amount))


def _notes(members: Sequence[Need], found: ThresholdCheck, fallback: date | None) -> Iterable[Phrase]:
    row = found.row
    if row is None:
        return
    if fallback is not None:
        yield phrase(
            "No procurement window is stated: the row in force on {day} is shown.", day=day_words(fallback)
        )
    if row.provisional:
        after = row.valid_to.year + 1
        years = f"{after}-{(after + 1) % 100:02d}"
        yield phrase("Provisional: {years} not published, the latest row is used.", years=years)
    if row.note:
        yield phrase("{rule}: {note}.", rule=row.rule, note=row.note)
    if found.others:
        others = (
            phrase("{amount:eur} ({rule})", amount=other.amount_eur, rule=other.rule)
            for other in found.others
        )
        yield phrase(
            "The lowest threshold that may apply is shown. Others: {others}.", others=joined(others, "; ")
        )
    yield from _unsaid(members)
    yield from _of_values(members, found)


def _unsaid(members: Sequence[Need]) -> Iterable[Phrase]:
    regimes = {need.id: regime(need) for need in members}
    if silent := [need_id for need_id, rules in regimes.items() if not rules]:
        yield phrase("Regime not stated by {needs}: 2014/24 is assumed.", needs=ids(silent))
    general = [need for need in members if not regimes[need.id] or regimes[need.id] in UNDER_2014_24]
    unclassed = [
        need.id for need in general if len(buyer_classes(need)) > 1 and contract_kinds(need) != ("works",)
    ]
    if unclassed:
        yield phrase("Buyer class not certain for {needs}.", needs=ids(unclassed))
    if unkind := [need.id for need in members if len(contract_kinds(need)) > 1]:
        yield phrase("Supplies, services or works not certain for {needs}.", needs=ids(unkind))
    if indirect := [need.id for need in general if need.buyer_type.strip().casefold() in INDIRECTLY_CENTRAL]:
        yield phrase(
            "{needs} taken as central government, the stricter reading: "
            "check Annex I of 2014/24, ask a lawyer.",
            needs=ids(indirect),
        )
    if any(need.nature is Nature.SERVICES for need in general):
        yield phrase("Social and other specific services have a higher threshold: check whether these are.")
    if excluded := [need_id for need_id, rules in regimes.items() if rules == NO_THRESHOLD]:
        yield phrase("{needs} stated as excluded under Art. 346 TFEU: ask a lawyer.", needs=ids(excluded))


def _of_values(members: Sequence[Need], found: ThresholdCheck) -> Iterable[Phrase]:
    silent = [need for need in members if need.value_eur is None]
    ranged = [n.id for n in silent if n.value_min_eur is not None or n.value_max_eur is not None]
    if unvalued := [need.id for need in silent if need.id not in ranged]:
        yield phrase("Value not stated by {needs}.", needs=ids(unvalued))
    if ranged:
        yield phrase("Value stated as a range by {needs}: not in the total.", needs=ids(ranged))
    valued = [need for need in members if need.value_eur is not None]
    if untold := [need.id for need in valued if need.vat_included is None]:
        yield phrase("VAT unknown for {needs}: thresholds are net of VAT.", needs=ids(untold))
    if taxed := [need.id for need in valued if need.vat_included]:
        yield phrase(
            "The value of {needs} includes VAT: thresholds are net, the net value is lower.", needs=ids(taxed)
        )
    amount = found.amount_eur
    if amount is None or not found.exceeded or silent or len(members) < 2:
        return
    if all(need.value_eur < amount for need in valued if need.value_eur is not None):
        yield phrase("Together the members reach the threshold, none does alone: the aggregate value counts.")


def _kind_of_division(division: int) -> ContractKind:
    """What a CPV division is about: 45 works, 50 and above services, the rest supplies."""
    if division == 45:
        return "works"
    return "services" if division >= 50 else "supplies"


def _by_amount(row: ThresholdRow) -> tuple[float, str]:
    return row.amount_eur, row.rule


def _same(row: ThresholdRow) -> tuple[float, str, str]:
    """What tells rows apart for a reader: supplies and services have one threshold."""
    return row.amount_eur, row.directive, row.buyer_class


def _row(cells: dict[str, str], where: str) -> ThresholdRow:
    kind, buyer = cells["contract_kind"], cells["buyer_class"]
    try:
        amount = float(cells["amount_eur"])
        first, last = date.fromisoformat(cells["valid_from"]), date.fromisoformat(cells["valid_to"])
    except (TypeError, ValueError) as problem:
        raise SettingInvalid(f"{where}: {problem}; expected an amount in euro and ISO dates.") from problem
    if kind not in get_args(ContractKind) or buyer not in get_args(BuyerClass):
        raise SettingInvalid(
            f"{where}: contract kind {kind!r} and buyer class {buyer!r}; expected one of "
            f"{get_args(ContractKind)} and one of {get_args(BuyerClass)}."
        )
    if not amount > 0 or last < first or not cells["source"]:
        raise SettingInvalid(
            f"{where}: expected an amount above 0, a last day after the first, and a source."
        )
    rule, source, note = (
        THRESHOLDS.get(told, told) for told in (cells["rule"], cells["source"], cells["note"] or "")
    )
    return ThresholdRow(
        rule,
        cast("ContractKind", kind),
        cast("BuyerClass", buyer),
        cells["directive"],
        amount,
        first,
        last,
        source,
        note,
    )


def _check_spans(rows: Sequence[ThresholdRow], name: str) -> None:
    ends: dict[tuple[str, str, str], date] = {}
    for row in sorted(rows, key=lambda row: row.valid_from):
        key = row.directive, row.contract_kind, row.buyer_class
        if key in ends and row.valid_from <= ends[key]:
            raise SettingInvalid(
                f"{name!r}: two rows of {row.rule!r} are valid on {row.valid_from}. Keep one."
            )
        ends[key] = row.valid_to


ROWS = load(Path(__file__).with_name("thresholds.tsv"))
"""The thresholds that ship."""
