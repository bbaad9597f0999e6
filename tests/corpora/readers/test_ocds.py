import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora.readers import ocds
from corpora.readers.notices import Fields
from corpora.readers.ocds import read_rows, release_row
from corpora.report import Report, Severity
from corpora.rows import build_record
from matcher.errors import FileTooLarge, FileUnreadable, InputError
from matcher.records import Kind, Nature, Need

Json = dict[str, object]

PARTIES: list[object] = [
    {"id": "p1", "name": "Ministry", "roles": ["funder"]},
    {
        "id": "p2",
        "name": "Border Guard",
        "identifier": {"scheme": "LV-RE", "id": "4000"},
        "address": {"countryName": "Latvia"},
        "roles": ["buyer"],
        "details": {"classifications": [{"scheme": "TED_CA_TYPE", "id": "MINISTRY"}]},
    },
]
TENDER: Json = {
    "id": "t1",
    "title": "Thermal\ncameras",
    "title_lv": "Termokameras",
    "description": "Forty cameras.",
    "status": "active",
    "items": [
        {
            "id": "1",
            "classification": {"scheme": "CPV", "id": "38651000"},
            "additionalClassifications": [
                {"scheme": "CPV", "id": "35125300"},
                {"scheme": "UNSPSC", "id": "4512"},
            ],
            "quantity": 40,
            "unit": {"name": "piece"},
        }
    ],
    "value": {"amount": 90000.5, "currency": "EUR"},
    "minValue": {"amount": 50000, "currency": "EUR"},
    "mainProcurementCategory": "goods",
    "procurementMethod": "open",
    "tenderPeriod": {"startDate": "2026-03-01T00:00:00Z", "endDate": "2026-04-01T23:30:00+03:00"},
    "contractPeriod": {"startDate": "2026-06-01T00:00:00Z", "endDate": "2027-05-31T00:00:00Z"},
    "legalBasis": {"scheme": "CELEX", "id": "32009L0081"},
    "submissionLanguages": ["lv", "en"],
    "documents": [
        {"id": "1", "documentType": "contractDraft", "url": "https://docs.example/draft"},
        {"id": "2", "documentType": "tenderNotice", "url": "https://docs.example/notice"},
    ],
}
RELEASE: Json = {
    "ocid": "ocds-abc-1",
    "id": "r1",
    "date": "2026-02-01T00:00:00Z",
    "tag": ["tender"],
    "initiationType": "tender",
    "language": "en",
    "parties": PARTIES,
    "buyer": {"id": "p2", "name": "Border Guard"},
    "tender": TENDER,
}
AWARD: Json = {
    "ocid": "ocds-abc-1",
    "id": "r2",
    "tag": ["award"],
    "date": "2026-05-01T00:00:00Z",
    "awards": [{"id": "a", "title": "Cameras bought", "value": {"amount": 80000, "currency": "EUR"}}],
}


def package(*releases: object) -> Json:
    """A release package."""
    return {"version": "1.1", "publisher": {"name": "x"}, "releases": list(releases)}


def rows_of(
    tmp_path: Path, document: object, report: Report, awards: bool = False, name: str = "x.json"
) -> list[tuple[int, Fields]]:
    """Places and rows of a document."""
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return list(read_rows(path, report, awards=awards))


def test_a_tender_release_is_one_row(tmp_path: Path) -> None:
    """Every field of OCDS that the contract knows stands in its column."""
    report = Report()
    ((place, row),) = rows_of(tmp_path, package(RELEASE), report)
    assert report.issues == []
    assert place == 1
    assert row == {
        "id": "ocds-abc-1",
        "title": "Thermal cameras",
        "title_lv": "Termokameras",
        "description": "Forty cameras.",
        "language": "en",
        "organisation": "Border Guard",
        "organisation_id": "4000",
        "country": "LV",
        "buyer_type": "cga",
        "cpv": "38651000;35125300",
        "nature": "supplies",
        "value": 90000.5,
        "currency": "EUR",
        "value_min_eur": 50000,
        "quantity": "40 piece",
        "window_start": "2026-03-01",
        "window_end": "2026-04-01",
        "delivery_start": "2026-06-01",
        "delivery_end": "2027-05-31",
        "regime": "2009/81",
        "working_languages": "lv;en",
        "status": "open",
        "source": "OCDS",
        "url": "https://docs.example/notice",
        "ocid": "ocds-abc-1",
        "release_tags": "tender",
        "procurement_method": "open",
    }
    need = build_record(row, Kind.NEED, file="x.json", line=place, report=report)
    assert isinstance(need, Need)
    assert (need.nature, need.value_min_eur, report.issues) == (Nature.SUPPLIES, 50000.0, [])


def test_a_planning_release_speaks_through_its_budget() -> None:
    """Without a tender, the project, the rationale and the budget name the need."""
    planning = {
        "rationale": "Old radios fail.",
        "budget": {"project": "Radios", "description": "Fund B", "amount": {"amount": 7, "currency": "SEK"}},
    }
    row = release_row({"ocid": "o-1", "tag": ["planning"], "planning": planning})
    assert (row["title"], row["description"]) == ("Radios", "Old radios fail.\nFund B")
    assert (row["value"], row["currency"]) == (7, "SEK")


@pytest.mark.parametrize(
    "document",
    [
        package(RELEASE),
        RELEASE,
        [RELEASE],
        [package(RELEASE)],
        {"records": [{"ocid": "ocds-abc-1", "compiledRelease": {**RELEASE, "tag": ["compiled"]}}]},
        {"records": [{"ocid": "ocds-abc-1", "releases": [RELEASE]}]},
        {"ocid": "ocds-abc-1", "releases": [RELEASE]},
        package({**RELEASE, "tag": "tender"}),
        package({key: value for key, value in RELEASE.items() if key != "tag"}),
    ],
)
def test_every_container_is_opened(tmp_path: Path, document: object) -> None:
    """Release, array, release package, record and record package all give the same need."""
    report = Report()
    ((place, row),) = rows_of(tmp_path, document, report)
    assert (place, row["id"], row["value"], report.issues) == (1, "ocds-abc-1", 90000.5, [])


def test_lines_of_releases_are_read(tmp_path: Path) -> None:
    """A file of one release a line is read; a broken line is refused with its number, the others stay."""
    report = Report()
    other = {**RELEASE, "ocid": "ocds-abc-2"}
    text = f"{json.dumps(RELEASE)}\n{{broken\n\n{json.dumps(other)}\n"
    rows = rows_of(tmp_path, text, report, name="x.jsonl")
    assert [row["id"] for _, row in rows] == ["ocds-abc-1", "ocds-abc-2"]
    assert [(issue.line, issue.severity) for issue in report.issues] == [(2, Severity.REFUSED)]


def test_releases_of_one_process_are_merged_by_date(tmp_path: Path) -> None:
    """The later release wins field by field, wherever it stands; the row stands where the first did."""
    update: Json = {
        "ocid": "ocds-abc-1",
        "date": "2026-03-01T00:00:00Z",
        "tag": ["tenderAmendment"],
        "tender": {"id": "t1", "title": "Sixty cameras", "status": "cancelled"},
    }
    report = Report()
    other = {**RELEASE, "ocid": "ocds-abc-2"}
    rows = rows_of(tmp_path, package(update, other, RELEASE), report)
    assert [(place, row["id"]) for place, row in rows] == [(1, "ocds-abc-1"), (2, "ocds-abc-2")]
    assert (rows[0][1]["title"], rows[0][1]["status"], rows[0][1]["value"]) == (
        "Sixty cameras",
        "withdrawn",
        90000.5,
    )
    assert report.notes["releases merged into one need"] == 2


@pytest.mark.parametrize("tag", ["award", "contract", "implementation", "contractTermination"])
def test_releases_without_a_need_are_named_and_read_on_request(tmp_path: Path, tag: str) -> None:
    """What tells only of how a tender ended is skipped by its tag, and read when awards are asked for."""
    report = Report()
    assert rows_of(tmp_path, package({**AWARD, "tag": [tag]}), report) == []
    assert [(issue.severity, issue.problem) for issue in report.issues] == [
        (Severity.SKIPPED, f"release of {tag} only, not a need")
    ]
    ((_, row),) = rows_of(tmp_path, package({**AWARD, "tag": [tag]}), Report(), awards=True)
    assert (row["title"], row["value"]) == ("Cameras bought", 80000)


def test_an_award_beside_a_tender_does_not_speak_for_it(tmp_path: Path) -> None:
    """In a compiled release the need is told by the tender, not by what was bought."""
    compiled = {**AWARD, **RELEASE, "tag": ["compiled"], "tender": {"id": "t", "title": "Cameras"}}
    ((_, row),) = rows_of(tmp_path, package(compiled), Report())
    assert row["title"] == "Cameras"
    assert not {"description", "value"} & row.keys()


def test_linked_releases_and_empty_ones_are_reported(tmp_path: Path) -> None:
    """A record that only points to its releases gives no need, and says so."""
    report = Report()
    document = {"records": [{"ocid": "o", "releases": [{"url": "https://x.example", "tag": ["tender"]}]}]}
    assert rows_of(tmp_path, document, report) == []
    assert report.issues[0].problem == "a link to a release, or an empty one"


def test_bad_releases_do_not_cost_the_good_ones(tmp_path: Path) -> None:
    """Elements that are no release are refused at their place, the others are read."""
    report = Report()
    rows = rows_of(
        tmp_path, [7, {"foo": 1}, RELEASE, {"ocid": "o-3", "tag": ["tender"], "tender": {"id": "1"}}], report
    )
    assert [place for place, _ in rows] == [3]
    assert [(issue.line, issue.severity) for issue in report.issues] == [
        (1, Severity.REFUSED),
        (2, Severity.REFUSED),
        (4, Severity.REFUSED),
    ]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"definitions": {}}, "is JSON, but not OCDS: it holds 'definitions'"),
        ([{"id": "N1", "title": "Boats"}], "is JSON, but not OCDS: it holds 'id', 'title'"),
        (3, "is JSON, but not OCDS: it holds int"),
        ("{", "x.json:1: not JSON"),
        ('{"releases": [\n}', "x.json:2: not JSON"),
        ("[" * 200_000, "nested too deep"),
        ('{"ocid": ' + "9" * 5000 + "}", "is not JSON"),
    ],
)
def test_what_is_not_ocds_is_refused_with_its_reason(tmp_path: Path, document: object, reason: str) -> None:
    """Other JSON, broken JSON, and JSON of absurd depth are refused, each for what it is."""
    with pytest.raises(FileUnreadable, match=reason.replace("[", r"\[")):
        rows_of(tmp_path, document, Report())


def test_files_that_cannot_be_opened_or_are_too_large_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing files, other encodings and files beyond the limit have their own reasons."""
    with pytest.raises(FileUnreadable, match="cannot be opened"):
        list(read_rows(tmp_path / "absent.json", Report()))
    path = tmp_path / "x.json"
    path.write_bytes(b'{"ocid": "\xff"}')
    with pytest.raises(FileUnreadable, match="is not JSON in UTF-8"):
        list(read_rows(path, Report()))
    monkeypatch.setattr(ocds, "MAX_BYTES", 10)
    with pytest.raises(FileTooLarge, match="13 bytes; OCDS is read up to 10"):
        list(read_rows(path, Report()))


def test_numbers_that_json_does_not_know_are_unknown(tmp_path: Path) -> None:
    """NaN and Infinity, which Python would read, are no values."""
    text = '{"ocid": "o", "tag": ["tender"], "tender": {"title": "Boats", "value": {"amount": NaN}}}'
    ((_, row),) = rows_of(tmp_path, text, Report())
    assert "value" not in row


def test_the_extension_wins(tmp_path: Path) -> None:
    """The columns of our own extension replace and remove what OCDS says, and nothing is added beside."""
    own = {"id": "N-1", "title": "Cameras, thermal", "value": None, "visibility": "group", "team": "air"}
    ((_, row),) = rows_of(tmp_path, package({**RELEASE, "needmatch": own}), Report())
    assert (row["id"], row["title"], row["visibility"], row["team"]) == (
        "N-1",
        "Cameras, thermal",
        "group",
        "air",
    )
    assert not {"value", "ocid", "release_tags"} & row.keys()


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["CPV", "buyer"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "amount", "scheme", "name", "roles"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places_in(value: object) -> list[tuple[dict[str, object] | list[object], str | int]]:
    """Every place in a document that holds a value."""
    found: list[tuple[dict[str, object] | list[object], str | int]] = []
    if isinstance(value, dict):
        found += [(value, key) for key in value]
    if isinstance(value, list):
        found += [(value, index) for index in range(len(value))]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return found + [place for each in inner for place in places_in(each)]


@given(st.lists(st.tuples(st.integers(0, 10_000), ANYTHING), min_size=1, max_size=5))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_documents_never_crash(tmp_path: Path, damage: list[tuple[int, object]]) -> None:
    """Any value anywhere may be anything else: rows, issues or an input error come out."""
    planned: Json = {"ocid": "o-2", "tag": ["planning"], "planning": {"budget": {"amount": {"amount": 1}}}}
    own: Json = {**RELEASE, "ocid": "o-3", "needmatch": {"title": "Boats", "cpv": "34521000"}}
    document = json.loads(json.dumps(package(RELEASE, AWARD, planned, own)))
    for number, value in damage:
        spots = places_in(document)
        holder, key = spots[number % len(spots)]
        holder[key] = value  # type: ignore[index] # a key of this very holder
    for awards in (False, True):
        report = Report()
        try:
            rows = rows_of(tmp_path, document, report, awards)
        except InputError:
            continue
        for place, row in rows:
            build_record(row, Kind.NEED, file="x.json", line=place, report=report)


@given(st.binary(max_size=60), st.integers(0, 400))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_never_crash(tmp_path: Path, inserted: bytes, start: int) -> None:
    """Bytes put in anywhere, in a document or a line: rows, issues or an input error come out."""
    text = json.dumps(RELEASE).encode()
    for name in ("x.json", "x.jsonl"):
        path = tmp_path / name
        path.write_bytes(text[:start] + inserted + text[start:])
        report = Report()
        try:
            rows = list(read_rows(path, report))
        except InputError:
            continue
        assert rows or report.issues
