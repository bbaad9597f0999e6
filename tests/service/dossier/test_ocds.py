import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from corpora.readers.ocds import read_rows
from corpora.report import Report
from corpora.rows import build_record
from matcher.joint import JointCandidate
from matcher.records import Kind, Need, Visibility
from service.dossier import ocds

Make = Callable[..., JointCandidate]


def test_what_is_written_is_read_back(candidate: JointCandidate, tmp_path: Path) -> None:
    """Our own reader gives the same needs, in the same order."""
    path = tmp_path / "candidate.json"
    path.write_text(json.dumps(ocds(candidate), ensure_ascii=False), encoding="utf-8")
    report = Report()
    needs = [
        build_record(row, Kind.NEED, file=path.name, line=line, report=report)
        for line, row in read_rows(path, report)
    ]
    assert tuple(needs) == candidate.members
    assert report.issues == []


def test_releases_name_each_other(candidate: JointCandidate) -> None:
    """Every release of the planning stage names all others of the candidate, and no other."""
    package = ocds(candidate)
    releases = package["releases"]
    assert isinstance(releases, list)
    ocids = {release["ocid"] for release in releases}
    for release in releases:
        assert release["tag"] == ["planning"]
        assert release["date"].startswith("2026-05-04")
        assert {each["identifier"] for each in release["relatedProcesses"]} == ocids - {release["ocid"]}
        assert {each["scheme"] for each in release["relatedProcesses"]} == {"ocid"}


def test_the_same_candidate_gives_the_same_package(candidate: JointCandidate) -> None:
    """The package is dated with the day of the candidate, not with today."""
    assert json.dumps(ocds(candidate)) == json.dumps(ocds(candidate))
    assert str(ocds(candidate)["uri"]).startswith("urn:uuid:")


@pytest.mark.parametrize("closed", [Visibility.PRIVATE, Visibility.NETWORK])
def test_what_is_not_open_is_not_released(closed: Visibility, make: Make, trio: tuple[Need, ...]) -> None:
    """There are no masked releases."""
    needs = [replace(need, visibility=Visibility.PUBLIC) for need in trio[:2]]
    package = ocds(make([*needs, replace(trio[2], visibility=closed)]), open_to=Visibility.PUBLIC)
    assert "FR-1" not in json.dumps(package)
    assert len(package["releases"]) == 2  # type: ignore[arg-type]  # a list, as all of JSON is object here
