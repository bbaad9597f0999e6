"""Passwords: what is taken as one, how it is kept, and whether it is the right one."""

import unicodedata
from functools import cache
from secrets import token_urlsafe
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from matcher.phrases import phrase

SHORTEST, LONGEST = 12, 128
WORST = (
    "password", "passwort", "motdepasse", "contrasena", "wachtwoord", "haslo", "parola", "salasana",
    "losenord",
    "needmatch", "administrator", "welcome", "willkommen", "bienvenue", "letmein", "changeme", "iloveyou",
    "qwerty", "qwertz", "azerty", "asdfgh", "secret", "geheim", "summer", "winter", "football", "dragon",
    "monkey", "master", "login", "user", "test", "guest", "root",
)  # fmt: skip
"""Words that are no password, whatever digits and signs stand around them."""
DIGITS = "0123456789"
DISGUISES = (str.maketrans("@$!", "asi"), str.maketrans("@$!013457", "asioieast"))
RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop")

_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, type=Type.ID)
_turns = BoundedSemaphore(4)
"""A hash takes 64 MiB: a flood of sign-ins waits rather than fill the memory."""


def refused(password: str, email: str = "") -> str | None:
    """Why a text is no password, or None.

    >>> refused("short")
    'A password has 12 to 128 characters; this one has 5.'
    >>> refused("correct horse battery") is None
    True
    """
    if not SHORTEST <= len(password) <= LONGEST:
        return phrase(
            "A password has {least} to {most} characters; this one has {length}.",
            least=SHORTEST,
            most=LONGEST,
            length=len(password),
        )
    if not printable(password):
        return phrase("A password holds no control characters.")
    folded = password.casefold().strip()
    if email and folded in {email.casefold(), email.casefold().partition("@")[0]}:
        return phrase("A password is not the e-mail address.")
    if len(set(folded)) < 5:
        return phrase("A password has at least five different characters.")
    if _weak(folded):
        return phrase(
            "This password is one of the first that are tried. Take several words that have no relation."
        )
    return None


def printable(text: str) -> bool:
    """Whether a text is free of NUL, other control characters and lone surrogates."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text)


def hashed(password: str) -> str:
    """What is kept of a password (argon2id, 64 MiB, three passes)."""
    with _turns:
        return _hasher.hash(_plain(password))


def matches(password: str, kept: str | None) -> bool:
    """Whether it is the password; takes as long where none is kept."""
    with _turns:
        try:
            return _hasher.verify(kept or _nobody(), _plain(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether a right password should be hashed again, as the parameters have changed."""
    return _hasher.check_needs_rehash(kept)


def _plain(password: str) -> bytes:
    # NFKC, so that the same keys on another system give the same password; a lone surrogate matches nothing
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


@cache
def _nobody() -> str:
    return _hasher.hash(token_urlsafe(32))


def _weak(folded: str) -> bool:
    if not any(letter.isalpha() for letter in folded):
        return folded in DIGITS * 13 or folded in (DIGITS * 13)[::-1]
    plain = unicodedata.normalize("NFKD", folded)
    return any(_left(plain.translate(signs)) < 3 for signs in ({}, *DISGUISES))


def _left(text: str) -> int:
    """How many letters are left of a text without the worst words."""
    bare = "".join(letter for letter in text if letter.isalpha())
    for word in (*RUNS, *WORST):
        bare = bare.replace(word, "")
    return len(bare)
