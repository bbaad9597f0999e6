"""Files in and out without a script: rehearsal, report by row, import, export at once and by a job."""

from collections.abc import Callable

from httpx import Response

from service.jobs.runner import Runner
from service.store.tables import JobRow
from tests.house import House
from tests.service.web.conftest import Browser

Made = Callable[..., Browser]
CSV = b"id,title,description,language,country,cpv\nb1,Boots,Boots for patrols,en,EE,3511\nb2,,,,EE,\n"


def send(who: Browser, name: str, content: bytes, **fields: str) -> Response:
    """The form of an import."""
    data = {"csrf": who.csrf, "kind": "needs", **fields}
    return who.ask("POST", "/imports", data=data, files={"file": (name, content, "application/octet-stream")})


def test_a_rehearsal_says_what_would_become_of_each_row(house: House, browser: Made) -> None:
    """The page of the job shows progress first, then line, field, what was seen and what to do."""
    ana = browser("ana")
    sent = send(ana, "needs.csv", CSV, dry_run="true")
    assert sent.status_code == 303, sent.text
    where = sent.headers["location"]
    waiting = ana.get(where)
    assert waiting.xpath("//*[@hx-trigger='every 2s']")
    assert waiting.xpath(f"//a[@href='{where}' and normalize-space()='Refresh']")
    assert Runner(house.held).once()
    page = ana.get(where, partly=True, was="queued")
    assert not page.xpath("//*[@hx-trigger]")
    assert page.xpath("//*[@role='status']")[0].text == "Done"
    rows = [[cell.text_content() for cell in row] for row in page.xpath("//tbody/tr")]
    assert ["2", "cpv"] in [row[:2] for row in rows]
    assert any(row[0] == "3" and row[2] == "Row refused" for row in rows)
    assert "nothing was kept" in page.text_content()
    assert ana.ask("GET", f"{where}/report.csv").text.startswith("file,line,field")
    browser("pia").get(where, 404)
    assert "Import of needs" in browser("root").get(where).text_content()


def test_a_report_is_read_in_the_language_of_its_reader(house: House, browser: Made) -> None:
    """What was seen and what to do are said in the page's language; the interface goes on in English."""
    ana = browser("ana", "de")
    where = send(ana, "needs.csv", CSV, dry_run="true").headers["location"]
    assert Runner(house.held).once()
    page = ana.get(where).text_content()
    assert "'3511' ist kein CPV-Code aus 8 Ziffern" in page
    assert "geben Sie 8 Ziffern an, mit oder ohne Prüfziffer" in page
    job = house.get("ana", f"/jobs/{where.rpartition('/')[2]}")
    [found] = [one for one in job["issues"] if one["field"] == "cpv"]
    assert found["problem"] == "'3511' is not a CPV code of 8 digits"
    assert found["remedy"] == "give 8 digits, with or without check digit"
    assert (job["user_id"], job["user"]) == ("ana", "")
    assert house.get("root", f"/jobs/{job['id']}")["user"]


def test_a_report_of_an_earlier_version_is_shown_as_it_was_kept(house: House, browser: Made) -> None:
    """Rows that hold English sentences alone stand in English, and are marked as such."""
    ana = browser("ana", "de")
    where = send(ana, "needs.csv", CSV, dry_run="true").headers["location"]
    assert Runner(house.held).once()
    with house.held.database.write() as session:
        row = session.get_one(JobRow, where.rpartition("/")[2])
        issues = [one | {"problem": "as it was", "remedy": "as ever"} for one in row.result["issues"]]
        row.result = {**row.result, "issues": issues}
    page = ana.get(where)
    assert page.xpath("//td/span[@lang='en']")[0].text_content() == "as it was"


def test_a_file_of_no_known_format_and_no_file_come_back_with_the_form(browser: Made) -> None:
    """What was chosen stays chosen."""
    ana = browser("ana")
    page = send(ana, "needs.docx", b"x", on_error="refuse_all")
    assert page.status_code == 415
    assert 'id="format-error"' in page.text
    assert 'value="refuse_all" checked' in page.text
    empty = ana.ask("POST", "/imports", data={"csrf": ana.csrf, "kind": "needs"})
    assert empty.status_code == 422
    assert "Choose the file." in empty.text


def test_a_job_that_waits_is_cancelled(house: House, browser: Made) -> None:
    """It is shown as cancelled afterwards, also in the list."""
    ana = browser("ana")
    where = send(ana, "needs.csv", CSV).headers["location"]
    ana.send(f"{where}/cancel")
    assert "It was cancelled." in ana.get(where).text_content()
    assert ana.get("/jobs?status=cancelled").xpath(f"//a[@href='{where}']")
    assert not browser("pia").get("/jobs").xpath(f"//a[@href='{where}']")
    assert browser("root").get("/administration/jobs").xpath(f"//a[@href='{where}']")
    assert not Runner(house.held).once()


def test_each_role_imports_what_it_enters(browser: Made) -> None:
    """Industry is offered solutions only; an analyst imports nothing."""
    assert browser("ivo").get("/imports").xpath("//select[@id='kind']/option/@value") == ["solutions"]
    refused = send(browser("ivo"), "needs.csv", CSV)
    assert refused.status_code == 403
    browser("ari").get("/imports", 403)


def test_an_export_is_sent_at_once_or_made_by_a_job(house: House, browser: Made) -> None:
    """Needs come at once; matches by a job, whose file only its owner fetches."""
    ana = browser("ana")
    fields = {"what": "needs", "format": "csv", "how": "now", "countries": "EE"}
    at_once = ana.send("/exports", fields, 200)
    assert at_once.headers["content-disposition"].endswith('"needs.csv"')
    where = ana.send("/exports", {"what": "matches", "format": "jsonl", "how": "now"}).headers["location"]
    assert Runner(house.held).once()
    assert ana.get(where).xpath(f"//a[@href='{where}/file']")
    assert ana.ask("GET", f"{where}/file").status_code == 200
    browser("root").get(f"{where}/file", 404)


def test_what_cannot_be_exported_is_said_at_its_field(browser: Made) -> None:
    """The form comes back with what was chosen."""
    ana = browser("ana")
    page = ana.send("/exports", {"what": "solutions", "format": "ocds", "how": "job"}, 422).text
    assert "Only needs are written as OCDS" in page
    assert "candidates" not in browser("ivo").get("/exports").xpath("//select[@id='what']/option/@value")
    browser("ivo").send("/exports", {"what": "candidates", "format": "csv", "how": "job"}, 403)
