"""Passwords: what is taken, how it is kept."""

import pytest
from argon2 import PasswordHasher, Type
from hypothesis import given
from hypothesis import strategies as st

from service.security import passwords


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "12 to 128"),
        ("elevenchars", "12 to 128"),
        ("x" * 129, "12 to 128"),
        ("seven green\x00lamps", "control"),
        ("seven green\ud800lamps", "control"),
        ("ana.maria@rescue.example", "e-mail"),
        ("ANA.MARIA@rescue.example", "e-mail"),
        ("aaaaaaaaaaaaaaaa", "different"),
        ("abababababababab", "different"),
        ("123456789012", "first that are tried"),
        ("Password2031!", "first that are tried"),
        ("P@ssword-P@ssword", "first that are tried"),
        ("needmatch-2031-!!", "first that are tried"),
        ("qwertyuiop123", "first that are tried"),
        ("Administrator1!", "first that are tried"),
        ("administratör1!", "first that are tried"),
        ("98765432109876", "first that are tried"),
    ],
)
def test_bad_passwords_are_refused_with_a_reason(password, words):
    """Too short, too long, with NUL, one's own address, or one of the worst."""
    assert words in (passwords.refused(password, "ana.maria@rescue.example") or "")


@pytest.mark.parametrize(
    "password",
    ["seven green lamps", "Häirekeskus-kevät", "τρεις πράσινες", "x7!Kq2$mZw9#", "a password of my own"],
)
def test_words_of_all_scripts_are_taken(password):
    """Long ones need no digits or signs, and no Latin letters."""
    assert passwords.refused(password, "ana@rescue.example") is None


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_only_the_same_password_matches(one, other):
    """What is hashed matches itself; another text only where it is the same in another form of Unicode."""
    kept = passwords.hashed(one)
    assert passwords.matches(one, kept)
    assert passwords.matches(other, kept) == (passwords._plain(one) == passwords._plain(other))


def test_it_is_argon2id_salted_and_holds_no_password():
    """Two hashes of a password differ, and neither holds it."""
    hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, type=Type.ID)
    one, other = (hasher.hash("seven green lamps") for _ in range(2))
    assert one != other
    fresh = passwords.hashed("seven green lamps")
    assert fresh.startswith("$argon2id$v=19$")
    assert "lamps" not in fresh


def test_without_a_kept_hash_the_same_work_is_done(monkeypatch):
    """Whoever is unknown costs a verification, too, and never matches."""
    verified = []

    class Counting(PasswordHasher):
        def verify(self, kept, password):
            verified.append(kept)
            return super().verify(kept, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    assert not passwords.matches("seven green lamps", None)
    assert not passwords.matches("seven green lamps", passwords.hashed("another one"))
    assert len(verified) == 2


def test_a_damaged_hash_matches_nothing():
    """What is no hash lets nobody in, and breaks nothing."""
    assert not passwords.matches("", "")
    assert not passwords.matches("x", "not a hash")


def test_stronger_parameters_make_a_hash_outdated(monkeypatch):
    """A hash of weaker parameters is to be made again."""
    kept = passwords.hashed("seven green lamps")
    assert not passwords.outdated(kept)
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert passwords.outdated(kept)
    assert passwords.matches("seven green lamps", kept)
