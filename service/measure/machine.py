"""Where, on what code and beside what other work something is measured."""

import os
import platform
import resource
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from service.settings import Settings

ROOT = Path(__file__).parents[2]
LIBRARIES = ("openvino", "torch", "sentence-transformers", "faiss-cpu", "numpy")


def machine(settings: Settings) -> dict[str, Any]:
    """Where and on what code it is measured."""
    from models import processor

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": date.today().isoformat(),
        "commit": commit(ROOT),
        "processor": processor.name(),
        "threads": settings.threads or usable,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "load_before": load_average(),
    }


def commit(folder: Path) -> str:
    """The short hash of what is checked out, marked where files differ from it; generated pages aside."""
    try:
        head = _git(folder, "rev-parse", "--short", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".", ":(exclude)docs")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no repository)"
    return f"{head} with changes" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def peak_bytes() -> int:
    """The most memory this process has had resident, mapped files included."""
    # The starting process counts too on Linux, so it must stay small: it imports no engine.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def load_average() -> float:
    """Processes that wanted to run in the last minute, this one's included."""
    return round(os.getloadavg()[0], 1)
