"""Personal data: warned, erased and shown as the law asks."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from service.rights.policy import Role
from service.rights.viewer import Viewer
from service.store import audit, backup, records, retention
from service.store.records import RecordDraft
from service.store.tables import (
    AnswerRow,
    AuditRow,
    CycleRow,
    DeliveryRow,
    EditRow,
    FeedbackRow,
    FollowerRow,
    InterestRow,
    JobRow,
    MessageRow,
    OrganisationRow,
    QuestionRow,
    RecordRow,
    RoomRow,
    SavedSearchRow,
    SessionRow,
    StageRow,
    TokenRow,
    UserRow,
)

START = datetime(2027, 1, 1, tzinfo=UTC)
ANA = Viewer("ana-id", "o", Role.PROCURER)
BEN = Viewer("ben-id", "o", Role.ADMINISTRATOR)


def day(number):
    """So many days after the start."""
    return START + timedelta(days=number)


@pytest.fixture
def store(database):
    """Ana, a procurer, and Ben, the administrator, both made on day 0 and never seen since."""
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Rathmore", kind="buyer"))
        session.flush()
        for name, role in (("ana", Role.PROCURER), ("ben", Role.ADMINISTRATOR)):
            session.add(
                UserRow(
                    id=f"{name}-id", organisation_id="o", email=f"{name}@example.org", name=name.title(),
                    role=role.value, password_hash="argon2-secret", created_at=START,
                )
            )  # fmt: skip
    return database


def told(store, moment, dormant_days=120):
    """Who is warned at a moment, with the days left."""
    with store.write() as session:
        return [(each.user_id, each.days_left) for each in retention.warn(session, moment, dormant_days)]


def erased(store, moment, dormant_days=120):
    """Who is erased at a moment."""
    with store.write() as session:
        return retention.erase_dormant(session, moment, dormant_days)


def test_a_dormant_account_is_warned_three_times_and_then_erased(store):
    """At 90, 60 and 30 days before its end, once each; Ben is used and stays."""
    log = []
    for number in range(125):
        with store.write() as session:
            session.get(UserRow, "ben-id").last_login_at = day(number)
        log += [(number, *each) for each in told(store, day(number))]
        log += [(number, each) for each in erased(store, day(number))]
    assert log == [(30, "ana-id", 90), (60, "ana-id", 60), (90, "ana-id", 30), (120, "ana-id")]


@pytest.mark.parametrize("used", ["login", "session", "token"])
def test_whoever_comes_in_is_not_dormant(store, used):
    """By password, by browser or by a program; the clock begins anew, warnings too."""
    assert ("ana-id", 30) in told(store, day(95))
    with store.write() as session:
        if used == "login":
            session.get(UserRow, "ana-id").last_login_at = day(100)
        elif used == "session":
            session.add(
                SessionRow(digest="d", user_id="ana-id", csrf="c", seen_at=day(100), expires_at=day(101))
            )
        else:
            session.add(TokenRow(user_id="ana-id", name="t", digest="d", last_used_at=day(100)))
    assert "ana-id" not in erased(store, day(219))
    assert ("ana-id", 90) in told(store, day(130))
    assert ("ana-id", 30) in told(store, day(190))
    assert "ana-id" in erased(store, day(220))


def test_nobody_is_erased_without_thirty_days_of_warning(store):
    """Not even when the service stood still for a year."""
    assert erased(store, day(400)) == []
    assert told(store, day(400)) == [("ana-id", 30), ("ben-id", 30)]
    assert told(store, day(401)) == []
    assert erased(store, day(429)) == []
    assert erased(store, day(430)) == ["ana-id"]


def test_the_last_administrator_stays(store):
    """Another active administrator lets the first one go."""
    told(store, day(400))
    assert erased(store, day(430)) == ["ana-id"]
    with store.write() as session:
        session.add(
            UserRow(
                id="new",
                organisation_id="o",
                email="n@example.org",
                role="administrator",
                created_at=day(430),
            )
        )
    assert erased(store, day(430)) == ["ben-id"]


def test_a_short_term_is_warned_of_halfway(store):
    """With thirty days there is no stage of the usual three."""
    assert told(store, day(14), 30) == []
    assert told(store, day(15), 30) == [("ana-id", 15), ("ben-id", 15)]
    assert erased(store, day(29), 30) == []
    assert erased(store, day(30), 30) == ["ana-id"]


def everywhere(store):
    """Ana's traces in every table; returns the id of a need that she entered."""
    with store.write() as session:
        need = records.create(
            session,
            RecordDraft(kind="need", organisation_id="o", body={"title": "Pumps"}, status="open"),
            ANA,
        )
        records.change(session, need.id, 1, {"body": {"title": "Flood pumps"}}, ANA)
        ana = {"user_id": "ana-id"}
        checklist = [{"step": 1, "owner": "Ana", "done": False}, {"step": 2, "owner": "Ben"}]
        session.add(RoomRow(candidate_id="c", checklist=checklist))
        session.add(SavedSearchRow(id="s", name="pumps", searched="needs", unsubscribe_digest="u", **ana))
        session.flush()
        session.get(OrganisationRow, "o").contact = "ana@example.org"
        session.get(OrganisationRow, "o").vetted_by = "ana-id"
        session.add_all(
            [
                SessionRow(digest="d", csrf="c", expires_at=day(1), **ana),
                TokenRow(name="script", digest="d", **ana),
                MessageRow(kind="digest", subject="New", body={}, saved_search_id="s", **ana),
                FeedbackRow(
                    organisation_id="o", role="procurer", subject="match", query_id=need.id, document_id="x",
                    verdict="relevant", comment="says Ana", **ana,
                ),
                FollowerRow(subject_kind="need", subject_id=need.id, **ana),
                JobRow(kind="import", **ana),
                AnswerRow(idempotency_key="k", request_digest="d", status=201, body=b"Ana", **ana),
                DeliveryRow(channel="email", target="ana@example.org", payload={}),
                DeliveryRow(channel="email", target="ben@example.org", payload={}),
                StageRow(candidate_id="c", before="a", after="b", by="ana-id", organisation_id="o"),
                InterestRow(candidate_id="c", organisation_id="o", kind="observer", by="ana-id"),
                QuestionRow(
                    subject_kind="need", subject_id=need.id, organisation_id="o", by="ben-id", text="?",
                    answered_by="ana-id",
                ),
                EditRow(audience="network", edit={"op": "lock", "who": "Ana"}, by="ana-id"),
                CycleRow(audience="network", name="2027", day=START.date(), state={}, by="ana-id"),
            ]
        )  # fmt: skip
        audit.record(session, action="need.read", viewer=ANA, kind="need", id=need.id)
        return need.id


def rows(store, path):
    """All rows of the database as text, by table."""
    backup.save(store, path, force=True)
    found, table = {}, ""
    for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:-1]:
        values = json.loads(line)
        if isinstance(values, dict):
            table = values["table"]
        else:
            found.setdefault(table, []).append(line)
    return found


def test_an_erased_person_is_nowhere(store, tmp_path):
    """Neither id, name nor address is in any table; only the log says that the account was erased."""
    need_id = everywhere(store)
    before = rows(store, tmp_path / "b")
    with store.write() as session:
        assert retention.erase_user(session, "ana-id", BEN, reason="asked for it")
        assert not retention.erase_user(session, "nobody", BEN)
    after = rows(store, tmp_path / "b")
    named = [
        (t, row) for t, lines in after.items() for row in lines if "ana" in row.replace("analyst", "").lower()
    ]
    assert [table for table, _ in named] == ["audit"]
    assert "user.erase" in named[0][1]
    for kept in (
        "records",
        "record_versions",
        "stages",
        "interests",
        "questions",
        "edits",
        "cycles",
        "rooms",
    ):
        assert len(after[kept]) == len(before[kept])
    assert len(after["audit"]) == len(before["audit"]) + 1
    assert len(after["deliveries"]) == 1
    assert "Ben" in after["rooms"][0]
    with store.read() as session:
        assert session.get(RecordRow, need_id).body == {"title": "Flood pumps"}
        assert session.scalars(select(AuditRow.actor_id).order_by(AuditRow.id)).all()[-1] == "ben-id"


def test_who_erases_the_own_account_is_not_in_the_log(store):
    """The row stays, without the actor."""
    with store.write() as session:
        retention.erase_user(session, "ana-id", ANA)
    with store.read() as session:
        row = session.scalars(select(AuditRow)).one()
        assert (row.action, row.actor_id, row.object_id) == ("user.erase", None, "ana-id")


def test_a_person_is_shown_everything_that_is_kept_about_them(store):
    """Each table that names the person, as plain values; no secret, and nothing of others."""
    need_id = everywhere(store)
    with store.read() as session:
        found = retention.personal_data(session, "ana-id")
        assert retention.personal_data(session, "nobody") == {}
    text = json.dumps(found)
    assert found["account"]["email"] == "ana@example.org"
    assert found["records"] == [need_id]
    assert [each["version"] for each in found["versions"]] == [1, 2]
    assert len(found["audit"]) == 3
    for table in (
        "sessions", "tokens", "saved_searches", "messages", "feedback", "followers", "jobs", "stages",
        "interests", "questions", "edits", "cycles", "deliveries",
    ):  # fmt: skip
        assert len(found[table]) == 1, table
    assert "argon2-secret" not in text
    assert "digest" not in text.replace('"kind": "digest"', "")
    assert "ben@example.org" not in text
