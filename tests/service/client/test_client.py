"""The client against a real service: what is entered is found, and nothing is done twice."""

from contextlib import ExitStack

import httpx
import pytest

from service.client import Client, JobFailed, ProblemAnswer
from service.client.connection import Connection

NEED = {
    "title": "Mobile flood pumps",
    "description": "Pumps for cellars, 2000 litres a minute, diesel, EN 1028.",
    "language": "en",
    "country": "MT",
    "visibility": "network_industry",
}
SOLUTION = {
    "name": "Cellar pump 2000",
    "description": "Mobile flood pump for cellars, 2000 litres a minute, diesel, EN 1028.",
    "language": "en",
    "country": "NL",
    "visibility": "public",
}


@pytest.fixture
def known(serving):
    """Makes clients of a service for people of its network, and closes them."""
    service = serving()
    tokens = service.people()
    with ExitStack() as stack:
        yield lambda who: stack.enter_context(Client(service.url, tokens[who]))


def test_a_day_with_the_service(known):
    """Enter, change, match both ways, import, export, save a search, look into the log."""
    ana, piet, root = (known(f"{who}.example") for who in ("ana@rescue", "piet@pompen", "root@rescue"))
    need = ana.needs.create(NEED)
    if need["status"] == "draft":
        need = ana.needs.submit(need["id"])
    offer = piet.solutions.create(SOLUTION)
    if offer["status"] == "draft":
        offer = piet.solutions.submit(offer["id"])
    changed = ana.needs.change(need["id"], title="Mobile pumps against floods")
    assert changed["version"] == need["version"] + 1
    known("ana@rescue.example").needs.change(need["id"], quantity="3 pieces")
    with pytest.raises(ProblemAnswer) as caught:
        ana.needs.change(need["id"], quantity="4 pieces")
    assert (caught.value.status, caught.value.slug) == (412, "stale")
    assert offer["id"] in str(ana.match(need["id"]))
    assert ana.explain(need["id"], offer["id"])
    assert ana.models()["in_use"]["id"] == "hashing"
    assert [one["id"] for one in ana.needs.list(mine=True, limit=1)] == [need["id"]]
    job = ana.jobs.import_file("needs", b"id,title\nA,Head lamps for rescue at night\n", name="needs.csv")
    assert job["done"] == 1
    assert b"Head lamps" in ana.jobs.export("needs", own=True)
    with pytest.raises(JobFailed):
        ana.jobs.import_file("needs", b"\x00\x01\x02", name="needs.xlsx")
    search = piet.saved_searches.create(name="Pumps", searched="needs", query_text="flood pumps")
    assert [one["id"] for one in piet.saved_searches.list()] == [search["id"]]
    piet.saved_searches.delete(search["id"])
    assert "need.create" in {event["action"] for event in root.admin.audit(limit=100)}
    with pytest.raises(ProblemAnswer, match="403 forbidden"):
        next(ana.admin.audit())


class Scripted:
    """An HTTP client that answers from a list."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = []

    def request(self, method, url, **given):
        """Note what is sent, and give the next answer."""
        self.sent.append((method, url, given))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def problem(status, slug, **headers):
    """A problem as the service sends it."""
    body = {"type": f"https://needmatch.eu/problems/{slug}", "detail": "so it is", "status": status}
    return httpx.Response(status, json=body, headers=headers)


def connection(*answers):
    """A connection to the script, and the pauses that it makes."""
    pauses = []
    http = Scripted(*answers)
    return Connection(token="nm_x", http=http, wait=pauses.append), http, pauses


def test_what_passes_by_itself_is_tried_again_under_the_same_key():
    """429 and 503 wait as long as they say; a broken connection waits a little."""
    client, http, pauses = connection(
        problem(429, "too-many", **{"Retry-After": "7"}),
        problem(503, "busy"),
        httpx.ReadError("gone"),
        httpx.Response(201, json={"id": "1"}),
    )
    assert client.post("/needs", {"title": "a"}) == {"id": "1"}
    assert pauses[0] == 7
    assert len(pauses) == 3
    keys = {given["headers"]["Idempotency-Key"] for _, _, given in http.sent}
    assert len(keys) == 1
    assert http.sent[0][2]["headers"]["Authorization"] == "Bearer nm_x"


@pytest.mark.parametrize(
    ("status", "slug"), [(404, "not-found"), (409, "conflict"), (422, "invalid"), (500, "internal")]
)
def test_what_does_not_pass_is_raised_at_once(status, slug):
    """With the problem's name."""
    client, _, pauses = connection(problem(status, slug))
    with pytest.raises(ProblemAnswer) as caught:
        client.get("/needs/1")
    assert (caught.value.status, caught.value.slug, caught.value.detail) == (status, slug, "so it is")
    assert not pauses


def test_in_the_end_it_gives_up():
    """After five tries."""
    client, http, _ = connection(*[problem(503, "busy")] * 5)
    with pytest.raises(ProblemAnswer):
        client.get("/needs")
    assert len(http.sent) == 5


def test_an_answer_that_is_no_problem_is_one_all_the_same():
    """A proxy's page in place of an answer."""
    client, _, _ = connection(httpx.Response(502, text="<html>Bad gateway</html>"))
    with pytest.raises(ProblemAnswer, match="502 unknown"):
        client.get("/needs")


def test_tags_are_kept_and_sent():
    """What was read is changed as of that version."""
    client, http, _ = connection(
        httpx.Response(200, json={}, headers={"ETag": '"3"'}),
        httpx.Response(200, json={}, headers={"ETag": '"4"'}),
        httpx.Response(204),
        httpx.Response(404),
    )
    client.get("/needs/1")
    client.patch("/needs/1", {"title": "b"})
    client.delete("/needs/1")
    sent = [given["headers"].get("If-Match") for _, _, given in http.sent]
    assert sent == [None, '"3"', '"4"']
    assert client.tag("/needs/1") is None


def test_pages_are_followed_to_their_end():
    """One part at a time."""
    client, http, _ = connection(
        httpx.Response(200, json={"items": [1, 2], "next": "c"}),
        httpx.Response(200, json={"items": [3], "next": None}),
    )
    items = client.pages("/needs", limit=2)
    assert next(items) == 1
    assert len(http.sent) == 1
    assert list(items) == [2, 3]
    assert http.sent[1][2]["params"] == {"cursor": "c", "limit": 2}
