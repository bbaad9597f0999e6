"""`make docs`: runs what the README shows and writes down what it prints, so that it cannot rot.

A block of Python, or of commands after `$`, stands before a block of text: its output.
"""

import io
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_SHOWN = re.compile(
    r"```(?P<kind>python|console)\n(?P<code>.*?)```\n\n```text\n(?P<output>.*?)```", re.DOTALL
)


def printed(kind: str, code: str) -> str:
    """What a block prints: Python is run here, commands after `$` in this environment."""
    if kind == "python":
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(code, str(README), "exec"), {"__name__": "readme"})
        return out.getvalue()
    outputs = []
    for line in code.splitlines():
        if line.startswith("$ needmatch"):
            command = [sys.executable, "-m", "service.cli", *shlex.split(line)[2:]]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
            outputs.append(done.stdout)
    return "".join(outputs)


def blocks(text: str) -> list[tuple[str, str, str]]:
    """Kind, code and shown output of every block that shows its output."""
    return [(found["kind"], found["code"], found["output"]) for found in _SHOWN.finditer(text)]


def refreshed(text: str) -> str:
    """The README with the output of every block as it is now."""

    def again(found: re.Match[str]) -> str:
        output = printed(found["kind"], found["code"])
        return f"```{found['kind']}\n{found['code']}```\n\n```text\n{output}```"

    return _SHOWN.sub(again, text)


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
