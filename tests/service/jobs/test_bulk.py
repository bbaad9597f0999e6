"""Records entered line by line: an answer for each line, whatever the line is."""

import json

import pytest

from matcher.records import Kind
from service.jobs import bulk

NDJSON = {"Content-Type": "application/x-ndjson"}


def sent(house, name, lines, path="/needs/bulk"):
    """The answers to lines that somebody sends."""
    content = b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )
    found = house.ask(name, "POST", path, content=content, headers=NDJSON)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in found.text.splitlines()]


def test_each_line_has_its_answer_in_order(house):
    """Good lines have an id, bad ones their errors with pointers; the good ones are kept."""
    answers = sent(
        house,
        "ana",
        [
            {"ref": "N1", "title": "Vests"},
            b"not json",
            {"title": "Boats", "colour": "red"},
            {"ref": "N4", "title": "RESTREINT UE/EU RESTRICTED"},
            {"ref": "N5", "title": "Boats"},
            b"[1]",
            b'{"title": "\\u0000"}',
            b"\xff\xfe",
        ],
    )
    assert [one["line"] for one in answers] == list(range(1, 9))
    assert [one["status"] for one in answers] == [201, 400, 422, 422, 201, 422, 422, 400]
    assert answers[2]["errors"][0]["pointer"] == "/colour"
    assert answers[3]["type"] == "classified"
    assert {row.id for row in house.own("ana").values()} == {answers[0]["id"], answers[4]["id"]}
    assert answers[0]["id"] in house.held.catalogue.entries


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_a_ref_that_is_taken_refuses_its_line_alone(house, monkeypatch, batch):
    """The rest of the batch is kept one by one."""
    monkeypatch.setattr(bulk, "BATCH", batch)
    house.import_file("ana", b"id,title\nN2,Vests\n")
    answers = sent(house, "ana", [{"ref": f"N{n}", "title": "Vests"} for n in (1, 2, 3, 1)])
    assert [one["status"] for one in answers] == [201, 409, 201, 409]
    assert set(house.own("ana")) == {"N1", "N2", "N3"}


def test_solutions_have_their_own_address(house):
    """A vendor enters solutions; needs are not its to enter."""
    assert sent(house, "ivo", [{"name": "SafeCell"}], "/solutions/bulk")[0]["status"] == 201
    assert len(house.own("ivo", Kind.SOLUTION)) == 1
    assert house.ask("ivo", "POST", "/needs/bulk", content=b"{}", headers=NDJSON).status_code == 403


def test_only_lines_are_read(house):
    """Another kind of body is 415; an empty one has no line."""
    wrong = house.ask("ana", "POST", "/needs/bulk", content=b"{}", headers={"Content-Type": "text/csv"})
    assert wrong.status_code == 415
    assert sent(house, "ana", []) == []


def test_a_line_that_is_too_long_is_refused_alone(house, monkeypatch):
    """Reading goes on with the next line."""
    monkeypatch.setattr(bulk, "LINE_MAX", 60)
    answers = sent(house, "ana", [{"title": "V" * 100}, {"title": "Vests"}])
    assert [one["status"] for one in answers] == [413, 201]
