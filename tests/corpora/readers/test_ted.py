from pathlib import Path

import pytest

from corpora.readers.notices import Fields
from corpora.readers.ted import read_rows
from corpora.report import Report, Severity
from corpora.rows import build_record
from matcher.records import Kind, Need

CODED = """<CODED_DATA_SECTION><REF_OJS><DATE_PUB>20210305</DATE_PUB></REF_OJS><NOTICE_DATA>
  <NO_DOC_OJS>2021/S 045-004711</NO_DOC_OJS><URI_LIST><URI_DOC LG="SV">https://ted.example/4711</URI_DOC></URI_LIST>
  <LG_ORIG>{original}</LG_ORIG><ISO_COUNTRY VALUE="SE"/><ORIGINAL_CPV CODE="35113000">Safety</ORIGINAL_CPV>
  <VALUES><VALUE TYPE="ESTIMATED_TOTAL" CURRENCY="SEK">{value}</VALUE></VALUES></NOTICE_DATA>
  <CODIF_DATA><DT_DATE_FOR_SUBMISSION>20210401 12:00</DT_DATE_FOR_SUBMISSION><AA_AUTHORITY_TYPE CODE="3"/>
  <TD_DOCUMENT_TYPE CODE="{document}"/><NC_CONTRACT_NATURE CODE="2"/><DIRECTIVE VALUE="2014/24/EU"/>
  </CODIF_DATA></CODED_DATA_SECTION>"""


def export(
    *forms: str, original: str = "SV", value: str = "", document: str = "3", coded: bool = True
) -> str:
    """A whole TED export."""
    head = CODED.format(original=original, value=value, document=document) if coded else ""
    number = ' DOC_ID="004711-2021"' if coded else ""
    return (
        f'<TED_EXPORT xmlns="http://example.org/ted/R2.0.9"{number}><TECHNICAL_SECTION/>{head}'
        f"<FORM_SECTION><NOTICE_UUID>u-1</NOTICE_UUID>{''.join(forms)}</FORM_SECTION></TED_EXPORT>"
    )


def form(number: str, body: str, tongue: str = "SV", category: str = "ORIGINAL") -> str:
    """A form of R2.0.9 in one language."""
    return f'<{number}_2014 CATEGORY="{category}" FORM="{number}" LG="{tongue}">{body}</{number}_2014>'


def titled(title: str, more: str = "") -> str:
    """The section on the object."""
    return f"<OBJECT_CONTRACT><TITLE><P>{title}</P></TITLE>{more}</OBJECT_CONTRACT>"


def rows_of(tmp_path: Path, document: str, report: Report, awards: bool = False) -> list[Fields]:
    """The rows of a document."""
    path = tmp_path / "notice.xml"
    path.write_text(document, encoding="utf-8")
    return [row for _, row in read_rows(path, report, awards=awards)]


def row_of(tmp_path: Path, document: str, awards: bool = False) -> Fields:
    """The one row of a document that gives no reason for complaint."""
    report = Report()
    (row,) = rows_of(tmp_path, document, report, awards)
    assert report.issues == []
    return row


CONTRACT_NOTICE = """<LEGAL_BASIS VALUE="32014L0025"/>
<CONTRACTING_BODY><ADDRESS_CONTRACTING_BODY><OFFICIALNAME>Kustbevakningen</OFFICIALNAME>
  <NATIONALID>202100-3997</NATIONALID><COUNTRY VALUE="SE"/><URL_GENERAL>www.example.se</URL_GENERAL>
  </ADDRESS_CONTRACTING_BODY>
  <ADDRESS_CONTRACTING_BODY_ADDITIONAL><OFFICIALNAME>Rajavartiolaitos</OFFICIALNAME><COUNTRY VALUE="FI"/>
  </ADDRESS_CONTRACTING_BODY_ADDITIONAL>
  <JOINT_PROCUREMENT_INVOLVED/><PROCUREMENT_LAW><P>Swedish law</P></PROCUREMENT_LAW><CENTRAL_PURCHASING/>
  <URL_DOCUMENT>https://tenders.example/1</URL_DOCUMENT>
  <CA_TYPE VALUE="NATIONAL_AGENCY"/><CA_ACTIVITY VALUE="PUBLIC_ORDER_AND_SAFETY"/></CONTRACTING_BODY>
<OBJECT_CONTRACT ITEM="1"><TITLE><P>Räddningsdräkter</P></TITLE>
  <CPV_MAIN><CPV_CODE CODE="35113400"/></CPV_MAIN><TYPE_CONTRACT CTYPE="SUPPLIES"/>
  <SHORT_DESCR><P>Dräkter för 10 m<FT TYPE="SUP">2</FT> förråd.</P><P>Storlek S till XL.</P></SHORT_DESCR>
  <VAL_ESTIMATED_TOTAL CURRENCY="SEK">2500000.125</VAL_ESTIMATED_TOTAL>
  <OBJECT_DESCR ITEM="1"><TITLE><P>Vinter</P></TITLE><LOT_NO>1</LOT_NO>
    <CPV_ADDITIONAL><CPV_CODE CODE="18221000"/></CPV_ADDITIONAL><NUTS CODE="SE110"/>
    <SHORT_DESCR><P>Fodrade.</P></SHORT_DESCR><VAL_OBJECT CURRENCY="SEK">1</VAL_OBJECT>
    <DATE_START>2021-09-01</DATE_START><DATE_END>2023-08-31</DATE_END>
    <INFO_ADD><P>Kort.</P></INFO_ADD></OBJECT_DESCR>
  <OBJECT_DESCR ITEM="2"><TITLE><P>Sommar</P></TITLE><LOT_NO>2</LOT_NO>
    <SHORT_DESCR><P>Fodrade.</P></SHORT_DESCR><DURATION TYPE="MONTH">24</DURATION></OBJECT_DESCR>
</OBJECT_CONTRACT>
<LEFTI><SUITABILITY><P>Registrerad.</P></SUITABILITY>
  <TECHNICAL_PROFESSIONAL_INFO><P>Certifikat EN ISO 15027.</P></TECHNICAL_PROFESSIONAL_INFO></LEFTI>
<PROCEDURE><FRAMEWORK><SINGLE_OPERATOR/></FRAMEWORK><DATE_RECEIPT_TENDERS>2021-04-02</DATE_RECEIPT_TENDERS>
  <LANGUAGES><LANGUAGE VALUE="SV"/><LANGUAGE VALUE="EN"/></LANGUAGES></PROCEDURE>
<AWARD_CONTRACT><TITLE><P>Not of the object</P></TITLE></AWARD_CONTRACT>"""


def test_a_contract_notice_is_one_row(tmp_path: Path) -> None:
    """Every field stands in its column; markup is gone, each text comes once, remarks of no substance not."""
    row = row_of(tmp_path, export(form("F02", CONTRACT_NOTICE)))
    assert row == {
        "id": "004711-2021",
        "title": "Räddningsdräkter",
        "description": "Dräkter för 10 m2 förråd.\nStorlek S till XL.\nVinter\nFodrade.\nSommar",
        "requirements": "Certifikat EN ISO 15027.",
        "language": "SV",
        "organisation": "Kustbevakningen",
        "organisation_id": "202100-3997",
        "country": "SE",
        "buyer_type": "body-pl-cga",
        "main_activity": "pub-os",
        "cross_border_law": "Swedish law",
        "awarding_cpb": "yes",
        "joint_procurement": "yes",
        "buyers": "Kustbevakningen;Rajavartiolaitos",
        "buyer_countries": "SE;FI",
        "cpv": "35113400;18221000;35113000",
        "nature": "supplies",
        "framework": "yes",
        "nuts": "SE110",
        "value": 2500000.125,
        "currency": "SEK",
        "value_basis": "estimate",
        "window_end": "2021-04-02",
        "delivery_start": "2021-09-01",
        "delivery_end": "2023-08-31",
        "duration": "24 MONTH",
        "regime": "2014/25",
        "working_languages": "SV;EN",
        "source": "TED",
        "url": "https://tenders.example/1",
        "notice_kind": "competition",
        "notice_type": "contract notice",
        "notice_subtype": "F02",
        "published": "2021-03-05",
    }


def test_the_row_becomes_a_need(tmp_path: Path) -> None:
    """The row builder finds nothing to change in it."""
    report = Report()
    row = row_of(tmp_path, export(form("F02", CONTRACT_NOTICE)))
    need = build_record(row, Kind.NEED, file="n.xml", line=1, report=report)
    assert isinstance(need, Need)
    assert (need.country, need.language, need.cpv[0], need.value) == ("SE", "sv", "35113400", 2500000.125)
    assert report.issues == []


DEFENCE_BODY = """<FD_PRIOR_INFORMATION_DEFENCE CTYPE="SUPPLIES"><AUTHORITY_PRIOR_INFORMATION_DEFENCE>
<CA_CE_CONCESSIONAIRE_PROFILE><ORGANISATION><OFFICIALNAME>Puolustusvoimat</OFFICIALNAME><NATIONALID>N/A</NATIONALID>
</ORGANISATION><COUNTRY VALUE="FI"/></CA_CE_CONCESSIONAIRE_PROFILE>
<FURTHER_INFORMATION><ORGANISATION><OFFICIALNAME>Agent</OFFICIALNAME></ORGANISATION></FURTHER_INFORMATION>
<TYPE_OF_CONTRACTING_AUTHORITY VALUE="MINISTRY"/><TYPE_OF_ACTIVITY VALUE="DEFENCE"/>
<PURCHASING_ON_BEHALF_YES/></AUTHORITY_PRIOR_INFORMATION_DEFENCE>
<OBJECT_WORKS_SUPPLIES_SERVICES_PRIOR_INFORMATION><TITLE_CONTRACT><P>Yökiikarit</P></TITLE_CONTRACT>
<TYPE_CONTRACT VALUE="SUPPLIES"/><FRAMEWORK_AGREEMENT VALUE="YES"/>
<QUANTITY_SCOPE_WORKS_DEFENCE><TOTAL_QUANTITY_OR_SCOPE><P>Noin 300 kappaletta.</P></TOTAL_QUANTITY_OR_SCOPE>
{cost}<F16_DIVISION_INTO_LOTS>{lots}</F16_DIVISION_INTO_LOTS></QUANTITY_SCOPE_WORKS_DEFENCE>
<CPV><CPV_MAIN><CPV_CODE CODE="38633000"/></CPV_MAIN></CPV>
<SCHEDULED_DATE_PERIOD><PROCEDURE_DATE_STARTING><DAY>1</DAY><MONTH>6</MONTH><YEAR>2021</YEAR>
</PROCEDURE_DATE_STARTING></SCHEDULED_DATE_PERIOD>
<PERIOD_WORK_DATE_STARTING><MONTHS>36</MONTHS></PERIOD_WORK_DATE_STARTING>
<ADDITIONAL_INFORMATION><P>{remark}</P></ADDITIONAL_INFORMATION>
</OBJECT_WORKS_SUPPLIES_SERVICES_PRIOR_INFORMATION></FD_PRIOR_INFORMATION_DEFENCE>"""
REMARK = "Laitteet toimitetaan kahdessa erässä, ja ne testataan talviolosuhteissa ennen hyväksymistä."


def lot(amount: str) -> str:
    """A lot of a defence form."""
    return (
        "<LOT_PRIOR_INFORMATION><LOT_NUMBER>1</LOT_NUMBER><LOT_TITLE>Erä</LOT_TITLE><LOT_DESCRIPTION><P>Osa.</P>"
        f"</LOT_DESCRIPTION>{cost(amount) if amount else ''}</LOT_PRIOR_INFORMATION>"
    )


def cost(amount: str) -> str:
    """A value of R2.0.8."""
    return (
        '<COSTS_RANGE_AND_CURRENCY CURRENCY="EUR"><VALUE_COST FMTVAL="'
        f'{amount}">written out</VALUE_COST></COSTS_RANGE_AND_CURRENCY>'
    )


SPAN = (
    '<COSTS_RANGE_AND_CURRENCY CURRENCY="EUR"><RANGE_VALUE_COST><LOW_VALUE FMTVAL="500.00"/>'
    '<HIGH_VALUE FMTVAL="900.00"/></RANGE_VALUE_COST><INCLUDING_VAT/></COSTS_RANGE_AND_CURRENCY>'
)


def defence(costs: str = "", lots: str = "") -> str:
    """A prior information notice under the defence directive."""
    body = DEFENCE_BODY.format(cost=costs, lots=lots, remark=REMARK)
    tagged = '<PRIOR_INFORMATION_DEFENCE CATEGORY="ORIGINAL" FORM="16" LG="FI">{}</PRIOR_INFORMATION_DEFENCE>'
    return export(tagged.format(body), original="FI", document="0")


def test_defence_forms_of_the_older_schema_are_read(tmp_path: Path) -> None:
    """R2.0.8 says the same in other words; dates come in parts, and the amount in its formal writing."""
    row = row_of(tmp_path, defence(cost("1234.50"), lot("700.00")))
    assert row["title"] == "Yökiikarit"
    assert row["description"] == f"Noin 300 kappaletta.\nErä\nOsa.\n{REMARK}"
    assert (row["quantity"], row["cpv"]) == ("Noin 300 kappaletta.", "38633000;35113000")
    assert (row["organisation"], row["country"], row["buyer_type"]) == ("Puolustusvoimat", "FI", "cga")
    assert (row["main_activity"], row["framework"], row["awarding_cpb"]) == ("defence", "yes", "yes")
    assert (row["window_end"], row["planned_start"]) == ("2021-04-01", "2021-06-01")
    assert (row["duration"], row["notice_type"]) == ("36 MONTH", "prior information notice, defence")
    assert "organisation_id" not in row


@pytest.mark.parametrize(
    ("costs", "lots", "expected"),
    [
        (cost("1234.50"), lot("700.00"), {"value": 1234.5, "value_basis": "estimate"}),
        ("", lot("700.00") + lot("300.00"), {"value": 1000.0, "value_basis": "estimates of lots"}),
        ("", lot("700.00") + lot(""), {}),
        (SPAN, lot("700.00"), {"value_min": 500.0, "value_max": 900.0, "vat_included": "yes"}),
    ],
)
def test_older_values_are_whole_or_absent(tmp_path: Path, costs: str, lots: str, expected: Fields) -> None:
    """The whole is a value or a range, else the sum of all lots, never of some."""
    row = row_of(tmp_path, defence(costs, lots))
    money = ("value", "value_basis", "value_min", "value_max", "vat_included")
    assert {column: row[column] for column in money if column in row} == expected


def test_forms_of_2004_are_read(tmp_path: Path) -> None:
    """An ordinary contract notice of R2.0.8 without a coded section names its need too."""
    body = (
        "<FD_CONTRACT><CONTRACTING_AUTHORITY_INFORMATION><CA_CE_CONCESSIONAIRE_PROFILE><ORGANISATION>"
        "<OFFICIALNAME>Politia</OFFICIALNAME></ORGANISATION></CA_CE_CONCESSIONAIRE_PROFILE>"
        "</CONTRACTING_AUTHORITY_INFORMATION><OBJECT_CONTRACT_INFORMATION><DESCRIPTION_CONTRACT_INFORMATION>"
        "<TITLE_CONTRACT><P>Veste</P></TITLE_CONTRACT><SHORT_CONTRACT_DESCRIPTION><P>Antiglonț.</P>"
        "</SHORT_CONTRACT_DESCRIPTION></DESCRIPTION_CONTRACT_INFORMATION></OBJECT_CONTRACT_INFORMATION></FD_CONTRACT>"
    )
    document = export(f'<CONTRACT CATEGORY="ORIGINAL" FORM="2" LG="RO">{body}</CONTRACT>', coded=False)
    row = row_of(tmp_path, document)
    assert (row["id"], row["title"], row["description"]) == ("u-1", "Veste", "Antiglonț.")
    assert (row["organisation"], row["language"], row["notice_kind"]) == ("Politia", "RO", "competition")


def test_the_original_language_is_read_and_the_others_translate(tmp_path: Path) -> None:
    """Of several originals the first named counts; every other language gives its title."""
    document = export(
        form("F02", titled("Gilets"), "FR", "TRANSLATION"),
        form("F02", titled("Västar"), "SV"),
        form("F02", titled("Luodinsuojaliivit"), "FI"),
        original="FI SV",
    )
    row = row_of(tmp_path, document)
    assert (row["title"], row["language"]) == ("Luodinsuojaliivit", "FI")
    assert (row["title_sv"], row["title_fr"]) == ("Västar", "Gilets")
    assert "title_fi" not in row


@pytest.mark.parametrize(
    ("number", "purpose", "kind"),
    [
        ("F01", "PRI_REDUCING_TIME_LIMITS", "planning"),
        ("F01", "PRI_CALL_COMPETITION", "competition"),
        ("F04", "PER_ONLY", "planning"),
        ("F04", "PER_CALL_COMPETITION", "competition"),
        ("F05", "", "competition"),
        ("F07", "QSU_CALL_COMPETITION", "competition"),
        ("F08", "", "planning"),
        ("F12", "", "competition"),
        ("F21", "CONTRACT", "competition"),
        ("F22", "PER_ONLY", "planning"),
        ("F23", "PRI", "planning"),
        ("F24", "", "competition"),
        ("T01", "", "planning"),
    ],
)
def test_forms_that_name_a_need_are_read(tmp_path: Path, number: str, purpose: str, kind: str) -> None:
    """Planning and competition forms give a row that says which they are."""
    body = (f'<NOTICE TYPE="{purpose}"/>' if purpose else "") + titled("Västar")
    assert row_of(tmp_path, export(form(number, body)))["notice_kind"] == kind


@pytest.mark.parametrize(
    ("number", "purpose", "name"),
    [
        ("F03", "", "contract award notice (F03)"),
        ("F06", "", "contract award notice, utilities (F06)"),
        ("F13", "", "results of design contest (F13)"),
        ("F14", "", "corrigendum (F14)"),
        ("F15", "", "voluntary ex-ante transparency notice (F15)"),
        ("F20", "", "modification notice (F20)"),
        ("F21", "AWARD_CONTRACT", "social and other specific services, award (F21)"),
        ("F25", "", "concession award notice (F25)"),
        ("T02", "", "award notice, transport (T02)"),
        ("18", "", "contract award notice, defence (18)"),
        ("F99", "", "form F99 (F99)"),
    ],
)
def test_other_forms_are_named_and_read_on_request(
    tmp_path: Path, number: str, purpose: str, name: str
) -> None:
    """Awards, modifications, corrigenda and unknown forms are skipped by name, and read when asked for."""
    body = (f'<NOTICE TYPE="{purpose}"/>' if purpose else "") + titled("Västar")
    named = f'<FORM_2014 CATEGORY="ORIGINAL" FORM="{number}" LG="SV">{body}</FORM_2014>'
    document = export(named, document="Z")
    report = Report()
    assert rows_of(tmp_path, document, report) == []
    assert [(issue.severity, issue.problem) for issue in report.issues] == [
        (Severity.SKIPPED, f"{name}, not a need")
    ]
    assert row_of(tmp_path, document, awards=True)["title"] == "Västar"


def test_an_unknown_form_goes_by_the_coded_document_type(tmp_path: Path) -> None:
    """What TED coded about a form decides where its number does not."""
    assert (
        row_of(tmp_path, export(form("F77", titled("Västar")), document="3"))["notice_kind"] == "competition"
    )


SEK = 'CURRENCY="SEK"'
LOT_WORTH_3 = f"<OBJECT_DESCR><VAL_OBJECT {SEK}>3</VAL_OBJECT></OBJECT_DESCR>"


@pytest.mark.parametrize(
    ("parts", "coded", "expected"),
    [
        (f"<VAL_ESTIMATED_TOTAL {SEK}>10</VAL_ESTIMATED_TOTAL>", "99", (10.0, "estimate")),
        ("", "99", (99.0, "estimate")),
        (LOT_WORTH_3 * 2, "", (6.0, "estimates of lots")),
        (f"{LOT_WORTH_3}<OBJECT_DESCR/>", "", None),
    ],
)
def test_the_value_is_never_a_part_of_it(
    tmp_path: Path, parts: str, coded: str, expected: tuple[float, str] | None
) -> None:
    """The form's total, else the coded one, else the sum of all lots; a sum of some is no value."""
    row = row_of(tmp_path, export(form("F02", titled("V", parts)), value=coded))
    assert ((row["value"], row["value_basis"]) if "value" in row else None) == expected


def test_a_range_of_offers_is_a_range(tmp_path: Path) -> None:
    """Lowest and highest offer of an award bound the value."""
    body = titled("V", '<VAL_RANGE_TOTAL CURRENCY="GBP"><LOW>5.5</LOW><HIGH>9</HIGH></VAL_RANGE_TOTAL>')
    row = row_of(tmp_path, export(form("F03", body)), awards=True)
    assert (row["value_min"], row["value_max"], row["currency"]) == (5.5, 9.0, "GBP")


def test_the_coded_section_fills_what_the_form_leaves_open(tmp_path: Path) -> None:
    """Country, classification, nature, deadline, regime, buyer type and address come from it."""
    row = row_of(tmp_path, export(form("F02", titled("Västar"))))
    assert (row["country"], row["cpv"], row["nature"]) == ("SE", "35113000", "supplies")
    assert (row["window_end"], row["regime"], row["buyer_type"]) == ("2021-04-01", "2014/24", "ra")
    assert row["url"] == "https://ted.example/4711"


def test_a_notice_without_form_or_text_is_refused(tmp_path: Path) -> None:
    """Nothing is passed over in silence."""
    for document in (export(), export(form("F02", "<OBJECT_CONTRACT/>"))):
        report = Report()
        assert rows_of(tmp_path, document, report) == []
        assert [issue.severity for issue in report.issues] == [Severity.REFUSED]
