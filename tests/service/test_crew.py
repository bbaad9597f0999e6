"""Opening a crew of Ray's: what is missing is said. What workers do is in the contract of crews."""

import subprocess
import sys

import pytest

from matcher.errors import ExtraMissing, SettingInvalid, WorkerLost
from service import crew
from service.crew import ATTEMPTS, HERE, Order, RayCrew, ray_crew, threads


@pytest.mark.parametrize(
    ("cpus", "workers", "expected"),
    [([8, 8], 2, 8), ([8, 8], 3, 4), ([8, 4], 3, 4), ([2], 2, 1), ([2], 5, 1), ([], 1, 1), ([1, 1], 1, 1)],
)
def test_workers_get_as_many_processors_as_leave_room_for_all(cpus, workers, expected):
    """A worker runs on one machine: what is left over on each is of no use to it."""
    assert threads(cpus, workers) == expected


def test_without_ray_the_message_says_what_to_install(monkeypatch):
    """And that one process does as well."""
    monkeypatch.setitem(sys.modules, "ray", None)
    for opening in (lambda: RayCrew(2), lambda: ray_crew(HERE, 2).__enter__()):
        with pytest.raises(ExtraMissing, match=r"needmatch\[ray\].*one process"):
            opening()


def test_ray_is_loaded_by_who_uses_it_alone():
    """Neither the module nor the command's help waits for it."""
    program = "import sys, service.crew, service.cli.batch, matcher.spread; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)


class Clusterless:
    """A Ray that finds no cluster."""

    def __init__(self):
        self.asked = []

    def is_initialized(self):
        """Nothing is open yet."""
        return False

    def init(self, address, **options):
        """Only this machine answers."""
        self.asked.append(address)
        if address != HERE:
            raise ConnectionError("nobody answers")

    def nodes(self):
        """One machine, and one that is gone."""
        return [{"Alive": True, "Resources": {"CPU": 6.0}}, {"Alive": False, "Resources": {"CPU": 64.0}}]

    def remote(self, kind):
        """Workers are not started here."""
        return self

    def options(self, **given):
        """However they would be."""
        return self

    def shutdown(self):
        """The end of what was opened."""
        self.asked.append("shutdown")


def test_an_address_where_nobody_answers_is_told(monkeypatch):
    """The message has the address and how a cluster is started; nothing is started instead."""
    ray = Clusterless()
    monkeypatch.setattr(crew, "_ray", lambda: ray)
    with (
        pytest.raises(SettingInvalid, match=r"10\.0\.0\.1:6379.*ray start --head"),
        ray_crew("10.0.0.1:6379"),
    ):
        pass
    assert ray.asked == ["10.0.0.1:6379"]


def test_where_there_is_no_cluster_auto_means_this_machine(monkeypatch):
    """A worker for every two processors; what was opened is closed, and Ray tells nobody that it ran."""
    ray = Clusterless()
    monkeypatch.setattr(crew, "_ray", lambda: ray)
    for name in (*crew.KEYS, "RAY_USAGE_STATS_ENABLED"):
        monkeypatch.delenv(name, raising=False)
    with ray_crew("auto") as found:
        assert (found.workers, found.threads) == (3, 2)
        assert crew.os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        assert crew.os.environ["RAY_AUTH_TOKEN"]
    assert ray.asked == ["auto", HERE, "shutdown"]


def test_workers_that_die_as_they_start_end_the_work():
    """Else a machine without needmatch would be asked for ever."""
    assert crew._again(None, ATTEMPTS, ValueError("no module")) is None
    with pytest.raises(WorkerLost, match="same needmatch"):
        crew._again(None, ATTEMPTS + 1, ValueError("no module"))
    assert crew._again(Order(3, "piece"), 0, ValueError()) == Order(3, "piece", 2)
