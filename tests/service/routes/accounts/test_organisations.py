"""Organisations over HTTP: who sees what of them, who changes and who vets them."""

import pytest
from sqlalchemy import select

from service.store.tables import AuditRow, OrganisationRow

PATH = "/api/v1/organisations"
NEW = {"name": "Fire Service of Rathmore", "kind": "contracting_authority", "country": "IE"}
VETTED = {"rescue-mt", "pumps-nl", "office"}


def change(client, id_, **values):
    """PATCH, whatever the version."""
    return client.patch(f"{PATH}/{id_}", json=values, headers={"If-Match": "*"})


def judge(client, id_, decision="vetted"):
    """A decision."""
    return client.post(f"{PATH}/{id_}/vetting", json={"decision": decision, "reason": "Known to us."})


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("", VETTED),
        ("ana", VETTED),
        ("ivo", VETTED),
        ("uno", VETTED | {"port-mt"}),
        ("kai", VETTED | {"port-mt"}),
        ("root", VETTED | {"port-mt", "police-at"}),
    ],
)
def test_vetted_organisations_are_for_all_and_others_for_those_concerned(house, who, seen):
    """Its own users, its country's national contact, and administrators; a list and an address agree."""
    client = house.by_token(who)
    items = client.get(PATH).json()["items"]
    assert {one["id"] for one in items} == seen
    for id_ in ("rescue-mt", "port-mt", "police-at", "pumps-nl", "office"):
        assert client.get(f"{PATH}/{id_}").status_code == (200 if id_ in seen else 404)


def test_what_is_hidden_and_what_is_not_there_answer_the_same(house):
    """The body differs by the id that was asked for and by nothing else."""
    client = house.browser()
    hidden, absent = (client.get(f"{PATH}/{id_}").json() for id_ in ("police-at", "nowhere"))
    assert hidden["detail"].replace("police-at", "nowhere") == absent["detail"]
    assert hidden["status"] == absent["status"] == 404


@pytest.mark.parametrize(("who", "shown"), [("", False), ("uno", False), ("ana", True), ("ivo", True)])
def test_mailboxes_are_for_vetted_users(house, who, shown):
    """The public and those who wait see name, country and kind only."""
    found = house.by_token(who).get(f"{PATH}/pumps-nl").json()
    assert found["name"] == "Laagland Pompen"
    assert (found["contact"] == "tenders@pumps-nl.example") is shown
    assert (found["identifiers"] is not None) is shown
    assert found["vetting"] == ("vetted" if who == "ivo" else None)


def test_the_list_is_narrowed_and_comes_in_parts(house):
    """By country, kind and what waits; the part ends where the next begins."""
    root = house.by_token("root")

    def ids(**query):
        return [one["id"] for one in root.get(PATH, params=query).json()["items"]]

    assert ids(country="MT") == ["port-mt", "rescue-mt"]
    assert ids(country="mt") == ids(country="MT")
    assert ids(kind="supplier") == ["pumps-nl"]
    assert ids(pending=True) == ["police-at", "port-mt"]
    first = root.get(PATH, params={"limit": 3}).json()
    rest = root.get(PATH, params={"limit": 3, "cursor": first["next"]}).json()
    assert rest["next"] is None
    assert [one["id"] for one in first["items"] + rest["items"]] == ids()


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("ivo", 200), ("kai", 200), ("pia", 403)])
def test_users_of_buyers_and_suppliers_keep_their_own(house, who, status):
    """Website, contact and languages; a lawyer asks a colleague."""
    own = "pumps-nl" if who == "ivo" else "rescue-mt"
    values = {"website": "https://own.example", "contact": "Desk@own.example", "languages": ["mt", "en"]}
    answer = change(house.by_token(who), own, **values)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["contact"] == "desk@own.example"


@pytest.mark.parametrize("values", [{"name": "X"}, {"country": "DE"}, {"kind": "cpb"}, {"is_cpb": True}])
def test_the_rest_is_for_administrators(house, values):
    """A user cannot change what others rely on."""
    answer = change(house.by_token("ana"), "rescue-mt", website="https://own.example", **values)
    assert answer.status_code == 403
    assert next(iter(values)) in answer.json()["detail"]
    assert house.browser().get(f"{PATH}/rescue-mt").json()["website"] == ""
    assert change(house.by_token("root"), "rescue-mt", **values).status_code == 200


@pytest.mark.parametrize(("id_", "status"), [("pumps-nl", 403), ("police-at", 404)])
def test_another_organisation_is_not_ones_own_to_change(house, id_, status):
    """403 for one that is seen, 404 for one that is not."""
    assert change(house.by_token("ana"), id_, website="https://x.example").status_code == status


def test_an_organisation_with_buyers_does_not_become_a_supplier(house):
    """Its users would see what is for the network of buyers."""
    assert change(house.by_token("root"), "rescue-mt", kind="supplier").status_code == 409


def test_a_change_names_the_version(house):
    """428 without If-Match, 412 with an old one."""
    client = house.by_token("ana")
    tag = client.get(f"{PATH}/rescue-mt").headers["ETag"]
    values = {"website": "https://own.example"}
    assert client.patch(f"{PATH}/rescue-mt", json=values).status_code == 428
    for status in (200, 412):
        answer = client.patch(f"{PATH}/rescue-mt", json=values, headers={"If-Match": tag})
        assert answer.status_code == status


def test_an_administrator_makes_organisations(house):
    """It waits to be vetted unless vouched for; others may not."""
    root = house.by_token("root")
    answer = root.post(PATH, json=NEW)
    assert answer.status_code == 201
    assert answer.json()["vetting"] == "pending"
    assert root.get(answer.headers["Location"]).json() == answer.json()
    assert root.post(PATH, json=NEW | {"name": "B", "vetted": True}).json()["vetting"] == "vetted"
    for who, status in (("ana", 403), ("kai", 403), ("", 401)):
        assert house.by_token(who).post(PATH, json=NEW).status_code == status


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "a\x00b"},
        {"name": "x" * 301},
        {"kind": "club"},
        {"country": "XX"},
        {"country": "Ireland"},
        {"website": "javascript:alert(1)"},
        {"contact": "no address"},
        {"languages": ["xx"]},
        {"languages": ["en"] * 25},
        {"identifiers": [{"scheme": "VAT"}]},
        {"id": "mine"},
        {"vetted": "yes"},
    ],
)
def test_bad_organisations_are_refused(house, changes):
    """422 with the field."""
    answer = house.by_token("root").post(PATH, json=NEW | changes)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].split("/")[1] == next(iter(changes))


def test_a_national_contact_vets_its_own_country(house):
    """The organisation's users are in the network from the next request; the reason is logged."""
    uno, kai = house.by_token("uno"), house.by_token("kai")
    assert uno.get("/api/v1/me").json()["organisation"]["vetted"] is False
    assert uno.get(f"{PATH}/pumps-nl").json()["contact"] is None
    answer = judge(kai, "port-mt")
    assert answer.status_code == 200
    assert answer.json()["vetting"] == "vetted"
    assert uno.get(f"{PATH}/pumps-nl").json()["contact"] == "tenders@pumps-nl.example"
    assert judge(kai, "port-mt", "refused").json()["vetting"] == "refused"
    assert uno.get(f"{PATH}/pumps-nl").json()["contact"] is None
    with house.database.read() as session:
        logged = session.scalars(select(AuditRow).where(AuditRow.object_id == "port-mt")).all()
        assert [one.action for one in logged][1:] == ["organisation.vet", "organisation.refuse"]
        assert logged[1].reason == "Known to us."
        assert logged[1].actor_id == house.ids["kai"]
        assert session.get(OrganisationRow, "port-mt").vetted_by == house.ids["kai"]


@pytest.mark.parametrize(
    ("who", "id_", "status"),
    [
        ("kai", "police-at", 404),
        ("kai", "pumps-nl", 403),
        ("kai", "rescue-mt", 403),
        ("kai", "office", 403),
        ("ana", "port-mt", 403),
        ("uno", "port-mt", 403),
        ("ivo", "pumps-nl", 403),
        ("", "port-mt", 401),
        ("root", "police-at", 200),
        ("root", "office", 200),
        ("root", "nowhere", 404),
    ],
)
def test_others_do_not_vet(house, who, id_, status):
    """Not another country's, not one's own, not without the role; administrators vet all."""
    assert judge(house.by_token(who), id_).status_code == status


def test_a_contact_of_an_organisation_that_lost_its_vetting_vets_nobody(house):
    """Trust goes with the organisation."""
    judge(house.by_token("root"), "rescue-mt", "refused")
    assert judge(house.by_token("kai"), "port-mt").status_code == 404


@pytest.mark.parametrize("body", [{}, {"decision": "vetted"}, {"decision": "maybe", "reason": "x"}])
def test_a_decision_has_a_reason(house, body):
    """Without one it is refused."""
    assert house.by_token("root").post(f"{PATH}/port-mt/vetting", json=body).status_code == 422
