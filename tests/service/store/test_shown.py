"""When others were last shown something new of a record, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest

from matcher.records import Visibility
from service.rights.policy import Role
from service.rights.viewer import ANONYMOUS, Viewer
from service.store import migrate, records, shown
from service.store.records import RecordDraft
from service.store.tables import OrganisationRow, RecordRow

START = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
BODY = {"title": "Vests", "value_eur": 90000.0, "quantity": "300"}
OWNER = Viewer("ana", "rathmore", Role.PROCURER, vetted=True)
GUEST = Viewer("gert", "oberau", Role.PROCURER, vetted=True)
VIEWERS = {
    "owner": OWNER,
    "network": Viewer("eero", "savonia", Role.PROCURER, vetted=True),
    "industry": Viewer("ivo", "vendor", Role.INDUSTRY, vetted=True),
    "public": ANONYMOUS,
}


@pytest.fixture
def clock(monkeypatch):
    """Moments that the store writes, an hour apart."""
    moment = [START]

    def tick():
        moment[0] += timedelta(hours=1)
        return moment[0]

    monkeypatch.setattr(records, "now", tick)
    return moment


@pytest.fixture
def store(database, clock):
    """A database with some organisations."""
    with database.write() as session:
        for name in ("rathmore", "oberau", "savonia", "vendor"):
            session.add(OrganisationRow(id=name, name=name.title(), kind="buyer"))
    return database


def enter(store, visibility="network_industry", **given):
    """The id of a new need of Rathmore."""
    fields = {"kind": "need", "organisation_id": "rathmore", "body": BODY, "status": "open"}
    with store.write() as session:
        return records.create(session, RecordDraft(visibility=visibility, **fields | given), OWNER).id


def change(store, id_, **changes):
    """Change columns of it."""
    with store.write() as session:
        records.change(session, id_, None, changes, OWNER)


def times(store, id_, viewers=VIEWERS):
    """When it last changed for each of some viewers."""
    with store.read() as session:
        row = records.get(session, id_)
        return {name: shown.changed_at(row, viewer) for name, viewer in viewers.items()}


def moved(before, after):
    """For whom it moved."""
    assert all(after[name] >= before[name] for name in before)
    return {name for name in before if after[name] != before[name]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"body": BODY | {"title": "Boats"}}, {"owner", "network", "industry"}),
        ({"body": BODY | {"quantity": "500"}}, {"owner", "network"}),
        ({"ref": "N-7"}, {"owner"}),
        ({"tlp": "TLP:AMBER"}, {"owner"}),
        ({"expires_at": START + timedelta(days=900)}, {"owner"}),
        ({"status": "paused"}, {"owner", "network", "industry"}),
        ({"visibility": "public"}, {"owner", "network", "industry", "public"}),
        ({"visibility": "network"}, {"owner", "network", "industry"}),
        ({"body": BODY}, set()),
    ],
)
def test_a_change_moves_it_for_who_is_shown_it(store, changes, told):
    """For its owner always; all who were told see the same moment."""
    id_ = enter(store)
    before = times(store, id_)
    change(store, id_, **changes)
    after = times(store, id_)
    assert moved(before, after) == told
    assert len({after[name] for name in told}) <= 1


def test_a_draft_that_is_opened_is_new_on_that_day(store):
    """What was written before anybody saw it is in nobody's times."""
    id_ = enter(store, status="draft")
    before = times(store, id_)
    change(store, id_, body=BODY | {"title": "Boats"})
    assert moved(before, times(store, id_)) == {"owner"}
    change(store, id_, status="open")
    assert moved(before, times(store, id_)) == {"owner", "network", "industry"}


def test_each_share_has_its_own_time(store):
    """Who is let in later sees it as new; for who was in it stands still, until something of it changes."""
    viewers = {"first": GUEST, "second": VIEWERS["network"]}
    id_ = enter(store, visibility=Visibility.GROUP.value, shares=["oberau"])
    before = times(store, id_, viewers)
    change(store, id_, shares=["oberau", "savonia"])
    between = times(store, id_, viewers)
    assert moved(before, between) == {"second"}
    change(store, id_, body=BODY | {"title": "Boats"})
    assert moved(between, times(store, id_, viewers)) == {"first", "second"}
    change(store, id_, ref="N-7")
    assert len(set(times(store, id_, viewers).values())) == 1


def ends(day):
    """A redaction of the value until a day."""
    return [{"field": "value", "reason_code": "law-enf", "reason": "raids", "until": day.isoformat()}]


def test_a_redaction_that_ends_is_a_change_for_who_sees_the_field(store):
    """The record keeps its version, and its owner's time."""
    until = START.date() + timedelta(days=9)
    id_ = enter(store, redactions=ends(until))
    before = times(store, id_)
    with store.write() as session:
        assert records.unredacted(session, until) == [id_]
    assert moved(before, times(store, id_)) == {"network", "industry"}  # industry is told what is withheld
    between = times(store, id_)
    with store.write() as session:
        assert records.unredacted(session, until + timedelta(days=1)) == []
    assert times(store, id_) == between


def test_a_redaction_that_ended_before_an_edit_is_told_with_it(store, clock):
    """Also where the edit itself is not to be seen."""
    until = date(2031, 3, 12)
    id_ = enter(store, redactions=ends(until))
    before = times(store, id_)
    clock[0] = datetime(2031, 3, 12, 8, 0, tzinfo=UTC)
    change(store, id_, ref="N-7")
    assert moved(before, times(store, id_)) == {"owner", "network", "industry"}


def test_times_tell_of_the_day_before_an_end_that_nobody_was_told_of():
    """Else of the day itself."""
    day = date(2031, 3, 12)
    row = RecordRow(redacted_until=None)
    assert shown.day_told(row, day) == day
    row.redacted_until = day + timedelta(days=1)
    assert shown.day_told(row, day) == day
    row.redacted_until = day
    assert shown.day_told(row, day) == day - timedelta(days=1)


def test_rows_of_before_have_the_time_of_their_last_change(store):
    """One step down and up again: until then everybody saw every change."""
    id_ = enter(store, visibility=Visibility.GROUP.value, shares=["oberau"])
    change(store, id_, ref="N-7")
    everybody = {**VIEWERS, "guest": GUEST}
    before = times(store, id_, everybody)
    assert len(set(before.values())) == 2
    migrate.down(store, "0002")
    migrate.up(store)
    assert times(store, id_, everybody) == dict.fromkeys(everybody, before["owner"])
