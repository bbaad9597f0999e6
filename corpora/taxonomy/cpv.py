"""The Common Procurement Vocabulary: codes, labels, and which code stands above which.

A code has eight digits: two for the division, then one each for group, class and category, and
three finer ones; trailing zeros mean "not further specified". A ninth digit is printed after a
hyphen. It is dropped and never computed: the documented rule does not reproduce the list of 2008
(03300000-2), so a code is checked against a table or not at all.

The table that ships (`cpv.tsv`, English) is an extract: every division and group, division 35 in
full, and the branches around what security buyers use. The whole list, in every language, comes
from the file of the Publications Office through `corpora.taxonomy.official`.

Source: CPV 2008, Regulation (EC) No 213/2008, (c) European Union, published by the Publications
Office under CC BY 4.0; only codes and labels are used.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType

from matcher.branch import significant
from matcher.errors import FileTooLarge, FileUnreadable, RecordInvalid
from matcher.records import Nature

SHIPPED = Path(__file__).with_name("cpv.tsv")
BYTES_MAX = 64 * 2**20
"""Largest table read; the whole list in 24 languages takes about 10 MB."""

_WRITTEN = re.compile(r"([0-9]{8})(?:\s*[-\u2010-\u2013]?\s*[0-9])?")
_ATTRIBUTION = (
    "# Common Procurement Vocabulary (CPV 2008), Regulation (EC) No 213/2008: codes and labels.\n"
    "# (c) European Union, Publications Office of the European Union; "
    "Creative Commons Attribution 4.0 International (CC BY 4.0).\n"
)


@dataclass(frozen=True, slots=True)
class CpvCode:
    """A code and what it is called in one language."""

    code: str
    """Eight digits, without check digit."""
    label: str


@dataclass(frozen=True, slots=True)
class CpvTable:
    """Codes with their labels by language, and the tree that their digits spell.

    Nothing changes a table once it is made; `load` gives the shipped one or a saved one.

    >>> table = CpvTable.load()
    >>> table.label("35113400-3")
    'Protective and safety clothing'
    >>> [above.code for above in table.ancestors("35113400")]
    ['35113000', '35110000', '35100000', '35000000']
    """

    labels: Mapping[str, Mapping[str, str]]
    """Code of eight digits -> ISO 639-1 language -> label."""

    @classmethod
    def load(cls, path: Path | None = None) -> "CpvTable":
        """The table saved at `path`, or without one the table that ships.

        Raises `FileUnreadable` when there is no such file or it is not a saved table, and
        `FileTooLarge` above 64 MB.
        """
        return _shipped() if path is None else cls(_read(path))

    def called(self, language: str) -> dict[str, str]:
        """Code to label in one language, for the codes that have one.

        >>> CpvTable.load().called("en")["35000000"]
        'Security, fire-fighting, police and defence equipment'
        """
        return {code: labels[language] for code, labels in self.labels.items() if language in labels}

    def save(self, path: Path) -> None:
        """Write the table as a tab-separated file that `load` reads; all of it or nothing.

        Raises `FileUnreadable` when the place cannot be written.
        """
        languages = self.languages
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(
                "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=path.name, delete=False
            ) as file:
                part = Path(file.name)
                try:
                    file.write(_ATTRIBUTION + "\t".join(("code", *languages)) + "\n")
                    for code in sorted(self.labels):
                        row = (self.labels[code].get(language, "") for language in languages)
                        file.write("\t".join((code, *(" ".join(label.split()) for label in row))) + "\n")
                    file.close()
                    part.replace(path)
                except BaseException:
                    with suppress(OSError):
                        part.unlink()
                    raise
        except OSError as error:
            raise FileUnreadable(
                f"The CPV table could not be written to {os.fspath(path)!r}: {error.strerror or error}. "
                "Choose a folder that you may write to."
            ) from error

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that at least one label is in, English first, then by code."""
        found = {language for labels in self.labels.values() for language in labels}
        return tuple(sorted(found, key=lambda language: (language != "en", language)))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[CpvCode]:
        return (self._entry(code) for code in sorted(self.labels))

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and _bare(code) in self.labels

    def label(self, code: str, language: str = "en") -> str | None:
        """What a code is called: in this language, else in English, else in any; None if unknown.

        >>> CpvTable.load().label("99999999") is None
        True
        """
        labels = self.labels.get(_bare(code))
        if not labels:
            return None
        return labels.get(language) or labels.get("en") or labels[min(labels)]

    def parent(self, code: str) -> CpvCode | None:
        """The nearest known code above; None for a division."""
        return next(iter(self.ancestors(code)), None)

    def ancestors(self, code: str) -> tuple[CpvCode, ...]:
        """All known codes above, nearest first; the code itself need not be known."""
        return tuple(self._entry(above) for above in _above(_bare(code)) if above in self.labels)

    def division(self, code: str) -> CpvCode | None:
        """The division a code lies in; None if there is no such division.

        >>> CpvTable.load().division("35113400").label
        'Security, fire-fighting, police and defence equipment'
        """
        division = _bare(code)[:2].ljust(8, "0")
        return self._entry(division) if division in self.labels else None

    def nearest(self, code: str) -> CpvCode | None:
        """The code itself if it is known, else the nearest known one above; None if there is none.

        >>> CpvTable.load().nearest("35113439").code
        '35113430'
        """
        bare = _bare(code)
        return self._entry(bare) if bare in self.labels else self.parent(bare)

    def _entry(self, code: str) -> CpvCode:
        return CpvCode(code, self.label(code) or "")


def normalise(text: str) -> str:
    """The eight digits of a code as people and systems write it; the check digit is not looked at.

    Raises `RecordInvalid` for anything else. Whether the code exists is a question for a table.

    >>> normalise("35000000-4"), normalise(" 03300000 ")
    ('35000000', '03300000')
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        shown = text if len(text) <= 40 else text[:39] + "\u2026"
        raise RecordInvalid(
            f"{shown!r} is not a CPV code: expected eight digits, as in '35000000' or '35000000-4'. "
            "Give all eight, leading and trailing zeros included."
        )
    return match[1]


def nature(code: str) -> Nature | None:
    """What is bought, read off the division; None outside the divisions of the vocabulary.

    >>> nature("35113400"), nature("45216111"), nature("79710000")
    (<Nature.SUPPLIES: 'supplies'>, <Nature.WORKS: 'works'>, <Nature.SERVICES: 'services'>)
    """
    bare = _bare(code)
    division = int(bare[:2]) if bare else 0
    if 3 <= division <= 44 or division == 48:
        return Nature.SUPPLIES
    if division == 45:
        return Nature.WORKS
    if 50 <= division <= 98:
        return Nature.SERVICES
    return None


def _bare(code: str) -> str:
    """The eight digits, or nothing."""
    match = _WRITTEN.fullmatch(code.strip())
    return match[1] if match else ""


def _above(code: str) -> Iterator[str]:
    digits = significant(code)
    for length in range(len(digits) - 1, 1, -1):
        # a zero inside adds no level
        if digits[length - 1] != "0" or length == 2:
            yield digits[:length].ljust(8, "0")


@cache
def _shipped() -> CpvTable:
    return CpvTable(_read(SHIPPED))


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    shown = os.fspath(path)
    try:
        if path.stat().st_size > BYTES_MAX:
            raise FileTooLarge(
                f"{shown!r} has more than {BYTES_MAX // 2**20} MB: expected a saved CPV table, "
                "which takes about 10 MB. Import the official list again."
            )
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(
            f"The CPV table {shown!r} could not be read: {error}. Import the official list again, "
            "or leave the path out to use the table that ships."
        ) from error
    rows = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    header = rows[0][1].split("\t") if rows else []
    if len(header) < 2 or header[0] != "code":
        raise FileUnreadable(
            f"{shown!r} is not a saved CPV table: expected the columns 'code' and one for each language. "
            "Official files are read by 'read_official'."
        )
    table: dict[str, Mapping[str, str]] = {}
    for number, line in rows[1:]:
        code, *labels = line.split("\t")
        if _bare(code) != code or len(labels) != len(header) - 1 or code in table:
            raise FileUnreadable(
                f"{shown}:{number} is not a row of a saved CPV table: expected eight digits that are not "
                f"in it yet, and {len(header) - 1} labels. Import the official list again."
            )
        table[code] = MappingProxyType(
            {language: label for language, label in zip(header[1:], labels, strict=True) if label}
        )
    return MappingProxyType(table)
