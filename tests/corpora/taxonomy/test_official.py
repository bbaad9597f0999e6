"""Reading the official CPV list: each form it is published in, and each way a file can be bad."""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from corpora.report import Report
from corpora.taxonomy import official
from corpora.taxonomy.cpv import CpvTable
from corpora.taxonomy.official import read_official
from matcher.errors import FileTooLarge, FileUnreadable, FormatUnknown, InputError

EXPECTED = CpvTable(
    {
        "03000000": {"en": "Garden things", "fr": "Choses du jardin", "el": "Πράγματα κήπου"},
        "35000000": {"en": "Safety things", "fr": "Choses de sûreté"},
        "35100000": {"en": "Rescue things & ropes"},
    }
)

LIST_XML = """<?xml version="1.0" encoding="UTF-8"?>
<CPV_CODE>
  <!-- as published -->
  <CPV CODE="03000000-1">
    <TEXT LANG="EL">Πράγματα κήπου</TEXT><TEXT LANG="EN">Garden things</TEXT>
    <TEXT LANG="FR">Choses du jardin</TEXT>
  </CPV>
  <CPV CODE="35000000-4"><TEXT LANG="EN">Safety
    things</TEXT><TEXT LANG="FR">Choses de sûreté</TEXT></CPV>
  <CPV CODE="35100000-5"><TEXT LANG="EN">Rescue things &amp; ropes</TEXT><TEXT LANG="FR"/></CPV>
</CPV_CODE>
"""

GENERICODE = """<?xml version="1.0" encoding="UTF-8"?>
<gc:CodeList xmlns:gc="http://docs.oasis-open.org/codelist/ns/genericode/1.0/">
   <Identification><ShortName>Cpv</ShortName><Version>1</Version></Identification>
   <ColumnSet>
      <Column Id="code" Use="required"><ShortName>Code</ShortName></Column>
      <Column Id="eng_label" Use="optional"><ShortName>engLabel</ShortName></Column>
   </ColumnSet>
   <SimpleCodeList>
      <Row>
         <Value ColumnRef="code"><SimpleValue>03000000</SimpleValue></Value>
         <Value ColumnRef="Name"><SimpleValue>Garden things</SimpleValue></Value>
         <Value ColumnRef="parentCode"><SimpleValue>00000000</SimpleValue></Value>
         <Value ColumnRef="ell_label"><SimpleValue>Πράγματα κήπου</SimpleValue></Value>
         <Value ColumnRef="eng_label"><SimpleValue>Garden things</SimpleValue></Value>
         <Value ColumnRef="fra_label"><SimpleValue>Choses du jardin</SimpleValue></Value>
      </Row>
      <Row>
         <Value ColumnRef="code"><SimpleValue>35000000</SimpleValue></Value>
         <Value ColumnRef="eng_label"><SimpleValue>Safety things</SimpleValue></Value>
         <Value ColumnRef="fra_label"><SimpleValue>Choses de sûreté</SimpleValue></Value>
      </Row>
      <Row>
         <Value ColumnRef="code"><SimpleValue>35100000</SimpleValue></Value>
         <Value ColumnRef="Name"><SimpleValue>Rescue things &amp; ropes</SimpleValue></Value>
      </Row>
   </SimpleCodeList>
</gc:CodeList>
"""

RDF_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:skos="http://www.w3.org/2004/02/skos/core#" xmlns:dc="http://purl.org/dc/elements/1.1/">
"""

SKOS = (
    RDF_HEAD
    + """
  <skos:ConceptScheme rdf:about="http://vocabulary.example/cpv">
    <skos:prefLabel xml:lang="en">Our list</skos:prefLabel>
  </skos:ConceptScheme>
  <skos:Concept rdf:about="http://vocabulary.example/cpv/03000000">
    <skos:notation>03000000</skos:notation>
    <skos:prefLabel xml:lang="el">Πράγματα κήπου</skos:prefLabel>
    <skos:prefLabel xml:lang="en">Garden things</skos:prefLabel>
    <skos:altLabel xml:lang="en">Plants</skos:altLabel>
    <skos:prefLabel xml:lang="fr">Choses du jardin</skos:prefLabel>
  </skos:Concept>
  <rdf:Description rdf:about="http://vocabulary.example/cpv/x35">
    <rdf:type rdf:resource="http://www.w3.org/2004/02/skos/core#Concept"/>
    <dc:identifier>35000000-4</dc:identifier>
    <skos:narrower><rdf:Description rdf:about="http://vocabulary.example/cpv/35100000"/></skos:narrower>
    <skos:prefLabel xml:lang="en">Safety things</skos:prefLabel>
    <skos:prefLabel xml:lang="fr">Choses de sûreté</skos:prefLabel>
  </rdf:Description>
  <rdf:Description rdf:about="http://vocabulary.example/cpv/35100000">
    <skos:prefLabel xml:lang="en">Rescue things &amp; ropes</skos:prefLabel>
  </rdf:Description>
</rdf:RDF>
"""
)

TSV = (
    "# ours\ncode\tel\ten\tfr\n03000000\tΠράγματα κήπου\tGarden things\tChoses du jardin\n"
    "35000000\t\tSafety things\tChoses de sûreté\n35100000\t\tRescue things & ropes\t\n"
)
CSV = (
    "CODE;FR;EN;EL\r\n03000000-1;Choses du jardin;Garden things;Πράγματα κήπου\r\n"
    '35000000-4;Choses de sûreté;Safety things\r\n35100000-5;;"Rescue things & ropes";\r\n'
)


def written(path: Path, text: str) -> Path:
    """The path, after the text was written there as UTF-8."""
    path.write_text(text, encoding="utf-8")
    return path


def workbook(path: Path) -> Path:
    """A workbook as published: a title, codes as text and as a number, a supplementary sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    rows: list[list[str | int | None]] = [
        ["Vocabulary"],
        ["CODE", "EL", "EN", "FR"],
        [3000000, "Πράγματα κήπου", "Garden things", "Choses du jardin"],
        ["35000000-4", None, "Safety things", "Choses de sûreté"],
        [None, None, None, None],
        ["35100000-5", "", "Rescue things & ropes", None],
    ]
    for row in rows:
        sheet.append(row)
    supplement = book.create_sheet("Supplementary codes")
    supplement.append(["CODE", "EN"])
    supplement.append(["AA01-1", "Metal"])
    book.create_sheet("Notes").append(["Nothing here"])
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("list.xml", lambda path: written(path, LIST_XML)),
        ("cpv.gc", lambda path: written(path, GENERICODE)),
        ("genericode.xml", lambda path: written(path, GENERICODE)),
        ("cpv-skos.rdf", lambda path: written(path, SKOS)),
        ("skos.XML", lambda path: written(path, SKOS)),
        ("cpv.tsv", lambda path: written(path, TSV)),
        ("cpv.csv", lambda path: written(path, "\ufeff" + CSV)),
        ("cpv.xlsx", workbook),
    ],
)
def test_every_form_gives_the_same_table(tmp_path: Path, name: str, make: Callable[[Path], Path]) -> None:
    """The same codes and labels come out of every form, whatever its shape, order or check digits."""
    report = Report()
    assert read_official(make(tmp_path / name), report) == EXPECTED
    assert report.kept == 3
    assert report.issues == []


def test_official_table_can_be_kept(tmp_path: Path) -> None:
    """A list that was imported once is saved and loaded without the official file."""
    table = read_official(written(tmp_path / "cpv.gc", GENERICODE))
    table.save(tmp_path / "kept.tsv")
    assert CpvTable.load(tmp_path / "kept.tsv") == EXPECTED


def test_saved_table_is_itself_a_readable_form(tmp_path: Path) -> None:
    """What the project writes, it reads as if it were published."""
    EXPECTED.save(tmp_path / "kept.tsv")
    assert read_official(tmp_path / "kept.tsv") == EXPECTED


@pytest.mark.parametrize("header", ["label_en", "EN", "eng", "eng_label", "Name", "CPV label EN"])
def test_columns_are_recognised_by_language(tmp_path: Path, header: str) -> None:
    """A label column may carry any of the usual names of a language."""
    path = written(tmp_path / "cpv.csv", f"cpv,{header}\n35000000,Safety things\n")
    assert read_official(path).label("35000000") == "Safety things"


def test_supplementary_codes_and_other_languages_are_counted(tmp_path: Path) -> None:
    """What does not belong in the table is left out and told, not refused as an error."""
    report = Report()
    path = written(
        tmp_path / "cpv.xml", LIST_XML.replace('LANG="FR"', 'LANG="NO"').replace("35100000-5", "AA01-1")
    )
    assert read_official(path, report).languages == ("en", "el")
    assert report.notes["codes of the supplementary vocabulary left out"] == 1
    assert report.notes["labels in other languages left out"] == 2
    assert report.refused == 0


def test_bad_rows_are_reported_and_good_ones_kept(tmp_path: Path) -> None:
    """A wrong code, a row without label and a contradicting repeat each get a line of the report."""
    path = written(
        tmp_path / "cpv.csv",
        "code,en\n35000000,Safety things\n3511,Cut off\n35100000,\n35000000-4,Other things\n35110000,Ropes\n",
    )
    report = Report()
    table = read_official(path, report)
    assert [entry.label for entry in table] == ["Safety things", "Ropes"]
    assert [(issue.line, issue.field, issue.severity) for issue in report.issues] == [
        (3, "code", "refused"),
        (4, "label", "refused"),
        (5, "en", "dropped"),
    ]
    assert "'3511' is not a CPV code" in str(report.issues[0])


def test_labels_split_over_two_descriptions_are_joined(tmp_path: Path) -> None:
    """RDF may say things about one concept in several places."""
    concept = '<skos:Concept rdf:about="http://vocabulary.example/cpv/35000000">'
    split = "".join(
        f'{concept}<skos:prefLabel xml:lang="{language}">{label}</skos:prefLabel></skos:Concept>'
        for language, label in (("en", "Safety things"), ("fr", "Choses de sûreté"))
    )
    table = read_official(written(tmp_path / "cpv.rdf", f"{RDF_HEAD}{split}</rdf:RDF>"))
    assert table.labels == {"35000000": {"en": "Safety things", "fr": "Choses de sûreté"}}


@pytest.mark.parametrize("name", ["cpv.pdf", "cpv.xls", "cpv.zip", "cpv"])
def test_other_forms_are_unknown(tmp_path: Path, name: str) -> None:
    """A file of another kind is named together with the kinds that are read."""
    with pytest.raises(FormatUnknown, match=r"expected \.xlsx, \.xml, \.gc"):
        read_official(written(tmp_path / name, "anything"))


def test_other_xml_is_unknown(tmp_path: Path) -> None:
    """XML that is not a CPV list says what its root is and what it should be."""
    with pytest.raises(FormatUnknown, match=r"begins with <html>: expected <CPV_CODE>"):
        read_official(written(tmp_path / "page.xml", "<html><p>Moved</p></html>"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cpv.xml", b""),
        ("cpv.xml", b"not xml"),
        ("cpv.xml", LIST_XML.encode()[:300]),
        ("cpv.gc", b"\xff\xfe\x00"),
        ("cpv.gc", GENERICODE.encode()[:-30]),
        ("cpv.rdf", SKOS.replace("&amp;", "&undeclared;").encode()),
        ("cpv.xlsx", b""),
        ("cpv.xlsx", b"PK\x03\x04 cut"),
        ("cpv.csv", b""),
        ("cpv.csv", b"a,b\n1,2\n"),
        ("cpv.csv", "code;en\n35000000;\xdcbung\n".encode("latin-1")),
        ("cpv.tsv", b"code\ten\nAA01-1\tMetal\n"),
        ("cpv.xml", b"<CPV_CODE/>"),
    ],
)
def test_damaged_or_empty_files_are_unreadable(tmp_path: Path, name: str, content: bytes) -> None:
    """Files that are cut, empty, wrongly encoded or without codes raise the same clear error."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=name):
        read_official(path)


def test_missing_file_is_unreadable(tmp_path: Path) -> None:
    """A path that does not exist is named."""
    with pytest.raises(FileUnreadable, match=r"nowhere\.gc.*Check the path"):
        read_official(tmp_path / "nowhere.gc")


@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE CPV_CODE>",
        '<!DOCTYPE CPV_CODE SYSTEM "http://elsewhere.example/list.dtd">',
        '<!DOCTYPE CPV_CODE [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE CPV_CODE [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_document_types_are_refused(tmp_path: Path, declaration: str) -> None:
    """Whatever a DOCTYPE would bring in, none is accepted."""
    text = LIST_XML.replace("<CPV_CODE>", declaration + "<CPV_CODE>", 1)
    with pytest.raises(FileUnreadable, match="document type declaration"):
        read_official(written(tmp_path / "cpv.xml", text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_inside_workbooks_are_refused(tmp_path: Path, encoding: str) -> None:
    """A workbook whose parts declare entities is not handed to its reader."""
    whole = workbook(tmp_path / "whole.xlsx")
    path = tmp_path / "cpv.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/workbook.xml":
                body = content.decode().split("?>", 1)[-1]
                content = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "e">]>{body}'.encode(encoding)
            target.writestr(part, content)
    with pytest.raises(FileUnreadable, match=r"document type in 'xl/workbook\.xml'"):
        read_official(path)


@pytest.mark.parametrize(("limit", "name"), [("BYTES_MAX", "cpv.xml"), ("ROWS_MAX", "cpv.xml")])
def test_files_above_a_limit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, name: str
) -> None:
    """Size and number of entries are bounded, so that a hostile file cannot fill the memory."""
    monkeypatch.setattr(official, limit, 2)
    with pytest.raises(FileTooLarge, match="codes alone"):
        read_official(written(tmp_path / name, LIST_XML))


def test_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small archive with a large content is refused before anything is unpacked."""
    monkeypatch.setattr("corpora.taxonomy.sheets.UNPACKED_MAX", 1000)
    with pytest.raises(FileTooLarge, match="unpacks to"):
        read_official(workbook(tmp_path / "cpv.xlsx"))


def test_endless_csv_line_is_unreadable(tmp_path: Path) -> None:
    """A line longer than any row of the list ends the reading."""
    path = written(tmp_path / "cpv.csv", "code,en\n35000000," + "x" * 300_000 + "\n")
    with pytest.raises(FileUnreadable, match="line 2 is longer"):
        read_official(path)


@pytest.mark.filterwarnings("ignore::UserWarning")  # the workbook reader warns of odd parts
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    position=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
    data=st.sampled_from(["xlsx", "gc", "rdf"]),
)
def test_scrambled_files_raise_only_our_errors(tmp_path: Path, position: float, byte: int, data: str) -> None:
    """One wrong byte anywhere gives a table or an error that can be shown, never a crash."""
    path = tmp_path / f"cpv.{data}"
    if data == "xlsx":
        workbook(path)
    else:
        written(path, GENERICODE if data == "gc" else SKOS)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] = byte
    path.write_bytes(content)
    with suppress(InputError):
        assert 1 <= len(read_official(path)) <= 3
