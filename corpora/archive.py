"""Packages of notices, tar.gz or zip, opened as if an enemy had packed them: member by member, within limits.

Nothing is unpacked under a name that the archive gives. A member that is no notice by its name is skipped; a
link, a path that leads out of the archive, and a member that is too large are refused; both are reported.
"""

import gzip
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final, Protocol, Self

from corpora.report import Issue, Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable
from matcher.phrases import phrase

SUFFIXES: Final = ("tar.gz", "tgz", "tar", "zip")
RATIO: Final = 200
"""Unpacked bytes for a packed one, at most; notices have about 10."""
FREE: Final = 100_000_000
"""Unpacked bytes from which `RATIO` holds."""
_HEADERS: Final = 2**18
"""Bytes of what a tar says of one member, at most: names of any system, some attributes."""
_DIRECTORY: Final = 2**24
"""Bytes of the table of contents of a zip, at most: some 150,000 notices."""
_CHUNK: Final = 2**16
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How members of a zip may be packed: the other ways unpack in pieces of any size."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold."""

    member: int = 50_000_000
    """Bytes of one member, as of one XML file; a larger one is refused, the others are read."""
    total: int = 10_000_000_000
    """Bytes of all; a month of all notices of the Union is about a third."""
    members: int = 200_000


LIMITS: Final = Limits()


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes:
        """Some bytes."""
        ...


def suffix_of(path: Path) -> str | None:
    """The ending by which a file is an archive; None where it is none.

    >>> suffix_of(Path("2026-01.TAR.GZ")), suffix_of(Path("notice.xml"))
    ('tar.gz', None)
    """
    name = path.name.lower()
    return next((suffix for suffix in SUFFIXES if name.endswith(f".{suffix}")), None)


def members(path: Path, report: Report, limits: Limits = LIMITS) -> Iterator[tuple[str, Path]]:
    """Each notice of an archive: its name behind that of the archive, and a file, there until the next one.

    What is skipped or refused is in the report. Raises `FileTooLarge` for what would unpack to more than the
    limits, before it does, and `FileUnreadable` for what is no archive, or breaks off.
    """
    with path.open("rb") as file, TemporaryDirectory(prefix="needmatch-") as folder:
        head = file.read(4)
        file.seek(0)
        size = path.stat().st_size
        bound = _Bound(path.name, limits, min(limits.total, max(FREE, RATIO * size)))
        take = _Take(path.name, Path(folder), bound, report)
        if head[:2] == b"PK":
            yield from _zipped(file, take)
        else:
            yield from _tarred(file, take, packed=head[:2] == b"\x1f\x8b")


@dataclass(slots=True)
class _Bound:
    """How much of an archive was unpacked, and how much may be."""

    file: str
    limits: Limits
    most: int
    total: int = 0
    count: int = 0

    def another(self) -> None:
        """One more member. Raises `FileTooLarge`."""
        self.count += 1
        if self.count > self.limits.members:
            raise FileTooLarge(
                phrase(
                    "{file} has more than {most:,} members. Split it.",
                    file=self.file,
                    most=self.limits.members,
                )
            )

    def check(self, more: int = 0) -> None:
        """Raises `FileTooLarge` where so many bytes more would be too many."""
        if self.total + more > self.most:
            raise FileTooLarge(
                phrase(
                    "{file} unpacks to more than {most:,} bytes, of which a package of notices of its "
                    "size has a tenth. It is not read; split it if it is meant.",
                    file=self.file,
                    most=self.most,
                )
            )


@dataclass(frozen=True, slots=True)
class _Take:
    """Lays members out, one at a time, unless there is something against them."""

    archive: str
    folder: Path
    bound: _Bound
    report: Report

    def wants(self, name: str, size: int, against: str) -> bool:
        """Whether a member is to be read; if not, the report says why."""
        parts = name.replace("\\", "/").split("/")
        if name[:1] in ("/", "\\") or _DRIVE.match(name) or ".." in parts:
            against = phrase("its path leads out of the archive")
        if against:
            self.refuse(name, against, phrase("pack the file itself, under a path of its own"))
            return False
        if any(part.startswith((".", "__MACOSX")) for part in parts if part != "."):
            return False  # what systems leave behind, as in folders
        if not parts[-1].lower().endswith(".xml"):
            problem = phrase("not .xml: archives are read for notices")
            remedy = phrase("give other files by themselves")
            self.report.add(Issue(self.shown(name), 1, "file", Severity.SKIPPED, problem, remedy))
            return False
        if size > self.bound.limits.member:
            problem = phrase(
                "it has {size:,} bytes; a notice is read up to {most:,}",
                size=size,
                most=self.bound.limits.member,
            )
            self.refuse(name, problem, phrase("the other members were read"))
            return False
        return True

    def refuse(self, name: str, problem: str, remedy: str) -> None:
        """Say that a member is not read."""
        self.report.rows += 1
        self.report.add(Issue(self.shown(name), 1, "file", Severity.REFUSED, problem, remedy))

    def shown(self, name: str) -> str:
        """What a member is called in reports: nothing in it can move a cursor or break a line."""
        said = "".join(letter if letter.isprintable() else "?" for letter in name[:300])
        return f"{self.archive}/{said}"

    def laid(self, name: str, content: _Source) -> Path:
        """The content in a file of the member's own last name, as far as any system takes it."""
        last = re.sub(r"[^\w.-]", "_", name.replace("\\", "/").rpartition("/")[2])[-100:]
        path = self.folder / last
        with path.open("wb") as out:
            shutil.copyfileobj(content, out, _CHUNK)
        return path


class _Unpacked:
    """A stream that gives no more than was allowed, whoever asks."""

    def __init__(self, source: IO[bytes], bound: _Bound) -> None:
        self._source = source
        self._bound = bound
        self.allowed = _HEADERS

    def read(self, size: int = -1) -> bytes:
        """Some bytes. Raises `FileTooLarge`."""
        found = self._source.read(size)
        self._bound.total += len(found)
        self._bound.check()
        self.allowed -= len(found)
        if self.allowed < 0:
            raise FileTooLarge(
                phrase(
                    "{file} says more than {most:,} bytes of one of its members. Pack it again.",
                    file=self._bound.file,
                    most=_HEADERS,
                )
            )
        return found


class _Header(tarfile.TarInfo):
    """A header of a tar; where one is broken or missing the reading ends with an error, not in silence."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        """The next header."""
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            if isinstance(error, tarfile.EOFHeaderError):  # type: ignore[attr-defined]
                raise  # the proper end
            raise tarfile.ReadError(f"it breaks off: {error}") from error


def _tarred(file: IO[bytes], take: _Take, *, packed: bool) -> Iterator[tuple[str, Path]]:
    bound = take.bound
    try:
        source: Any = gzip.GzipFile(fileobj=file) if packed else file
        stream = _Unpacked(source, bound)
        opened: Any = stream
        archive: Any
        with tarfile.open(fileobj=opened, mode="r|", tarinfo=_Header) as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # tarfile would remember all
                bound.another()
                bound.check(member.size)
                stream.allowed = member.size + _HEADERS
                if member.isdir():
                    continue
                if not take.wants(member.name, member.size, _against(member)):
                    continue
                content = archive.extractfile(member)
                assert content is not None
                path = take.laid(member.name, content)
                yield take.shown(member.name), path
                path.unlink(missing_ok=True)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, RecursionError, ValueError) as error:
        raise FileUnreadable(
            phrase(
                "{file} is no {form} that can be read ({error}). Download or pack it again.",
                file=take.archive,
                form="tar.gz",
                error=str(error),
            )
        ) from error


def _against(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return phrase("it is a link")
    return "" if member.isreg() and not member.issparse() else phrase("it is no ordinary file")


class _Careful:
    """A file of which nobody reads a large part at once: the table of contents of a zip is read whole."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Some bytes. Raises `FileTooLarge`."""
        if size > _DIRECTORY:
            raise FileTooLarge(
                phrase(
                    "{file} has a table of contents of {size:,} bytes. Split it.", file=self._name, size=size
                )
            )
        return self._file.read(size)


def _zipped(file: IO[bytes], take: _Take) -> Iterator[tuple[str, Path]]:
    bound = take.bound
    try:
        careful: Any = _Careful(file, take.archive)
        archive = zipfile.ZipFile(careful)
    except _BROKEN as error:
        raise FileUnreadable(
            phrase(
                "{file} is no {form} that can be read ({error}). Download or pack it again.",
                file=take.archive,
                form="zip",
                error=str(error),
            )
        ) from error
    with archive:
        for member in archive.infolist():
            bound.another()
            if member.filename.endswith("/"):  # `is_dir` fails where the name is empty
                continue
            name, size = member.orig_filename, member.file_size
            if not take.wants(name, size, _zip_against(member)):
                continue
            bound.check(size)
            bound.total += size
            try:
                with archive.open(member) as content:
                    path = take.laid(name, content)
            except _BROKEN as error:
                problem = phrase("it cannot be unpacked ({error})", error=str(error))
                take.refuse(name, problem, phrase("pack it again; the others were read"))
                continue
            yield take.shown(name), path
            path.unlink(missing_ok=True)


def _zip_against(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        return phrase("it is a link")
    if member.flag_bits & 0x1:
        return phrase("it is encrypted")
    return "" if member.compress_type in _PACKED else phrase("it is packed in a way that is not read")
