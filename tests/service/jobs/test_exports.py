"""Exports show what their user may see, and no more."""

import csv
import io
import json

import pytest
from openpyxl import load_workbook

from matcher.records import Solution, Visibility
from service.confidentiality.audience import Audience
from service.jobs import exports
from service.store.tables import AuditRow, FeedbackRow


def exported(house, name, **wish):
    """The answer of an export job, and its file."""
    asked = house.ask(name, "POST", "/exports", json=wish)
    assert asked.status_code == 202, asked.text
    while house.runner.once():
        pass
    job = house.ask(name, "GET", f"/jobs/{asked.json()['id']}").json()
    assert job["status"] == "done", job["error"]
    return job, house.ask(name, "GET", f"/jobs/{job['id']}/file")


def rows(found):
    """The rows of a csv file."""
    return list(csv.DictReader(io.StringIO(found.text)))


def test_everybody_gets_what_they_may_see(house, vest):
    """A private need is in its owner's file only; industry's shows needs for the network without names."""
    private = house.enter("ana", vest("Hidden vests", visibility=Visibility.PRIVATE))
    network = house.enter("ana", vest("Network vests", visibility=Visibility.NETWORK))
    masked = house.enter(
        "ana",
        vest("Vests for all", visibility=Visibility.NETWORK_INDUSTRY, organisation="Police", value_eur=7e4),
    )
    public = house.enter("ana", vest("Public vests", visibility=Visibility.PUBLIC))
    seen = {}
    for name in ("ana", "bea", "ivo", "eva"):
        job, found = exported(house, name, what="needs")
        seen[name] = {row["id"]: row for row in rows(found)}
        assert job["result"]["rows"] == len(seen[name])
    assert set(seen["ana"]) == {private, network, masked, public}
    assert set(seen["bea"]) == {network, masked, public}
    assert set(seen["ivo"]) == {masked, public}
    assert set(seen["eva"]) == {public}
    assert seen["bea"][masked]["value_eur"] == "70000"
    assert seen["ivo"][masked]["value_eur"] == seen["ivo"][masked]["organisation"] == ""


@pytest.mark.parametrize("written", ["csv", "tsv", "xlsx", "jsonl", "ocds"])
def test_a_hidden_need_changes_no_byte(house, vest, written):
    """Files with and without a need that is not to be seen are the same."""
    house.enter("ana", vest("Public vests", visibility=Visibility.PUBLIC))

    def content():
        found = exported(house, "eva", what="needs", format=written)[1].content
        if written != "xlsx":
            return found
        sheet = load_workbook(io.BytesIO(found)).active  # the file itself is dated
        return [[cell.value for cell in row] for row in sheet.iter_rows()]

    before = content()
    house.enter("ana", vest("Hidden vests", extra={"colour": "red"}, language="et"))
    assert content() == before


def test_drafts_and_what_is_over_are_in_the_owners_file_only(house, vest):
    """Others see what is matched; the owner sees all of its own."""
    house.enter("ana", vest("Draft"), status="draft")
    house.enter("ana", vest("Over"), status="fulfilled")
    assert len(rows(exported(house, "ana", what="needs")[1])) == 2
    assert rows(exported(house, "bea", what="needs")[1]) == []


def test_filters_narrow_and_unknown_fields_pass(house, vest):
    """The filter is that of searches; own takes one's own only."""
    house.enter("ana", vest("A", country="EE"))
    house.enter("bea", vest("B", country="FI"))
    found = exported(house, "ana", what="needs", filters={"countries": ["fi"]})[1]
    assert [row["title"] for row in rows(found)] == ["B"]
    assert [row["title"] for row in rows(exported(house, "ana", what="needs", own=True)[1])] == ["A"]
    bad = house.ask("ana", "POST", "/exports", json={"what": "needs", "filters": {"cpv": ["x"]}})
    assert bad.status_code == 422


@pytest.mark.parametrize("written", ["csv", "xlsx"])
def test_cells_that_look_like_formulas_are_neutralised(house, vest, written):
    """A title that begins with = comes out as text."""
    house.enter("ana", vest("=HYPERLINK(1)"))
    content = house.ask("ana", "GET", f"/exports/needs.{written}").content
    if written == "csv":
        assert b"'=HYPERLINK(1)" in content
    else:
        sheet = load_workbook(io.BytesIO(content)).active
        assert any(str(cell.value) == "'=HYPERLINK(1)" for row in sheet.iter_rows() for cell in row)


def test_small_exports_are_had_at_once(house, vest, monkeypatch):
    """A file comes in one answer; where there are too many the way by a job is named."""
    house.enter("ana", vest())
    house.enter("bea", vest())
    found = house.ask("ana", "GET", "/exports/needs.csv")
    assert found.status_code == 200
    assert found.headers["content-disposition"] == 'attachment; filename="needs.csv"'
    assert len(rows(found)) == 2
    monkeypatch.setattr("service.routes.exports.AT_ONCE", 1)
    assert house.ask("ana", "GET", "/exports/needs.csv").status_code == 409
    assert house.ask(None, "GET", "/exports/needs.csv").status_code == 401


def test_solutions_are_no_planning(house):
    """OCDS has no place for solutions, which is said before a job is made."""
    assert (
        house.ask("ana", "POST", "/exports", json={"what": "solutions", "format": "ocds"}).status_code == 422
    )
    assert house.ask("ana", "GET", "/exports/solutions.json").status_code == 422


def test_matches_of_own_records_are_exported(house, vest):
    """A procurer gets the solutions of its needs, a vendor the needs of its solutions; with the model."""
    need = house.enter("ana", vest(visibility=Visibility.PUBLIC))
    offer = house.enter(
        "ivo",
        Solution(id="", name="Ballistic vest", description="Ballistic vest for dog handlers, washable."),
    )
    mine = rows(exported(house, "ana", what="matches")[1])
    assert [(row["query_id"], row["id"], row["rank"]) for row in mine] == [(need, offer, "1")]
    assert mine[0]["model_version"]
    theirs = rows(exported(house, "ivo", what="matches")[1])
    assert [(row["query_id"], row["id"]) for row in theirs] == [(offer, need)]


def test_feedback_is_exported_with_rank_and_model(house):
    """One's own words come with the rank shown and the model; those of others do not come."""
    with house.held.database.write() as session:
        for name in ("ana", "bea"):
            session.add(
                FeedbackRow(
                    user_id=name, organisation_id=house.user(name).organisation_id, role="procurer",
                    subject="match", query_id="q", document_id=f"{name}-d", verdict="not_relevant",
                    reason="wrong_function", rank_shown=3, model_version="hashing@1",
                )
            )  # fmt: skip
    found = exported(house, "ana", what="feedback", format="jsonl")[1]
    lines = [json.loads(line) for line in found.text.splitlines()]
    assert [(one["document_id"], one["rank_shown"], one["model_version"]) for one in lines] == [
        ("ana-d", 3, "hashing@1")
    ]


def test_candidates_are_for_those_who_see_them(house, vest):
    """Industry may not have them; a procurer gets those of the network."""
    text = "Ballistic vests for dog handlers, plates of class four, cover can be washed, VPAM tested."
    house.enter("ana", vest(description=text, country="EE"))
    house.enter("bea", vest(description=text, country="FI"))
    assert house.ask("ivo", "POST", "/exports", json={"what": "candidates"}).status_code == 403
    found = rows(exported(house, "ana", what="candidates")[1])
    shown = house.held.views.cooperation(Audience.NETWORK, house.held.today).candidates
    assert [row["id"] for row in found] == [candidate.id for candidate in shown]
    assert found


def test_a_file_is_its_users_alone(house, vest):
    """Others find no such job; an administrator sees the job, and not what its user may see."""
    house.enter("ana", vest())
    job, _ = exported(house, "ana", what="needs")
    assert house.ask("bea", "GET", f"/jobs/{job['id']}").status_code == 404
    assert house.ask("bea", "GET", f"/jobs/{job['id']}/file").status_code == 404
    assert house.ask("adi", "GET", f"/jobs/{job['id']}").status_code == 200
    assert house.ask("adi", "GET", f"/jobs/{job['id']}/file").status_code == 404


def test_rights_are_those_of_the_moment_it_is_made(house, vest):
    """Who lost the vetting between asking and making gets what may be seen then."""
    house.enter("ana", vest())
    asked = house.ask("bea", "POST", "/exports", json={"what": "needs"})
    with house.held.database.write() as session:
        house_row = session.get(type(house.user("bea").organisation), "guard")
        house_row.vetting = "none"
    while house.runner.once():
        pass
    found = house.ask("bea", "GET", f"/jobs/{asked.json()['id']}/file")
    assert rows(found) == []


def test_an_export_is_in_the_audit_log(house, vest):
    """Who took how much out is known."""
    house.enter("ana", vest())
    exported(house, "bea", what="needs")
    with house.held.database.read() as session:
        said = [
            (row.actor_id, row.reason) for row in session.query(AuditRow).filter_by(action="needs.export")
        ]
    assert said == [("bea", "1 rows as csv")]


def test_jobs_are_listed_latest_first_and_in_parts(house):
    """One sees one's own jobs; an administrator may see all."""
    for name in ("ana", "ana", "bea"):
        house.ask(name, "POST", "/exports", json={"what": "needs"})
    part = house.ask("ana", "GET", "/jobs", params={"limit": 1}).json()
    rest = house.ask("ana", "GET", "/jobs", params={"limit": 1, "cursor": part["next"]}).json()
    assert len(part["items"]) == len(rest["items"]) == 1
    assert rest["next"] is None
    assert part["items"][0]["created_at"] >= rest["items"][0]["created_at"]
    assert len(house.ask("ana", "GET", "/jobs", params={"everybody": True}).json()["items"]) == 2
    assert len(house.ask("adi", "GET", "/jobs", params={"everybody": True}).json()["items"]) == 3
    assert house.ask("ana", "GET", "/jobs", params={"cursor": "nonsense"}).status_code == 422


def test_a_job_that_waits_can_be_cancelled(house):
    """Cancelling ends it before it begins, and only for who asked for it."""
    job = house.ask("ana", "POST", "/exports", json={"what": "needs"}).json()
    assert house.ask("bea", "POST", f"/jobs/{job['id']}/cancel").status_code == 404
    assert house.ask("ana", "POST", f"/jobs/{job['id']}/cancel").json()["status"] == "cancelled"
    assert not house.runner.once()
    assert house.ask("ana", "GET", f"/jobs/{job['id']}/file").status_code == 404


def test_every_export_names_its_right():
    """No kind of export is without a permission."""
    assert set(exports.NEEDED) == set(exports.What)
