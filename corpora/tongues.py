"""Languages: every code and English name in use for them, read as ISO 639-1.

eForms writes three letters (`DEU`, `ELL`), libraries write the bibliographic ones (`ger`, `gre`), web
systems write locales (`de-AT`). Inside the engine there is only ISO 639-1.
"""

import re

_TABLE = """
bg bul Bulgarian|cs ces,cze Czech|da dan Danish|de deu,ger German|el ell,gre Greek|en eng English
es spa Spanish|et est Estonian|fi fin Finnish|fr fra,fre French|ga gle Irish|hr hrv Croatian
hu hun Hungarian|it ita Italian|lt lit Lithuanian|lv lav,lvs Latvian|mt mlt Maltese|nl nld,dut Dutch
pl pol Polish|pt por Portuguese|ro ron,rum Romanian|sk slk,slo Slovak|sl slv Slovenian|sv swe Swedish
ar ara Arabic|az aze Azerbaijani|be bel Belarusian|bn ben Bengali|bs bos Bosnian|ca cat Catalan
cy cym,wel Welsh|eu eus,baq Basque|fa fas,per Persian|fo fao Faroese|fy fry Frisian|gd gla Gaelic
gl glg Galician|he heb Hebrew|hi hin Hindi|hy hye,arm Armenian|id ind Indonesian|is isl,ice Icelandic
ja jpn Japanese|ka kat,geo Georgian|kk kaz Kazakh|ko kor Korean|ku kur Kurdish|la lat Latin
lb ltz Luxembourgish|mk mkd,mac Macedonian|ms msa,may Malay|nb nob Bokmål|nn nno Nynorsk|no nor Norwegian
oc oci Occitan|ps pus Pashto|rm roh Romansh|ru rus Russian|se sme Sami|so som Somali|sq sqi,alb Albanian
sr srp Serbian|sw swa Swahili|th tha Thai|tr tur Turkish|uk ukr Ukrainian|ur urd Urdu|uz uzb Uzbek
vi vie Vietnamese|yi yid Yiddish|zh zho,chi Chinese
"""

_CODES: dict[str, str] = {}
_NAMES: dict[str, str] = {
    "slovene": "sl",
    "modern greek": "el",
    "flemish": "nl",
    "scottish gaelic": "gd",
    "northern sami": "se",
    "norwegian bokmål": "nb",
    "norwegian nynorsk": "nn",
}
for _entry in _TABLE.strip().replace("\n", "|").split("|"):
    _code, _longer, _name = _entry.split()
    _CODES |= dict.fromkeys((_code, *_longer.split(",")), _code)
    _NAMES[_name.casefold()] = _code

_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*")


def language(text: str) -> str | None:
    """ISO 639-1 of a language code, locale or English name, or None when it is unknown.

    >>> [language(t) for t in ("DEU", "ger", "de-AT", "fr_BE", "Greek", "Elvish")]
    ['de', 'de', 'de', 'fr', 'el', None]
    """
    text = " ".join(text.casefold().split())
    locale = _LOCALE.fullmatch(text)
    return (_CODES.get(locale[1]) if locale else None) or _NAMES.get(text)
