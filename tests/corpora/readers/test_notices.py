import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from corpora.readers import eforms, ted
from corpora.readers.notices import (
    Fields,
    amount,
    each_once,
    finished,
    listed,
    plain_url,
    publication_number,
    regime,
    sniff,
    total,
    wanted,
    window,
)
from corpora.report import Report, Severity
from corpora.rows import build_record
from matcher.errors import FileUnreadable, InputError
from matcher.records import Kind

UBL = "urn:oasis:names:specification:ubl:schema:xsd"

EFORMS_NOTICE = f"""<?xml version="1.0" encoding="UTF-8"?>
<ContractNotice xmlns="{UBL}:ContractNotice-2" xmlns:cbc="{UBL}:CommonBasicComponents-2"
    xmlns:cac="{UBL}:CommonAggregateComponents-2">
  <cbc:ID schemeName="notice-id">n-1</cbc:ID><cbc:VersionID>02</cbc:VersionID>
  <cbc:IssueDate>2026-02-01+01:00</cbc:IssueDate>
  <cbc:RegulatoryDomain>32014L0024</cbc:RegulatoryDomain>
  <cbc:NoticeTypeCode listName="competition">cn-standard</cbc:NoticeTypeCode>
  <cbc:NoticeLanguageCode>ENG</cbc:NoticeLanguageCode>
  <cbc:PlannedDate>2026-01-05+01:00</cbc:PlannedDate>
  <cac:ProcurementProject>
    <cbc:Name languageID="ENG">Snow scooters</cbc:Name>
    <cbc:Description languageID="ENG">Twelve scooters for fell patrols.</cbc:Description>
    <cbc:ProcurementTypeCode listName="contract-nature">supplies</cbc:ProcurementTypeCode>
    <cac:RequestedTenderTotal>
      <cbc:EstimatedOverallContractAmount currencyID="EUR">150000</cbc:EstimatedOverallContractAmount>
    </cac:RequestedTenderTotal>
  </cac:ProcurementProject>
  <cac:ProcurementProjectLot><cbc:ID schemeName="Lot">LOT-0001</cbc:ID>
    <cac:TenderingProcess><cac:TenderSubmissionDeadlinePeriod><cbc:EndDate>2026-03-01Z</cbc:EndDate>
    </cac:TenderSubmissionDeadlinePeriod></cac:TenderingProcess>
  </cac:ProcurementProjectLot>
</ContractNotice>""".encode()

TED_NOTICE = b"""<?xml version="1.0" encoding="UTF-8"?>
<TED_EXPORT xmlns="http://example.org/ted" DOC_ID="004711-2021">
  <CODED_DATA_SECTION><NOTICE_DATA><LG_ORIG>EN</LG_ORIG><ISO_COUNTRY VALUE="FI"/></NOTICE_DATA>
  <CODIF_DATA><TD_DOCUMENT_TYPE CODE="3"/><NC_CONTRACT_NATURE CODE="2"/></CODIF_DATA></CODED_DATA_SECTION>
  <FORM_SECTION><F02_2014 CATEGORY="ORIGINAL" FORM="F02" LG="EN"><LEGAL_BASIS VALUE="32014L0024"/>
    <OBJECT_CONTRACT><TITLE><P>Snow scooters</P></TITLE>
      <VAL_ESTIMATED_TOTAL CURRENCY="EUR">150000.00</VAL_ESTIMATED_TOTAL>
      <OBJECT_DESCR ITEM="1"><SHORT_DESCR><P>Twelve scooters.</P></SHORT_DESCR>
        <DATE_START>2026-05-01</DATE_START></OBJECT_DESCR>
    </OBJECT_CONTRACT>
    <PROCEDURE><DATE_RECEIPT_TENDERS>2026-03-01</DATE_RECEIPT_TENDERS></PROCEDURE></F02_2014></FORM_SECTION>
</TED_EXPORT>"""

Reader = Callable[..., Iterator[tuple[int, Fields]]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (EFORMS_NOTICE, "eforms"),
        (TED_NOTICE, "ted"),
        (b"<TED_EXPORT/>", "ted"),
        (b"<BusinessRegistrationInformationNotice/>", "eforms"),
        (f'<ContractAwardNotice xmlns="{UBL}:ContractAwardNotice-2"/>'.encode(), "eforms"),
        (b"<ContractNotice/>", None),
        (f'<Invoice xmlns="{UBL}:Invoice-2"/>'.encode(), None),
        (b"plain text", None),
    ],
)
def test_sniff_tells_by_the_root(tmp_path: Path, content: bytes, expected: str | None) -> None:
    """The root element and its namespace decide; everything else is nobody's."""
    path = tmp_path / "x.xml"
    path.write_bytes(content)
    assert sniff(path) == expected


def test_sniff_is_hardened(tmp_path: Path) -> None:
    """A document type is refused at the first look."""
    path = tmp_path / "x.xml"
    path.write_bytes(b'<!DOCTYPE TED_EXPORT [<!ENTITY a "b">]><TED_EXPORT/>')
    with pytest.raises(FileUnreadable, match="DOCTYPE"):
        sniff(path)


def test_unwanted_kinds_are_named(tmp_path: Path) -> None:
    """An award is skipped by name unless asked for; a business registration is never read."""
    report = Report()
    path = tmp_path / "x.xml"
    assert wanted("planning", "prior information notice", path, report, awards=False)
    assert not wanted("result", "contract award notice (F03)", path, report, awards=False)
    assert wanted("result", "contract award notice (F03)", path, report, awards=True)
    assert not wanted("bri", "business registration notice", path, report, awards=True)
    assert [issue.severity for issue in report.issues] == [Severity.SKIPPED] * 2
    assert report.issues[0].problem == "contract award notice (F03), not a need"
    assert report.issues[0].remedy == "give --awards to read it too"


def test_a_row_without_text_is_refused_and_one_without_number_goes_by_its_file(tmp_path: Path) -> None:
    """Nothing is lost silently: the one is refused, the other changed, and both are reported."""
    report = Report()
    assert finished({"id": "1", "title": ""}, tmp_path / "a.xml", report) is None
    assert finished({"title": "Boats"}, tmp_path / "b.xml", report) == {"id": "b", "title": "Boats"}
    assert [issue.severity for issue in report.issues] == [Severity.REFUSED, Severity.CHANGED]


@pytest.mark.parametrize("between", ["\n", " "])
def test_endless_descriptions_are_cut_and_reported(tmp_path: Path, between: str) -> None:
    """A description of hundreds of lots is kept as far as a row can hold it, and the cut is reported."""
    report = Report()
    text = between.join(f"Lot {number}: spare parts" for number in range(20_000))
    row = finished({"id": "1", "description": text}, tmp_path / "a.xml", report)
    assert row is not None
    kept = str(row["description"])
    assert text.startswith(kept)
    assert 90_000 < len(kept) <= 100_000
    assert report.issues[0].field == "description"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("32014L0023", "2014/23"),
        ("32014L0025", "2014/25"),
        ("32009L0081", "2009/81"),
        ("32018R1046", "2018/1046"),
        ("32014R0001", "1/2014"),
        ("2014/24/EU", "2014/24"),
        ("other", ""),
        ("", ""),
    ],
)
def test_legal_bases_become_regimes(code: str, expected: str) -> None:
    """CELEX numbers and cited directives become one short name; other words become nothing."""
    assert regime(code) == expected


@given(st.integers(0, 99_999_999), st.integers(1000, 9999), st.integers(0, 3))
def test_publication_numbers_have_one_form(number: int, year: int, zeros: int) -> None:
    """However many zeros lead it, a number reads the same, and reading it again changes nothing."""
    written = publication_number(f"{'0' * zeros}{number}-{year}")
    assert written == publication_number(written) == f"{number:06d}-{year}"


@given(st.lists(st.text(alphabet="abcABC ", max_size=4)))
def test_each_text_once(texts: list[str]) -> None:
    """Every text is kept at its first place, whatever its case, and none twice."""
    kept = each_once(texts).split("\n") if any(texts) else []
    assert {text.casefold() for text in kept} == {text.casefold() for text in texts if text}
    assert len({text.casefold() for text in kept}) == len(kept)


def test_lists_keep_order_and_cannot_be_split_by_their_values() -> None:
    """A semicolon inside a value does not part it."""
    assert listed(["b", "a; c", "b", ""]) == "b;a, c"


def test_only_plain_addresses_are_links() -> None:
    """Words, several addresses, and other schemes are no link."""
    assert plain_url(["www.example.org", "ftp://example.org", "http://a.example b"]) == ""
    assert plain_url(["", "http://a.example/x"]) == "http://a.example/x"


def test_amounts_in_xml_have_decimal_points() -> None:
    """Three decimals are decimals; what is no XML decimal is left to the row builder."""
    assert (amount("12.345"), amount("100"), amount("1 000,00"), amount("-1")) == (
        12.345,
        100.0,
        "1 000,00",
        "-1",
    )


def test_only_like_amounts_are_added() -> None:
    """One amount passes as it is; several are added when all are numbers of one currency."""
    assert total([("1 000,00", "EUR")]) == ("1 000,00", "EUR")
    assert total([("0.1", "EUR"), ("0.2", "EUR")]) == (0.3, "EUR")
    assert total([("1 000,00", "EUR"), ("1", "EUR")]) is None
    assert total([("1", "EUR"), ("1", "SEK")]) is None
    assert total([("", "EUR")]) is None


def test_a_start_after_the_deadline_does_not_spoil_the_window() -> None:
    """A procedure planned for after the call for interest keeps its deadline, and its plan beside it."""
    assert window("2026-01-01", "2026-02-01") == {"window_start": "2026-01-01", "window_end": "2026-02-01"}
    assert window("2026-03-01", "2026-02-01")["planned_start"] == "2026-03-01"
    assert window("2026-03-01", "")["window_start"] == "2026-03-01"


def readable(reader: Reader, path: Path) -> int:
    """Rows of a file that may hold anything; all of them pass the row builder, whatever it makes of them."""
    rows = 0
    for awards in (False, True):
        report = Report()
        try:
            for line, row in reader(path, report, awards=awards):
                rows += 1
                build_record(row, Kind.NEED, file=path.name, line=line, report=report)
        except InputError:
            continue
        assert rows or report.issues
    return rows


@pytest.mark.parametrize(
    ("reader", "document"), [(eforms.read_rows, EFORMS_NOTICE), (ted.read_rows, TED_NOTICE)]
)
def test_the_fuzzed_documents_are_good_ones(tmp_path: Path, reader: Reader, document: bytes) -> None:
    """Unharmed, each of them is one need with a title and a value."""
    path = tmp_path / "x.xml"
    path.write_bytes(document)
    report = Report()
    ((line, row),) = reader(path, report)
    need = build_record(row, Kind.NEED, file="x.xml", line=line, report=report)
    assert need is not None
    assert (need.title, getattr(need, "value_eur", None), report.issues) == ("Snow scooters", 150000.0, [])


@pytest.mark.parametrize(
    ("reader", "document"), [(eforms.read_rows, EFORMS_NOTICE), (ted.read_rows, TED_NOTICE)]
)
@given(
    st.lists(
        st.tuples(st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=4
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_never_crash(
    tmp_path: Path, reader: Reader, document: bytes, damage: list[tuple[int, int, bytes]]
) -> None:
    """Bytes cut out and put in anywhere: rows, issues or an input error come out."""
    for start, length, inserted in damage:
        document = document[:start] + inserted + document[start + length :]
    path = tmp_path / "x.xml"
    path.write_bytes(document)
    readable(reader, path)


@pytest.mark.parametrize(
    ("reader", "document"), [(eforms.read_rows, EFORMS_NOTICE), (ted.read_rows, TED_NOTICE)]
)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from(["", "unpublished", "-1", "1e999", "2026-13-45", "٣", "a\nb", "12.345", "x" * 300]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_structure_never_crashes(
    tmp_path: Path, reader: Reader, document: bytes, chance: random.Random, text: str
) -> None:
    """Elements removed, doubled, moved, emptied, renamed or filled with nonsense: no crash either."""
    root = etree.fromstring(document)
    for _ in range(4):
        element = chance.choice(list(root.iter()))
        other = chance.choice(list(root.iter()))
        parent = element.getparent()
        harm = chance.randrange(5)
        if harm == 0 and parent is not None:
            parent.remove(element)
        elif harm == 1 and parent is not None:
            parent.append(etree.fromstring(etree.tostring(element)))
        elif (
            harm == 2 and parent is not None and element not in other.iterancestors() and element is not other
        ):
            other.append(element)
        elif harm == 3:
            element.tag = other.tag
        else:
            element.text = text
            for name in element.attrib:
                element.set(name, text)
    path = tmp_path / "x.xml"
    path.write_bytes(etree.tostring(root))
    readable(reader, path)
