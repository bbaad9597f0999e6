"""Measured requirements in a text: figures with a unit, and classes of protection standards.

Figures are read by the signs of their units, which 24 languages share, and by the words for minutes, hours
and days (`measures.tsv`). What a figure is about is not read: words that surround it differ by language, so
a figure says only its dimension. A class names its own scale (`IP67`, `NIJ IIIA`), so it can be compared.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from matcher.text.numbers import NUMBER, value

Dimension = Literal[
    "mass", "length", "temperature", "time", "days", "speed", "frequency", "resolution", "print resolution"
]
"""What a unit measures; days are apart from hours, for they are mostly terms of the procedure."""

UNITS: dict[str, tuple[Dimension, float]] = {
    "kg": ("mass", 1.0),
    "кг": ("mass", 1.0),
    "g": ("mass", 0.001),
    "t": ("mass", 1000.0),
    "т": ("mass", 1000.0),
    "mm": ("length", 0.001),
    "мм": ("length", 0.001),
    "cm": ("length", 0.01),
    "см": ("length", 0.01),
    "m": ("length", 1.0),
    "м": ("length", 1.0),
    "km": ("length", 1000.0),
    "км": ("length", 1000.0),
    "χλμ": ("length", 1000.0),
    "NM": ("length", 1852.0),
    "°C": ("temperature", 1.0),
    "ms": ("time", 0.001 / 3600),
    "s": ("time", 1 / 3600),
    "min": ("time", 1 / 60),
    "h": ("time", 1.0),
    "minute": ("time", 1 / 60),
    "hour": ("time", 1.0),
    "day": ("days", 1.0),
    "m/s": ("speed", 3.6),
    "км/ч": ("speed", 1.0),
    "km/h": ("speed", 1.0),
    "km/t": ("speed", 1.0),
    "kn": ("speed", 1.852),
    "Hz": ("frequency", 1e-6),
    "kHz": ("frequency", 1e-3),
    "MHz": ("frequency", 1.0),
    "GHz": ("frequency", 1000.0),
    "MP": ("resolution", 1.0),
    "Mpx": ("resolution", 1.0),
    "megapixel": ("resolution", 1.0),
    "dpi": ("print resolution", 1.0),
    "ppi": ("print resolution", 1.0),
}
"""Unit: dimension, and its size in kg, m, °C, h, days, km/h, MHz, million pixels or dots an inch."""

LIMITS = frozenset({"IP", "IK"})
"""Scales whose classes are read as lower limits: a device of a higher class meets the lower one as well."""

_CLAUSE = re.compile(r"[;\n]|[.,:](?=\s)")
_BULLET = re.compile(r"^[-–—•*·]\s+")
_QUOTE = 90
"""Characters of a quoted clause, at most."""
_TO = (
    r"(?:\s?(?:-|−|–|—|…|\.\.\.)\s?"
    r"|\s(?:az|bis|to|do|a|til|till|tot|до|εως|kuni|lidz|iki|hasta|fino a|pana la)\s"
    r"|\s\w{1,5}\s(?=\+))"
)
"""Between the ends of a range: a dash, a word for `to`, or before a plus sign any short word."""
_SIGNED = rf"(?:(?<![\w.,])[-−–+]\s?)?{NUMBER}"
_LEAST_PIXELS = 200
"""A picture of fewer rows or columns is rather a size of something else."""
_PIXELS = re.compile(r"(\d(?<![\w.,]\d)\d{2,4})\s?[x×х]\s?(\d{3,5})(?![\w.,]*\d|\s?[a-zа-я]?m\b|\s?[мс]м)")
_BEGIN = re.compile(r"[-−–+\d](?<![\w.,/x×].)(?<![x×]\s.)(?:(?<=\d)|\s?\d)")
"""Where a figure can begin; the character comes first, for then a search is fast."""
_CLASS = r"(IV|V?I{1,3}[AB]?|VI?|\d{1,2}[AB]?|[A-F]\d?)(?![\w-])"
_SCALES = (
    ("IP", "IP", re.compile(r"\bIP[ -]?([0-6X][0-9X]K?)\b")),
    ("IK", "IK", re.compile(r"\bIK[ -]?(0\d|10)\b")),
    (
        "NIJ",
        "NIJ",
        re.compile(r"\bNIJ\b[^;\n]{0,30}?\b(III-?A\+?|II-?A|III\+?|IV\+?|II|HG[12]|RF[123])(?![\w+])"),
    ),
    ("VPAM BRV", "VR", re.compile(r"\b(?:VPAM|BRV)\b[^;\n]{0,25}?\bVR[ -]?(\d{1,2})\b")),
    ("VPAM PM", "PM", re.compile(r"\bVPAM\b[^;\n]{0,25}?\bPM[ -]?(\d{1,2})\b")),
    ("VPAM", "VPAM", re.compile(r"\bVPAM[ -]?(\d{1,2})\b(?!\.)")),
    ("EN 1063", "BR", re.compile(r"\bBR([1-7])(?:[ -]?N?S)?\b")),
    ("EN 1522", "FB", re.compile(r"\bFB([1-7])(?:[ -]?N?S)?\b")),
    ("EN 356", "P", re.compile(r"\bP([1-8][AB])\b")),
    ("EN 1627", "RC", re.compile(r"\bRC([1-6])N?\b")),
)
"""Scale, letters without which a text cannot name it, and its pattern."""
_BODIES = ("EN", "ISO", "IEC", "DIN", "STANAG", "VPAM")
_STANDARD = (
    rf"\b((?:(?:{'|'.join(_BODIES)})[ /]){{1,3}}(?:[A-Z]{{1,4}}[ -]?)?\d{{2,6}}(?:-\d+)*)(?::\d{{4}})?"
)
_MEANT: dict[tuple[str | None, str], str] = {("da", "t"): "h"}
"""Signs that mean another unit in a language."""
_SPELLED = ("minute", "hour", "day", "megapixel")
"""Units that are words, which differ by language."""
_PLAIN = {
    **{chr(code): unicodedata.normalize("NFD", chr(code))[0] for code in range(0xC0, 0x2000)},
    **dict(zip("øØđĐłŁħĦı", "oOdDlLhHi", strict=True)),
}
_ACCENTED = re.compile(f"[{''.join(letter for letter, plain in _PLAIN.items() if letter != plain)}]")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure, or a range of figures, of one dimension."""

    dimension: Dimension
    low: float
    """In the common unit of the dimension (`UNITS`); the same as `high` where one figure is stated."""
    high: float
    quote: str
    """The clause in which it stands, verbatim."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A class on the scale of a standard."""

    scale: str
    grade: str
    limit: bool
    """Whether higher classes may do as well, as far as the words beside it say."""
    quote: str


@lru_cache(maxsize=4096)  # a need is judged again for every audience and every what-if
def measures(text: str, language: str | None = None) -> tuple[Measure, ...]:
    """The figures of a text that have a known unit, in the order in which they stand there.

    Sizes such as `2 × 3 m` are left out, for neither figure says alone what is meant. The language matters
    for signs that mean another unit there: `t` is an hour in Danish.

    >>> [(found.dimension, found.low, found.high) for found in measures("1 500 g, -20 až +50 °C, do 2 hodin")]
    [('mass', 1.5, 1.5), ('temperature', -20.0, 50.0), ('time', 2.0, 2.0)]
    """
    found: list[tuple[int, Measure]] = []
    # Without accents every letter keeps its place, so that a match there is a place in the text.
    for match in _figures(_even(text)):
        first, first_unit, second, last_unit = match.groups()
        if _is_year(second, last_unit):
            continue
        dimension, size = _unit(last_unit, language)
        high = low = _number(second, dimension) * size
        if first is not None:
            other, first_size = _unit(first_unit, language) if first_unit else (dimension, size)
            stated = _number(first, dimension) * first_size
            # what falls from the first to the second is no range: a date before an hour
            low = stated if other == dimension and stated <= high else high
        found.append((match.start(), Measure(dimension, low, high, _clause(text, *match.span()))))
    for match in _PIXELS.finditer(text):
        if min(int(match[1]), int(match[2])) < _LEAST_PIXELS:
            continue
        millions = int(match[1]) * int(match[2]) / 1e6
        found.append((match.start(), Measure("resolution", millions, millions, _clause(text, *match.span()))))
    return tuple(measure for _, measure in sorted(found, key=lambda pair: pair[0]))


@lru_cache(maxsize=4096)
def grades(text: str) -> tuple[Graded, ...]:
    """The classes of protection that a text names, by scale and then by place.

    >>> [(found.scale, found.grade) for found in grades("NIJ IIIA; IP 67; EN ISO 20471 třídy 3")]
    [('IP', '67'), ('NIJ', 'IIIA'), ('ISO 20471', '3')]
    """
    found = [
        Graded(scale, match[1].replace("-", ""), scale in LIMITS or _least(text, match.span()), clause)
        for scale, letters, pattern in _SCALES
        if letters in text
        for match in pattern.finditer(text)
        for clause in [_clause(text, *match.span())]
    ]
    plain = _even(text)
    for match in _classed().finditer(plain) if any(body in plain for body in _BODIES) else ():
        scale = re.sub(r"^(?:DIN )?EN (?=ISO|IEC)", "", text[match.start(1) : match.end(1)])
        clause = _clause(text, *match.span())
        found.append(Graded(scale, match[2], _least(text, match.span()), clause))
    return tuple(found)


def _number(text: str, dimension: Dimension) -> float:
    below_zero = dimension == "temperature" and text[0] in "-−–"
    size = value(text.lstrip("-−–+ \u00a0\u202f"))
    return -size if below_zero else size


def _is_year(text: str, unit: str) -> bool:
    """Whether a figure is a year: `2027 m.` is one in Lithuanian."""
    return unit in ("m", "г", "g") and re.fullmatch(r"20[1-4]\d", text) is not None


def _unit(text: str, language: str | None) -> tuple[Dimension, float]:
    sign = re.sub(r"\s", "", text).replace("º", "°").replace("℃", "°C").rstrip(".")
    sign = _MEANT.get((language, sign), sign)
    if sign in UNITS:
        return UNITS[sign]
    return UNITS[next(unit for unit in _SPELLED if re.fullmatch(_spelled(unit), sign, re.IGNORECASE))]


def _figures(plain: str) -> Iterator[re.Match[str]]:
    """Figures and ranges in a text without accents. Nothing is tried where none can begin."""
    place = 0
    while (begin := _BEGIN.search(plain, place)) is not None:
        found = _figure().match(plain, begin.start())
        if found is None:
            place = begin.start() + 1
        else:
            yield found
            place = found.end()


@cache
def _figure() -> re.Pattern[str]:
    """One figure or a range of two, in a text without accents."""
    signs = sorted(
        (re.escape(unit) for unit in UNITS if unit not in _SPELLED), key=lambda sign: (-len(sign), sign)
    )
    words = "|".join(_spelled(unit) for unit in _SPELLED)
    # most of what follows a number is none of a hundred units, and often no letter either
    unit = rf"(?=[°º℃]|[^\W\d_])(?:(?:{'|'.join(signs)}|[°º]\s?C|℃)(?![\w/²³'’€])|(?i:{words})(?![\w/]))"
    return re.compile(rf"(?:({_SIGNED})\s?({unit})?{_TO})?({_SIGNED})[\s-]?({unit})")


@cache
def _spelled(unit: str) -> str:
    """A pattern for the words of a unit that is no sign."""
    if unit == "megapixel":
        return r"mega-?pi[xk]\w*"
    ending = r"\w{0,3}" if unit == "minute" else ""
    return "|".join(re.escape(word) + (ending if len(word) > 3 else "") for word in _words(unit))


@cache
def _classed() -> re.Pattern[str]:
    words = "|".join(_words("class"))
    return re.compile(rf"{_STANDARD}[\s,(]{{1,3}}(?i:{words})[^\W\d_]{{0,4}}[\s.:]{{1,2}}{_CLASS}")


def _least(text: str, span: tuple[int, int]) -> bool:
    """Whether the clause around a class, or the one after it, says that more will do."""
    start, end = _bounds(text, *span)
    _, after = _bounds(text, min(end + 1, len(text)), min(end + 1, len(text)))
    return _lower().search(_even(text[start:after]).casefold()) is not None


@cache
def _lower() -> re.Pattern[str]:
    return re.compile("≥|" + "|".join(rf"(?<!\w){re.escape(word)}" for word in _words("least")))


@cache
def _words(sense: str) -> tuple[str, ...]:
    """The words of one sense in all languages, longest first."""
    return tuple(
        sorted({word for name, word in _rows() if name == sense}, key=lambda word: (-len(word), word))
    )


@cache
def _rows() -> tuple[tuple[str, str], ...]:
    lines = files("matcher.text").joinpath("measures.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(_read(lines))


def _read(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line and not line.startswith("#"):
            _, sense, words = line.split("\t")
            yield from ((sense, word.replace("_", " ")) for word in words.split())


def _even(text: str) -> str:
    """The text without accents, letter for letter."""
    return text if text.isascii() else _ACCENTED.sub(lambda found: _PLAIN[found[0]], text)


def _bounds(text: str, start: int, end: int) -> tuple[int, int]:
    before = max((found.end() for found in _CLAUSE.finditer(text, 0, start)), default=0)
    after = _CLAUSE.search(text, end)
    return before, after.start() if after else len(text)


def _clause(text: str, start: int, end: int) -> str:
    """The clause around a place, cut at words where it is long."""
    before, after = _bounds(text, start, end)
    spare = max(0, _QUOTE - (end - start))
    if start - before > spare:
        space = text.find(" ", start - spare, start)
        before = space + 1 if space >= 0 else start
    room = max(0, spare - (start - before))
    if after - end > room:
        space = text.rfind(" ", end, end + room)
        after = space if space >= 0 else end
    # a bullet is no part of what is said; a minus sign has no space behind it
    return _BULLET.sub("", text[before:after].strip())
