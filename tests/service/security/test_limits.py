"""The limiter: a bucket for each key."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.problems import Problem
from service.security.limits import Limiter, address_key, prepare


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
    ticks = Ticks()
    limiter = Limiter(keys=8, clock=ticks)
    assert limiter.wait("busy", 1) == 0
    for number in range(100):
        ticks.at += 0.001
        limiter.wait(f"address {number}", 1)
        assert limiter.wait("busy", 1) > 0
    assert len(limiter) == 8


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0, 20)), max_size=60), st.integers(1, 120))
def test_keys_count_apart(asked, per_minute):
    """Each key waits as if it were alone, in one table as in a table of its own."""
    ticks = Ticks()
    together, apart = Limiter(keys=64, clock=ticks), {key: Limiter(keys=8, clock=ticks) for key in "abcde"}
    for key, gap in asked:
        ticks.at += gap
        assert together.wait(key, per_minute) == apart[key].wait(key, per_minute)


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


@pytest.fixture
def shared():
    """A table in a file that processes can share."""
    with TemporaryFile() as file:
        prepare(file.fileno())
        yield file.fileno()


def process(file, code):
    """Another process that has the table as `limiter`."""
    begin = (
        f"import sys, time, fcntl; from service.security.limits import Limiter; limiter = Limiter({file})\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", begin + code], pass_fds=[file], stdout=subprocess.PIPE, text=True
    )


def said(one):
    """What a process says before it ends."""
    out, _ = one.communicate(timeout=60)
    assert one.returncode == 0
    return out


def test_processes_share_a_bucket(shared):
    """Two that ask at the same time together get no more than one would; so do those that come after them."""
    begun = time.monotonic()
    asking = "print(sum(limiter.wait('a', 300) == 0 for _ in range(2000)))"
    both = [process(shared, asking) for _ in range(2)]
    passed = sum(int(said(one)) for one in both)
    dripped = (time.monotonic() - begun) * 300 / 60
    assert 300 <= passed <= 300 + dripped + 1
    later = Limiter(shared)
    assert later.wait("b", 300) == 0
    assert sum(later.wait("a", 300) == 0 for _ in range(1000)) <= (time.monotonic() - begun) * 5 + 1


def test_a_process_that_dies_holding_the_lock_holds_up_nobody(shared):
    """And what it had counted still counts."""
    code = (
        "limiter.wait('a', 1)\n"
        "for part in range(limiter._parts): fcntl.lockf(limiter._file, fcntl.LOCK_EX, 1, part)\n"
        "print('held', flush=True); time.sleep(60)"
    )
    other = process(shared, code)
    try:
        assert other.stdout.readline() == "held\n"
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(Limiter(shared).wait, "a", 1)
            time.sleep(0.1)
            assert not waiting.done()
            os.kill(other.pid, signal.SIGKILL)
            assert 0 < waiting.result(timeout=30) <= 60
    finally:
        other.kill()
        other.communicate()


def test_a_table_with_nonsense_in_it_lets_nobody_through_too_often(shared):
    """Whatever a dying process left behind is no more than a full bucket."""
    limiter = Limiter(shared, clock=lambda: 0.0)
    limiter.wait("a", 5)
    place = limiter._keys.tolist().index(next(key for key in limiter._keys if key))
    limiter._left[place] = 1e300
    assert sum(limiter.wait("a", 5) == 0 for _ in range(20)) == 5


def test_counting_is_fast(shared):
    """Beside a request it is nothing: some 15 microseconds."""
    limiter = Limiter(shared)
    begun = time.process_time()
    for number in range(5000):
        limiter.wait(f"address {number % 500}", 600)
    assert (time.process_time() - begun) / 5000 < 0.0002
