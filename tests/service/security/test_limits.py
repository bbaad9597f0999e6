"""The limiter: a bucket for each key."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.problems import Problem
from service.security.limits import Limiter, address_key


class Ticks:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        """Seconds that have passed."""
        return self.at


def test_a_bucket_fills_again_with_time():
    """After the last one there is a wait, told in seconds, and then one more."""
    ticks = Ticks()
    limiter = Limiter(clock=ticks)
    for _ in range(30):
        limiter.take("a", 30)
    with pytest.raises(Problem) as refused:
        limiter.take("a", 30)
    assert refused.value.status == 429
    assert refused.value.slug == "too-many"
    assert refused.value.headers["Retry-After"] == "2"
    ticks.at += 2.0
    limiter.take("a", 30)
    limiter.take("b", 30)
    with pytest.raises(Problem):
        limiter.take("a", 30)


@given(st.lists(st.floats(0, 20), max_size=60), st.integers(1, 120))
def test_never_more_than_a_full_bucket_and_the_rate(gaps, per_minute):
    """Over any span no more pass than a bucket holds and what dripped into it meanwhile."""
    ticks = Ticks()
    limiter = Limiter(clock=ticks)
    passed = 0
    for gap in gaps:
        ticks.at += gap
        passed += limiter.wait("a", per_minute) == 0
    assert passed <= per_minute + ticks.at * per_minute / 60 + 1e-6


@given(st.integers(1, 600))
def test_after_the_wait_that_was_told_one_passes(per_minute):
    """The seconds that are told suffice."""
    ticks = Ticks()
    limiter = Limiter(clock=ticks)
    while (wait := limiter.wait("a", per_minute)) == 0:
        pass
    ticks.at += wait
    assert limiter.wait("a", per_minute) == 0


def test_keys_are_bounded_and_the_idle_go_first():
    """A flood of addresses does not fill the memory, nor free the one who is busy."""
    limiter = Limiter(keys=10, clock=lambda: 0.0)
    assert limiter.wait("busy", 1) == 0
    for number in range(100):
        limiter.wait(f"address {number}", 1)
        assert limiter.wait("busy", 1) > 0
    assert len(limiter) == 10


def test_threads_share_a_bucket():
    """Eight threads together get no more than one would."""
    limiter = Limiter(clock=lambda: 0.0)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: limiter.wait("a", 100), range(800)))
    assert sum(wait == 0 for wait in waits) == 100


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        (None, "", True),
        ("testclient", "testclient", True),
    ],
)
def test_a_network_of_ipv6_is_one_sender(one, other, same):
    """One machine has a whole /64 to send from."""
    assert (address_key(one) == address_key(other)) is same
