import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora import archive
from corpora.archive import Limits, members
from corpora.formats import first_row, read_placed, read_records
from corpora.readers.xml import MAX_BYTES
from corpora.report import Report, Severity
from matcher.errors import FileTooLarge, FileUnreadable, FormatUnknown, InputError
from matcher.records import Kind

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
Pack = Callable[[Path, Mapping[str, bytes]], Path]


def notice(number: int, title: str = "Ballistic vests", root: str = "ContractNotice") -> bytes:
    """An eForms notice of little more than a number and a title."""
    return (
        f'<{root} xmlns="{UBL}:{root}-2" xmlns:cbc="{UBL}:CommonBasicComponents-2" '
        f'xmlns:cac="{UBL}:CommonAggregateComponents-2"><cbc:ID>notice-{number}</cbc:ID>'
        f"<cbc:VersionID>01</cbc:VersionID><cac:ProcurementProject><cbc:Name>{title}</cbc:Name>"
        f"</cac:ProcurementProject></{root}>"
    ).encode()


def tarred(path: Path, files: Mapping[str, bytes]) -> Path:
    """A tar.gz as TED packs it."""
    with tarfile.open(path.with_name(path.name + ".tar.gz"), "w:gz") as packed:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            packed.addfile(header, io.BytesIO(content))
    return path.with_name(path.name + ".tar.gz")


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip of the same."""
    with zipfile.ZipFile(path.with_name(path.name + ".zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path.with_name(path.name + ".zip")


@pytest.fixture(params=[tarred, zipped])
def pack(request: pytest.FixtureRequest) -> Pack:
    """Packs files in either way."""
    found: Pack = request.param
    return found


@pytest.fixture
def report() -> Report:
    """An empty account."""
    return Report()


def said(report: Report) -> list[tuple[str, Severity]]:
    """Of which files something is said, and what."""
    return [(issue.file.partition("/")[2], issue.severity) for issue in report.issues]


def test_notices_are_read_in_their_order_and_errors_name_the_member(
    tmp_path: Path, pack: Pack, report: Report
) -> None:
    """What is wrong with one notice is told under its name; the others are read."""
    path = pack(
        tmp_path / "2026-01",
        {
            "01/a.xml": notice(1),
            "01/award.xml": notice(2, root="ContractAwardNotice"),
            "02/broken.xml": b"<ContractNotice",
            "02/twice.xml": notice(1),
            "02/page.xml": b"<html/>",
            "README.txt": b"notices",
            "02/b.xml": notice(3, "Boats"),
        },
    )
    found = list(read_placed(path, Kind.NEED, report=report))
    kept = [(one.file, one.record.id) for one in found if one.record is not None]
    assert kept == [(f"{path.name}/01/a.xml", "notice-1-01"), (f"{path.name}/02/b.xml", "notice-3-01")]
    assert said(report) == [
        ("01/award.xml", Severity.SKIPPED),
        ("02/broken.xml", Severity.SKIPPED),
        ("02/twice.xml", Severity.REFUSED),
        ("02/page.xml", Severity.SKIPPED),
        ("README.txt", Severity.SKIPPED),
    ]
    assert f"{path.name}/01/a.xml:1" in report.issues[2].problem
    assert not any("needmatch-" in issue.problem for issue in report.issues)
    assert (report.rows, report.kept, report.skipped) == (6, 2, 3)
    assert first_row(path)["id"] == "notice-1-01"


def test_a_notice_without_a_number_goes_by_the_name_of_its_member(
    tmp_path: Path, pack: Pack, report: Report
) -> None:
    """As one that is read from a file of its own."""
    bare = (
        notice(1)
        .replace(b"<cbc:ID>notice-1</cbc:ID>", b"")
        .replace(b"<cbc:VersionID>01</cbc:VersionID>", b"")
    )
    path = pack(tmp_path / "p", {"x/Savonia 7.xml": bare})
    assert [need.id for need in read_records(path, Kind.NEED, report=report)] == ["Savonia_7"]
    assert said(report) == [("x/Savonia 7.xml", Severity.CHANGED)]


@pytest.mark.parametrize("name", ["/etc/a.xml", "../a.xml", "x/../../a.xml", "C:\\a.xml", "x\\..\\a.xml"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, pack: Pack, report: Report, name: str) -> None:
    """Nothing is written outside, and the others are read."""
    (tmp_path / "in").mkdir()
    path = pack(tmp_path / "in" / "p", {name: notice(1), "b.xml": notice(2)})
    assert [need.id for need in read_records(path, Kind.NEED, report=report)] == ["notice-2-01"]
    assert [(issue.field, issue.severity) for issue in report.issues] == [("file", Severity.REFUSED)]
    assert report.rows - report.kept - report.skipped == 1
    assert [each.name for each in tmp_path.iterdir()] == ["in"]


def test_links_and_devices_of_a_tar_are_refused(tmp_path: Path, report: Report) -> None:
    """Whatever they point to."""
    path = tmp_path / "p.tar"
    with tarfile.open(path, "w") as packed:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            header = tarfile.TarInfo(f"{kind!r}.xml")
            header.type, header.linkname = kind, "/etc/passwd"
            packed.addfile(header)
        header = tarfile.TarInfo("good.xml")
        header.size = len(notice(1))
        packed.addfile(header, io.BytesIO(notice(1)))
    assert [need.id for need in read_records(path, Kind.NEED, report=report)] == ["notice-1-01"]
    assert report.counts == {Severity.REFUSED: 4}


def test_links_and_secrets_of_a_zip_are_refused(tmp_path: Path, report: Report) -> None:
    """As is what is packed in a way that could unpack to any size at once."""
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as packed:
        link = zipfile.ZipInfo("link.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("lzma.xml", notice(1), zipfile.ZIP_LZMA)
        packed.writestr("good.xml", notice(2))
    assert [need.id for need in read_records(path, Kind.NEED, report=report)] == ["notice-2-01"]
    assert said(report) == [("link.xml", Severity.REFUSED), ("lzma.xml", Severity.REFUSED)]


def test_a_member_that_is_too_large_is_refused_and_the_others_are_read(
    tmp_path: Path, pack: Pack, report: Report
) -> None:
    """It is told by its name, and never unpacked."""
    path = pack(tmp_path / "p", {"big.xml": b"x" * 3000, "good.xml": notice(1)})
    found = [name for name, _ in members(path, report, Limits(member=2000))]
    assert found == [f"{path.name}/good.xml"]
    assert said(report) == [("big.xml", Severity.REFUSED)]


def test_a_notice_in_an_archive_may_be_as_large_as_one_alone() -> None:
    """The limit is that of the reader."""
    assert archive.LIMITS.member == MAX_BYTES


def test_too_much_and_too_many_are_refused_whole(tmp_path: Path, pack: Pack, report: Report) -> None:
    """A package beyond the limits is not read further."""
    path = pack(tmp_path / "p", {f"{number}.xml": notice(number) for number in range(50)})
    with pytest.raises(FileTooLarge, match="10 members"):
        list(members(path, report, Limits(members=10)))
    with pytest.raises(FileTooLarge, match="unpacks to more than"):
        list(members(path, report, Limits(total=5000)))


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, pack: Pack, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What unpacks to far more than notices do is no package of notices; memory stays small."""
    monkeypatch.setattr(archive, "FREE", 1_000_000)
    bombs = {f"{number}.xml": bytes(900_000) for number in range(12)}
    path = pack(tmp_path / "p", bombs)
    tracemalloc.start()
    try:
        with pytest.raises(FileTooLarge, match="unpacks to more than"):
            list(read_records(path, Kind.NEED, report=report))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


def test_a_header_that_is_a_bomb_is_refused(tmp_path: Path, report: Report) -> None:
    """What a tar says of a member is read whole, so it must be short."""
    path = tmp_path / "p.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT, pax_headers={}) as packed:
        header = tarfile.TarInfo("a.xml")
        header.pax_headers = {"comment": "x" * 20_000_000}
        packed.addfile(header)
    with pytest.raises(FileTooLarge, match="of one of its members"):
        list(members(path, report))


def test_a_table_of_contents_that_is_a_bomb_is_refused(
    tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip's is read whole, so it must be short."""
    monkeypatch.setattr(archive, "_DIRECTORY", 1000)
    path = zipped(tmp_path / "p", {f"{number}.xml": b"" for number in range(50)})
    with pytest.raises(FileTooLarge, match="table of contents"):
        list(members(path, report))


def test_memory_does_not_grow_with_the_members(tmp_path: Path, pack: Pack, report: Report) -> None:
    """One member is held at a time; on disk too."""
    path = pack(tmp_path / "p", {f"{number}.xml": notice(number) + b"\n" * 50_000 for number in range(200)})
    tracemalloc.start()
    try:
        for _, file in members(path, report):
            assert len(list(file.parent.iterdir())) == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


@given(st.data())
def test_an_archive_that_breaks_off_is_an_error_and_not_an_end(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever it was cut, what is missing is not lost silently."""
    folder = tmp_path_factory.mktemp("cut")
    make = data.draw(st.sampled_from([tarred, zipped]))
    whole = make(folder / "p", {f"{number}.xml": notice(number) for number in range(3)})
    content = whole.read_bytes()
    whole.write_bytes(content[: data.draw(st.integers(0, len(content) - 20))])
    report = Report()
    with pytest.raises(InputError):
        list(read_records(whole, Kind.NEED, report=report))


@given(
    st.binary(max_size=3000),
    st.sampled_from(archive.SUFFIXES),
    st.sampled_from([b"", b"PK", b"\x1f\x8b\x08"]),
)
def test_no_bytes_are_worse_than_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str, head: bytes
) -> None:
    """Whatever calls itself an archive is read or told to be none."""
    path = tmp_path_factory.mktemp("any") / f"p.{suffix}"
    path.write_bytes(head + content)
    with pytest.raises(InputError):
        list(read_records(path, Kind.NEED, report=Report()))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_byte_is_no_worse_than_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    """A tar of which a byte is another is read, or reported, or an error."""
    path = tarred(tmp_path_factory.mktemp("odd") / "p", {f"{n}.xml": notice(n) for n in range(3)})
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[place % len(content)] = byte
    damaged = path.with_name("p.tar")
    damaged.write_bytes(content)
    report = Report()
    try:
        list(read_records(damaged, Kind.NEED, report=report))
    except FileUnreadable:
        return
    assert report.rows >= 2


def test_archives_hold_needs(tmp_path: Path, pack: Pack, report: Report) -> None:
    """Notices are not read as solutions; that is told before anything is read."""
    path = pack(tmp_path / "p", {"a.xml": notice(1)})
    with pytest.raises(FormatUnknown, match="needs, not solutions"):
        read_placed(path, Kind.SOLUTION, report=report)


def test_a_folder_of_packages_is_read_in_name_order(tmp_path: Path, report: Report) -> None:
    """One that cannot be read is reported, and the others go on."""
    tarred(tmp_path / "a", {"1.xml": notice(1)})
    zipped(tmp_path / "b", {"2.xml": notice(2)})
    (tmp_path / "c.zip").write_bytes(b"PK nothing")
    (tmp_path / "d.xml").write_bytes(notice(4))
    found = [need.id for need in read_records(tmp_path, Kind.NEED, report=report)]
    assert found == ["notice-1-01", "notice-2-01", "notice-4-01"]
    assert [(issue.file, issue.severity) for issue in report.issues] == [("c.zip", Severity.REFUSED)]


def test_what_is_stated_wins_over_the_name(tmp_path: Path, pack: Pack, report: Report) -> None:
    """A package under another name is read when it is said to be one; the content tells which."""
    path = pack(tmp_path / "p", {"a.xml": notice(1)}).rename(tmp_path / "package")
    assert len(list(read_records(path, Kind.NEED, report=report, source_format="tgz"))) == 1


def test_a_member_without_a_name_is_skipped(tmp_path: Path) -> None:
    """A zip may hold one, which the library's own question about folders does not expect."""
    path = tmp_path / "month.zip"
    with zipfile.ZipFile(path, "w") as packed:
        nameless = zipfile.ZipInfo("x")
        nameless.filename = ""
        with packed.open(nameless, "w") as member:
            member.write(notice(1))
        packed.writestr("2.xml", notice(2))
    report = Report()
    assert [name for name, _ in members(path, report)] == ["month.zip/2.xml"]
    assert report.issues[0].severity is Severity.SKIPPED
