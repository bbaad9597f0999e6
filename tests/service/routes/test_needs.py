"""Needs over HTTP: entered with help, changed by their owner alone, seen as far as one may."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from matcher.duplicates import DuplicateModel
from service.routes import needs
from service.store.tables import AuditRow, ChangeRow, RecordRow, VersionRow

VESTS = {
    "title": "Ballistic vests for dog handlers",
    "description": "Vests that protect dog handlers without hindering them.",
    "language": "ENG",
    "cpv": ["35815100-1"],
    "value": 250000,
    "currency": "EUR",
    "window_start": "2031-03-01",
    "window_end": "2031-09-30",
    "working_languages": ["en", "EST"],
    "budget_year": 2031,
    "nuts": ["EE004"],
    "contact": "procurement@police.example",
    "extra": {"lots": "2"},
}
FAIR = {"reason_code": "fair-comp", "reason": "The consultation of firm X is running."}


@pytest.fixture
def ask(asking):
    """Asks the routes of needs."""
    return asking(needs.router)


@pytest.fixture
def enter(ask):
    """Enters a need and gives the answer's body."""

    def entered(who="ana", **changes):
        found = ask("POST", "/needs", who, json={**VESTS, **changes})
        assert found.status_code == 201, found.text
        return found.json()

    return entered


def pointers(answer):
    """Where an answer says that something is wrong."""
    return [error["pointer"] for error in answer.json().get("errors", [])]


def rows(held, table, *where):
    """Rows of a table."""
    with held.database.read() as session:
        return session.scalars(select(table).where(*where)).all()


# -- entering ---------------------------------------------------------------------------------


def test_a_need_is_entered_normalised_and_indexed_at_once(ask, held):
    """The answer names its place and version; codes are the contract's; searches know it already."""
    found = ask("POST", "/needs", "ana", json={**VESTS, "ref": "N-1"})
    body = found.json()
    assert found.status_code == 201
    assert found.headers["Location"] == f"/api/v1/needs/{body['id']}"
    assert found.headers["ETag"] == '"1"'
    assert (body["language"], body["cpv"], body["working_languages"]) == ("en", ["35815100"], ["en", "et"])
    assert (body["organisation"], body["organisation_id"], body["country"]) == (
        "Police of Saaremaa", "police-ee", "EE",
    )  # fmt: skip
    assert (body["status"], body["visibility"], body["ref"], body["own"]) == ("open", "network", "N-1", True)
    assert (body["budget_year"], body["nuts"], body["extra"]) == (2031, ["EE004"], {"lots": "2"})
    assert body["value_eur"] == 250000
    assert 0 < body["completeness"] < 1
    assert {"standards", "regime"} <= {gap["field"] for gap in body["missing"]}
    assert all(gap["effect"] for gap in body["missing"])
    assert body["id"] in held.catalogue.entries
    assert ask("GET", "/needs/N-1", "ana").json()["id"] == body["id"]


def test_id_means_ref(enter, ask):
    """Imports of other systems name it `id`; both at once must agree."""
    assert enter(id="X-1")["ref"] == "X-1"
    assert ask("POST", "/needs", "ana", json={**VESTS, "id": "a", "ref": "b"}).status_code == 422


def test_a_reference_is_taken_once_in_an_organisation(enter, ask):
    """Another organisation may call its own need the same."""
    enter(ref="N-1")
    again = ask("POST", "/needs", "ana", json={**VESTS, "ref": "N-1"})
    assert again.status_code == 409
    assert enter("eero", ref="N-1")["own"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": None, "description": None}, "/title"),
        ({"country": "Atlantis"}, None),
        ({"language": "Elvish"}, "/language"),
        ({"cpv": ["3581"]}, "/cpv"),
        ({"window_end": "2031-01-01"}, "/window_end"),
        ({"working_languages": ["en", "xx-klingon"]}, "/working_languages"),
        ({"titles": {"elvish": "x"}}, "/titles/elvish"),
        ({"titles": {"fr": "x", "FRA": "y"}}, "/titles/FRA"),
        ({"extra": {"buyer": "Somebody else"}}, "/extra/buyer"),
        ({"extra": {"Budget_Year": "2031"}}, "/extra/Budget_Year"),
        ({"redactions": [{"field": "title", **FAIR}]}, "/redactions/0"),
        ({"shared_with": ["police-fi"]}, "/shared_with"),
        ({"visibility": "group", "shared_with": ["nobody"]}, "/shared_with/0"),
        ({"visibility": "group", "shared_with": ["police-new"]}, "/shared_with/0"),
        ({"tlp": "TLP:AMBER", "visibility": "network"}, "/tlp"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"title": "x" * 401}, "/title"),
        ({"description": "x" * 20_001}, "/description"),
        ({"title": "a\x00b"}, "/title"),
        ({"value": "250000"}, "/value"),
        ({"value": -1}, "/value"),
        ({"value": True}, "/value"),
        ({"trl_min": 10}, "/trl_min"),
        ({"window_start": 20310301}, "/window_start"),
        ({"window_start": "01.03.2031"}, "/window_start"),
        ({"expires_at": "2031-01-01T00:00:00"}, "/expires_at"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"contact": "somebody"}, "/contact"),
        ({"colour": "blue"}, "/colour"),
        ({"status": "withdrawn"}, "/status"),
        ({"ref": "N 1"}, "/ref"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_place(ask, held, changes, where):
    """Nothing is kept; the pointer leads to the field."""
    given = {name: value for name, value in {**VESTS, **changes}.items() if value is not None}
    found = ask("POST", "/needs", "ana", json=given)
    assert found.status_code == 422, found.text
    assert where is None or where in pointers(found)
    assert rows(held, RecordRow) == []


def test_halves_of_characters_are_refused(ask):
    """JSON can spell what no database can hold."""
    found = ask(
        "POST",
        "/needs",
        "ana",
        content=b'{"title": "a\\ud800b"}',
        headers={"Content-Type": "application/json"},
    )
    assert found.status_code == 422


def test_what_was_changed_is_told(enter):
    """An unknown code is kept, Greece is GR, an organisation is what it is known as here."""
    body = enter(
        "root", cpv=["99999999"], country="EL", organisation="Ministry of Vests", currency="XYZ", value=5000
    )
    assert (body["country"], body["organisation"]) == ("GR", "Ministry of Vests")
    assert [w["pointer"] for w in body["warnings"]] == ["/cpv", ""]
    assert (body["value"], body["value_eur"]) == (5000, None)
    own = enter(organisation="Somebody else", country="FI")
    assert (own["organisation"], own["country"]) == ("Police of Saaremaa", "EE")
    assert {w["pointer"] for w in own["warnings"]} == {"/organisation", "/country"}


def test_only_who_speaks_for_others_enters_for_them(ask, enter):
    """A procurer may not; a national contact may for its own country; an administrator for all."""
    other = {"organisation_id": "police-fi"}
    assert ask("POST", "/needs", "ana", json={**VESTS, **other}).status_code == 403
    assert ask("POST", "/needs", "kai", json={**VESTS, **other}).status_code == 403
    entered = enter("root", **other)
    assert entered["organisation"] == "Police of Savonia"
    assert ask("GET", f"/needs/{entered['id']}", "eero").json()["own"]
    assert pointers(ask("POST", "/needs", "root", json={**VESTS, "organisation_id": "none"})) == [
        "/organisation_id"
    ]


def test_an_organisation_that_is_not_vetted_keeps_drafts_and_private_needs(ask, enter):
    """Anything else is refused in words that help, until it is vetted."""
    refused = ask("POST", "/needs", "uno", json=VESTS)
    assert refused.status_code == 403
    assert "national contact" in refused.json()["detail"]
    draft = enter("uno", status="draft")
    assert enter("uno", visibility="private")["status"] == "open"
    assert ask("POST", f"/needs/{draft['id']}/submit", "uno").status_code == 403


def test_classified_texts_are_refused_unless_an_administrator_says_why(ask, held, enter):
    """The answer says where the marking stands; the reason is written down; later changes keep the text."""
    marked = {**VESTS, "description": "VS-NfD\nSensors for fences."}
    for who, query in (("ana", ""), ("ana", "?override_reason=because"), ("root", "")):
        found = ask("POST", f"/needs{query}", who, json=marked)
        assert found.status_code == 422
        assert found.json()["type"].endswith("/classified")
        assert pointers(found) == ["/description"]
    found = ask("POST", "/needs?override_reason=declassified in 2030", "root", json=marked)
    assert found.status_code == 201
    noted = rows(held, AuditRow, AuditRow.action == "need.override")
    assert [(row.reason, row.actor_id) for row in noted] == [("declassified in 2030", "root")]
    id_ = found.json()["id"]
    again = ask("PATCH", f"/needs/{id_}", "root", json={"value": 9000}, headers={"If-Match": '"1"'})
    assert again.status_code == 200


def test_sensitive_words_are_pointed_out_and_kept(enter):
    """A warning is no refusal."""
    body = enter(description="Write to jane.doe@police.example.")
    assert [(s["pointer"], s["kind"]) for s in body["sensitive"]] == [("/description", "e-mail address")]


def test_a_handling_mark_closes_what_names_no_visibility(enter):
    """TLP:AMBER without a visibility is for the group."""
    body = enter(tlp="TLP:AMBER")
    assert (body["visibility"], body["tlp"]) == ("group", "TLP:AMBER")
    assert "/visibility" in [w["pointer"] for w in body["warnings"]]


# -- validating -------------------------------------------------------------------------------


def test_validating_keeps_nothing_and_tells_everything(ask, held):
    """Story 1: what is wrong, missing, sensitive, each with its place; no row, no change, no audit."""
    given = {"title": "VS-NfD", "tlp": "TLP:RED", "visibility": "public"}
    given["description"] = "Call +372 5555 1234."
    body = ask("POST", "/needs/validate", "ana", json={**given, "country": "??"}).json()
    assert not body["acceptable"]
    assert {issue["pointer"] for issue in body["issues"]} == {"/country", "/tlp"}
    assert [mark["pointer"] for mark in body["classified"]] == ["/title"]
    assert [each["kind"] for each in body["sensitive"]] == ["phone number"]
    assert 0 < body["completeness"] < 1
    assert body["cpv"] is None  # the tiny model has no classifier, and says so
    assert body["duplicates"] is None
    assert [rows(held, table) for table in (RecordRow, ChangeRow, AuditRow)] == [[], [], []]


def test_validating_an_empty_need_names_what_it_lacks(ask):
    """No title and no description: an issue, not an error."""
    found = ask("POST", "/needs/validate", "ana", json={"trl_min": 4})
    assert found.status_code == 200
    assert {issue["pointer"] for issue in found.json()["issues"]} == {"/title"}
    assert found.json()["completeness"] is None


def test_validating_tells_who_is_not_vetted(ask):
    """The draft can still be improved."""
    body = ask("POST", "/needs/validate", "uno", json=VESTS).json()
    assert (body["acceptable"], body["issues"]) == (False, [])
    assert "vetted" in body["vetting"]


@pytest.fixture
def telling(held):
    """A model of duplicates that goes by meaning alone."""
    model = DuplicateModel("hashing@1", (20.0, 0.0, 0.0, 0.0, 0.0, 0.0), -17.0, 0.5)
    for engine in (*held.catalogue.engines.values(), held.catalogue.closed):
        engine.tuning = replace(engine.tuning, duplicates=model)


def test_duplicates_are_those_that_the_viewer_may_see(telling, ask, enter):
    """One's own private need and a public one are found; a private one of others leaves no trace."""
    before = ask("POST", "/needs/validate", "eero", json=VESTS).text
    hidden = enter(visibility="private")
    assert ask("POST", "/needs/validate", "eero", json=VESTS).text == before
    shared = enter("root", visibility="public")
    found = ask("POST", "/needs/validate", "ana", json=VESTS).json()["duplicates"]
    assert {each["id"]: each["own"] for each in found} == {hidden["id"]: True, shared["id"]: False}
    assert [
        each["id"] for each in ask("POST", "/needs/validate", "eero", json=VESTS).json()["duplicates"]
    ] == [shared["id"]]
    other = enter("eero", title="Patrol boats", description="Fast boats with radar, for shallow water.")
    assert ask("GET", f"/needs/{other['id']}/duplicates", "eero").json() == {"items": []}
    mine = ask("GET", f"/needs/{hidden['id']}/duplicates", "ana").json()["items"]
    assert [each["id"] for each in mine] == [shared["id"]]


def test_a_need_that_is_being_changed_is_not_its_own_duplicate(telling, ask, enter):
    """The form names what it is changing."""
    own = enter()
    found = ask("POST", f"/needs/validate?of={own['id']}", "ana", json=VESTS).json()
    assert found["duplicates"] == []


def test_duplicates_need_a_fitted_model(ask, enter):
    """Without one the answer says so."""
    assert ask("GET", f"/needs/{enter()['id']}/duplicates", "ana").status_code == 409


# -- seeing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [
        ("private", {"ana", "pia"}),
        ("group", {"ana", "pia", "eero"}),
        ("network", {"ana", "pia", "eero", "root"}),
        ("network_industry", {"ana", "pia", "eero", "root", "ivo"}),
        ("public", {"ana", "pia", "eero", "root", "ivo", "uno", ""}),
    ],
)
def test_who_sees_a_need_and_who_cannot_tell_that_it_is_there(ask, enter, visibility, seen_by):
    """By id and in lists; for the others the answer is that of an id which nobody has."""
    shares = ["police-fi"] if visibility == "group" else []
    need = enter(visibility=visibility, shared_with=shares)
    for who in ("ana", "pia", "eero", "root", "ivo", "uno", ""):
        found = ask("GET", f"/needs/{need['id']}", who)
        listed = [each["id"] for each in ask("GET", "/needs", who).json()["items"]]
        if who in seen_by:
            assert found.status_code == 200, who
            assert listed == [need["id"]]
        else:
            nothing = ask("GET", "/needs/not-there", who)
            assert (found.status_code, listed) == (404, [])
            assert found.text.replace(need["id"], "not-there") == nothing.text


def test_drafts_and_what_is_over_are_listed_to_their_owner_only(ask, enter):
    """A withdrawn need is still found by who has its id; a draft is not."""
    draft, over = enter(status="draft"), enter()
    ask("POST", f"/needs/{over['id']}/withdraw", "ana")
    assert ask("GET", "/needs", "eero").json()["items"] == []
    assert ask("GET", f"/needs/{draft['id']}", "eero").status_code == 404
    assert ask("GET", f"/needs/{over['id']}", "eero").json()["status"] == "withdrawn"
    assert {n["id"] for n in ask("GET", "/needs", "ana").json()["items"]} == {draft["id"], over["id"]}


def test_a_draft_cannot_be_withdrawn_into_sight(ask, enter):
    """What is withdrawn is found by its id, so only what was open before can be."""
    draft = enter(status="draft")
    assert ask("POST", f"/needs/{draft['id']}/withdraw", "ana").status_code == 409
    assert ask("GET", f"/needs/{draft['id']}", "eero").status_code == 404


def test_a_masked_need_shows_no_value_and_a_code_in_its_place(ask, enter, held, clock):
    """Story 9: the owner's words stay closed too, and the field is shown from its day on."""
    until = (clock.now.date().replace(day=1)).replace(year=clock.now.year + 1)
    need = enter(
        redactions=[
            {"field": "value_eur", "until": until.isoformat(), **FAIR},
            {"field": "extra.lots", **FAIR},
        ]
    )
    assert need["value"] == 250000
    assert need["redactions"][0]["reason"] == FAIR["reason"]
    answer = ask("GET", f"/needs/{need['id']}", "eero")
    shown = answer.json()
    assert (shown["value"], shown["value_eur"], shown["currency"], shown["extra"]) == (None, None, "", {})
    assert [(m["field"], m["reason_code"], m["until"]) for m in shown["masked"]] == [
        ("value", "fair-comp", until.isoformat()),
        ("extra", "fair-comp", None),
    ]
    assert "firm X" not in answer.text
    assert "lots" not in answer.text
    assert (shown["version"], shown["redactions"], shown["completeness"], shown["ref"]) == (None,) * 4
    assert "ETag" not in answer.headers
    clock.pass_(days=800)
    later = ask("GET", f"/needs/{need['id']}", "eero").json()
    assert later["value"] == 250000
    assert [m["field"] for m in later["masked"]] == ["extra"]


def test_industry_sees_a_need_without_its_buyer(ask, enter):
    """What masks a whole audience is nobody's redaction."""
    need = enter(visibility="network_industry")
    shown = ask("GET", f"/needs/{need['id']}", "ivo").json()
    assert (shown["organisation"], shown["organisation_id"], shown["contact"], shown["value"]) == (
        "", "", "", None,
    )  # fmt: skip
    assert shown["masked"] == []


def test_a_filter_does_not_find_what_is_masked(ask, enter):
    """Else the answer to a guess would give it away."""
    enter(redactions=[{"field": "cpv", **FAIR}, {"field": "country", **FAIR}, {"field": "status", **FAIR}])
    for query in ("cpv=358", "country=EE", "status=open"):
        assert ask("GET", f"/needs?{query}", "eero").json()["items"] == []
        assert len(ask("GET", f"/needs?{query}", "ana").json()["items"]) == 1


def test_seeing_a_need_of_others_is_written_down(ask, enter, held):
    """Who saw which need, alone or in a list; not one's own, nothing public, and nothing of nobody."""
    need = enter(visibility="network")
    ask("GET", f"/needs/{enter(title='Radios for boats', visibility='public')['id']}", "eero")
    ask("GET", f"/needs/{need['id']}", "ana")
    ask("GET", f"/needs/{need['id']}", "")
    ask("GET", "/needs", "ana")
    seen = AuditRow.action.in_(["need.view", "need.list"])
    assert rows(held, AuditRow, seen) == []
    ask("GET", f"/needs/{need['id']}", "eero")
    ask("GET", "/needs", "eero")
    alone, listed = rows(held, AuditRow, seen)
    assert (alone.action, alone.actor_id, alone.organisation_id, alone.object_id) == (
        "need.view", "eero", "police-fi", need["id"],
    )  # fmt: skip
    assert listed.versions == {"shown": [need["id"]]}


# -- lists ------------------------------------------------------------------------------------


def test_a_list_comes_in_parts_the_newest_first(ask, enter):
    """Every need once, whatever the size of the parts; a hidden one between changes nothing."""
    ids = []
    for place in range(7):
        ids.append(enter(title=f"Need {place}")["id"])
        enter("eero", title="Hidden", visibility="private")
    for limit in (1, 3, 7, 8):
        found, cursor = [], None
        while True:
            part = ask(
                "GET", "/needs", "ana", params={"limit": limit, **({"cursor": cursor} if cursor else {})}
            )
            found += [each["id"] for each in part.json()["items"]]
            cursor = part.json()["next"]
            if cursor is None:
                break
        assert found == ids[::-1]


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "bnVsbA", "WyIyMDMxLTAxLTAxIiwiYSJd", "\u00e9", "W10="])
def test_a_cursor_of_another_list_is_refused(ask, cursor):
    """A 422 that says where, never a failure."""
    assert pointers(ask("GET", "/needs", params={"cursor": cursor})) == ["query.cursor"]


def test_lists_are_narrowed(ask, enter):
    """By owner, status, country, branch, kind, words and time."""
    vest, boat = enter(nature="supplies"), enter("eero", title="Patrol BOATS", cpv=["34520000"])
    draft = enter(status="draft")

    def ids(who="ana", **query):
        return {each["id"] for each in ask("GET", "/needs", who, params=query).json()["items"]}

    assert ids(mine=True) == {vest["id"], draft["id"]}
    assert ids(status="draft") == {draft["id"]}
    assert ids(country="FI") == {boat["id"]}
    assert ids(cpv="3581", status="open") == {vest["id"]}
    assert ids(nature="supplies") == {vest["id"]}
    assert ids(q="boats") == {boat["id"]}
    assert ids(updated_after=boat["updated_at"]) == {draft["id"]}
    assert ids("", mine=True) == set()
    assert ask("GET", "/needs?country=Q1").status_code == 422


def test_what_changed_since_is_listed_oldest_first(ask, enter):
    """A program that follows misses nothing when a need moves."""
    first, second, third = enter(), enter(), enter()
    ask("POST", f"/needs/{second['id']}/pause", "ana")
    found = ask("GET", "/needs", "ana", params={"updated_after": first["updated_at"], "limit": 1}).json()
    rest = ask(
        "GET", "/needs", "ana", params={"updated_after": first["updated_at"], "cursor": found["next"]}
    ).json()
    assert [each["id"] for each in found["items"] + rest["items"]] == [third["id"], second["id"]]


# -- changing ---------------------------------------------------------------------------------


def test_a_change_needs_the_version_that_was_read(ask, enter):
    """Without it 428, with another 412, and the second of two changes is not lost."""
    need = enter()
    place = f"/needs/{need['id']}"
    assert ask("PATCH", place, "ana", json={"value": 1000}).status_code == 428
    first = ask("PATCH", place, "ana", json={"value": 1000}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert ask("PATCH", place, "ana", json={"value": 2000}, headers={"If-Match": '"1"'}).status_code == 412
    assert ask("PUT", place, "ana", json=VESTS, headers={"If-Match": 'W/"2"'}).status_code == 412
    assert ask("DELETE", place, "ana").status_code == 428
    assert ask("DELETE", place, "ana", headers={"If-Match": '"7"'}).status_code == 412
    assert ask("PATCH", place, "ana", json={"value": 2000}, headers={"If-Match": "*"}).status_code == 200


def patch(ask, need, body, who="ana"):
    """Changes a need, whatever its version."""
    return ask(
        "PATCH",
        f"/needs/{need['id']}",
        who,
        json=body,
        headers={"If-Match": "*", "Content-Type": "application/merge-patch+json"},
    )


def test_a_patch_changes_what_it_names_and_null_takes_out(ask, enter):
    """RFC 7396, within titles and other columns too."""
    need = enter(titles={"fr": "Gilets", "de": "Westen"}, standards=["VPAM"], ref="N-1")
    body = patch(
        ask,
        need,
        {
            "titles": {"fr": None, "fi": "Liivit"},
            "standards": None,
            "budget_year": None,
            "nuts": ["EE001", "EE004"],
            "extra": {"lots": None, "colour": "blue"},
            "quantity": "300 sets",
        },
    ).json()
    assert body["titles"] == {"de": "Westen", "fi": "Liivit"}
    assert (body["standards"], body["budget_year"], body["nuts"]) == ([], None, ["EE001", "EE004"])
    assert (body["extra"], body["quantity"]) == ({"colour": "blue"}, "300 sets")
    kept = {"title", "description", "cpv", "value", "window_start", "contact", "ref", "status", "visibility"}
    assert {name: body[name] for name in kept} == {name: need[name] for name in kept}
    assert patch(ask, need, {"extra": None, "titles": None}).json()["contact"] == VESTS["contact"]


@pytest.mark.parametrize(
    ("changes", "value", "euro"),
    [
        ({"value": 1000}, 1000, 1000),
        ({"currency": "BGN", "value": 195.583}, 195.583, 100),
        ({"currency": "XYZ"}, 250000, None),
        ({"value": None}, None, None),
        ({"value_eur": 7000}, 250000, 7000),
        ({"quantity": "2"}, 250000, 250000),
    ],
)
def test_euro_amounts_follow_what_they_were_computed_of(ask, enter, changes, value, euro):
    """None is left over from before."""
    body = patch(ask, enter(), changes).json()
    assert (body["value"], body["value_eur"]) == (value, euro)


def test_a_description_that_stood_in_for_the_title_goes_on_doing_so(ask, enter):
    """The title does not keep what the description no longer says."""
    need = enter(title="", description="Vests")
    assert need["title"] == "Vests"
    assert patch(ask, need, {"description": "Boats"}).json()["title"] == "Boats"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"colour": 1}, "/colour"),
        ({"colour": None}, "/colour"),
        ({"value": "much"}, "/value"),
        ({"titles": {"elvish": "x"}}, "/titles/elvish"),
        ({"titles": []}, "/titles"),
        ({"extra": {"title": "x"}}, "/extra/title"),
        ({"organisation_id": "police-fi"}, "/organisation_id"),
        ({"title": None, "description": None}, "/title"),
    ],
)
def test_a_patch_is_checked_as_a_need_is(ask, enter, body, where):
    """With the place of the error in the patch."""
    found = patch(ask, enter(), body)
    assert found.status_code == 422, found.text
    assert where in pointers(found)


def test_putting_replaces_what_is_said_and_keeps_who_may_see_it(ask, enter):
    """A need does not become open because a client left out that it is not."""
    need = enter(visibility="group", shared_with=["police-fi"], ref="N-1", tlp="TLP:AMBER", quantity="3")
    place = f"/needs/{need['id']}"
    body = ask("PUT", place, "ana", json={"title": "Boats"}, headers={"If-Match": '"1"'}).json()
    assert (body["title"], body["quantity"], body["value"], body["extra"]) == ("Boats", "", None, {})
    kept = ("ref", "visibility", "shared_with", "tlp", "status")
    assert [body[name] for name in kept] == [need[name] for name in kept]
    body = ask(
        "PUT", place, "ana", json={"title": "Boats", "id": need["id"], "tlp": None, "visibility": "private"},
        headers={"If-Match": '"2"'},
    ).json()  # fmt: skip
    assert (body["ref"], body["tlp"], body["visibility"], body["shared_with"]) == ("N-1", None, "private", [])


def test_a_change_that_changes_nothing_makes_no_version(ask, enter):
    """The tag stays."""
    need = enter()
    assert patch(ask, need, {"value": 250000}).headers["ETag"] == '"1"'


def test_only_the_owner_changes_a_need(ask, enter):
    """Who sees it gets 403, who does not 404; a role without the right 403."""
    seen, hidden = enter(), enter(visibility="private")
    tag = {"If-Match": "*"}
    assert ask("PUT", f"/needs/{seen['id']}", "eero", json=VESTS, headers=tag).status_code == 403
    assert ask("DELETE", f"/needs/{seen['id']}", "root", headers=tag).status_code == 403
    assert ask("POST", f"/needs/{seen['id']}/withdraw", "eero").status_code == 403
    assert ask("GET", f"/needs/{seen['id']}/history", "eero").status_code == 403
    assert ask("PUT", f"/needs/{hidden['id']}", "eero", json=VESTS, headers=tag).status_code == 404
    assert ask("POST", f"/needs/{hidden['id']}/pause", "eero").status_code == 404
    assert ask("GET", f"/needs/{hidden['id']}/history", "eero").status_code == 404
    assert patch(ask, seen, {"value": 1000}, "pia").status_code == 403
    assert ask("POST", "/needs", "ivo", json=VESTS).status_code == 403
    assert ask("POST", "/needs", "", json=VESTS).status_code == 401


def test_another_organisations_reference_opens_nothing(ask, enter):
    """References are known to their owner alone."""
    enter(ref="N-1", visibility="public")
    assert ask("GET", "/needs/N-1", "eero").status_code == 404
    assert ask("GET", "/needs/N-1", "").status_code == 404


# -- the life of a need -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (["withdraw"], "withdrawn"),
        (["pause"], "paused"),
        (["pause", "reopen"], "open"),
        (["withdraw", "reopen"], "open"),
        (["fulfil"], "fulfilled"),
        (["fulfil", "reopen"], "open"),
        (["renew"], "open"),
        (["pause", "renew"], "paused"),
    ],
)
def test_a_need_moves_on(ask, enter, held, steps, status):
    """The index follows at once: only what is open is matched."""
    need = enter()
    for step in steps:
        found = ask("POST", f"/needs/{need['id']}/{step}", "ana", json={"reason": "why not"})
        assert found.status_code == 200, found.text
    assert found.json()["status"] == status
    assert found.headers["ETag"] == f'"{len(steps) + 1}"'
    assert held.catalogue.entries[need["id"]].matched == (status == "open")
    assert rows(held, AuditRow, AuditRow.reason == "why not")


@pytest.mark.parametrize("step", ["submit", "reopen"])
def test_a_step_that_does_not_follow_is_a_conflict(ask, enter, step):
    """An open need is neither submitted nor reopened."""
    assert ask("POST", f"/needs/{enter()['id']}/{step}", "ana").status_code == 409


def test_a_draft_is_submitted(ask, enter):
    """Then others see it."""
    draft = enter(status="draft")
    assert ask("POST", f"/needs/{draft['id']}/submit", "ana", headers={"If-Match": '"9"'}).status_code == 412
    assert ask("POST", f"/needs/{draft['id']}/submit", "ana").json()["status"] == "open"
    assert ask("GET", f"/needs/{draft['id']}", "eero").status_code == 200


def test_status_is_not_changed_on_the_side(ask, enter):
    """A change may open a draft or take it back; what is over needs its own step."""
    need = enter()
    assert patch(ask, need, {"status": "draft"}).json()["status"] == "draft"
    assert patch(ask, need, {"status": "open"}).json()["status"] == "open"
    ask("POST", f"/needs/{need['id']}/withdraw", "ana")
    assert patch(ask, need, {"status": "open"}).status_code == 409
    assert patch(ask, need, {"value": 1000}).json()["status"] == "withdrawn"


def test_what_is_over_in_time_is_renewed_first(ask, enter, clock):
    """Reopening would end again at once."""
    need = enter(expires_at=(clock.now.replace(year=clock.now.year + 1)).isoformat())
    ask("POST", f"/needs/{need['id']}/withdraw", "ana")
    clock.pass_(days=400)
    assert ask("POST", f"/needs/{need['id']}/reopen", "ana").status_code == 409
    late = {"expires_at": "2001-01-01T00:00:00Z"}
    other = enter()
    assert pointers(ask("POST", f"/needs/{other['id']}/renew", "ana", json=late)) == ["/expires_at"]
    assert ask("POST", f"/needs/{other['id']}/renew", "ana").json()["expires_at"] > clock.now.isoformat()


def test_the_history_tells_what_changed(ask, enter):
    """The newest first, in parts; for the owner."""
    need = enter()
    patch(ask, need, {"value": 1000, "extra": {"colour": "blue"}})
    ask("POST", f"/needs/{need['id']}/pause", "ana")
    first = ask("GET", f"/needs/{need['id']}/history?limit=2", "pia").json()
    assert [(v["version"], v["changed"], v["by"]) for v in first["items"]] == [
        (3, ["status"], "ana"),
        (2, ["extra", "value", "value_eur"], "ana"),
    ]
    rest = ask("GET", f"/needs/{need['id']}/history?cursor={first['next']}", "pia").json()
    assert [(v["version"], v["body"]["value"]) for v in rest["items"]] == [(1, 250000)]
    assert rest["next"] is None


def test_an_erased_need_is_gone_with_its_text(ask, enter, held):
    """From the database, its versions and the index; the audit knows that it was."""
    need = enter()
    found = ask("DELETE", f"/needs/{need['id']}", "ana", headers={"If-Match": '"1"'})
    assert (found.status_code, found.content) == (204, b"")
    assert ask("GET", f"/needs/{need['id']}", "ana").status_code == 404
    assert rows(held, RecordRow) == rows(held, VersionRow) == []
    assert need["id"] not in held.catalogue.entries
    assert rows(held, AuditRow, AuditRow.action == "need.erase")[0].object_id == need["id"]
