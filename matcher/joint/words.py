"""How the sentences about a candidate name what records hold as codes: languages, regimes, visibilities."""

from collections.abc import Iterable, Sequence

from matcher.records import Visibility

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
    "excluded-346": "an exemption of Art. 346 TFEU",
    "below-threshold": "the rules below the EU thresholds",
}
_SHARED_WITH = {
    Visibility.PRIVATE: "their owners alone",
    Visibility.GROUP: "named organisations",
    Visibility.NETWORK: "the network",
    Visibility.NETWORK_INDUSTRY: "the network and industry",
    Visibility.PUBLIC: "everybody",
}


def language(code: str) -> str:
    """The English name of a language; the code where it is not known.

    >>> language("et"), language("xx")
    ('Estonian', 'xx')
    """
    return _LANGUAGES.get(code, code)


def languages(codes: Iterable[str]) -> str:
    """The English names of some languages, in the order given.

    >>> languages(["fr", "en"])
    'French, English'
    """
    return ", ".join(map(language, codes))


def under(regime: str) -> str:
    """What stands after `under`: a directive by its number, else words.

    >>> under("2014/24"), under("below-threshold")
    ('2014/24', 'the rules below the EU thresholds')
    """
    return _REGIMES.get(regime, regime)


def shared_with(visibility: Visibility) -> str:
    """Who may see a record.

    >>> shared_with(Visibility.NETWORK_INDUSTRY)
    'the network and industry'
    """
    return _SHARED_WITH[visibility]


def stated_of(missing: Sequence[str]) -> str:
    """Who leaves something out, from entries `id: field`; of a window also which end.

    >>> stated_of(["A: regime", "B: regime"]), stated_of(["A: window_start", "A: window_end"])
    ('A, B', 'A: start and end')
    """
    fields: dict[str, list[str]] = {}
    for entry in missing:
        need_id, _, field = entry.rpartition(": ")
        fields.setdefault(need_id, []).append(field)
    if not any(field.startswith("window_") for own in fields.values() for field in own):
        return ", ".join(fields)
    ends = {
        need_id: " and ".join(field.removeprefix("window_") for field in own)
        for need_id, own in fields.items()
    }
    return "; ".join(f"{need_id}: {which}" for need_id, which in ends.items())
