import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora.columns import flatten
from corpora.readers.ocds import read_rows
from corpora.report import Report
from corpora.rows import build_record
from corpora.writers.ocds import joint_package, release_of, write
from matcher.errors import FileUnreadable, InputError, RecordInvalid
from matcher.records import (
    EU_COUNTRIES,
    EU_LANGUAGES,
    JointInterest,
    Kind,
    Nature,
    Need,
    Record,
    Solution,
    Visibility,
)

DAY = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
DATE_TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})"

FULL = Need(
    id="EE#17",
    title="Õhuseire droonid",
    description="Kaks rida.\nTeine.",
    requirements="STANAG 4609",
    language="et",
    country="EE",
    organisation="Politsei- ja Piirivalveamet",
    organisation_id="70008747",
    buyer_type="cga",
    cpv=("35613000", "35125300"),
    nature=Nature.SUPPLIES,
    value=900000.5,
    currency="PLN",
    value_eur=210000.0,
    value_min_eur=150000.0,
    value_max_eur=250000.0,
    vat_included=True,
    quantity="12 tk",
    window_start=date(2026, 9, 1),
    window_end=date(2026, 12, 31),
    delivery_start=date(2027, 1, 1),
    delivery_end=date(2027, 6, 30),
    regime="2009/81",
    standards=("STANAG 4609", "EN 4709"),
    working_languages=("et", "en"),
    visibility=Visibility.GROUP,
    joint_interest=JointInterest.YES,
    trl_min=7,
    status="open",
    source="survey",
    url="https://needs.example/17",
    titles=MappingProxyType({"en": "Surveillance drones", "fi": "Valvontadronet"}),
    extra=MappingProxyType({"ocid": "mine", "team": "air; sea"}),
)


def back(path: Path, report: Report) -> list[Record | None]:
    """The records of a written file."""
    return [
        build_record(row, Kind.NEED, file=path.name, line=line, report=report)
        for line, row in read_rows(path, report)
    ]


def written(tmp_path: Path, *needs: Need, **options: Any) -> dict[str, Any]:
    """The package that was written of the needs."""
    path = tmp_path / "needs.json"
    assert write(needs, path, published=DAY, **options) == len(needs)
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def faults(package: Mapping[str, Any]) -> list[str]:
    """What the schema of OCDS 1.1 would object to, as far as these packages could offend it."""

    def absent(holder: Mapping[str, Any], *keys: str) -> list[str]:
        return [key for key in keys if not holder.get(key)]

    def unlike(pattern: str, *values: str) -> list[str]:
        return [value for value in values if not re.fullmatch(pattern, value)]

    found = absent(package, "uri", "publishedDate", "publisher", "version", "releases")
    found += unlike(r"\d+\.\d+", package["version"]) + unlike(DATE_TIME, package["publishedDate"])
    found += unlike(r"[a-z]+:[!-~]+", package["uri"]) + absent(package["publisher"], "name")
    for release in package["releases"]:
        found += absent(release, "ocid", "id", "date", "tag", "initiationType", "tender")
        found += unlike("[^#]+", release["id"]) + unlike(DATE_TIME, release["date"])
        found += unlike("tender", release["initiationType"]) + unlike("planning", *release["tag"])
        tender = release["tender"]
        found += absent(tender, "id") + unlike("planning", tender["status"])
        found += unlike("goods|services|works", tender.get("mainProcurementCategory", "goods"))
        for item in tender.get("items", []):
            found += absent(item, "id") + unlike("CPV", item["classification"]["scheme"])
            found += unlike("[0-9]{8}", item["classification"]["id"])
        for value in (tender[key] for key in ("value", "minValue") if key in tender):
            found += absent(value, "amount") + unlike("[A-Z]{3}", value["currency"])
        for period in (tender[key] for key in ("tenderPeriod", "contractPeriod") if key in tender):
            found += unlike(DATE_TIME, *period.values())
        for document in tender.get("documents", []):
            found += absent(document, "id", "documentType") + unlike(r"https?://[!-~]+", document["url"])
        parties = {party["id"]: party for party in release.get("parties", [])}
        found += [role for party in parties.values() for role in unlike("buyer", *party["roles"])]
        if "buyer" in release and release["buyer"]["id"] not in parties:
            found.append("buyer")
    return found


def test_a_need_becomes_a_planning_release(tmp_path: Path) -> None:
    """What OCDS has a place for stands in that place."""
    package = written(tmp_path, FULL)
    (release,) = package["releases"]
    assert package["publishedDate"] == release["date"] == "2026-05-01T08:30:00+00:00"
    assert (release["ocid"], release["id"]) == ("needmatch-EE%2317", "needmatch-EE%2317-2026-05-01")
    assert release["buyer"] == {"id": "70008747", "name": "Politsei- ja Piirivalveamet"}
    assert release["parties"][0]["address"] == {"countryName": "Estonia"}
    tender = release["tender"]
    assert (tender["title"], tender["title_en"]) == ("Õhuseire droonid", "Surveillance drones")
    assert [item["classification"]["id"] for item in tender["items"]] == ["35613000", "35125300"]
    assert tender["value"] == {"amount": 900000.5, "currency": "PLN"}
    assert tender["minValue"] == {"amount": 150000.0, "currency": "EUR"}
    assert tender["mainProcurementCategory"] == "goods"
    assert tender["tenderPeriod"] == {"startDate": "2026-09-01T00:00:00Z", "endDate": "2026-12-31T23:59:59Z"}
    assert tender["documents"][0]["url"] == "https://needs.example/17"
    assert faults(package) == []


def test_the_extension_holds_only_what_ocds_cannot(tmp_path: Path) -> None:
    """Columns that OCDS gives back unchanged are not said twice."""
    (release,) = written(tmp_path, FULL)["releases"]
    assert set(release["needmatch"]) == {
        "id", "requirements", "value_eur", "value_max_eur", "vat_included", "quantity", "regime", "standards",
        "working_languages", "visibility", "joint_interest", "trl_min", "source", "ocid", "team",
    }  # fmt: skip


@pytest.mark.parametrize(
    "need",
    [
        FULL,
        Need(id="N1", title="Boats"),
        Need(id="N1", title="Boats", country="UA"),
        Need(id="N1", title="Boats", organisation="Coast Guard"),
        Need(id="N1", title="Boats", value_eur=5000.0),
        Need(id="N1", title="Boats", value=5000.0),
        Need(id="N1", title="Boats", value=5000.0, currency="ZZZ", url="see the portal"),
        Need(id="N1", title="Boats", description="Boats", window_end=date(2026, 1, 1), status="active"),
    ],
)
def test_a_need_comes_back_as_it_was(tmp_path: Path, need: Need) -> None:
    """Written and read again, a full need and sparse ones are the same, without any complaint."""
    package = written(tmp_path, need)
    report = Report()
    assert back(tmp_path / "needs.json", report) == [need]
    assert report.issues == []
    assert faults(package) == []


WORDS = st.text(max_size=20)
DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(date.isoformat)
FLAT_ROWS = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=8), "title": st.text(min_size=1, max_size=30)},
    optional={
        "description": st.text(max_size=60),
        "requirements": WORDS,
        "language": st.sampled_from(EU_LANGUAGES),
        "country": st.sampled_from([*EU_COUNTRIES, "UA", "XK"]),
        "organisation": WORDS,
        "organisation_id": WORDS,
        "buyer_type": WORDS,
        "cpv": st.lists(st.from_regex("[0-9]{8}", fullmatch=True), max_size=3),
        "nature": st.sampled_from(Nature),
        "value": st.floats(2, 1e12),
        "currency": st.sampled_from(["EUR", "SEK", "XTS"]),
        "value_eur": st.floats(2, 1e12),
        "value_min": st.floats(2, 1e12),
        "value_max_eur": st.floats(2, 1e12),
        "vat_included": st.booleans(),
        "quantity": WORDS,
        "window_start": DAYS,
        "window_end": DAYS,
        "delivery_start": DAYS,
        "delivery_end": DAYS,
        "regime": WORDS,
        "standards": WORDS,
        "working_languages": st.sampled_from(["de;fr", "en"]),
        "visibility": st.sampled_from(Visibility),
        "joint_interest": st.sampled_from(JointInterest),
        "trl_min": st.integers(1, 9),
        "status": WORDS,
        "source": WORDS,
        "url": WORDS | st.just("https://needs.example/ä"),
        "title_fr": WORDS,
        "ocid": WORDS,
        "colour": WORDS,
    },
)


@given(st.lists(FLAT_ROWS, max_size=4, unique_by=lambda row: row["id"]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_read_comes_back_as_it_was(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    """For any needs that the row builder accepts, writing and reading again is no change."""
    built = [build_record(row, Kind.NEED, file="x", line=1, report=Report()) for row in rows]
    needs = {need.id: need for need in built if isinstance(need, Need)}
    package = written(tmp_path, *needs.values())
    report = Report()
    assert back(tmp_path / "needs.json", report) == list(needs.values())
    assert report.issues == []
    if needs:
        assert faults(package) == []


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Output depends on nothing but its arguments, and another record, day or publisher changes the uri."""
    needs = [FULL, Need(id="N2", title="Boats")]
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    write(needs, one, published=DAY)
    write(needs, two, published=DAY)
    assert one.read_bytes() == two.read_bytes()
    uris = {
        written(tmp_path, *needs)["uri"],
        written(tmp_path, *needs[:1])["uri"],
        written(tmp_path, *needs, publisher="Ministry")["uri"],
    }
    assert len(uris) == 3


def test_a_day_without_a_zone_is_universal_time(tmp_path: Path) -> None:
    """The schema wants a zone; midnight of today is the default day."""
    path = tmp_path / "needs.json"
    write([FULL], path, published=datetime(2026, 5, 1))
    assert json.loads(path.read_text())["publishedDate"] == "2026-05-01T00:00:00+00:00"
    write([FULL], path)
    assert faults(json.loads(path.read_text())) == []


def test_the_publisher_and_the_prefix_can_be_named(tmp_path: Path) -> None:
    """Whoever publishes puts their own name and their own registered prefix."""
    package = written(tmp_path, FULL, publisher='The "Ministry"', ocid_prefix="ocds-a1b2c3")
    assert package["publisher"] == {"name": 'The "Ministry"'}
    assert package["releases"][0]["ocid"] == "ocds-a1b2c3-EE%2317"


def test_solutions_are_refused_and_no_file_is_left(tmp_path: Path) -> None:
    """OCDS has no place for an offer without a tender; the refusal says so, and the folder is as before."""
    path = tmp_path / "needs.json"
    with pytest.raises(InputError, match="OCDS has no place for solutions, and 'S1' is one"):
        write([FULL, Solution(id="S1", name="Drone")], path)
    assert list(tmp_path.iterdir()) == []


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """Two releases of one ocid would be read as one need."""
    with pytest.raises(RecordInvalid, match="'needmatch-N1' would come twice"):
        write([Need(id="N1", title="a"), Need(id="N1", title="b")], tmp_path / "needs.json")


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    """What cannot be written is refused with its path."""
    with pytest.raises(FileUnreadable, match="cannot be written"):
        write([FULL], tmp_path / "absent" / "needs.json")


def test_a_release_says_what_the_row_says() -> None:
    """The extension laid over the standard part is the flat row of the need."""
    release = release_of(FULL, "2026-05-01T00:00:00Z")
    own = release["needmatch"]
    assert isinstance(own, dict)
    row = flatten(FULL)
    assert all(own[column] == row[column] for column in own if own[column] is not None)


def test_needs_that_could_be_joined_make_a_sound_package() -> None:
    """The package holds to the schema like any other, and every release names the others alone."""
    needs = [FULL, Need(id="FI-1", title="Valvontadronet", country="NO"), Need(id="LT-1", title="Dronai")]
    package = joint_package(needs, published=DAY)
    assert faults(package) == []
    releases: Any = package["releases"]
    named = [[other["identifier"] for other in release["relatedProcesses"]] for release in releases]
    one, two, three = (release["ocid"] for release in releases)
    assert named == [[two, three], [one, three], [one, two]]
    assert releases[1]["parties"][0]["address"] == {"countryName": "Norway"}


def test_a_need_cannot_be_joined_with_itself() -> None:
    """An id that comes twice is refused."""
    with pytest.raises(RecordInvalid, match="needmatch-N1"):
        joint_package([Need(id="N1", title="Boats"), Need(id="N1", title="Cars")])
