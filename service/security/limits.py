"""How often one may ask: a bucket for each user or address, kept in memory."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

from service.problems import Problem

MOST_KEYS = 50_000


class Limiter:
    """Lets each key through so many times a minute, all of them at once if it likes.

    Each process counts for itself. Of too many keys, those idle for longest are forgotten: their buckets are
    the fullest.

    >>> limiter = Limiter(clock=lambda: 0.0)
    >>> [limiter.wait("a", 2), limiter.wait("a", 2), limiter.wait("a", 2), limiter.wait("b", 2)]
    [0.0, 0.0, 30.0, 0.0]
    """

    def __init__(self, *, keys: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Key to what is left and when it was counted."""
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, key: str, per_minute: int) -> float:
        """Take one; 0 when there was one, else the seconds until there is."""
        rate = per_minute / 60
        with self._lock:
            moment = self._clock()
            left, at = self._buckets.get(key, (float(per_minute), moment))
            left = min(float(per_minute), left + max(0.0, moment - at) * rate)
            enough = left >= 1 - 1e-9
            self._buckets[key] = (left - 1 if enough else left, moment)
            self._buckets.move_to_end(key)
            if len(self._buckets) > self._keys:
                self._buckets.popitem(last=False)
        return 0.0 if enough else (1 - left) / rate

    def take(self, key: str, per_minute: int) -> None:
        """Take one, or raise `Problem` 429 with `Retry-After`."""
        seconds = self.wait(key, per_minute)
        if seconds > 0:
            raise too_many(seconds)


def too_many(seconds: float) -> Problem:
    """Too fast; when to ask again."""
    after = max(1, math.ceil(seconds))
    detail = f"Too many requests. Ask again in {after} s."
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
