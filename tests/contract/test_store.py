"""What the record store must do on every database."""

import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from service.rights.policy import Role
from service.rights.viewer import Viewer
from service.store import audit, health, outbox, records
from service.store.database import open_database
from service.store.errors import CursorInvalid, RecordGone, RefTaken, Stale
from service.store.records import RecordDraft
from service.store.tables import AuditRow, ChangeRow, OrganisationRow, RecordRow, ShareRow, VersionRow

ANA = Viewer("ana", "rathmore", Role.PROCURER, vetted=True)
LATER = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(database):
    """A database with two organisations."""
    with database.write() as session:
        for name in ("rathmore", "oberau"):
            session.add(OrganisationRow(id=name, name=name.title(), kind="buyer"))
    return database


def draft(title="Flood pumps", **given):
    """A need of Rathmore."""
    return RecordDraft(**{"kind": "need", "organisation_id": "rathmore", "body": {"title": title}} | given)


def created(store, *drafts):
    """The ids of records that were added one by one."""
    ids = []
    for each in drafts or (draft(),):
        with store.write() as session:
            ids.append(records.create(session, each, ANA).id)
    return ids


def changes(store, sequence=0):
    """Ids in the order of the outbox."""
    with store.read() as session:
        return [change.record_id for change in outbox.since(session, sequence, 1000)]


def audited(store):
    """Actions in the order of the audit log."""
    with store.read() as session:
        return list(session.scalars(select(AuditRow.action).order_by(AuditRow.id)))


def test_a_record_is_read_back_as_it_was_written(store):
    """Every column of the draft, and version 1 of it."""
    given = draft(
        "Żółw 🐢",
        id="n1",
        ref="2027/15",
        status="open",
        visibility="group",
        tlp="TLP:AMBER+STRICT",
        redactions=[{"field": "value", "reason_code": "fair-comp", "until": "2998-05-01"}],
        expires_at=LATER,
        shares=["oberau"],
    )
    created(store, given)
    with store.read() as session:
        row = records.get(session, "n1")
        assert (row.kind, row.organisation_id, row.ref, row.status) == ("need", "rathmore", "2027/15", "open")
        assert (row.visibility, row.tlp, row.expires_at) == ("group", "TLP:AMBER+STRICT", LATER)
        assert row.body == given.body
        assert row.redactions == given.redactions
        assert row.redacted_until == date(2998, 5, 1)
        assert [share.organisation_id for share in row.shares] == ["oberau"]
        assert (row.version, row.created_by) == (1, "ana")
        assert row.created_at == row.updated_at
        (version,) = records.history(session, "n1")
        assert version.state == records.state_of(row)
        assert records.by_ref(session, "need", "rathmore", "2027/15") is row
        assert records.by_ref(session, "solution", "rathmore", "2027/15") is None
    assert changes(store) == ["n1"]


def test_each_change_is_a_version_a_change_and_an_audit_row(store):
    """The history tells all states in order, and the log what led from one to the next."""
    (id_,) = created(store)
    with store.write() as session:
        records.change(session, id_, 1, {"body": {"title": "Pumps"}, "shares": ["oberau"]}, ANA)
    with store.write() as session:
        records.set_status(session, id_, 2, "open", ANA, reason="ready", expires_at=LATER)
    with store.read() as session:
        row = records.get(session, id_)
        assert (row.version, row.status, row.expires_at) == (3, "open", LATER)
        assert row.updated_at > row.created_at
        first, second, third = records.history(session, id_)
        assert first.state["body"] == {"title": "Flood pumps"}
        assert second.state["shares"] == ["oberau"]
        assert third.state == records.state_of(row)
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
        assert [each.after_hash for each in rows[:2]] == [each.before_hash for each in rows[1:]]
        assert rows[-1].after_hash == audit.digest(third.state)
        assert (rows[-1].actor_id, rows[-1].organisation_id, rows[-1].reason) == ("ana", "rathmore", "ready")
    assert audited(store) == ["need.create", "need.change", "need.status.open"]
    assert changes(store) == [id_] * 3


def test_a_change_that_changes_nothing_leaves_no_trace(store):
    """No version, no change for the indexes, no audit row."""
    (id_,) = created(store, draft(shares=["oberau"]))
    with store.write() as session:
        row = records.change(session, id_, 1, {"body": {"title": "Flood pumps"}, "shares": ["oberau"]}, ANA)
        assert row.version == 1
    assert changes(store) == [id_]
    assert audited(store) == ["need.create"]


def test_who_changes_an_old_version_is_told(store):
    """The error names both versions; nothing is written."""
    (id_,) = created(store)
    with store.write() as session:
        records.change(session, id_, 1, {"status": "open"}, ANA)
    for act in (
        lambda session: records.change(session, id_, 1, {"status": "paused"}, ANA),
        lambda session: records.erase(session, id_, 1, ANA),
    ):
        with pytest.raises(Stale) as refused, store.write() as session:
            act(session)
        assert (refused.value.expected, refused.value.found) == (1, 2)
    with store.read() as session:
        assert records.get(session, id_).status == "open"


def test_only_columns_of_the_owner_can_be_changed(store):
    """Who owns a record, and its version, are not among them."""
    (id_,) = created(store)
    with pytest.raises(TypeError, match="organisation_id"), store.write() as session:
        records.change(session, id_, 1, {"organisation_id": "oberau"}, ANA)


def test_an_erased_record_is_gone_with_its_versions(store):
    """Followers hear of it, and the log keeps a digest."""
    (id_,) = created(store, draft(shares=["oberau"]))
    with store.write() as session:
        records.erase(session, id_, 1, ANA, reason="entered twice")
    with store.read() as session:
        assert records.get(session, id_) is None
        assert records.history(session, id_) == []
        assert session.scalars(select(ShareRow)).all() == []
        last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
        assert (last.action, last.object_id, last.after_hash) == ("need.erase", id_, None)
        assert last.before_hash
    assert changes(store) == [id_, id_]
    with pytest.raises(RecordGone, match=id_), store.write() as session:
        records.change(session, id_, None, {"status": "open"}, ANA)


def test_an_owners_id_is_given_once(store):
    """Within one organisation and kind; also within one batch, and by a change."""
    created(store, draft(ref="a"), draft(ref="b", id="b"), draft(ref="a", kind="solution"))
    created(store, draft(ref="a", organisation_id="oberau"), draft(), draft())
    for drafts in ([draft(ref="a")], [draft(ref="c"), draft(ref="c")], [draft(ref="d"), draft(ref="b")]):
        with pytest.raises(RefTaken), store.write() as session:
            records.create_all(session, drafts, ANA)
    with pytest.raises(RefTaken, match="'a'"), store.write() as session:
        records.change(session, "b", 1, {"ref": "a"}, ANA)
    with store.write() as session:
        assert records.change(session, "b", 1, {"ref": "e"}, ANA).ref == "e"


def test_many_records_at_once_are_in_order(store):
    """Their changes follow each other in the order they were given."""
    drafts = [draft(f"Need {number}", id=f"n{number:03}") for number in range(700)]
    with store.write() as session:
        records.create_all(session, drafts, ANA)
        assert records.create_all(session, [], ANA) == []
    ids = [each.id for each in drafts]
    assert changes(store) == ids
    with store.read() as session:
        assert records.all_ids(session) == ids
        assert records.all_ids(session, "solution") == []
        assert [row.id for row in records.of_ids(session, [*ids[::-1], "none", ids[0]])] == ids[::-1]
        assert session.scalar(select(func.count()).select_from(VersionRow)) == 700


def test_what_is_rolled_back_never_was(store):
    """No record, no number taken: the next change has the number after the last committed one."""
    created(store)
    with pytest.raises(RecordGone), store.write() as session:
        records.set_status(session, records.create(session, draft(), ANA).id + "?", None, "open", ANA)
    created(store)
    with store.read() as session:
        assert [change.sequence for change in outbox.since(session, 0, 10)] == [1, 2]
        assert outbox.last(session) == 2
        assert outbox.gaps(session) == 0
    assert audited(store) == ["need.create"] * 2


def test_writers_at_once_leave_no_gap_and_lose_no_change(store, database_url):
    """Eight threads with connections of their own; each sees what those before it wrote."""
    (shared,) = created(store)
    errors = []

    def write(worker):
        try:
            with closing(open_database(database_url)) as own:
                for number in range(6):
                    with own.write() as session:
                        records.create(session, draft(ref=f"{worker}/{number}"), ANA)
                        count = records.get(session, shared).body.get("count", 0)
                        body = {"title": "shared", "count": count + 1}
                        records.change(session, shared, None, {"body": body}, ANA)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with store.read() as session:
        assert records.get(session, shared).body["count"] == 48
        assert [change.sequence for change in outbox.since(session, 0, 1000)] == list(range(1, 98))
    assert health.check(store).sound


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1"))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cursor_that_no_list_gave_is_refused(store, given):
    """Never an error of the database."""
    with store.read() as session, pytest.raises(CursorInvalid):
        audit.page(session, after=given)


@pytest.mark.parametrize(
    "place",
    [
        ["2027-01-01T00:00:00", "n"], ["0001-01-01T00:00:00+14:00", "n"], ["2027-01-01T00:00:00+00:00", "\0"],
        ["2027-01-01T00:00:00+00:00", "\ud800"], ["2027-01-01T00:00:00+00:00"], [10**30], [True], {},
    ],
)  # fmt: skip
def test_a_made_up_cursor_is_refused(store, place):
    """Moments without zone, numbers and letters that a database cannot hold."""
    from service.store.paging import cursor

    with store.read() as session, pytest.raises(CursorInvalid):
        audit.page(session, after=cursor(place))


def test_records_end_when_their_time_is_over(store):
    """Only those that run; each once, with a version and a change."""
    past = datetime(2026, 1, 1, tzinfo=UTC)
    created(
        store,
        draft(id="due", status="open", expires_at=past),
        draft(id="paused", status="paused", expires_at=past + timedelta(days=1)),
        draft(id="draft", status="draft", expires_at=past),
        draft(id="done", status="fulfilled", expires_at=past),
        draft(id="later", status="open", expires_at=LATER),
        draft(id="never", status="open"),
    )
    with store.write() as session:
        assert records.expire(session, past - timedelta(seconds=1)) == []
        assert records.expire(session, past + timedelta(days=2), limit=1) == ["due"]
        assert records.expire(session, past + timedelta(days=2)) == ["paused"]
        assert records.expire(session, past + timedelta(days=2)) == []
    with store.read() as session:
        assert {row.id for row in records.of_ids(session, records.all_ids(session)) if row.version == 2} == {
            "due", "paused"
        }  # fmt: skip
        assert records.get(session, "due").status == "expired"
    assert changes(store, 6) == ["due", "paused"]


def test_indexes_read_again_what_a_redaction_no_longer_hides(store):
    """On each day on which one ends, the record has a change and keeps its version."""
    hidden = [
        {"field": "value", "reason_code": "law-enf", "reason": "raids", "until": "2900-03-01"},
        {"field": "cpv", "reason_code": "law-enf", "reason": "raids", "until": "2900-05-01"},
        {"field": "extra.x", "reason_code": "law-enf", "reason": "raids"},
    ]
    (id_,) = created(store, draft(redactions=hidden))
    created(store)

    def ended(day):
        with store.write() as session:
            return records.unredacted(session, day)

    assert ended(date(2900, 2, 28)) == []
    assert ended(date(2900, 3, 1)) == [id_]
    assert ended(date(2900, 3, 1)) == []
    assert ended(date(2900, 7, 1)) == [id_]
    assert ended(date(2901, 7, 1)) == []
    with store.read() as session:
        row = records.get(session, id_)
        assert (row.version, row.redacted_until) == (1, None)
    assert changes(store, 2) == [id_, id_]


def test_a_compacted_outbox_tells_every_follower_what_it_lacks(store):
    """Wherever a follower stands: each record that changed after its place is still told of."""
    ids = created(store, *(draft(id=f"n{number}") for number in range(4)))
    for number in range(12):
        with store.write() as session:
            records.change(session, ids[number % 3], None, {"body": {"title": f"{number}"}}, ANA)
    with store.write() as session:
        records.erase(session, "n0", None, ANA)
    before = {place: set(changes(store, place)) for place in range(18)}
    with store.write() as session:
        assert outbox.compact(session, keep=100) == 0
        assert outbox.compact(session, keep=2) == 13
        assert outbox.compact(session, keep=2) == 0
        assert outbox.floor(session) == 15
    assert {place: set(changes(store, place)) for place in range(18)} == before
    assert changes(store) == ["n3", "n1", "n2", "n0"]
    assert health.check(store).sound
    (new,) = created(store)
    with store.read() as session:
        assert outbox.last(session) == 18
    assert changes(store, 17) == [new]


def test_a_missing_change_and_a_torn_version_are_found(store):
    """The check can fail: it names what is wrong."""
    first, second = created(store, draft(), draft())
    with store.write() as session:
        session.execute(delete(ChangeRow).where(ChangeRow.sequence == 1))
        session.execute(update(RecordRow).where(RecordRow.id == second).values(version=5))
    found = health.check(store)
    assert not found.sound
    assert len(found.faults) == 2
    assert "1 changes are missing" in found.faults[0]
    assert second in found.faults[1]
    assert first not in str(found.faults)


def test_an_epoch_lasts_until_another_is_begun(store):
    """Followers compare it with the one of their index."""
    with store.write() as session:
        first = outbox.epoch(session)
    with store.write() as session:
        assert outbox.epoch(session) == first
        assert outbox.new_epoch(session) != first
        assert outbox.epoch(session) != first


@pytest.mark.parametrize(
    "statement",
    [
        delete(AuditRow),
        update(AuditRow).values(action="something else"),
        update(AuditRow).values(actor_id="somebody else"),
        update(AuditRow).values(actor_id=None, reason=""),
        update(AuditRow).values(actor_id=None, after_hash=None),
    ],
    ids=str,
)
def test_the_database_refuses_to_change_the_audit_log(store, statement):
    """Whatever the statement; the rows are as they were."""
    with store.write() as session:
        audit.record(session, action="x", viewer=ANA, kind="need", id="n", after={}, reason="why")
    with pytest.raises(IntegrityError, match="only added"), store.write() as session:
        session.execute(statement)
    with store.read() as session:
        (row,) = session.scalars(select(AuditRow))
        assert (row.action, row.actor_id, row.reason) == ("x", "ana", "why")


def test_an_actor_can_be_taken_out_of_the_audit_log(store):
    """Only the named one, and nothing else of the row."""
    bob = Viewer("bob", "oberau", Role.ANALYST)
    with store.write() as session:
        session.info[audit.REQUEST] = "r1"
        for viewer in (ANA, bob):
            audit.record(
                session, action="need.read", viewer=viewer, kind="need", id="n", versions={"model": "m"}
            )
    with store.write() as session:
        assert audit.forget_actor(session, "ana") == 1
    with store.read() as session:
        gone, kept = session.scalars(select(AuditRow).order_by(AuditRow.id))
        assert (gone.actor_id, kept.actor_id) == (None, "bob")
        assert (gone.organisation_id, gone.object_id, gone.request_id) == ("rathmore", "n", "r1")
        assert gone.versions == {"model": "m"}


def test_postgresql_refuses_to_empty_the_audit_log(postgres_url):
    """TRUNCATE passes by the rows' own guard."""
    refused = pytest.raises(IntegrityError, match="only added")
    with closing(open_database(postgres_url)) as database, refused, database.write() as session:
        session.execute(text("TRUNCATE audit"))


def test_the_audit_log_is_read_newest_first_in_parts(store):
    """Conditions hold on every part."""
    with store.write() as session:
        for number in range(5):
            audit.record(session, action="a" if number % 2 else "b", viewer=ANA, id=str(number))
    with store.read() as session:
        first = audit.page(session, limit=3)
        assert [row.object_id for row in first.items] == ["4", "3", "2"]
        rest = audit.page(session, after=first.next, limit=3)
        assert ([row.object_id for row in rest.items], rest.next) == (["1", "0"], None)
        only = audit.page(session, where=[AuditRow.action == "a"])
        assert [row.object_id for row in only.items] == ["3", "1"]
