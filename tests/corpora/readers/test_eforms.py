from pathlib import Path

import pytest

from corpora.readers.eforms import read_rows
from corpora.readers.notices import Fields
from corpora.report import Report, Severity
from corpora.rows import build_record
from matcher.records import Kind, Nature, Need

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
P27 = "http://data.europa.eu/p27"
NAMESPACES = (
    f'xmlns:cbc="{UBL}:CommonBasicComponents-2" xmlns:cac="{UBL}:CommonAggregateComponents-2" '
    f'xmlns:ext="{UBL}:CommonExtensionComponents-2" xmlns:efext="{P27}/eforms-ubl-extensions/1" '
    f'xmlns:efac="{P27}/eforms-ubl-extension-aggregate-components/1" '
    f'xmlns:efbc="{P27}/eforms-ubl-extension-basic-components/1"'
)


def tag(path: str, *content: str, **attributes: str) -> str:
    """Elements inside each other, the innermost with the content and the attributes."""
    names = path.split("/")
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    opened = "".join(f"<{name}>" for name in names[:-1]) + f"<{names[-1]}{given}>"
    return opened + "".join(content) + "".join(f"</{name}>" for name in reversed(names))


def said(name: str, text: str, tongue: str = "FIN") -> str:
    """A text in a language."""
    return tag(f"cbc:{name}", text, languageID=tongue)


def extension(*content: str) -> str:
    """The content inside an eForms extension block."""
    return tag(
        "ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/efext:EformsExtension",
        *content,
    )


def organisation(key: str, name: str, country: str, more: str = "", company: str = "FI-77") -> str:
    """One organisation of a notice."""
    facts = (
        tag("cac:PartyIdentification/cbc:ID", key),
        tag("cac:PartyName", said("Name", name)),
        tag("cac:PostalAddress/cac:Country/cbc:IdentificationCode", country),
        tag("cac:PartyLegalEntity/cbc:CompanyID", company),
    )
    return tag("efac:Organization", more, tag("efac:Company", *facts))


def buyer(key: str) -> str:
    """A contracting party that refers to an organisation."""
    kind = "cac:ContractingPartyType/cbc:PartyTypeCode"
    return tag(
        "cac:ContractingParty",
        tag(kind, "cont-ent", listName="buyer-contracting-type"),
        tag(kind, "cga", listName="buyer-legal-type"),
        tag("cac:ContractingActivity/cbc:ActivityTypeCode", "pub-os", listName="authority-activity"),
        tag("cac:Party/cac:PartyIdentification/cbc:ID", key),
    )


def project(*content: str) -> str:
    """A procurement project."""
    return tag("cac:ProcurementProject", *content)


def titled(title: str, description: str = "", tongue: str = "FIN") -> str:
    """Name and description in one language."""
    return said("Name", title, tongue) + (said("Description", description, tongue) if description else "")


def lot(content: str, number: int = 1, scheme: str = "Lot") -> str:
    """A lot, a part or a group of lots."""
    return tag("cac:ProcurementProjectLot", tag("cbc:ID", f"LOT-{number:04}", schemeName=scheme), content)


def cpv(main: str, *more: str) -> str:
    """Main and additional classifications."""
    codes = [("Main", main), *(("Additional", code) for code in more)]
    return "".join(
        tag(f"cac:{rank}CommodityClassification/cbc:ItemClassificationCode", code) for rank, code in codes
    )


def estimate(amount: str, currency: str = "EUR") -> str:
    """An estimated value."""
    path = "cac:RequestedTenderTotal/cbc:EstimatedOverallContractAmount"
    return tag(path, amount, currencyID=currency)


def maximum(amount: str) -> str:
    """A framework maximum value."""
    value = tag("efbc:FrameworkMaximumAmount", amount, currencyID="SEK")
    return tag("cac:RequestedTenderTotal", extension(value))


def criterion(kind: str, text: str) -> str:
    """A selection criterion."""
    code = tag("cbc:CriterionTypeCode", kind, listName="selection-criterion")
    return tag("efac:SelectionCriteria", code, said("Description", text))


def cross_border_law(text: str, more: str = "") -> str:
    """The law of a joint procedure across borders."""
    return tag(
        "cac:TenderingTerms/cac:ProcurementLegislationDocumentReference",
        tag("cbc:ID", "CrossBorderLaw"),
        tag("cbc:DocumentDescription", text),
        more,
    )


def notice(
    body: str,
    root: str = "ContractNotice",
    kind: str = "competition",
    code: str = "cn-standard",
    subtype: str = "16",
    block: str = "",
    head: str = tag("cbc:ID", "n-1", schemeName="notice-id") + tag("cbc:VersionID", "01"),
) -> str:
    """A whole notice; its marks of kind are left out when empty."""
    typed = tag("cbc:NoticeTypeCode", code, listName=kind) if code else ""
    numbered = tag("efac:NoticeSubType/cbc:SubTypeCode", subtype) if subtype else ""
    return (
        f'<{root} xmlns="{UBL}:{root}-2" {NAMESPACES}>{extension(numbered, block)}{head}'
        f"<cbc:RegulatoryDomain>32009L0081</cbc:RegulatoryDomain>{typed}"
        f"<cbc:NoticeLanguageCode>FIN</cbc:NoticeLanguageCode>{body}</{root}>"
    )


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


TERMS = tag(
    "cac:TenderingTerms",
    extension(criterion("tp-abil", "Kolme toimitettua venettä."), criterion("ef-stand", "Liikevaihto.")),
    tag(
        "cac:CallForTendersDocumentReference/cac:Attachment/cac:ExternalReference/cbc:URI",
        "https://tenders.example/9",
    ),
    tag("cac:Language/cbc:ID", "FIN"),
    tag("cac:Language/cbc:ID", "SWE"),
    tag("cac:SecurityClearanceTerm", said("Description", "Turvallisuusselvitys.")),
)
PROCESS = tag(
    "cac:TenderingProcess",
    tag("cac:TenderSubmissionDeadlinePeriod/cbc:EndDate", "2026-09-01+03:00"),
    tag(
        "cac:ContractingSystem/cbc:ContractingSystemTypeCode",
        "fa-wo-rc",
        listName="framework-agreement",
    ),
)
WHOLE = project(
    titled("Vartioveneet", "Kaksi venettä saaristoon."),
    titled("Patrol boats", "Two boats.", "ENG"),
    tag("cbc:ProcurementTypeCode", "supplies", listName="contract-nature"),
    said("Note", "Veneet luovutetaan keväällä ennen jäiden lähtöä. " * 3),
    estimate("1250000.125"),
    cpv("34521000", "34520000"),
)
FIRST_LOT = project(
    titled("Vartioveneet", "Nopea vene."),
    tag(
        "cac:ProcurementAdditionalType/cbc:ProcurementTypeCode",
        "prod-innov",
        listName="innovative-acquisition",
    ),
    tag("cbc:EstimatedOverallContractQuantity", "2", unitCode="C62"),
    cpv("34521000"),
    tag("cac:RealizedLocation/cac:Address/cbc:CountrySubentityCode", "FI1C1"),
    tag(
        "cac:PlannedPeriod",
        tag("cbc:StartDate", "2027-01-01+02:00"),
        tag("cbc:EndDate", "2028-12-31+02:00"),
    ),
)
FULL = notice(
    buyer("ORG-1")
    + cross_border_law("Law of Finland")
    + WHOLE
    + lot(TERMS + PROCESS + FIRST_LOT)
    + lot(project(titled("Hinausvene", "kaksi venettä saaristoon."), cpv("34522000")), 2)
    + lot(project(titled("Kaikki veneet", "Erien ryhmä.")), 3, "LotsGroup"),
    block=tag(
        "efac:Organizations",
        organisation("ORG-1", "Rajavartiolaitos", "FIN", tag("efbc:AwardingCPBIndicator", "true")),
    )
    + tag(
        "efac:Publication",
        tag("efbc:NoticePublicationID", "00012345-2026"),
        tag("efbc:PublicationDate", "2026-07-01Z"),
    ),
    head=tag("cbc:ID", "n-1", schemeName="notice-id")
    + tag("cbc:ContractFolderID", "p-1")
    + tag("cbc:IssueDate", "2026-06-30+03:00")
    + tag("cbc:VersionID", "01"),
)


def test_a_whole_notice_is_one_row(tmp_path: Path) -> None:
    """Every business term stands in its column; what is empty has none."""
    row = row_of(tmp_path, FULL)
    remark = " ".join(["Veneet luovutetaan keväällä ennen jäiden lähtöä."] * 3)
    assert row == {
        "id": "012345-2026",
        "title": "Vartioveneet",
        "title_en": "Patrol boats",
        "description": f"Kaksi venettä saaristoon.\nNopea vene.\nHinausvene\n{remark}",
        "requirements": "Kolme toimitettua venettä.\nTurvallisuusselvitys.",
        "language": "FIN",
        "country": "FIN",
        "organisation": "Rajavartiolaitos",
        "organisation_id": "FI-77",
        "buyer_type": "cga",
        "main_activity": "pub-os",
        "awarding_cpb": "yes",
        "cross_border_law": "Law of Finland",
        "cpv": "34521000;34522000;34520000",
        "nature": "supplies",
        "quantity": "2",
        "innovation": "prod-innov",
        "framework": "fa-wo-rc",
        "nuts": "FI1C1",
        "value": 1250000.125,
        "currency": "EUR",
        "value_basis": "estimate",
        "window_end": "2026-09-01",
        "delivery_start": "2027-01-01",
        "delivery_end": "2028-12-31",
        "regime": "2009/81",
        "working_languages": "FIN;SWE",
        "source": "eForms",
        "url": "https://tenders.example/9",
        "notice_kind": "competition",
        "notice_type": "cn-standard",
        "notice_subtype": "16",
        "notice_version": "01",
        "procedure_id": "p-1",
        "published": "2026-07-01",
    }


def test_the_row_becomes_a_need(tmp_path: Path) -> None:
    """The row builder turns codes of three letters, dates and amounts into those of the contract."""
    report = Report()
    need = build_record(row_of(tmp_path, FULL), Kind.NEED, file="n.xml", line=1, report=report)
    assert isinstance(need, Need)
    assert (need.language, need.country, need.working_languages) == ("fi", "FI", ("fi", "sv"))
    assert (need.nature, need.titles["en"]) == (Nature.SUPPLIES, "Patrol boats")
    assert need.extra["procedure_id"] == "p-1"
    assert report.issues == []


@pytest.mark.parametrize(
    ("root", "kind", "code", "subtype", "expected"),
    [
        ("PriorInformationNotice", "planning", "pin-only", "4", "planning"),
        ("PriorInformationNotice", "consultation", "pmc", "E1", "consultation"),
        ("PriorInformationNotice", "competition", "pin-cfc-standard", "10", "competition"),
        ("ContractNotice", "change", "corr", "23", "competition"),
        ("ContractNotice", "", "qu-sy", "15", "competition"),
        ("PriorInformationNotice", "", "", "E1", "consultation"),
        ("PriorInformationNotice", "", "", "", "planning"),
        ("ContractNotice", "", "", "", "competition"),
    ],
)
def test_needs_are_told_by_form_type_subtype_or_root(
    tmp_path: Path, root: str, kind: str, code: str, subtype: str, expected: str
) -> None:
    """Planning, consultation and competition are read, whichever of the three marks says so."""
    row = row_of(tmp_path, notice(project(titled("Veneet")), root, kind, code, subtype))
    assert row["notice_kind"] == expected


@pytest.mark.parametrize(
    ("kind", "code", "subtype", "name"),
    [
        ("result", "can-standard", "29", "contract award notice (can-standard)"),
        ("cont-modif", "can-modif", "38", "contract modification notice (can-modif)"),
        ("dir-awa-pre", "veat", "25", "voluntary ex-ante transparency notice (veat)"),
        ("completion", "compl", "E5", "contract completion notice (compl)"),
        ("", "", "27", "voluntary ex-ante transparency notice (27)"),
        ("", "", "40", "contract modification notice (40)"),
        ("", "", "", "contract award notice (ContractAwardNotice)"),
    ],
)
def test_other_kinds_are_named_and_read_on_request(
    tmp_path: Path, kind: str, code: str, subtype: str, name: str
) -> None:
    """What is not a need is skipped by name, and gives its row when awards are asked for."""
    document = notice(project(titled("Veneet")), "ContractAwardNotice", kind, code, subtype)
    report = Report()
    assert rows_of(tmp_path, document, report) == []
    assert [(issue.severity, issue.problem) for issue in report.issues] == [
        (Severity.SKIPPED, f"{name}, not a need")
    ]
    assert row_of(tmp_path, document, awards=True)["title"] == "Veneet"


def test_a_business_registration_is_never_a_need(tmp_path: Path) -> None:
    """It is skipped by name, awards or not."""
    document = notice("", "BusinessRegistrationInformationNotice", "bri", "brin-ecs", "X02")
    for awards in (False, True):
        report = Report()
        assert rows_of(tmp_path, document, report, awards) == []
        assert report.issues[0].problem == "business registration notice (brin-ecs), not a need"


def test_a_notice_without_text_is_refused(tmp_path: Path) -> None:
    """A notice that names nothing is refused with its reason, not passed over."""
    report = Report()
    assert rows_of(tmp_path, notice(project("")), report) == []
    assert report.issues[0].severity is Severity.REFUSED


def test_the_title_of_a_lot_stands_in(tmp_path: Path) -> None:
    """A procedure without a title takes that of its first lot, in one line."""
    row = row_of(tmp_path, notice(project("") + lot(project(titled("Vene\n  ja moottori", "Uusi.")))))
    assert (row["title"], row["description"]) == ("Vene ja moottori", "Uusi.")


def test_without_publication_number_the_notice_id_and_version_count(tmp_path: Path) -> None:
    """Notice id and version together name a notice; a notice without both goes by its file, reported."""
    assert row_of(tmp_path, notice(project(titled("Veneet"))))["id"] == "n-1-01"
    report = Report()
    (row,) = rows_of(tmp_path, notice(project(titled("Veneet")), head=""), report)
    assert row["id"] == "notice"
    assert report.issues[0].severity is Severity.CHANGED


@pytest.mark.parametrize(
    ("whole", "lots", "expected"),
    [
        (estimate("100"), [estimate("30"), estimate("40")], (100.0, "EUR", "estimate")),
        ("", [estimate("30.5"), estimate("40")], (70.5, "EUR", "estimates of lots")),
        ("", [estimate("30"), ""], None),
        ("", [estimate("30"), estimate("40", "SEK")], None),
        (estimate("-1"), [estimate("30"), estimate("40")], (70.0, "EUR", "estimates of lots")),
        (maximum("900"), ["", ""], (900.0, "SEK", "framework maximum")),
        ("", [maximum("900"), maximum("100")], (1000.0, "SEK", "framework maxima of lots")),
        (maximum("900"), [estimate("30"), estimate("40")], (70.0, "EUR", "estimates of lots")),
    ],
)
def test_the_value_is_never_a_part_of_it(
    tmp_path: Path, whole: str, lots: list[str], expected: tuple[float, str, str] | None
) -> None:
    """Estimate of the procedure, of all lots, framework maximum: in this order, and no partial sums."""
    parts = "".join(lot(project(titled("Erä") + each), number) for number, each in enumerate(lots, 1))
    row = row_of(tmp_path, notice(project(titled("Veneet") + whole) + parts))
    found = (row["value"], row["currency"], row["value_basis"]) if "value" in row else None
    assert found == expected


def test_an_award_gives_its_total_when_nothing_was_estimated(tmp_path: Path) -> None:
    """The value of a notice that is read as an award may be the awarded one, and says so."""
    block = tag("efac:NoticeResult/cbc:TotalAmount", "77", currencyID="EUR")
    document = notice(project(titled("Veneet")), "ContractAwardNotice", "result", "can-standard", "29", block)
    row = row_of(tmp_path, document, awards=True)
    assert (row["value"], row["value_basis"]) == (77.0, "awarded")


def test_withheld_values_are_unknown(tmp_path: Path) -> None:
    """What is not published stands in the XML as a mark; the mark is no data, and its field is named."""
    privacy = extension(tag("efac:FieldsPrivacy/efbc:FieldIdentifierCode", "cro-bor-law"))
    body = cross_border_law("unpublished", privacy) + tag("cbc:PlannedDate", "1970-01-01Z")
    body += project(titled("Veneet", "Unpublished"), estimate("-1"))
    body += lot(project(tag("cbc:EstimatedOverallContractQuantity", "-1"), cpv("unpublished", "34521000")))
    row = row_of(tmp_path, notice(body))
    assert row["withheld"] == "cro-bor-law"
    assert row["cpv"] == "34521000"
    assert not {"description", "value", "quantity", "window_start"} & row.keys()
    assert row["cross_border_law"] == "yes"


def test_several_buyers_are_a_joint_purchase_and_its_lead_comes_first(tmp_path: Path) -> None:
    """More than one buyer is told, with names and countries; the group lead is the organisation."""
    block = tag(
        "efac:Organizations",
        organisation("ORG-1", "Poliisi", "FIN", company="not available"),
        organisation("ORG-2", "Politsei", "EST", tag("efbc:GroupLeadIndicator", "true")),
        organisation("ORG-3", "Tuomioistuin", "SWE"),
    )
    row = row_of(tmp_path, notice(buyer("ORG-1") + buyer("ORG-2") + project(titled("Veneet")), block=block))
    assert (row["organisation"], row["country"], row["group_lead"]) == ("Politsei", "EST", "Politsei")
    assert (row["joint_procurement"], row["buyers"], row["buyer_countries"]) == (
        "yes",
        "Politsei;Poliisi",
        "EST;FIN",
    )


def test_words_for_no_number_are_no_identifier(tmp_path: Path) -> None:
    """Organisations that say 'not available' do not become one organisation."""
    block = tag("efac:Organizations", organisation("ORG-1", "Poliisi", "FIN", company="Not available"))
    row = row_of(tmp_path, notice(buyer("ORG-1") + project(titled("Veneet")), block=block))
    assert "organisation_id" not in row
    assert "joint_procurement" not in row


def test_a_cancelled_procedure_is_withdrawn(tmp_path: Path) -> None:
    """A change notice that cancels says so in the status and names the notice it changes."""
    block = tag(
        "efac:Changes",
        tag("efbc:ChangedNoticeIdentifier", "n-0-01"),
        tag("efac:ChangeReason/cbc:ReasonCode", "cancel"),
    )
    row = row_of(tmp_path, notice(project(titled("Veneet")), block=block))
    assert (row["status"], row["changed_notice"]) == ("withdrawn", "n-0-01")


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        (
            {"TenderSubmissionDeadline": "2026-05-02Z", "ParticipationRequestReception": "2026-04-01Z"},
            "2026-05-02",
        ),
        ({"ParticipationRequestReception": "2026-04-01+02:00"}, "2026-04-01"),
    ],
)
def test_the_deadline_is_that_for_tenders_else_for_requests(
    tmp_path: Path, periods: dict[str, str], expected: str
) -> None:
    """The window ends with the tender deadline, or that for requests; a zone does not move the day."""
    process = (tag(f"cac:{name}Period/cbc:EndDate", day) for name, day in periods.items())
    body = tag("cbc:PlannedDate", "2026-02-01+02:00") + project(titled("Veneet"))
    row = row_of(tmp_path, notice(body + lot(tag("cac:TenderingProcess", *process))))
    assert (row["window_start"], row["window_end"]) == ("2026-02-01", expected)
