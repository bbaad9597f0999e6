"""The dossier of a joint candidate as a document, built once and shown by every renderer."""

from collections.abc import Iterator, Mapping
from typing import Final

from matcher.joint import JointCandidate
from matcher.joint.thresholds import day_words
from matcher.joint.weights import WEIGHTS
from matcher.records import Visibility
from service.dossier import cooperation, findings, procedure, wording
from service.dossier.audience import View, view
from service.dossier.blocks import Document, Paragraph, Section, Span, Table, Text, joined, said
from service.dossier.wording import Voice

AUDIENCES: Final = {
    Visibility.PRIVATE: "the owner's organisation alone",
    Visibility.GROUP: "the organisations of the group",
    Visibility.NETWORK: "the vetted procurers of the network",
    Visibility.NETWORK_INDUSTRY: "the network and its vetted suppliers",
    Visibility.PUBLIC: "everybody",
}


def document(
    candidate: JointCandidate,
    *,
    open_to: Visibility = Visibility.NETWORK,
    versions: Mapping[str, str] | None = None,
) -> Document:
    """The dossier for an audience; members that it may not see are masked, and nothing tells of them.

    `versions` names what the candidate was found with (`{"model": "needmatch-e5-small ..."}`). Raises
    `SettingInvalid` when fewer than two members are open to the audience.
    """
    seen = view(candidate, open_to)
    made = made_with(seen.candidate, versions or {})
    voice = voice_of(seen)
    sections = (
        _summary(seen, made),
        findings.members(seen),
        findings.score(seen, voice),
        findings.gates(seen, voice),
        findings.improvements(seen, voice),
        findings.totals(seen, voice),
        findings.timeline(seen, voice),
        findings.differences(seen, voice),
        cooperation.forms(seen, voice),
        cooperation.law(seen, voice),
        cooperation.leads(seen, voice),
        cooperation.market(seen, voice),
        cooperation.lots(seen, voice),
        procedure.steps(seen),
        procedure.framework(seen),
        procedure.parity(),
        procedure.disclaimers(made),
    )
    subject = f"Dossier of a candidate for joint procurement, judged on {day_words(seen.candidate.day)}"
    return Document(label(seen.candidate), subject, seen.candidate.day, sections)


def label(candidate: JointCandidate) -> Text:
    """What the candidate is called: its label, else the title of the member nearest to all others."""
    if candidate.label is not None:
        called = said(Span(candidate.label.title, candidate.label.title_language))
    else:
        called = said(Span(candidate.medoid.title, candidate.medoid.language))
    return called or said("Joint candidate without a title")


def voice_of(seen: View) -> Voice:
    """Who is who in the sentences of what the audience sees."""
    candidate = seen.candidate
    return Voice.of((*candidate.members, *candidate.observers, *candidate.declined))


def made_with(candidate: JointCandidate, versions: Mapping[str, str]) -> dict[str, str]:
    """The versions of the model and of the rules; what is not named is said to be so."""
    shipped = all(factor.weight == WEIGHTS.of.get(factor.name) for factor in candidate.score.factors)
    rules = (
        f"weights of {WEIGHTS.changes[-1].date}, kept by {WEIGHTS.owner}" if shipped else "weights of its own"
    )
    return {"model": wording.UNKNOWN, "rules": rules, **versions}


def _summary(seen: View, made: Mapping[str, str]) -> Section:
    candidate = seen.candidate
    found, together = candidate.score, candidate.totals
    needs = wording.counted(len(candidate.members), "need").capitalize()
    named = wording.counted(together.organisations, "named organisation")
    where = wording.listed([wording.country(code) for code in candidate.countries]) or "countries not stated"
    versions = "; ".join(f"{what}: {version}" for what, version in made.items())
    opening = said(f"{needs} of {named} ({where}) could be met together: ") + _explained(candidate)
    rest = said(
        f". On {day_words(candidate.day)} the candidate is at level {found.level}, “{found.level.words}”. "
        f"Its score S is {wording.points(found.total)} out of 100, with a completeness K of "
        f"{wording.share(found.completeness)} out of 1: {_known(found.completeness)}. "
        f"It was found by software ({versions}) and binds nobody."
    )
    blocks = [Paragraph(opening + rest)]
    if seen.masked:
        further = wording.counted(seen.masked, "further authority", "further authorities").capitalize()
        blocks.append(
            Paragraph(
                said(
                    f"{further} may not be named to the readers of this dossier. Score, totals and every "
                    "other finding rest on the members that are named alone."
                ),
                "note",
            )
        )
    stated = together.values_missing < len(candidate.members)
    window = candidate.timeline.overlap
    score = f"S {wording.points(found.total)}, K {wording.share(found.completeness)}"
    rows = (
        ("Level", said(f"{found.level}: {found.level.words}")),
        ("Score S, with completeness K", said(score)),
        ("Scope", said(candidate.scope)),
        ("Countries", said(where)),
        ("Stated value together", said(wording.euro(together.value_eur if stated else None))),
        ("Members without a value", said(str(together.values_missing))),
        ("Common window", said(wording.span(*window) if window else "none known")),
        *_named(candidate),
        ("Judged on", said(day_words(candidate.day))),
        ("Made with", said(versions)),
        ("Made for", said(AUDIENCES[seen.open_to])),
    )
    table = Table("At a glance", ("What", "Finding"), tuple((said(a), b) for a, b in rows), (35, 65))
    return Section("Summary", (*blocks, table))


def _explained(candidate: JointCandidate) -> Text:
    """The name of the candidate with its language, and with the translation that its source gives."""
    stands = candidate.medoid.id if candidate.label is None else candidate.label.representative
    need = next((need for need in candidate.members if need.id == stands), None)
    return wording.titled(need) if need is not None and need.title else label(candidate)


def _named(candidate: JointCandidate) -> Iterator[tuple[str, Text]]:
    """What the group is known by: CPV, words in common, and its id."""
    if (label := candidate.label) is not None:
        if label.cpv:
            yield "CPV of most members", said(f"{label.cpv} {label.cpv_label}".strip())
        if label.phrases:
            told = (
                said(Span(", ".join(phrases), spoken), f" ({wording.language(spoken)})")
                for spoken, phrases in sorted(label.phrases.items())
            )
            yield "Telling words", joined(told, "; ")
    if candidate.id:
        yield "Id of the group", said(candidate.id)


def _known(completeness: float) -> str:
    """What K means in plain words."""
    if completeness >= 0.999:
        return "all that the score asks for is known"
    if completeness >= 0.8:
        return "most of what the score asks for is known"
    return "much of what the score asks for is not known" if completeness >= 0.5 else "little is known"
