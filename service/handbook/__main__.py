"""`make docs`: writes what documents and the client repeat of the code."""

import subprocess
import sys

from service.handbook.interface import INTERFACE, VALUES, as_text, interface, values
from service.handbook.settings import OPERATIONS, with_settings


def main() -> None:
    """Write everything but the README, whose examples take a while."""
    described = interface()
    INTERFACE.write_text(as_text(described), encoding="utf-8")
    VALUES.write_text(values(described), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(VALUES)], check=True)
    if OPERATIONS.exists():
        OPERATIONS.write_text(with_settings(OPERATIONS.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {INTERFACE.name}, {VALUES.name} and {OPERATIONS.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
