"""The part of a dossier that says how it goes on: the seven steps, parity of information, and disclaimers."""

from collections.abc import Iterable, Mapping

from matcher.joint import JointCandidate
from matcher.records import JointInterest
from service.dossier import wording
from service.dossier.audience import View
from service.dossier.blocks import Listing, Paragraph, Section, Table, Text, said
from service.dossier.cooperation import ASK
from service.dossier.wording import UNKNOWN

_BUDGETS = ("approved", "planned", "requested", "idea")


def steps(view: View) -> Section:
    """The seven steps before a tender, what the software knows of each, and who decides."""
    candidate = view.candidate
    level = candidate.score.level
    rows = (
        (
            "1. Identification of joint needs",
            f"{wording.counted(len(candidate.members), 'need').capitalize()} found alike; level {level}, "
            f"“{level.words}”.",
            "found, not confirmed",
            "The owner of each need confirms the match.",
        ),
        ("2. Financing", _financing(candidate), "open", "Each organisation approves its own budget."),
        (
            "3. Market research",
            _market(candidate),
            "open",
            "The participants, after an open market consultation.",
        ),
        (
            "4. Decision or memorandum to cooperate",
            _willing(candidate),
            "open",
            "The authorised person of each organisation. Interest binds nobody and can be withdrawn.",
        ),
        (
            "5. Binding collaboration agreement",
            "Nothing. It needs the responsibilities, the applicable national provisions and the internal "
            "organisation.",
            "outside the software",
            "The authorised persons, with the legal advisers of every country.",
        ),
        (
            "6. Technical description",
            _description(candidate),
            "open",
            "The prescribers of the members, together.",
        ),
        (
            "7. Choosing and drafting the terms of procedure",
            _terms(candidate),
            "outside the software",
            "The lead and the legal advisers, in the lead's own procurement system.",
        ),
    )
    head = ("Step", "What the software knows", "State", "Who decides")
    note = "The steps are those of the iProcureNet Toolbox. The software prepares; it does not tender."
    lessons = (
        "Find motivated teams in every organisation early.",
        "Take legal advice for every country, before the procedure is chosen.",
        "Put roles and liability in writing before the start.",
        "Agree beforehand what happens where the law of the lead and local law conflict.",
        "Inform the market widely and fairly, and keep all stakeholders informed.",
    )
    return Section(
        "Checklist of the seven steps",
        (
            Paragraph(said(note)),
            Table("The seven steps before a tender", head, _texts(rows), (22, 36, 14, 28)),
            Paragraph(said("What earlier joint procurements report as lessons:")),
            Listing(tuple(said(lesson) for lesson in lessons)),
        ),
    )


def _financing(candidate: JointCandidate) -> str:
    stated = len(candidate.members) - candidate.totals.values_missing
    known = f"{stated} of {len(candidate.members)} members state a value"
    budgets = [need.extra.get("budget_status", "").strip().casefold() for need in candidate.members]
    told = [f"{count} {status}" for status in _BUDGETS if (count := budgets.count(status))]
    silent = sum(1 for status in budgets if status not in _BUDGETS)
    told += [f"{silent} not stated"] * bool(silent)
    return f"{known}. Budgets: {', '.join(told)}."


def _market(candidate: JointCandidate) -> str:
    found = len(candidate.solutions)
    if not found:
        return "No known solution covers a member."
    verb = "covers" if found == 1 else "cover"
    return f"{wording.counted(found, 'known solution').capitalize()} {verb} one member or more."


def _willing(candidate: JointCandidate) -> str:
    answers = [need.joint_interest for need in candidate.members]
    yes, maybe = answers.count(JointInterest.YES), answers.count(JointInterest.MAYBE)
    return f"{yes} said yes, {maybe} maybe, {len(answers) - yes - maybe} not asked or silent."


def _description(candidate: JointCandidate) -> str:
    if not candidate.differences:
        return "No difference found in what the texts state."
    conflicts = sum(1 for each in candidate.differences if each.severity == "conflict")
    found = wording.counted(len(candidate.differences), "difference").capitalize()
    return f"{found} found in the requirements, {wording.number(conflicts)} of them in conflict."


def _terms(candidate: JointCandidate) -> str:
    check = candidate.threshold
    open_forms = [form.title for form in candidate.forms if form.open]
    reached = {True: "reached", False: "not reached", None: "cannot be said to be reached or not"}
    threshold = f"Threshold: {reached[check.exceeded]}." if check.row else "No threshold is known to apply."
    if not open_forms:
        return f"{threshold} Forms: to be checked."
    return f"{threshold} Forms that seem open: {wording.listed(open_forms)}."


def framework(view: View) -> Section:
    """What a framework agreement needs in writing before any notice, and how much of it is known."""
    candidate = view.candidate
    named = [need.organisation for need in candidate.members if need.organisation]
    quantities = "; ".join(f"{need.id}: {need.quantity}" for need in candidate.members if need.quantity)
    rows = (
        (
            "Every authority that may use it, by name (C-216/17)",
            f"Members so far: {'; '.join(dict.fromkeys(named)) or UNKNOWN}.",
        ),
        ("The quantity that each may call off (C-216/17)", quantities or UNKNOWN),
        (
            "An estimated quantity or value (C-23/20)",
            f"Stated so far: {wording.euro(candidate.totals.value_min_eur)}.",
        ),
        ("A maximum quantity or value (C-23/20)", "To be agreed. The software proposes none."),
    )
    note = (
        "An authority that is not identified before the notice cannot simply be added afterwards: that is a "
        "reason to find each other early. Ask a lawyer."
    )
    head = ("What must be in writing", "Known so far")
    table = Table("Before the notice of a framework agreement", head, _texts(rows), (40, 60))
    return Section("If it becomes a framework agreement", (Paragraph(said(note)), table))


def _texts(rows: Iterable[tuple[str, ...]]) -> tuple[tuple[Text, ...], ...]:
    return tuple(tuple(said(cell) for cell in row) for row in rows)


def parity() -> Section:
    """Equal information for the whole market (Arts 40 and 41)."""
    items = (
        "Authorities may consult the market to prepare a purchase and to inform it, if this neither distorts "
        "competition nor breaches non-discrimination and transparency (Art. 40 of Directive 2014/24/EU).",
        "Whatever a supplier learns in the preparation, every other must be given too, with adequate time to "
        "use it; excluding a supplier for having been involved is the last resort (Art. 41).",
        "So answers to questions go to all who follow at the same time, and a record is kept of who was told "
        "what and when. Whoever receives this dossier should be in that record.",
    )
    return Section("Equal information", (Listing(tuple(said(item) for item in items)),))


def disclaimers(versions: Mapping[str, str]) -> Section:
    """What the dossier is not, and what it was made with."""
    items = (
        "Made by software from what authorities stated. It can be wrong: check every figure with its owner.",
        ASK,
        "It binds nobody. It is no notice, no call for competition and no commitment to buy.",
        "It promises no savings, names no winner and ranks no supplier.",
        "What is unknown is called unknown. It is not counted as zero, and not as a no.",
        "Nothing classified may be added to it.",
    )
    made = "; ".join(f"{what}: {version}" for what, version in versions.items())
    return Section(
        "What this dossier is not",
        (Listing(tuple(said(item) for item in items)), Paragraph(said(f"Made with: {made}."))),
    )
