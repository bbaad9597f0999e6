"""How the sentences about a candidate name what records and findings hold as codes and words.

The tables give what a person is shown for a word that stands in a field as a key: `FACTORS["timeline"]`.
"""

from collections.abc import Iterable, Mapping, Sequence

from matcher import fields
from matcher.phrases import Phrase, joined, listed, named, phrase
from matcher.records import JointInterest, Nature, Need, Visibility


def _words(*shown: Phrase) -> Mapping[str, Phrase]:
    """Words that are shown as they stand, by themselves."""
    return {str(word): word for word in shown}


FACTORS = _words(
    phrase("functional overlap"),
    phrase("classification"),
    phrase("timeline"),
    phrase("budget and volume"),
    phrase("legal regime"),
    phrase("security and sharing"),
    phrase("standards"),
    phrase("language"),
    phrase("willingness"),
)
"""`Factor.name` and `Improvement.factor`."""
LEVELS = {"A": phrase("ready to talk"), "B": phrase("promising"), "C": phrase("watch")}
"""`Score.level`."""
IMPROVEMENTS = {"fill": phrase("raises completeness"), "move": phrase("raises the score")}
"""`Improvement.kind`."""
SEVERITIES = _words(phrase("conflict"), phrase("differs"), phrase("only some"))
"""`Difference.severity`."""
HINTS = {
    "market": phrase("market"),
    "thin market": phrase("thin market"),
    "ppi": phrase("public procurement of innovative solutions (PPI)"),
    "pcp": phrase("pre-commercial procurement (PCP)"),
    "unmet": phrase("unmet"),
}
"""`Instrument.hint`."""
CUTS = {
    "country": phrase("country"),
    "variant": phrase("variant"),
    "sme": phrase("access of small suppliers"),
}
"""`Lot.by`."""
SCOPES = _words(phrase("cross-border"), phrase("national"))
"""`JointCandidate.scope`."""
STANDINGS = {"to_be_agreed": phrase("to be agreed")}
"""`Law.status`."""
NATURES = {nature.value: nature.words for nature in Nature}
"""`Need.nature`."""
CONTRACTS = {
    **NATURES,
    "social": phrase("social and other specific services"),
    "any": phrase("any contract"),
}
"""`ThresholdRow.contract_kind`."""
BUYERS = {
    "central": phrase("central government"),
    "sub-central": phrase("sub-central authorities"),
    "utility": phrase("utilities"),
    "defence": phrase("central government in the field of defence"),
    "any": phrase("any buyer"),
}
"""`ThresholdRow.buyer_class`."""
MARKS = {
    "none": phrase("not classified"),
    **_words(phrase("restricted"), phrase("confidential"), phrase("secret"), phrase("top secret")),
}
"""Of `gates.CLASSIFICATIONS`."""
STATES = _words(
    phrase("draft"),
    phrase("paused"),
    phrase("fulfilled"),
    phrase("withdrawn"),
    phrase("expired"),
    phrase("closed"),
    phrase("cancelled"),
)
"""States of a need that nobody can join (`gates.NOT_OPEN`)."""
INTERESTS = {
    JointInterest.YES: phrase("yes"),
    JointInterest.MAYBE: phrase("maybe"),
    JointInterest.NO: phrase("no"),
    JointInterest.OBSERVER: phrase("observing only"),
}
"""`Need.joint_interest`."""
FIELDS = {
    name: fields.FIELDS[name]
    for name in (
        "cpv",
        "window_start",
        "window_end",
        "value",
        "regime",
        "standards",
        "working_languages",
        "joint_interest",
    )
}
"""What stands behind the id in `Factor.missing` and `Timeline.missing`."""
DIMENSIONS = _words(
    phrase("mass"),
    phrase("length"),
    phrase("temperature"),
    phrase("time"),
    phrase("days"),
    phrase("speed"),
    phrase("frequency"),
    phrase("resolution"),
    phrase("print resolution"),
)
"""What a figure in a text measures (`matcher.text.measures.Dimension`)."""
COUNTED = _words(
    phrase("items"),
    phrase("people"),
    phrase("licences"),
    phrase("time"),
    phrase("distance"),
    phrase("area"),
    phrase("mass"),
    phrase("volume"),
    phrase("events"),
)
"""What a quantity counts (`matcher.text.quantity.Counted`)."""
THRESHOLDS = _words(
    phrase("{directive} works", directive="2014/24"),
    phrase("{directive} supplies, central government", directive="2014/24"),
    phrase("{directive} services, central government", directive="2014/24"),
    phrase("{directive} supplies, sub-central authorities", directive="2014/24"),
    phrase("{directive} services, sub-central authorities", directive="2014/24"),
    phrase(
        "{directive} supplies not in Annex III, central government in the field of defence",
        directive="2014/24",
    ),
    phrase("{directive} social and other specific services", directive="2014/24"),
    phrase("{directive} supplies", directive="2014/25"),
    phrase("{directive} services", directive="2014/25"),
    phrase("{directive} works", directive="2014/25"),
    phrase("{directive} supplies", directive="2009/81"),
    phrase("{directive} services", directive="2009/81"),
    phrase("{directive} works", directive="2009/81"),
    phrase("{directive} concessions", directive="2014/23"),
    phrase("not checked against a source"),
    phrase("amendment pending (Defence Readiness Omnibus): its final amounts are not known here"),
    phrase("European Commission, page on thresholds"),
    phrase("general knowledge"),
)
"""Rules, notes and sources of the threshold rows that ship."""

_LANGUAGES = dict(
    pair.split(":")
    for pair in (
        "bg:Bulgarian cs:Czech da:Danish de:German el:Greek en:English es:Spanish et:Estonian fi:Finnish "
        "fr:French ga:Irish hr:Croatian hu:Hungarian is:Icelandic it:Italian lb:Luxembourgish lt:Lithuanian "
        "lv:Latvian mt:Maltese nb:Norwegian nl:Dutch no:Norwegian pl:Polish pt:Portuguese ro:Romanian "
        "sk:Slovak sl:Slovenian sv:Swedish uk:Ukrainian"
    ).split()
)
_REGIMES = {
    "excluded-346": phrase("an exemption of Art. 346 TFEU"),
    "below-threshold": phrase("the rules below the EU thresholds"),
}
_SHARED_WITH = {
    Visibility.PRIVATE: phrase("their owners alone"),
    Visibility.GROUP: phrase("named organisations"),
    Visibility.NETWORK: phrase("the network"),
    Visibility.NETWORK_INDUSTRY: phrase("the network and industry"),
    Visibility.PUBLIC: phrase("everybody"),
}
_ENDS = {"window_start": phrase("start"), "window_end": phrase("end")}


def language(code: str) -> str:
    """The English name of a language; the code where it is not known.

    >>> language("et"), language("xx")
    ('Estonian', 'xx')
    """
    name = _LANGUAGES.get(code)
    return code if name is None else named("language", code, name)


def languages(codes: Iterable[str]) -> Phrase:
    """The English names of some languages, in the order given.

    >>> languages(["fr", "en"])
    'French, English'
    """
    return joined(map(language, codes), ", ")


def under(regime: str) -> str:
    """What stands after `under`: a directive by its number, else words.

    >>> under("2014/24"), under("below-threshold")
    ('2014/24', 'the rules below the EU thresholds')
    """
    return _REGIMES.get(regime, regime)


def shared_with(visibility: Visibility) -> Phrase:
    """Who may see a record.

    >>> shared_with(Visibility.NETWORK_INDUSTRY)
    'the network and industry'
    """
    return _SHARED_WITH[visibility]


def ids(needs: Iterable[Need | str]) -> Phrase:
    """Some needs by their ids, or what else has a code, for a sentence.

    >>> ids([Need(id="N1", title="Vests"), "N2"])
    'N1, N2'
    """
    return joined((need if isinstance(need, str) else need.id for need in needs), ", ")


def stated_of(missing: Sequence[str]) -> Phrase:
    """Who leaves something out, from entries `id: field`; of a window also which end.

    >>> stated_of(["A: regime", "B: regime"]), stated_of(["A: window_start", "A: window_end"])
    ('A, B', 'A: start and end')
    """
    fields: dict[str, list[str]] = {}
    for entry in missing:
        need_id, _, field = entry.rpartition(": ")
        fields.setdefault(need_id, []).append(field)
    if not any(field in _ENDS for own in fields.values() for field in own):
        return ids(fields)
    ends = (
        joined((need_id, listed(_ENDS.get(field, field) for field in own)), ": ")
        for need_id, own in fields.items()
    )
    return joined(ends, "; ")
