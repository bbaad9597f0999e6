"""What is sent is tried until it arrives or is given up, and its state can be seen."""

from datetime import UTC, datetime, timedelta

import pytest

from service.notify import deliveries
from service.notify.deliveries import ATTEMPTS, deliver_due, send_later, state_of
from service.notify.messages import tell
from service.settings import ServerSettings
from service.store.tables import DeliveryRow, MessageRow, OrganisationRow, SavedSearchRow, UserRow

START = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)


class Watch:
    """A clock that a test moves."""

    def __init__(self):
        self.now = START

    def __call__(self):
        """The moment."""
        return self.now


@pytest.fixture
def watch():
    """A clock."""
    return Watch()


@pytest.fixture
def settings(hook, post):
    """Settings that name the two servers."""
    return ServerSettings(
        smtp_host="127.0.0.1", smtp_port=post.port, smtp_tls=False, webhook_private=True, _env_file=None
    )


@pytest.fixture
def users(database):
    """Two users and a saved search of one of them."""
    with database.write() as session:
        session.add(OrganisationRow(id="o", name="Vendor", kind="supplier"))
        session.flush()
        for name in ("ivo", "ida"):
            session.add(UserRow(id=name, organisation_id="o", email=f"{name}@example.eu", role="industry"))
        session.flush()
        session.add(
            SavedSearchRow(id="s", user_id="ivo", name="Vests", searched="needs", unsubscribe_digest="u")
        )
    return database


def add(database, channel, target, **rest):
    """The id of a new delivery."""
    payload = {"subject": "Vests", "text": "New"}
    with database.write() as session:
        return send_later(session, channel, target, payload, secret="key", at=START, **rest).id


def row(database, delivery_id):
    """A delivery's row."""
    with database.read() as session:
        return session.get(DeliveryRow, delivery_id)


def test_what_arrives_is_sent_once_and_its_content_forgotten(users, settings, watch, hook, post):
    """A webhook and an e-mail arrive; afterwards nothing is due, and what was in them is not kept."""
    ids = [add(users, "webhook", hook.url), add(users, "email", "ivo@example.eu")]
    assert deliver_due(users, settings, watch) == 2
    assert deliver_due(users, settings, watch) == 0
    assert (len(hook.got), len(post.mails)) == (1, 1)
    for delivery in (row(users, one) for one in ids):
        assert state_of(delivery) == "arrived"
        assert delivery.payload == {}


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(users, settings, watch, hook):
    """Each attempt waits longer; after the last the owner is told, once."""
    hook.status = 500
    delivery = add(users, "webhook", hook.url, saved_search_id="s")
    waits = []
    for _ in range(ATTEMPTS):
        deliver_due(users, settings, watch)
        assert deliver_due(users, settings, watch) == 0
        waits.append(row(users, delivery).next_at - watch.now)
        watch.now = row(users, delivery).next_at
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[0] == timedelta(minutes=1)
    given_up = row(users, delivery)
    assert (state_of(given_up), given_up.attempts, len(hook.got)) == ("given_up", ATTEMPTS, ATTEMPTS)
    deliver_due(users, settings, watch)
    with users.read() as session:
        (message,) = session.query(MessageRow).all()
    assert (message.user_id, message.kind) == ("ivo", "account")


def test_a_final_refusal_is_not_tried_again(users, settings, watch, post):
    """A mailbox that is not there is given up at once."""
    post.reply = "550 no such user"
    delivery = add(users, "email", "gone@example.eu")
    deliver_due(users, settings, watch)
    assert state_of(row(users, delivery)) == "given_up"


def test_what_its_worker_left_is_sent_by_another(users, settings, watch, hook):
    """A delivery whose worker died after taking it is due again by itself."""
    delivery = add(users, "webhook", hook.url)
    deliveries._take(users, watch.now)
    assert deliver_due(users, settings, watch) == 0
    watch.now += timedelta(minutes=11)
    assert deliver_due(users, settings, watch) == 1
    assert row(users, delivery).attempts == 2


def test_what_is_no_longer_wanted_is_not_sent(users, settings, watch, hook):
    """An ended search and an inactive account stop what waits."""
    ended = add(users, "webhook", hook.url, saved_search_id="s")
    with users.write() as session:
        session.get(SavedSearchRow, "s").active = False
    deliver_due(users, settings, watch)
    assert hook.got == []
    assert "ended before" in row(users, ended).error


def test_one_that_cannot_be_sent_does_not_stop_the_others(users, settings, watch, hook):
    """A broken delivery is given up, and the next one goes out."""
    with users.write() as session:
        send_later(session, "email", "ivo@example.eu", {"nothing": 1}, at=START)
    good = add(users, "webhook", hook.url)
    assert deliver_due(users, settings, watch) == 1
    assert state_of(row(users, good)) == "arrived"


def test_all_are_told_the_same_at_the_same_moment(users):
    """A message to several users is one transaction with one moment; each gets it once."""
    with users.write() as session:
        session.get(UserRow, "ida").active = False
    with users.write() as session:
        assert (
            len(tell(session, ["ivo", "ivo", "ida", "nobody"], "answer", "An answer", {"text": "Yes"})) == 1
        )
    with users.write() as session:
        session.get(UserRow, "ida").active = True
    with users.write() as session:
        rows = tell(session, ["ida", "ivo"], "answer", "An\nanswer", {"text": "Yes"})
    assert len({row.at for row in rows}) == 1
    assert {row.subject for row in rows} == {"An answer"}
