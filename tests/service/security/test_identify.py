"""From token or cookie to viewer."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from service.problems import Problem
from service.rights.policy import Role, Scope
from service.rights.viewer import ANONYMOUS
from service.security import accounts, identify, sessions, tokens
from service.security.accounts import OPERATOR
from service.store.tables import OrganisationRow, SessionRow, TokenRow, UserRow


@pytest.fixture
def token(database, people, clock):
    """A token of Ana's that reads, for a day."""
    with database.write() as session:
        user = session.get(UserRow, people.ana)
        ends = clock.now + timedelta(days=1)
        return tokens.create(
            session, user, name="script", scopes=[Scope.READ], now=clock.now, expires_at=ends
        )[1]


@pytest.fixture
def started(database, settings, people, clock):
    """A session of Ana's."""
    with database.write() as session:
        return sessions.start(session, session.get(UserRow, people.ana), settings, clock.now)


@pytest.fixture
def ask(database, settings, clock):
    """Identifies; afresh, so that nothing is remembered."""

    def asked(authorization=None, cookie=None, csrf=None, *, fresh=True):
        if fresh:
            identify.forget(database)
        return identify.identify(
            database, settings, authorization=authorization, cookie=cookie, csrf=csrf, at=clock.now
        )

    return asked


def status(ask, *given, **named):
    """Status of the refusal, or 200."""
    try:
        ask(*given, **named)
    except Problem as problem:
        return problem.status
    return 200


def test_a_token_is_its_user_with_its_scopes(ask, token, people):
    """Organisation, role, vetting and country are those of the user; the scopes those of the token."""
    viewer = ask(f"Bearer {token}")
    assert (viewer.user_id, viewer.organisation_id) == (people.ana, people.authority)
    assert (viewer.role, viewer.vetted, viewer.country) == (Role.PROCURER, True, "MT")
    assert viewer.scopes == {Scope.READ}


def test_nothing_is_nobody(ask):
    """A request without header and cookie is of nobody."""
    assert ask() is ANONYMOUS
    assert ask(cookie="") is ANONYMOUS


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "nm_x", "Bearer nm_unknown", "Bearer \ud800"]
)
def test_a_bad_token_is_refused_and_not_taken_for_nobody(ask, started, header):
    """401, even where a good cookie comes with it."""
    assert status(ask, header, cookie=started.cookie) == 401


def test_a_token_ends_when_it_expires_is_revoked_or_its_user_is_gone(database, ask, token, people, clock):
    """Each of these alone refuses it."""
    bearer = f"Bearer {token}"
    assert status(ask, bearer) == 200
    with database.write() as session:
        session.get(UserRow, people.ana).active = False
    assert status(ask, bearer) == 401
    with database.write() as session:
        session.get(UserRow, people.ana).active = True
    assert status(ask, bearer) == 200
    clock.pass_(days=1)
    assert status(ask, bearer) == 401
    assert status(ask, bearer, fresh=False) == 401
    clock.pass_(days=-1)
    with database.write() as session:
        row = session.query(TokenRow).one()
        tokens.revoke(session, people.ana, row.id, clock.now)
    assert status(ask, bearer) == 401


def test_a_session_has_all_scopes_and_needs_its_csrf_token_to_change(ask, started):
    """A safe request needs none; a changing one needs the session's own."""
    assert ask(cookie=started.cookie).scopes == frozenset(Scope)
    assert status(ask, cookie=started.cookie, csrf=started.csrf) == 200
    for wrong in ("", "x", started.cookie, "\ud800"):
        assert status(ask, cookie=started.cookie, csrf=wrong) == 403


def test_a_token_is_no_cookie_and_a_cookie_no_token(ask, token, started):
    """Each opens its own door only."""
    assert ask(cookie=token) is ANONYMOUS
    assert status(ask, f"Bearer {started.cookie}") == 401


def test_a_session_that_has_ended_is_nobody(database, ask, started, people, clock):
    """Signed out, expired or deactivated: the browser reads what is public."""
    clock.pass_(hours=12)
    assert ask(cookie=started.cookie) is ANONYMOUS
    clock.pass_(hours=-1)
    assert ask(cookie=started.cookie).user_id == people.ana
    with database.write() as session:
        user = session.get(UserRow, people.ana)
        accounts.change_user(session, OPERATOR, user, {"active": False}, clock.now)
    assert ask(cookie=started.cookie) is ANONYMOUS


def test_vetting_shows_at_once_where_it_is_told(database, ask, token, people):
    """An organisation that loses its vetting loses what it saw."""
    assert ask(f"Bearer {token}").vetted
    with database.write() as session:
        session.get(OrganisationRow, people.authority).vetting = "refused"
    assert not ask(f"Bearer {token}").vetted


def test_answers_hold_for_two_seconds_at_most(database, ask, token, people, clock, monkeypatch):
    """Requests in a row cost no query; after two seconds the database is asked again."""
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *_: asked.append(1))
    moment = 1_000.0
    monkeypatch.setattr(identify.time, "monotonic", lambda: moment)
    ask(f"Bearer {token}")
    before = len(asked)
    for _ in range(50):
        ask(f"Bearer {token}", fresh=False)
    assert len(asked) == before
    with database.write() as session:
        session.query(TokenRow).one().revoked_at = clock.now
    assert status(ask, f"Bearer {token}", fresh=False) == 200
    moment += identify.TRUSTED_S + 0.01
    assert identify.TRUSTED_S <= 2.0
    assert status(ask, f"Bearer {token}", fresh=False) == 401


def test_bad_tokens_are_not_remembered(database, ask, token, clock):
    """A flood of bad tokens takes no memory, and a token works as soon as it is there."""
    for number in range(20):
        assert status(ask, f"Bearer nm_{number}", fresh=False) == 401
    assert not identify._memory(database).known


def test_use_moves_the_end_of_a_session_up_to_the_longest(database, settings, ask, started, people, clock):
    """A browser in use stays signed in, an idle one does not, and none for longer than thirty days."""
    begin = clock.now
    while clock.now + timedelta(hours=11) < begin + sessions.LONGEST:
        clock.pass_(hours=11)
        assert ask(cookie=started.cookie).user_id == people.ana
        assert identify.settle(database, settings) == 1
    with database.read() as session:
        assert session.get(SessionRow, tokens.digest(started.cookie)).expires_at == begin + sessions.LONGEST
    clock.pass_(hours=12)
    assert ask(cookie=started.cookie) is ANONYMOUS


def test_uses_are_written_down_together_and_seldom(database, settings, ask, token, clock, monkeypatch):
    """Reading writes nothing for half a minute; then one request notes all, and again after five minutes."""
    moment = 1_000.0
    monkeypatch.setattr(identify.time, "monotonic", lambda: moment)
    identify.settle(database, settings)
    writes = []

    def note(connection, cursor, statement, *_):
        if statement.startswith("UPDATE"):
            writes.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    for _ in range(10):
        ask(f"Bearer {token}")
    assert not writes
    moment += identify.SETTLED_S + 1
    ask(f"Bearer {token}")
    assert len(writes) == 1
    with database.read() as session:
        assert session.query(TokenRow).one().last_used_at == clock.now
    clock.pass_(minutes=1)
    moment += identify.SETTLED_S + 1
    ask(f"Bearer {token}")
    assert len(writes) == 1


def test_a_user_has_at_most_twenty_browsers(database, settings, ask, people, clock):
    """The one that was used longest ago gives way."""
    made = []
    for _ in range(sessions.MOST + 1):
        clock.pass_(minutes=1)
        with database.write() as session:
            made.append(sessions.start(session, session.get(UserRow, people.ana), settings, clock.now))
    assert ask(cookie=made[0].cookie) is ANONYMOUS
    assert all(ask(cookie=one.cookie).user_id == people.ana for one in made[1:])


def test_another_password_signs_all_browsers_out(database, settings, ask, started, people, clock):
    """Whoever knows a cookie has nothing of it any more."""
    with database.write() as session:
        user = session.get(UserRow, people.ana)
        other = sessions.start(session, user, settings, clock.now)
        accounts.set_password(session, OPERATOR, user, "kept", clock.now)
    assert ask(cookie=started.cookie) is ANONYMOUS
    assert ask(cookie=other.cookie) is ANONYMOUS
