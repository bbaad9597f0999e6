"""A draft for a preliminary market consultation (eForms notice `pmc`, subtype E1), for a buyer to finish.

What only the buyer can say is marked to be filled in. The questions follow from what the members want
differently, and from what no known solution speaks to. The software publishes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from matcher.explain import Quote
from matcher.joint import JointCandidate
from matcher.joint.thresholds import day_words
from matcher.records import Nature, Visibility
from service.dossier import wording
from service.dossier.audience import View, view
from service.dossier.blocks import (
    Block,
    Document,
    Listing,
    Paragraph,
    Section,
    Span,
    Table,
    Text,
    said,
)
from service.dossier.document import label, voice_of
from service.dossier.findings import values
from service.dossier.wording import UNKNOWN, Voice

_NATURES: Final = {Nature.SUPPLIES: "supplies", Nature.SERVICES: "services", Nature.WORKS: "works"}

_OWN_MATTERS: Final = frozenset({"regime"})
_ASKED: Final = {
    "quantity": "Up to which yearly quantity can you deliver?",
    "working languages": "In which of these languages can you answer, document and give support?",
    "delivery": "Which of these periods can you meet?",
    "nature": "What would you offer: supplies, services or works?",
    "TRL sought": "How mature is what you offer, and by which evidence?",
}
"""What is asked about a difference that is no requirement on a product."""
_WEIGHED: Final = {
    "conflict": "Can one product meet all of these, or which variants would you offer?",
    "differs": "Which common requirement could you meet, and what would it change?",
    "only some": "Would you meet it for all authorities, and what would it change?",
}


def document(
    candidate: JointCandidate,
    *,
    open_to: Visibility = Visibility.NETWORK,
    uncovered: Mapping[str, Sequence[Quote]] | None = None,
) -> Document:
    """The draft for the buyers of an audience.

    `uncovered` are requirements, by the id of their need, that no known solution speaks to (sentences of
    the need, as `matcher.explain` quotes them). Raises `SettingInvalid` when fewer than two members are
    open to the audience.
    """
    seen = view(candidate, open_to)
    voice = voice_of(seen)
    sections = (
        _status(seen),
        _buyers(seen),
        _sought(seen),
        _questions(seen.candidate, voice, uncovered or {}),
        _answers(),
        _equal(),
    )
    subject = f"Draft of a preliminary market consultation, made on {day_words(seen.candidate.day)}"
    title = said("Preliminary market consultation: ") + label(seen.candidate)
    return Document(title, subject, seen.candidate.day, sections)


def _gap(what: str) -> Span:
    return Span(f"[FILL IN: {what}]", to_fill=True)


def _status(seen: View) -> Section:
    blocks: list[Block] = [
        Paragraph(
            said(
                "A draft by software, not published. Complete what is marked FILL IN, delete this section, "
                "and publish the rest as a consultation notice (eForms notice type pmc, subtype E1) in the "
                "procurement system of the buyer who leads. Ask a lawyer in each of the countries."
            ),
            "note",
        )
    ]
    members = seen.candidate.members
    if closed := [need for need in members if need.visibility is not Visibility.PUBLIC]:
        names = "; ".join(f"{need.id}, {need.organisation or UNKNOWN}" for need in closed)
        blocks.append(
            Paragraph(
                said(
                    "These needs are not open to the public yet. Each owner must agree before its name, its "
                    f"words or its figures are published: {names}."
                ),
                "note",
            )
        )
    if seen.masked:
        further = wording.counted(seen.masked, "further authority takes", "further authorities take")
        blocks.append(
            Paragraph(said(f"{further.capitalize()} part whose needs are not shown to this audience."))
        )
    return Section("State of this text", tuple(blocks))


def _buyers(seen: View) -> Section:
    rows = tuple(
        (
            said(need.organisation or _gap("name of the authority")),
            said(wording.country(need.country)),
            said(_gap(f"whether it takes part, for {need.id}")),
        )
        for need in seen.candidate.members
    )
    contact = said("Contact for all questions: ", _gap("role mailbox, no personal data"))
    spoken = _gap(f"one or more; working languages stated: {_languages(seen.candidate)}")
    return Section(
        "Who asks",
        (
            Table("Authorities", ("Authority", "Country", "To confirm"), rows, (45, 20, 35)),
            Listing((contact, said("Languages of contact: ", spoken))),
        ),
    )


def _languages(candidate: JointCandidate) -> str:
    stated = sorted({code for need in candidate.members for code in need.working_languages})
    return wording.listed([wording.language(code) for code in stated]) or UNKNOWN


def _sought(seen: View) -> Section:
    candidate = seen.candidate
    natures = sorted({need.nature for need in candidate.members if need.nature})
    codes = sorted({code for need in candidate.members for code in need.cpv})
    texts = tuple(
        wording.titled(need)
        + (said(". ") + said(Span(need.description, need.language)) if need.description else ())
        for need in candidate.members
    )
    quantities = "; ".join(candidate.totals.quantity) or UNKNOWN
    window = candidate.timeline.overlap
    facts = (
        said("What is bought: ", wording.listed([_NATURES[nature] for nature in natures]) or _gap("nature")),
        said("CPV codes, to be checked: ", ", ".join(codes) or _gap("CPV code")),
        said(f"Quantities as the members state them: {quantities}. ", _gap("quantity to publish, or none")),
        said("Estimated value: ", _gap("whether to publish one; it is left out here on purpose")),
        said(
            "Earliest and latest start of a procedure: ",
            wording.span(*window) if window else _gap("window; the members have none in common yet"),
        ),
        said("Legal basis: ", _gap("directive and national law, after legal advice")),
    )
    opening = said(
        "The authorities above examine whether they can meet the following needs together. Each describes "
        "its need in its own words:"
    )
    blocks = (Paragraph(opening), Listing(texts), Paragraph(said("In short:")), Listing(facts))
    return Section("What is sought", blocks)


def _questions(candidate: JointCandidate, voice: Voice, uncovered: Mapping[str, Sequence[Quote]]) -> Section:
    blocks: list[Block] = []
    if differing := tuple(_of_differences(candidate, voice)):
        blocks += [
            Paragraph(said("On what the authorities want differently:")),
            Listing(differing, ordered=True),
        ]
    if open_points := tuple(_of_gaps(candidate, voice, uncovered)):
        blocks += [
            Paragraph(said("On what no solution known to the authorities speaks to:")),
            Listing(open_points, ordered=True),
        ]
    general = (
        "Which products or services meet the need as described? How mature are they (TRL 1 to 9, with "
        "evidence)?",
        "Which of the requirements raise price or delivery time out of proportion, or exclude offers without "
        "need?",
        "Which standards and certificates do you hold, and which would you propose to require?",
        "To which of the countries can you deliver and give support, and in which languages?",
        "Which lead time and which yearly capacity can you commit to?",
        "Which division into lots would let small and medium-sized suppliers take part?",
        "Which risks do you see in supply chain, export control, intellectual property and dependence on one "
        "supplier?",
    )
    blocks += [Paragraph(said("In general:")), Listing(tuple(said(each) for each in general), ordered=True)]
    return Section("Questions to the market", tuple(blocks))


def _of_differences(candidate: JointCandidate, voice: Voice) -> Iterator[Text]:
    """One question a difference, save those that the authorities settle among themselves."""
    for each in candidate.differences:
        if each.requirement in _OWN_MATTERS:
            continue
        name = each.requirement.removesuffix(" in the text")
        about = said(f"{name[:1].upper()}{name[1:]} (") + values(each, voice, voice.place)
        yield about + said(f"). {_ASKED.get(each.requirement) or _WEIGHED[each.severity]}")


def _of_gaps(
    candidate: JointCandidate, voice: Voice, uncovered: Mapping[str, Sequence[Quote]]
) -> Iterator[Text]:
    covered = {need_id for each in candidate.solutions for need_id in each.covers}
    for need in candidate.members:
        for quote in uncovered.get(need.id, ()):
            yield said(
                f"{voice.place(need.id)} asks: “",
                Span(quote.text, quote.language),
                "”. Can you meet this, and how?",
            )
        if candidate.instrument is not None and need.id not in covered and not uncovered.get(need.id):
            yield said("No known solution covers “") + wording.titled(need) + said("”. Do you offer one?")


def _answers() -> Section:
    return Section(
        "How to answer",
        (
            Listing(
                (
                    said("Answer by: ", _gap("date and time, with time zone")),
                    said("Answer to: ", _gap("address of the platform or role mailbox")),
                    said("Languages of answers: ", _gap("languages")),
                    said("Meetings, if any: ", _gap("dates; the same offer to everybody who answers")),
                    said("Mark what is a business secret. Send nothing classified and no personal data."),
                )
            ),
        ),
    )


def _equal() -> Section:
    items = (
        "This is a consultation under Art. 40 of Directive 2014/24/EU, or the like rule of the regime that "
        "applies. It is no call for competition. Nobody is bound by it, and answering brings no advantage.",
        "What is told to one is told to all: questions and answers are published together, without names.",
        "Before a later procedure the authorities take the measures that Art. 41 asks for, so that answering "
        "here neither favours nor excludes anybody.",
        "Answers are used to prepare a purchase. They are not offers, and they are not assessed for award.",
    )
    return Section("Equal treatment", (Listing(tuple(said(item) for item in items)),))
