"""Known holes of the locked dependencies: `python -m service.handbook.audit`, by pip-audit and npm.

Both ask the advisories of their registries over the network. Where these do not answer nothing was audited,
and the command says so rather than that all is well.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.handbook.dependencies import CONSTRAINTS, LOCK

WAIT_S = 300
PIP = (
    "-m", "pip_audit", "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip", "--format", "json",
    "--progress-spinner", "off",
)  # fmt: skip
NPM = ("audit", "--json", "--package-lock-only")


@dataclass(frozen=True, slots=True)
class Audit:
    """What one registry's advisories say."""

    of: str
    reached: bool
    holes: tuple[str, ...] = ()
    why: str = ""
    """What kept it from being asked."""


def python(told: str, complaint: str = "") -> Audit:
    """What pip-audit printed.

    >>> python('{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}').holes
    ('a 1: PYSEC-1',)
    >>> python("", "ConnectionError: no route").reached
    False
    """
    try:
        found = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Audit("PyPI", False, why=_last(complaint))
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}" for one in found for hole in one.get("vulns", ())
    ]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    return Audit("PyPI", True, tuple(holes), f"not looked up: {', '.join(skipped)}" if skipped else "")


def npm(told: str, complaint: str = "") -> Audit:
    """What npm printed.

    >>> npm('{"vulnerabilities": {"a": {"severity": "high", "range": "<2"}}}').holes
    ('a <2: high',)
    >>> npm('{"message": "request to /-/npm/v1/security failed", "error": {}}').reached
    False
    """
    try:
        found = json.loads(told)
        holes = [
            f"{name} {one['range']}: {one['severity']}" for name, one in found["vulnerabilities"].items()
        ]
    except (ValueError, KeyError, TypeError):
        return Audit("npm", False, why=_last(complaint) or _last(told))
    return Audit("npm", True, tuple(holes))


def main() -> int:
    """Ask both; 0 where all is well, 1 with holes, 2 where an answer is missing."""
    program = shutil.which("npm") or str(Path(sys.executable).with_name("npm"))
    asked = (
        python(*_ran([sys.executable, *PIP], Path())),
        npm(*_ran([program, *NPM], LOCK.parent)),
    )
    for one in asked:
        if not one.reached:
            print(f"{one.of}: NOT AUDITED, the advisories could not be reached ({one.why or 'no answer'}).")
            continue
        print(f"{one.of}: {len(one.holes)} known holes{f' ({one.why})' if one.why else ''}")
        for hole in one.holes:
            print(f"  {hole}")
    if any(one.holes for one in asked):
        return 1
    return 0 if all(one.reached for one in asked) else 2


def _ran(command: Sequence[str], folder: Path) -> tuple[str, str]:
    try:
        ended = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return ended.stdout, ended.stderr


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


if __name__ == "__main__":
    sys.exit(main())
