"""What goes wrong around a service: `make faults` runs these; they take minutes, and some need root."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.running import loopback, serving

__all__ = ["loopback", "serving"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is here."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("faults")


class Disk:
    """A small file system in memory."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))

    def read_only(self, *, on: bool) -> None:
        """Let nobody write, or everybody again; fails while files are open for writing, unless forced."""
        self._run("mount", "-o", f"remount,{'ro' if on else 'rw'}", str(self.folder))

    def fill(self, leave: int = 0) -> Path:
        """A file that leaves so many bytes free."""
        ballast = self.folder / "ballast"
        with ballast.open("wb") as out, suppress(OSError):
            while True:
                out.write(bytes(2**16))
                out.flush()
        if leave:
            with ballast.open("r+b") as out:
                out.truncate(max(0, ballast.stat().st_size - leave))
        return ballast

    def close(self) -> None:
        """Take it away."""
        self._run("umount", "-l", str(self.folder))

    def _run(self, *command: str) -> None:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            pytest.fail(f"{' '.join(command)}: {ran.stderr.strip()} (small disks are made by root)")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Disk]]:
    """Makes the data folder of a service a disk of so many megabytes."""
    made: list[Disk] = []

    def make(megabytes: int) -> Disk:
        made.append(Disk(tmp_path / "data", megabytes))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def unlimited(tmp_path: Path) -> None:
    """Services here count no requests."""
    (tmp_path / ".env").write_text("NEEDMATCH_REQUESTS_PER_MINUTE=10000000\n")
