"""Valid things made wrong: values, trees, elements, archives and bytes, always the same for the same seed."""

import io
import random
import re
import zipfile
from typing import Any

_PIECE = re.compile(rb"<[^<>]*>|[^<>]+")
ODD_TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "\ufffe",
    "\u202egnp.exe",
    "é" * 3,
    "е\u0301",
    "😀",
    "\x1b[2J",
    "\r\n",
    "'",
    '"',
    "`",
    "\\",
    "=1+1",
    "@SUM(A1)",
    "-2+3|cmd",
    "'=1",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${7*7}",
    "%s%n",
    "%00",
    "../../etc",
    "C:\\x",
    "//evil.example",
    "javascript:alert(1)",
    "' OR 1=1 --",
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "1_000",
    "٣٤",
    "0x10",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "2026-01-01T25:00:00Z",
    "&amp;&lt;",
    "&bomb;",
    "]]>",
    "null",
    "true",
    "TLP:RED",
    "SECRET UE/EU SECRET",
    "S E C R E T",
    "+372 5555 5555",
    "a@b.example",
    "DE89 3704 0044 0532 0130 00",
    "EN 1063 BR6-NS",
    "35815100-3",
    "I" * 40,
    "1." * 60,
    "a@" * 60,
    "( " * 80,
    "10 x 20 x 30 x " * 9,
    "½",
    "１２",
    "ﬁ",
)
ODD_NUMBERS = (
    0,
    -0.0,
    -1,
    1,
    2**31,
    2**63,
    -(2**63) - 1,
    2**64,
    10**40,
    1e308,
    1e-320,
    float("inf"),
    float("-inf"),
    float("nan"),
    0.1,
)
DOCTYPES = (
    b'<!DOCTYPE a [<!ENTITY bomb "boom">]>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
    b'<!DOCTYPE a [<!ENTITY bomb SYSTEM "file:///etc/passwd">]>',
)


class Mutator:
    """Changes what it is given a little, and now and then a lot."""

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)

    def text(self) -> str:
        """Some text that nobody would write."""
        chance = self.chance
        kind = chance.random()
        if kind < 0.55:
            return chance.choice(ODD_TEXTS)
        if kind < 0.75:
            return "".join(
                chr(chance.choice((chance.randrange(32, 127), chance.randrange(1, 0x3000))))
                for _ in range(12)
            )
        if kind < 0.95:
            return chance.choice(ODD_TEXTS) * chance.randrange(1, 30)
        return chance.choice(("a", "1", " ", "ß", ",", "a ", "1,", "A1")) * chance.choice((500, 5_000))

    def value(self, depth: int = 0) -> Any:
        """Some value of JSON, of any type."""
        chance = self.chance
        kind = chance.random()
        if kind < 0.5:
            return self.text()
        if kind < 0.75:
            return chance.choice(ODD_NUMBERS)
        if kind < 0.85:
            return chance.choice((None, True, False))
        if depth > 3:
            return []
        if kind < 0.93:
            return [self.value(depth + 1) for _ in range(chance.randrange(4))]
        return {self.text()[:20]: self.value(depth + 1) for _ in range(chance.randrange(4))}

    def tree(self, whole: Any) -> Any:
        """A value of JSON with some places changed: replaced, taken out, doubled, moved or renamed."""
        for _ in range(self.chance.randrange(1, 4)):
            places = list(_places(whole))
            if not places:
                return self.value()
            parent, key = self.chance.choice(places)
            match self.chance.randrange(5):
                case 0 | 1:
                    parent[key] = self.value()
                case 2:
                    del parent[key]
                case 3 if isinstance(parent, list):
                    parent.insert(key, parent[key])
                case 3:
                    parent[self.text()[:30]] = parent.pop(key)
                case _:
                    other, place = self.chance.choice(places)
                    parent[key] = _copied(other.get(place) if isinstance(other, dict) else _at(other, place))
        return whole

    def cells(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of a table with some cells changed, or some columns."""
        made = dict(row)
        for _ in range(self.chance.randrange(1, 5)):
            name = self.chance.choice((*made, "extra"))
            match self.chance.randrange(4):
                case 0:
                    made.pop(name, None)
                case 1:
                    made[self.text()[:60]] = made.pop(name, self.text())
                case _:
                    made[name] = self.text()
        return made

    def markup(self, document: bytes) -> bytes:
        """A document of elements with some of them taken out, doubled, swapped, filled or broken."""
        pieces = _PIECE.findall(document)
        for _ in range(self.chance.randrange(1, 6)):
            at = self.chance.randrange(len(pieces))
            match self.chance.randrange(8):
                case 0:
                    del pieces[at]
                case 1:
                    pieces.insert(at, pieces[at])
                case 2:
                    pieces.insert(at, self.text().encode("utf-8", "replace"))
                case 3:
                    other = self.chance.randrange(len(pieces))
                    pieces[at], pieces[other] = pieces[other], pieces[at]
                case 4:
                    said = b'"' + self.text().encode("utf-8", "replace") + b'"'
                    pieces[at] = re.sub(rb'"[^"]*"', lambda _, said=said: said, pieces[at])
                case 5 | 6:
                    if not pieces[at].startswith(b"<"):
                        escaped = self.text().replace("&", "&amp;").replace("<", "&lt;")
                        pieces[at] = escaped.encode(
                            "utf-8", "xmlcharrefreplace" if self.chance.random() < 0.5 else "replace"
                        )
                case _:
                    pieces.insert(
                        self.chance.choice((0, 1)), self.chance.choice((*DOCTYPES, b"<a>" * 120, b"<?x y?>"))
                    )
            if not pieces:
                break
        return b"".join(pieces)

    def raw(self, content: bytes) -> bytes:
        """Bytes with some of them turned, cut out, doubled, or the end cut off."""
        made = bytearray(content)
        for _ in range(self.chance.randrange(1, 8)):
            if not made:
                break
            at = self.chance.randrange(len(made))
            match self.chance.randrange(5):
                case 0 | 1:
                    made[at] = self.chance.randrange(256)
                case 2:
                    del made[at : at + self.chance.randrange(1, 30)]
                case 3:
                    made[at:at] = made[at : at + self.chance.randrange(1, 30)]
                case _ if self.chance.random() < 0.2:
                    del made[at:]
                case _:
                    made[at:at] = self.chance.choice(
                        (b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b'"', b"\xed\xa0\x80")
                    )
        return bytes(made)

    def seldom(self, content: bytes, share: float = 0.15) -> bytes:
        """The bytes as they are, or, in a share of cases, broken."""
        return self.raw(content) if self.chance.random() < share else content

    def packed(self, content: bytes) -> bytes:
        """A zip with one part changed, taken out, doubled or packed otherwise, or with broken bytes."""
        if self.chance.random() < 0.1:
            return self.raw(content)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
            parts = before.infolist()
            chosen = self.chance.choice(parts).filename
            if self.chance.random() < 0.6:
                chosen = next((p.filename for p in parts if "sheet1" in p.filename), chosen)
            for part in parts:
                body, kind = before.read(part), zipfile.ZIP_DEFLATED
                if part.filename == chosen:
                    match self.chance.randrange(8):
                        case 0:
                            continue
                        case 1:
                            kind = self.chance.choice(
                                (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED)
                            )
                        case 2:
                            body = self.raw(body)
                        case _:
                            body = self.markup(body)
                after.writestr(part.filename, body, kind)
        return out.getvalue()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a tree, as what holds it and its key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, inner in pairs:
            found.append((one, key))
            waiting.append(inner)
    return found


def _at(given: Any, place: Any) -> Any:
    return given[place] if isinstance(given, list) and isinstance(place, int) and place < len(given) else None


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
