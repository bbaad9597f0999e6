"""The part of a dossier that says what is open to the members: forms, law, lead, market and lots."""

from matcher.joint import Covering
from service.dossier import wording
from service.dossier.audience import View
from service.dossier.blocks import Block, Listing, Paragraph, Section, Span, Table, Text, said
from service.dossier.wording import UNKNOWN, Voice

_OPEN = {True: "open", False: "not open", None: "to be checked"}
ASK = "This is not legal advice: ask a lawyer in each of the countries."


def forms(view: View, voice: Voice) -> Section:
    """The legal forms of buying together, and what each leaves to settle."""
    rows = tuple(
        (
            said(form.title[:1].upper() + form.title[1:]),
            said(form.basis),
            said(_OPEN[form.open]),
            voice.sentence(form.why),
            said("; ".join(form.to_settle) or "nothing known"),
        )
        for form in view.candidate.forms
    )
    head = ("Form", "Basis", "Open", "Why", "Left to settle")
    table = Table("What is open to the members", head, rows, (16, 14, 11, 27, 32))
    return Section("Forms of cooperation", (Paragraph(said(ASK)), table))


def law(view: View, voice: Voice) -> Section:
    """Which law may govern, what is not settled, and what to beware of."""
    found = view.candidate.law
    state = wording.country(found.country) if found.country else "several, or not stated"
    standing = found.status.replace("_", " ")
    blocks: list[Block] = [
        Paragraph(voice.sentence(found.sentence)),
        Paragraph(said(f"Basis: {found.basis}. State of the members: {state}. Standing: {standing}.")),
    ]
    if found.warnings:
        blocks.append(Listing(tuple(voice.sentence(warning) for warning in found.warnings)))
    return Section("Applicable law and warnings", tuple(blocks))


def leads(view: View, voice: Voice) -> Section:
    """Who could lead, with the reasons; the participants choose."""
    note = Paragraph(
        said(
            "A suggestion only; those who offered to lead come first. The participants choose who leads, and "
            "may choose somebody else."
        )
    )
    found = view.candidate.leads
    if not found:
        return Section(
            "Who could lead", (note, Paragraph(said("No member states enough to suggest a lead.")))
        )
    items = tuple(
        said(f"{lead.organisation or UNKNOWN}, {wording.country(lead.country)} ({lead.need_id}): ")
        + voice.phrase("; ".join(lead.reasons) or "no reason stated")
        + said(".")
        for lead in found
    )
    return Section("Who could lead", (note, Listing(items)))


def market(view: View, voice: Voice) -> Section:
    """What the known solutions hint at, and which of them cover which members."""
    candidate = view.candidate
    hint = candidate.instrument
    blocks: list[Block] = []
    if hint is not None:
        blocks.append(Paragraph(voice.sentence(hint.sentence)))
        blocks.append(
            Paragraph(said(f"Best TRL among them: {hint.best_trl or UNKNOWN}. A hint, not advice."))
        )
    else:
        blocks.append(
            Paragraph(said("No instrument is hinted at: too little is known of what the market offers."))
        )
    if candidate.solutions:
        found = sorted(
            candidate.solutions, key=lambda each: (each.solution.name.casefold(), each.solution.id)
        )
        head = ("Solution", "Vendor", "TRL", "Covers")
        rows = tuple(_covering(each, len(candidate.members)) for each in found)
        blocks.append(
            Paragraph(
                said(
                    "In alphabetical order. This is no ranking, no shortlist and no assessment for award; "
                    "whoever is not listed may fit as well."
                )
            )
        )
        blocks.append(Table("Known solutions that cover members", head, rows, (32, 26, 12, 30)))
    else:
        blocks.append(
            Paragraph(said("No known solution covers a member. That does not say that none exists."))
        )
    return Section("Market", tuple(blocks))


def _covering(each: Covering, members: int) -> tuple[Text, ...]:
    solution = each.solution
    place = [wording.country(solution.country)] if solution.country else []
    return (
        said(Span(solution.name, solution.language)),
        said(", ".join([solution.vendor or UNKNOWN, *place])),
        said(UNKNOWN if solution.trl is None else str(solution.trl)),
        said(f"{len(each.covers)} of {members}: {', '.join(each.covers)}"),
    )


def lots(view: View, voice: Voice) -> Section:
    """How the purchase could be divided."""
    found = view.candidate.lots
    note = Paragraph(
        said(
            "Proposals to talk about. Lots along different lines are alternatives. Lots can open a purchase "
            "to smaller suppliers."
        )
    )
    if not found:
        return Section("Lots", (note, Paragraph(said("No division into lots is proposed."))))
    lines = {"country": "country", "variant": "variant", "sme": "access of small suppliers"}
    rows = tuple(
        (
            said(wording.country(voice.needs[lot.need_ids[0]].country))
            if lot.by == "country"
            else voice.phrase(lot.title[:1].upper() + lot.title[1:]),
            said(lines[lot.by]),
            said(", ".join(lot.need_ids)),
            voice.sentence(lot.why),
        )
        for lot in found
    )
    head = ("Lot", "Cut along", "Needs", "Why")
    return Section("Lots", (note, Table("Proposed lots", head, rows, (24, 14, 20, 42))))
