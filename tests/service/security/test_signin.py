"""Signing in with a password, and being locked out."""

import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from service.problems import Problem
from service.security import passwords
from service.security.signin import sign_in
from service.store.tables import AuditRow, SessionRow, UserRow

PASSWORD = "seven green lamps at noon"


@pytest.fixture
def attempt(database, settings, people, clock):
    """Signs in; gives the session, or what the refusal says to the caller."""

    def tried(password, email="ana@rescue.example"):
        try:
            return sign_in(database, settings, email, password, clock.now)[1]
        except Problem as problem:
            return problem.as_json(), problem.headers

    return tried


def user(database, user_id):
    """A user as it is in the database."""
    with database.read() as session:
        return session.get(UserRow, user_id)


def test_the_right_password_starts_a_session(database, settings, people, clock):
    """The address may be written in capitals; the session lasts as set, and the log says so."""
    found, started = sign_in(database, settings, " Ana@Rescue.Example ", PASSWORD, clock.now)
    assert found.id == people.ana
    with database.read() as session:
        row = session.scalars(select(SessionRow)).one()
        assert (row.user_id, row.expires_at) == (people.ana, started.expires_at)
        assert started.cookie not in (row.digest, row.csrf)
        logged = session.scalars(select(AuditRow).where(AuditRow.action == "session.start")).one()
        assert (logged.actor_id, logged.reason) == (people.ana, "password")
    assert user(database, people.ana).last_login_at == clock.now


def test_unknown_wrong_locked_and_deactivated_answer_the_same(database, attempt, people, clock, monkeypatch):
    """Neither the answer nor the work done for it tells which of these it was."""
    verified = []

    class Counting(PasswordHasher):
        def verify(self, kept, password):
            verified.append(password)
            return super().verify(kept, password)

    with database.write() as session:
        session.get(UserRow, people.root).active = False
    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    answers = [attempt("wrong one"), attempt(PASSWORD, "nobody@rescue.example")]
    answers.append(attempt(PASSWORD, "root@rescue.example"))
    answers += [attempt("wrong two"), attempt("wrong three")]
    assert user(database, people.ana).locked_until is not None
    answers.append(attempt(PASSWORD))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0]["status"] == 401
    assert len(verified) == len(answers)
    with database.read() as session:
        reasons = session.scalars(
            select(AuditRow.reason).where(AuditRow.action == "session.refuse").order_by(AuditRow.id)
        ).all()
    assert reasons == ["wrong", "unknown", "deactivated", "wrong", "wrong", "locked"]


def test_a_lock_ends_by_itself(database, attempt, people, clock):
    """After three wrong ones even the right one waits a quarter of an hour; then it counts from nothing."""
    for word in ("one", "two", "three"):
        attempt(word)
    clock.pass_(minutes=14)
    assert isinstance(attempt(PASSWORD), tuple)
    clock.pass_(minutes=2)
    attempt("one")
    assert not isinstance(attempt(PASSWORD), tuple)
    assert user(database, people.ana).failures == 0


def test_wrong_ones_while_locked_do_not_prolong_the_lock(database, attempt, people, clock):
    """Who wants to keep somebody out cannot do so by going on."""
    for word in ("one", "two", "three"):
        attempt(word)
    until = user(database, people.ana).locked_until
    clock.pass_(minutes=10)
    attempt("four")
    assert user(database, people.ana).locked_until == until


def test_guesses_at_the_same_time_are_all_counted(database, attempt, people):
    """Of many guesses at once, no more than the allowed failures can be tried before the lock."""
    outcomes = []
    guesses = [*(f"guess {number}" for number in range(9)), PASSWORD]
    threads = [threading.Thread(target=lambda word=word: outcomes.append(attempt(word))) for word in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 10
    let_in = [one for one in outcomes if not isinstance(one, tuple)]
    found = user(database, people.ana)
    assert found.locked_until is not None or (let_in and found.failures < 3)


def test_a_hash_of_old_parameters_is_made_again(database, attempt, people, monkeypatch):
    """The first right password after a change of parameters is kept with the new ones."""
    before = user(database, people.ana).password_hash
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    attempt("wrong one")
    assert user(database, people.ana).password_hash == before
    attempt(PASSWORD)
    after = user(database, people.ana).password_hash
    assert after != before
    assert not passwords.outdated(after)


def test_a_user_without_a_password_has_none_that_fits(database, attempt, people):
    """Not even the empty one."""
    with database.write() as session:
        session.get(UserRow, people.ana).password_hash = None
    assert isinstance(attempt(""), tuple)
    assert isinstance(attempt(PASSWORD), tuple)


@pytest.mark.parametrize("password", ["\x00", "\ud800", "x" * 10_000])
def test_what_no_password_can_be_is_wrong(attempt, password):
    """Strange texts are refused like any wrong password."""
    assert attempt(password)[0]["status"] == 401
