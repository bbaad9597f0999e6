"""The part of a dossier that says what was found: who, how well it fits, how much, when, and what differs."""

from collections.abc import Callable, Iterator

from matcher.calibrate import level
from matcher.joint import Difference, Gate, JointCandidate, Score, ThresholdRow
from matcher.joint.thresholds import day_words
from matcher.records import Need
from service.dossier import wording
from service.dossier.audience import View
from service.dossier.blocks import Block, Listing, Paragraph, Section, Table, Text, joined, said
from service.dossier.wording import MASKED, UNKNOWN, Voice

_PASSED = {True: "passed", False: "failed", None: "cannot be said"}


def members(view: View) -> Section:
    """Who takes part, in whose words, and how alike the needs are."""
    candidate = view.candidate
    rows = [_member(need) for need in candidate.members]
    rows += [(said(MASKED), *[said("not shown")] * 6)] * view.masked
    blocks: list[Block] = [
        Table(
            "The members, as they state their needs",
            ("Need and country", "Organisation", "Title", "Quantity", "Value", "Window", "Regime"),
            tuple(rows),
            (13, 18, 22, 14, 16, 15, 16),
        )
    ]
    one, other, weakest = candidate.weakest
    blocks.append(
        Paragraph(
            said(
                f"Mean likeness over all pairs: {level(candidate.cohesion)}. The least alike are {one.id} "
                f"and {other.id}: {level(weakest)}. Likeness is an estimate by a model, from the texts."
            )
        )
    )
    blocks.extend(_beside(candidate))
    return Section("Members", tuple(blocks))


def _member(need: Need) -> tuple[Text, ...]:
    return (
        said(f"{need.id}, {wording.country(need.country)}"),
        said(need.organisation or UNKNOWN),
        wording.titled(need),
        said(need.quantity or UNKNOWN),
        said(wording.value(need)),
        said(wording.span(need.window_start, need.window_end)),
        said(wording.regime(need.regime)),
    )


def _beside(candidate: JointCandidate) -> Iterator[Block]:
    for needs, role in (
        (candidate.observers, "Observers, who follow and are not counted"),
        (candidate.declined, "Owners who said no, and are not members"),
    ):
        if needs:
            named = (
                said(f"{need.id}, {wording.country(need.country)}, {need.organisation or UNKNOWN}: ")
                + wording.titled(need)
                for need in needs
            )
            yield Paragraph(said(f"{role}: ") + joined(named, "; ") + said("."))
    if candidate.copies:
        told = "; ".join(f"{copy} repeats {original}" for copy, original in candidate.copies)
        yield Paragraph(said(f"Needs that were entered twice count once: {told}."))


def score(view: View, voice: Voice) -> Section:
    """Every factor with its weight, value and sentence, and how they become S, K and R."""
    found, count = view.candidate.score, len(view.candidate.members)
    rows = tuple(
        (
            said(factor.name[:1].upper() + factor.name[1:]),
            said(f"{100 * factor.weight:.0f} %"),
            said("unknown" if factor.value is None else wording.share(factor.value)),
            said(f"{round(factor.known * count)} of {count}"),
            voice.sentence(factor.sentence),
        )
        for factor in found.factors
    )
    blocks: list[Block] = [
        Paragraph(
            said(
                f"Level {found.level}, “{found.level.words}”: S {wording.points(found.total)} of 100 with "
                f"K {wording.share(found.completeness)} of 1. S is the mean of the factors that are known, "
                "by weight, after caps; K is the weight of what is known. Candidates are ordered by "
                f"R = S × (0.5 + 0.5 × K) = {wording.points(found.rank)}. Unknown is not counted as zero."
            )
        ),
        Table(
            "Factors of the score",
            ("Factor", "Weight", "Value, 0 to 1", "Stated by", "What it rests on"),
            rows,
            (17, 10, 10, 13, 50),
            frozenset({1, 2, 3}),
        ),
    ]
    if missing := _missing(found):
        blocks += [Paragraph(said("Not stated, by need:")), Listing(missing)]
    if found.caps:
        blocks += [Paragraph(said("What holds the score or the level down:"))]
        blocks += [Listing(tuple(voice.sentence(cap) for cap in found.caps))]
    else:
        blocks.append(Paragraph(said("No cap applies.")))
    return Section("Score", tuple(blocks))


def _missing(found: Score) -> tuple[Text, ...]:
    """The fields that each need leaves out, a need an item."""
    fields: dict[str, dict[str, None]] = {}
    for factor in found.factors:
        for each in factor.missing:
            need_id, _, name = each.rpartition(": ")
            fields.setdefault(need_id, {})[name.replace("_", " ")] = None
    return tuple(said(f"{need_id}: {', '.join(names)}.") for need_id, names in fields.items())


def gates(view: View, voice: Voice) -> Section:
    """The conditions that a candidate stands before."""
    # a candidate is judged for no viewer in particular; a dossier has its readers
    shown = Gate(
        "G6", "the readers may see two members", True, f"{len(view.candidate.members)} members are shown"
    )
    rows = tuple(
        (
            said(gate.name),
            said(gate.title[:1].upper() + gate.title[1:]),
            said(_PASSED[gate.passed]),
            voice.sentence(gate.reason),
        )
        for each in view.candidate.gates
        for gate in [shown if each.name == shown.name else each]
    )
    note = Paragraph(said("A gate that fails labels the candidate; it does not delete it."))
    table = Table("The six gates", ("Gate", "Condition", "Result", "Why"), rows, (8, 28, 14, 50))
    return Section("Gates", (note, table))


def improvements(view: View, voice: Voice) -> Section:
    """What would raise the score or tell more about it, the most telling first."""
    found = view.candidate.score.improvements
    if not found:
        return Section("What would raise it", (Paragraph(said("Nothing that can be filled in or moved.")),))
    items = tuple(voice.sentence(each.sentence) for each in found)
    return Section("What would raise it", (Listing(items, ordered=True),))


def totals(view: View, voice: Voice) -> Section:
    """What the members would buy together, and the threshold that this meets."""
    candidate = view.candidate
    together, check = candidate.totals, candidate.threshold
    silent = together.values_missing
    stated = len(candidate.members) - silent
    rows = [
        ("Stated value together", wording.euro(together.value_eur) if stated else UNKNOWN),
        ("Members who state a value", f"{stated} of {len(candidate.members)}"),
        ("At least, by all that is stated", wording.euro(together.value_min_eur)),
        ("At most, by all that is stated", wording.euro(together.value_max_eur)),
        ("Quantities, as worded", "; ".join(together.quantity) or UNKNOWN),
        ("Organisations that are named", str(together.organisations)),
    ]
    table = Table(
        "What the members would buy together",
        ("What", "Together"),
        tuple((said(a), said(b)) for a, b in rows),
        (40, 60),
    )
    note = "Values are as the members state them, in euro."
    if silent:
        note += f" {wording.counted(silent, 'member').capitalize()} state{'s' * (silent == 1)} no value."
    blocks: list[Block] = [Paragraph(said(note)), table, Paragraph(voice.sentence(check.sentence))]
    if thresholds := [row for row in (check.row, *check.others) if row]:
        blocks.append(
            Table(
                "Thresholds that may apply, the lowest first",
                ("Rule", "Directive", "Amount", "Valid", "Standing", "Source"),
                tuple(_threshold(row) for row in thresholds),
                (23, 13, 15, 16, 14, 19),
                frozenset({2}),
            )
        )
    blocks += [Listing(tuple(voice.sentence(note) for note in check.notes))] * bool(check.notes)
    advice = "Amounts are net of VAT. Of a joint purchase the aggregate value counts. Ask a lawyer."
    return Section("Totals and thresholds", (*blocks, Paragraph(said(advice))))


def _threshold(row: ThresholdRow) -> tuple[Text, ...]:
    return (
        said(row.rule),
        said(row.directive),
        said(wording.euro(row.amount_eur)),
        said(f"{day_words(row.valid_from)} to {day_words(row.valid_to)}"),
        said("provisional" if row.provisional else "in force"),
        said(row.source),
    )


def timeline(view: View, voice: Voice) -> Section:
    """Windows, deliveries and budget years side by side, and the days that all have in common."""
    line = view.candidate.timeline
    rows = tuple(
        (
            said(f"{window.need_id}, {wording.country(window.country)}"),
            said(wording.span(window.start, window.end)),
            said(wording.span(window.delivery_start, window.delivery_end)),
            said(UNKNOWN if window.budget_year is None else str(window.budget_year)),
        )
        for window in line.rows
    )
    head = ("Need and country", "Procurement window", "Delivery", "Budget year")
    blocks: list[Block] = [Paragraph(voice.sentence(line.sentence))]
    blocks.append(Table("Windows, deliveries and budget years", head, rows, (24, 32, 30, 14)))
    blocks += [Paragraph(voice.sentence(text)) for text in (line.delivery, line.budget) if text]
    return Section("Timeline", tuple(blocks))


def differences(view: View, voice: Voice) -> Section:
    """Where the members ask for different things."""
    found = view.candidate.differences
    if not found:
        text = "No difference was found in the requirements that the texts state. Experts must compare them."
        return Section("Differences in requirements", (Paragraph(said(text)),))
    severity = {"conflict": "conflict", "differs": "differs", "only some": "only some state it"}
    rows = tuple(
        (
            said(each.requirement[:1].upper() + each.requirement[1:]),
            said(severity[each.severity]),
            values(each, voice),
            voice.sentence(each.sentence),
        )
        for each in found
    )
    head = ("Requirement", "How", "What the members ask for", "In words")
    note = "Read from the texts by software: experts of the members must compare the requirements themselves."
    table = Table("Requirements side by side", head, rows, (18, 13, 37, 32))
    return Section("Differences in requirements", (Paragraph(said(note)), table))


def values(difference: Difference, voice: Voice, named: Callable[[str], str] = str) -> Text:
    """What each member asks for, in its own words; `named` says what a need is called by its id."""
    told = (
        said(f"{named(need_id)}: “") + voice.quoted(need_id, value) + said("”")
        for need_id, value in difference.values.items()
    )
    return joined(told, "; ")
