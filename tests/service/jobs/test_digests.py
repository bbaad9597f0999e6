"""Saved searches tell of what is new or changed, once, with the rights of the moment."""

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from matcher.records import Need, Solution, Visibility
from service.jobs import digests
from service.jobs.clock import Clock
from service.store.tables import AuditRow, DeliveryRow, MessageRow, OrganisationRow, SavedSearchRow

PUBLIC = Visibility.PUBLIC
SEARCH = {"name": "Vests", "searched": "needs", "query_text": "ballistic vests for dog handlers"}


def save(house, by="ivo", **fields):
    """A saved search of somebody."""
    asked = house.ask(by, "POST", "/saved-searches", json={**SEARCH, **fields})
    assert asked.status_code == 201, asked.text
    return asked.json()


def run(house, search, name="ivo"):
    """What a run tells."""
    found = house.ask(name, "POST", f"/saved-searches/{search['id']}/run")
    assert found.status_code == 200, found.text
    return found.json()


def told(house, search, name="ivo"):
    """Ids and changes that a run tells."""
    return [(item["id"], item["change"]) for item in run(house, search, name)["items"]]


def inbox(house, name="ivo"):
    """Somebody's messages."""
    return house.ask(name, "GET", "/inbox").json()["items"]


def test_only_what_is_new_or_changed_is_told(house, vest):
    """A need is told once, again when something of it changes, and not when something hidden does."""
    first = house.enter("ana", vest(visibility=Visibility.NETWORK_INDUSTRY, quantity="300"))
    search = save(house)
    assert told(house, search) == [(first, "new")]
    assert told(house, search) == []
    second = house.enter("bea", vest("More vests for dogs", visibility=PUBLIC))
    assert told(house, search) == [(second, "new")]
    body = {"title": "Ballistic vests for dog handlers", "language": "en", "quantity": "500"}
    house.change(first, body=body)  # industry is not shown the quantity
    assert told(house, search) == []
    house.change(first, body=body | {"country": "EE"})
    assert told(house, search) == [(first, "changed")]


@pytest.mark.parametrize(
    ("visibility", "changes", "change"),
    [
        (PUBLIC, {"ref": "N-7"}, []),
        (PUBLIC, {"tlp": "TLP:GREEN"}, []),
        (PUBLIC, {"redactions": [{"field": "value", "reason_code": "law-enf", "reason": "other"}]}, []),
        (Visibility.GROUP, {"shares": ["guard", "institute"]}, []),
        (PUBLIC, {"status": "in_candidate"}, ["changed"]),
    ],
)
def test_a_digest_tells_of_no_hidden_edit(house, vest, visibility, changes, change):
    """Not of what its owner alone is told, of the reasons of a redaction, or with whom else it is shared."""
    id_ = house.enter("ana", vest(visibility=visibility))
    withheld = [{"field": "value", "reason_code": "law-enf", "reason": "raids"}]
    house.change(id_, redactions=withheld, shares=["guard"] if visibility is Visibility.GROUP else [])
    search = save(house, by="bea")
    assert told(house, search, "bea") == [(id_, "new")]
    house.change(id_, **changes)
    assert told(house, search, "bea") == [(id_, one) for one in change]


def test_a_digest_has_no_more_items_than_asked_and_the_rest_waits(house, vest):
    """What does not fit comes with the next digest, so that nothing is lost."""
    ids = {house.enter("ana", vest(f"Ballistic vests, lot {n}", visibility=PUBLIC)) for n in range(5)}
    search = save(house, max_items=3)
    first = run(house, search)
    assert (len(first["items"]), first["waiting"]) == (3, 2)
    second = run(house, search)
    assert (len(second["items"]), second["waiting"]) == (2, 0)
    assert {item["id"] for item in first["items"] + second["items"]} == ids
    refused = house.ask("ivo", "POST", "/saved-searches", json={**SEARCH, "max_items": 11})
    assert refused.status_code == 422


def test_nothing_empty_is_sent(house, vest):
    """A run that finds nothing leaves no message, and is noted as run."""
    search = save(house, channel="inbox")
    assert run(house, search) == {"items": [], "waiting": 0, "told": False}
    assert inbox(house) == []
    assert house.ask("ivo", "GET", f"/saved-searches/{search['id']}").json()["last_run_at"]


def test_what_is_over_is_left_out(house, vest):
    """Expired and withdrawn needs, and those whose window has passed, are not told."""
    for status in ("expired", "withdrawn", "draft", "fulfilled"):
        house.enter("ana", vest(visibility=PUBLIC), status=status)
    house.enter("ana", vest(visibility=PUBLIC, window_end=house.held.today - timedelta(days=1)))
    still = house.enter("ana", vest(visibility=PUBLIC, window_end=house.held.today))
    assert told(house, save(house)) == [(still, "new")]


def test_what_ended_a_moment_ago_is_left_out(house, vest):
    """A need whose time is over is not told, also before the clock has noticed."""
    ending = house.enter("ana", vest(visibility=PUBLIC))
    house.change(ending, expires_at=house.held.clock() + timedelta(seconds=1))
    search = save(house)
    path = f"/saved-searches/{search['id']}/run"
    asked = house.ask("ivo", "POST", path, params={"preview": True})
    assert [item["id"] for item in asked.json()["items"]] == [ending]
    house.pass_(seconds=1)
    assert told(house, search) == []


def test_two_versions_of_one_notice_are_told_once(house, vest):
    """The later version stands for both; a version that comes afterwards is a change."""
    one = {"procedure_id": "P-7", "notice_version": "01"}
    house.enter("ana", vest(visibility=PUBLIC, extra=one), ref="7-01")
    two = house.enter(
        "bea", vest("Ballistic vests, changed", visibility=PUBLIC, extra={**one, "notice_version": "02"})
    )
    search = save(house)
    assert told(house, search) == [(two, "new")]
    three = house.enter(
        "bea", vest("Ballistic vests, again", visibility=PUBLIC, extra={**one, "notice_version": "03"})
    )
    assert told(house, search) == [(three, "changed")]
    assert told(house, search) == []


def test_the_same_text_of_nameless_buyers_is_told_once(house, vest):
    """One notice that two organisations entered is one item."""
    for name in ("ana", "nat"):
        house.enter(name, vest(visibility=Visibility.NETWORK_INDUSTRY, country="EE"))
    assert len(told(house, save(house))) == 1


def test_rights_are_those_of_the_run(house, vest):
    """Who is no longer vetted is told of what is public only; a hidden need is never told."""
    house.enter("ana", vest(visibility=Visibility.NETWORK))
    house.enter("ana", vest("Vests for industry", visibility=Visibility.NETWORK_INDUSTRY))
    search = save(house)
    with house.held.database.write() as session:
        session.get(OrganisationRow, "vendor").vetting = "refused"
    assert told(house, search) == []
    with house.held.database.write() as session:
        session.get(OrganisationRow, "vendor").vetting = "vetted"
    assert len(told(house, search)) == 1


def test_what_became_hidden_since_is_not_shown_in_old_messages(house, vest):
    """A digest in the inbox names records; what they say is looked up when it is read."""
    record_id = house.enter("ana", vest("Secretive vests", visibility=PUBLIC))
    run(house, save(house))
    assert inbox(house)[0]["body"]["items"][0]["title"] == "Secretive vests"
    house.change(record_id, visibility="private")
    shown = inbox(house)
    assert shown[0]["body"]["items"] == []
    assert "Secretive" not in json.dumps(shown)


def test_a_search_by_example_follows_the_example(house, vest):
    """A vendor's solution, and a procurer's need, stand for a text; one's own records are no news."""
    offer = house.enter("ivo", Solution(id="", name="Ballistic vests for dog handlers"))
    need = house.enter("ana", vest(visibility=PUBLIC))
    by_solution = save(house, query_text="", example_id=offer)
    assert told(house, by_solution) == [(need, "new")]
    solutions = save(house, "ana", searched="solutions", query_text="", example_id=need)
    assert told(house, solutions, "ana") == [(offer, "new")]
    similar = save(house, "ana", query_text="", example_id=need)
    twin = house.enter("bea", vest("Vests of dog handlers", visibility=PUBLIC))
    house.enter("ana", vest("My other vests", visibility=PUBLIC))
    assert told(house, similar, "ana") == [(twin, "new")]


def test_an_example_that_may_not_be_seen_is_none(house, vest):
    """The answer for a hidden record and for one that is not there is the same but for the id."""
    hidden = house.enter("ana", vest())
    answers = []
    for example in (hidden, "00000000-0000-4000-8000-000000000000"):
        asked = house.ask(
            "ivo", "POST", "/saved-searches", json={**SEARCH, "query_text": "", "example_id": example}
        )
        assert asked.status_code == 422
        answers.append({key: value for key, value in asked.json().items() if key != "instance"})
    assert answers[0] == answers[1]


def test_a_saved_search_is_changed_by_who_knows_its_version(house):
    """PATCH and DELETE need If-Match; another user finds nothing."""
    search = save(house)
    path = f"/saved-searches/{search['id']}"
    assert house.ask("ivo", "PATCH", path, json={"name": "A"}).status_code == 428
    assert house.ask("ivo", "PATCH", path, json={"name": "A"}, headers={"If-Match": '"9"'}).status_code == 412
    changed = house.ask("ivo", "PATCH", path, json={"frequency": "weekly"}, headers={"If-Match": '"1"'})
    assert (changed.json()["frequency"], changed.headers["etag"]) == ("weekly", '"2"')
    assert house.ask("ana", "GET", path).status_code == 404
    assert house.ask("ana", "DELETE", path, headers={"If-Match": '"2"'}).status_code == 404
    assert house.ask("ivo", "DELETE", path, headers={"If-Match": '"2"'}).status_code == 204
    assert house.ask("ivo", "GET", "/saved-searches").json()["items"] == []


@pytest.mark.parametrize(
    "bad",
    [
        {"query_text": ""},
        {"example_id": "x"},
        {"channel": "webhook"},
        {"channel": "webhook", "target": "ftp://a.example"},
        {"channel": "webhook", "target": "http://127.0.0.1:9000/"},
        {"channel": "webhook", "target": "http://[::1]/"},
        {"channel": "webhook", "target": "https://user:pw@hooks.example/"},
        {"channel": "email", "target": "other@example.eu"},
        {"language": "xx"},
        {"filters": {"countries": ["Narnia"]}},
        {"name": ""},
        {"frequency": "hourly"},
        {"colour": "red"},
    ],
)
def test_a_search_that_cannot_be_is_refused_with_its_field(house, bad):
    """Each wrong field is a 422."""
    asked = house.ask("ivo", "POST", "/saved-searches", json={**SEARCH, **bad})
    assert asked.status_code == 422
    assert asked.json()["errors"]


def test_searches_run_when_they_are_due(house, vest):
    """The clock runs a daily search once a day, tells each by one worker, and leaves inactive ones alone."""
    daily, off = save(house), save(house, name="Off")
    house.ask(
        "ivo", "PATCH", f"/saved-searches/{off['id']}", json={"active": False}, headers={"If-Match": '"1"'}
    )
    house.enter("ana", vest(visibility=PUBLIC))
    watch, other = Clock(house.held), Clock(house.held)
    watch.tick()
    other.tick()
    assert len(inbox(house)) == 1
    assert inbox(house)[0]["saved_search_id"] == daily["id"]
    house.enter("bea", vest("Even more vests", visibility=PUBLIC))
    house.pass_(hours=23)
    watch.tick()
    assert len(inbox(house)) == 1
    house.pass_(hours=2)
    watch.tick()
    assert len(inbox(house)) == 2


def test_of_two_runs_at_once_one_tells(house, vest, monkeypatch):
    """A run that finds that another told meanwhile tells nothing."""
    house.enter("ana", vest(visibility=PUBLIC))
    search = save(house)
    find = digests.find
    seen = []

    def slow(held, viewer, row):
        found = find(held, viewer, row)
        if not seen:
            seen.append(1)
            assert digests.run(held, search["id"], at=held.clock() + timedelta(seconds=1)) is not None
        return found

    monkeypatch.setattr(digests, "find", slow)
    assert digests.run(house.held, search["id"], at=house.held.clock()) is None
    assert len(inbox(house)) == 1


def test_a_preview_tells_nothing(house, vest):
    """A preview shows what a run would, and remembers nothing."""
    house.enter("ana", vest(visibility=PUBLIC))
    search = save(house)
    path = f"/saved-searches/{search['id']}/run"
    for _ in range(2):
        assert len(house.ask("ivo", "POST", path, params={"preview": True}).json()["items"]) == 1
    assert inbox(house) == []


def test_a_message_is_read_by_its_reader(house, vest):
    """Reading marks once; others find no such message."""
    house.enter("ana", vest(visibility=PUBLIC))
    run(house, save(house))
    message = inbox(house)[0]
    assert house.ask("ana", "POST", f"/inbox/{message['id']}/read").status_code == 404
    first = house.ask("ivo", "POST", f"/inbox/{message['id']}/read").json()["read_at"]
    house.pass_(hours=1)
    assert house.ask("ivo", "POST", f"/inbox/{message['id']}/read").json()["read_at"] == first
    assert house.ask("ivo", "GET", "/inbox", params={"unread": True}).json()["items"] == []


def test_a_feed_is_atom_and_ends_with_its_address(house, vest):
    """The address is shown once; a new one ends the old one; feeds show what their owner may see now."""
    record_id = house.enter("ana", vest(visibility=PUBLIC))
    search = save(house, channel="feed")
    path = search["feed_url"].removeprefix("https://match.example/api/v1")
    assert house.ask("ivo", "GET", f"/saved-searches/{search['id']}").json()["feed_url"] is None
    empty = ElementTree.fromstring(house.ask(None, "GET", path).content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    assert empty.findall("a:entry", atom) == []
    run(house, search)
    assert inbox(house) == []
    found = house.ask(None, "GET", path)
    assert found.headers["content-type"].startswith("application/atom+xml")
    entries = ElementTree.fromstring(found.content).findall("a:entry", atom)
    assert [entry.findtext("a:title", namespaces=atom) for entry in entries] == [vest().title]
    house.change(record_id, visibility="private")
    assert ElementTree.fromstring(house.ask(None, "GET", path).content).findall("a:entry", atom) == []
    house.ask(
        "ivo",
        "PATCH",
        f"/saved-searches/{search['id']}",
        json={"channel": "feed"},
        headers={"If-Match": '"1"'},
    )
    assert house.ask(None, "GET", path).status_code == 404


def test_unsubscribing_needs_no_sign_in_and_a_press(house, vest):
    """Looking at the link changes nothing; posting to it ends the search, for good and for what waits."""
    house.enter("ana", vest(visibility=PUBLIC))
    search = save(house, channel="email")
    run(house, search)
    with house.held.database.read() as session:
        delivery = session.query(DeliveryRow).one()
    assert delivery.target == "ivo@example.eu"
    path = delivery.payload["unsubscribe"].removeprefix("https://match.example/api/v1")
    assert house.ask(None, "GET", path).status_code == 200
    assert house.ask("ivo", "GET", f"/saved-searches/{search['id']}").json()["active"] is True
    done = house.ask(None, "POST", path, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200, done.text
    assert house.ask("ivo", "GET", f"/saved-searches/{search['id']}").json()["active"] is False
    assert house.ask(None, "POST", "/unsubscribe/nonsense").status_code == 404
    Clock(house.held).tick()
    with house.held.database.read() as session:
        assert "ended before" in session.query(DeliveryRow).one().error
        assert session.query(AuditRow).filter_by(action="saved_search.unsubscribe").count() == 1


def test_a_webhooks_secret_is_shown_once(house):
    """It is in the answer to creating, and to naming the channel anew, and nowhere else."""
    search = save(house, channel="webhook", target="https://hooks.example/in")
    assert len(search["secret"]) >= 32
    path = f"/saved-searches/{search['id']}"
    assert house.ask("ivo", "GET", path).json()["secret"] is None
    again = house.ask("ivo", "PATCH", path, json={"channel": "webhook"}, headers={"If-Match": '"1"'})
    assert again.json()["secret"] not in (None, search["secret"])


def test_asking_for_something_else_begins_anew(house, vest):
    """After the text is changed, what was told for the old one may be told again."""
    record_id = house.enter("ana", vest(visibility=PUBLIC))
    search = save(house)
    run(house, search)
    house.ask(
        "ivo",
        "PATCH",
        f"/saved-searches/{search['id']}",
        json={"query_text": "vests"},
        headers={"If-Match": '"1"'},
    )
    assert told(house, search) == [(record_id, "new")]


def test_messages_go_with_their_search(house, vest):
    """Deleting a search takes its digests out of the inbox."""
    house.enter("ana", vest(visibility=PUBLIC))
    search = save(house)
    run(house, search)
    house.ask("ivo", "DELETE", f"/saved-searches/{search['id']}", headers={"If-Match": '"1"'})
    with house.held.database.read() as session:
        assert session.query(MessageRow).count() == session.query(SavedSearchRow).count() == 0


def test_a_fingerprint_is_of_what_is_seen():
    """Any field that is shown makes another fingerprint; the id does not."""
    one = Need(id="1", title="Vests", country="EE")
    assert digests.fingerprint(one) == digests.fingerprint(Need(id="2", title="Vests", country="EE"))
    assert digests.fingerprint(one) != digests.fingerprint(Need(id="1", title="Vests", country="FI"))
