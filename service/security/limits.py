"""How often one may ask: a bucket for each user or address, which the processes of one machine share.

Buckets stand in a table of fixed size that is mapped into memory: by a supervisor for all its workers, or by
one process for itself. A lock of the system guards each part; it goes with the process that dies holding it.
"""

import fcntl
import math
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from threading import Lock

from matcher.phrases import phrase
from service.problems import Problem

MOST_KEYS = 65_536
WAYS = 8
"""Keys that share a part of the table; one more, and the one that was idle for longest is forgotten."""
WORD = 8
SALT = 16
"""Bytes of what mixes keys, so that nobody can choose whom to share a part with."""


class Limiter:
    """Lets each key through so many times a minute, all of them at once if it likes.

    All that are opened on one file count together. Of too many keys, those idle for longest are forgotten:
    their buckets are the fullest.

    >>> limiter = Limiter(clock=lambda: 0.0)
    >>> [limiter.wait("a", 2), limiter.wait("a", 2), limiter.wait("a", 2), limiter.wait("b", 2)]
    [0.0, 0.0, 30.0, 0.0]
    """

    def __init__(
        self,
        shared: int | None = None,
        *,
        keys: int = MOST_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the table in a file that `prepare` made for so many keys; without one, a table of one's own.

        The clock must be one for all that share the file, as the monotonic clock of a machine is.
        """
        self._parts = parts(keys)
        self._clock = clock
        self._lock = Lock()
        self._file = shared
        if shared is None:
            held = mmap.mmap(-1, size(keys))
            held[:SALT] = os.urandom(SALT)
        else:
            held = mmap.mmap(shared, size(keys))
        self._salt = held[:SALT]
        slots = self._parts * WAYS * WORD
        table = memoryview(held)[SALT:]
        # numbers of one word each: a process that is killed leaves no half of one
        self._keys = table[:slots].cast("Q")
        self._left = table[slots : 2 * slots].cast("d")
        self._counted = table[2 * slots : 3 * slots].cast("d")

    def __len__(self) -> int:
        """Keys that are remembered."""
        return sum(1 for key in self._keys if key)

    def wait(self, key: str, per_minute: int) -> float:
        """Take one; 0 when there was one, else the seconds until there is."""
        rate, most = per_minute / 60, float(per_minute)
        mixed = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=WORD, key=self._salt).digest()
        mark = int.from_bytes(mixed) or 1
        part = mark % self._parts
        with self._alone(part):
            moment = self._clock()
            place, left = self._bucket(part, mark, moment, most, rate)
            enough = left >= 1 - 1e-9
            self._left[place] = left - 1 if enough else left
            self._counted[place] = moment
        return 0.0 if enough else (1 - left) / rate

    def take(self, key: str, per_minute: int) -> None:
        """Take one, or raise `Problem` 429 with `Retry-After`."""
        seconds = self.wait(key, per_minute)
        if seconds > 0:
            raise too_many(seconds)

    def _bucket(self, part: int, mark: int, moment: float, most: float, rate: float) -> tuple[int, float]:
        """Where the bucket of a key is, and what is in it by now."""
        first = part * WAYS
        here = self._keys[first : first + WAYS].tolist()
        if mark in here:
            place = first + here.index(mark)
            # what a killed process or another limit left behind is no more than a full bucket
            return place, min(most, self._left[place] + max(0.0, moment - self._counted[place]) * rate)
        if 0 in here:
            place = first + here.index(0)
        else:
            counted = self._counted[first : first + WAYS].tolist()
            place = first + counted.index(min(counted))
        self._keys[place] = mark
        return place, most

    @contextmanager
    def _alone(self, part: int) -> Iterator[None]:
        """While nobody else, thread or process, changes a part of the table."""
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, part)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, part)


def parts(keys: int) -> int:
    """Parts of a table of so many keys."""
    return -(-keys // WAYS)


def size(keys: int = MOST_KEYS) -> int:
    """Bytes of a table of so many keys."""
    return SALT + 3 * parts(keys) * WAYS * WORD


def prepare(file: int, keys: int = MOST_KEYS) -> None:
    """Make an empty table in an open file, before any process opens it."""
    os.ftruncate(file, 0)
    os.ftruncate(file, size(keys))
    os.pwrite(file, os.urandom(SALT), 0)


def too_many(seconds: float) -> Problem:
    """Too fast; when to ask again."""
    after = max(1, math.ceil(seconds))
    detail = phrase("Too many requests. Ask again in {after} s.", after=after)
    return Problem(429, "too-many", detail, headers={"Retry-After": str(after)})


def address_key(host: str | None) -> str:
    """What stands for the sender of an address: a whole /64 of IPv6 belongs to one.

    >>> address_key("2001:db8::1") == address_key("2001:db8::2"), address_key("192.0.2.7")
    (True, '192.0.2.7')
    """
    if not host:
        return "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else address.exploded[:19]
    return str(address)
