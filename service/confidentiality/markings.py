"""Markings of classified information in a text: the service is not accredited for it and must refuse it.

The table `markings.tsv` holds the markings of the EU, NATO and the member states. Most are ordinary words,
and the others are named in needs that hold no secret ("approved up to VS-NfD"), so that a marking counts only
where markings stand: on a line of its own, in front of a paragraph, at the end of a title, after a label such
as "Classification:", as a sentence of its own in capitals, or where a text says it of itself.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from unicodedata import normalize

from matcher.phrases import phrase
from matcher.records import Record
from service.confidentiality.texts import texts


class Level(StrEnum):
    """The four levels of the EU, from the least; national ones by their equivalence."""

    RESTRICTED = "restricted"
    CONFIDENTIAL = "confidential"
    SECRET = "secret"
    TOP_SECRET = "top secret"

    @property
    def rank(self) -> int:
        """Position from the least (0)."""
        return list(Level).index(self)

    @property
    def words(self) -> str:
        """The level in words, as a phrase."""
        return _LEVELS[self]


_LEVELS = {
    Level.RESTRICTED: phrase("restricted"),
    Level.CONFIDENTIAL: phrase("confidential"),
    Level.SECRET: phrase("secret"),
    Level.TOP_SECRET: phrase("top secret"),
}


@dataclass(frozen=True, slots=True)
class Marking:
    """A marking that was found, and where."""

    text: str
    """As it stands there."""
    level: Level
    country: str | None
    """ISO alpha-2, `EU` or `NATO`; None where several states use it and nothing tells which."""
    start: int
    end: int
    field: str
    """As in `texts`; empty for a text of no record."""


@dataclass(frozen=True, slots=True)
class _Row:
    country: str
    language: str
    marking: str
    level: Level


SHORT_TEXT = 40
"""Columns of `extra` of fewer letters are values, not texts: "Restricted" is a procedure there."""
ABBREVIATION = 3
"""Markings of so few letters must stand to the letter, and in brackets or after a label."""
REACH = 200
"""Letters on either side that decide whether words are a marking: beyond them is another matter."""
_VALUES = frozenset({"quantity", "availability"})
_STATED = "extra.classification"
"""Whether classified documents belong to a need is a question of its own, which gate G4 looks at."""

# Letters that look alike are one: the Official Journal itself spells Bulgarian markings with Latin ones.
_ALIKE = str.maketrans(
    "авекмнорстухіјѕԁαβεηικμνορτυχζłøđħıς",
    "abekmhopctyxijsdabehikmnoptyxzlodhis",
)
_MARKS = r"[\u0300-\u036f]*"
_BULLET = re.compile(r"\s*(?:[-–—•*·▪]|\d{1,2}[.)]|[a-z]\))\s+")
_BESIDE = re.compile(
    r"[\W\d_]*(?:(?:amtlich geheimgehalten|page|seite|strona|sivu|copy)[\W\d_]*)*(?:rel to [\w, ]+\W*)?"
)
_SPACED = re.compile(r"^[^\w\n]*([^\W\d_](?: {1,3}[^\W\d_]){3,})[^\w\n]*$", re.MULTILINE)
_SENTENCE_END = ".!?;\n\r"


def markings(
    text: str, *, field: str = "", country: str | None = None, language: str | None = None
) -> tuple[Marking, ...]:
    r"""The markings of a text, in its order.

    `country` and `language` are those of the record; they decide whose marking it is where states share one,
    else the highest of the levels counts.

    >>> [(m.text, m.level.value, m.country) for m in markings("VS-NfD\nAußenhautsensoren für Zäune")]
    [('VS-NfD', 'restricted', 'DE')]
    >>> markings("Laptops, zugelassen bis VS-NfD"), markings("Secret ballots and confidential offers")
    ((), ())
    """
    found = _find(text, field, country, language, values=field in _VALUES)
    return tuple(sorted(found, key=lambda marking: marking.start))


def markings_in(record: Record) -> tuple[Marking, ...]:
    """The markings in everything a record says, in the order of `texts`."""
    found: list[Marking] = []
    for field, text in texts(record):
        if field != _STATED:
            spoken = field.removeprefix("titles.") if field.startswith("titles.") else record.language
            short = field in _VALUES or (field.startswith("extra.") and len(text) < SHORT_TEXT)
            here = _find(text, field, record.country, spoken, values=short)
            found += sorted(here, key=lambda marking: marking.start)
    return tuple(found)


def _find(
    text: str, field: str, country: str | None, language: str | None, *, values: bool
) -> Iterator[Marking]:
    folded = _folded(text)
    pattern, rows = _table()
    # "G E H E I M" over a page
    for line in _SPACED.finditer(text):
        key = " ".join(_folded(word).replace(" ", "") for word in re.split(r" {2,}", line[1]))
        if key in rows and line[1].isupper():
            yield _marking(rows[key], text, line.span(1), field, country, language)
    for match in pattern.finditer(folded):
        several = rows[_key(match.group())]
        place = _Place(text, folded, match.start(), match.end(), tuple(row.marking for row in several))
        if not place.compound and (values or _foreign(several, country, language)):
            continue
        if place.marks:
            yield _marking(several, text, (place.start, place.end), field, country, language)


def _foreign(several: tuple[_Row, ...], country: str | None, language: str | None) -> bool:
    """Whether it is a lower mark of other states: `INTERNO` is one in Slovenia, and a word in Italy."""
    if not (country or language) or any(row.level.rank >= Level.SECRET.rank for row in several):
        return False
    return not any(row.country == country or row.language in (language, "en") for row in several)


def _marking(
    several: tuple[_Row, ...],
    text: str,
    span: tuple[int, int],
    field: str,
    country: str | None,
    language: str | None,
) -> Marking:
    """Of the states that use it, that of the record; else the one that is highest."""
    own = [row for row in several if row.country == country]
    own = own or [row for row in several if row.language and row.language == language]
    states = {row.country for row in own or several}
    return Marking(
        text=text[slice(*span)],
        level=max((row.level for row in own or several), key=lambda level: level.rank),
        country=states.pop() if len(states) == 1 else None,
        start=span[0],
        end=span[1],
        field=field,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Words that may be a marking, where they stand in a text."""

    text: str
    folded: str
    start: int
    end: int
    spellings: tuple[str, ...]

    @property
    def marks(self) -> bool:
        """Whether they mark the text, rather than being part of what it says."""
        if len(self.words) <= ABBREVIATION:
            # two letters are a word of many kinds
            return self.words in self.spellings and (self.bracketed or self.labelled)
        if self.labelled or self.of_itself:
            return True
        if self.mentioned:
            return False
        return self.own_line or self.bracketed or self.set_off or self.own_sentence

    @property
    def words(self) -> str:
        return self.text[self.start : self.end]

    @property
    def compound(self) -> bool:
        """Whether it is of several words, which together are no ordinary ones."""
        return " " in _key(self.folded[self.start : self.end])

    @property
    def capital(self) -> bool:
        """Whether it is in capitals, or spelt as a marking that is not."""
        upper = sum(letter.isupper() for letter in self.words)
        return self.words.isupper() or (
            self.words in self.spellings and upper > 1 and not self.words.istitle()
        )

    @property
    def line(self) -> tuple[int, int]:
        begin = max(self.text.rfind("\n", 0, self.start), self.text.rfind("\r", 0, self.start)) + 1
        ends = [at for at in (self.text.find("\n", self.end), self.text.find("\r", self.end)) if at >= 0]
        return begin, min(ends, default=len(self.text))

    @property
    def before(self) -> str:
        """What stands in its line in front of it, folded, as far as it matters."""
        return self.folded[max(self.line[0], self.start - REACH) : self.start]

    @property
    def after(self) -> str:
        """What stands in its line behind it, folded, as far as it matters."""
        return self.folded[self.end : min(self.line[1], self.end + REACH)]

    @property
    def outermost(self) -> bool:
        """Whether its line is the first or the last with anything on it."""
        begin, end = self.line
        return not self.text[:begin].strip() or not self.text[end:].strip()

    @property
    def listed(self) -> bool:
        """Whether it is an item of a list of several lines."""
        begin, end = self.line
        alone = not (self.text[:begin].strip() or self.text[end:].strip())
        return bool(_BULLET.fullmatch(self.before)) and self.after.strip(" .;,") == "" and not alone

    @property
    def shouted(self) -> bool:
        """Whether all of a line is in capitals, so that capitals say nothing."""
        begin, end = self.line
        beside = self.text[begin : self.start] + self.text[self.end : end]
        return beside.isupper()

    @property
    def own_line(self) -> bool:
        if self.listed or not (_BESIDE.fullmatch(self.before) and _BESIDE.fullmatch(self.after)):
            return False
        return self.capital or (self.outermost and self.words[0].isupper())

    @property
    def bracketed(self) -> bool:
        before, after = self.before.rstrip(), self.after.lstrip()
        if not (before.endswith(("(", "[")) and after.startswith((")", "]"))):
            return False
        edge = not before[:-1].strip() or not after[1:].strip(" .")
        return edge and (self.capital or (self.compound and self.words[0].isupper()))

    @property
    def labelled(self) -> bool:
        if not _words("label").search(self.before):
            return False
        return self.capital or re.match(r"\s*(?:[^\w\s]|$)", self.after) is not None

    @property
    def set_off(self) -> bool:
        """Whether it begins or ends a line of text, with a dash or a stroke between."""
        if not self.capital or self.listed:
            return False
        if not self.compound and self._level.rank < Level.SECRET.rank:
            # a restricted procedure, a reserved lot, a confidential offer
            return False
        first = not self.before.strip() and re.match(r"\s+[-–—|]\s|\s*//|\s*\|", self.after)
        last = not self.after.strip() and re.search(r"\s[-–—|]\s+$|//\s*$|\|\s*$", self.before)
        return bool(first or last)

    @property
    def own_sentence(self) -> bool:
        """Whether it stands in capitals between sentences, as where a page was pasted without lines."""
        if not (self.compound and self.capital) or self.shouted:
            return False
        before = self.text[max(0, self.start - REACH) : self.start].rstrip(" \t")
        after = self.text[self.end : self.end + REACH].lstrip(" \t")
        if before and before[-1] not in _SENTENCE_END:
            return False
        if not after or after[0] in _SENTENCE_END:
            return True
        if _words("mention").search(" ".join(self.after.split()[:3])):
            return False
        return bool(before) and (after[0].isupper() or after[0].isdigit())

    @property
    def of_itself(self) -> bool:
        """Whether the sentence says it of the text it stands in."""
        if not (self.capital or (self.compound and self.words[0].isupper())) or self.mentioned:
            return False
        begin = max(self.text.rfind(end, 0, self.start) for end in _SENTENCE_END) + 1
        begin = max(begin, self.start - REACH)
        return _words("document").search(self.folded[begin : self.start]) is not None

    @property
    def mentioned(self) -> bool:
        """Whether the line tells of what may be handled, and not of itself."""
        return _words("mention").search(self.before) is not None

    @property
    def _level(self) -> Level:
        rows = _table()[1][_key(self.folded[self.start : self.end])]
        return max((row.level for row in rows), key=lambda level: level.rank)


@cache
def _table() -> tuple[re.Pattern[str], Mapping[str, tuple[_Row, ...]]]:
    """What finds the markings in a folded text, longest first, and their rows."""
    rows: dict[str, tuple[_Row, ...]] = {}
    with Path(__file__).with_name("markings.tsv").open(encoding="utf-8", newline="") as lines:
        for cells in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
            row = _Row(cells["country"], cells["language"], cells["marking"], Level(cells["level"]))
            key = _key(_folded(row.marking))
            rows[key] = (*rows.get(key, ()), row)
    spelt = (
        r"[^\w\n\r]{1,3}".join("".join(letter + _MARKS for letter in word) for word in key.split())
        for key in sorted(rows, key=lambda key: (-len(key), key))
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelt)})(?!\w)"), rows


@cache
def _words(use: str) -> re.Pattern[str]:
    """What finds the words of one use in a folded line."""
    listed: list[str] = []
    with Path(__file__).with_name("marking_words.tsv").open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                _, its, words = line.rstrip("\n").split("\t")
                if its == use:
                    listed += _folded(words).split("|") if use == "mention" else [_folded(words)]
    either = "|".join(sorted(set(listed), key=lambda words: (-len(words), words)))
    if use == "label":
        return re.compile(rf"(?<!\w)(?:{either})\s*[:=]\s*[\"'„“«(\[]*\s*$")
    if use == "mention":
        # a word of two letters is meant whole
        begins = "|".join(rf"{word}\b" if len(word) < 4 else word for word in either.split("|"))
        return re.compile(rf"(?<!\w)(?:{begins})")
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")


def _folded(text: str) -> str:
    """The text letter by letter without case, accents and alphabet, as long as it was."""
    return "".join(map(_letter, text))


@lru_cache(maxsize=4096)
def _letter(letter: str) -> str:
    plain = normalize("NFD", letter)[0].casefold()
    return plain.translate(_ALIKE) if len(plain) == 1 else letter


def _key(folded: str) -> str:
    """Its words with one space between."""
    return " ".join(re.findall(r"\w+", re.sub(_MARKS, "", folded)))
