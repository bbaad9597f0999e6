"""What is repeated of the settings: their table in `docs/operations.md`."""

import re
from pathlib import Path

from service.settings import ServerSettings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
_TABLE = re.compile(r"(<!-- settings -->\n).*?(<!-- end of settings -->)", re.DOTALL)


def settings_table() -> str:
    """All settings with their variable, default and meaning, as Markdown."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in ServerSettings.model_fields.items():
        default = "" if field.default_factory else field.default
        if hasattr(default, "get_secret_value"):
            default = default.get_secret_value()
        shown = "" if default in ("", None) else f"`{default}`"
        if field.default_factory:
            shown = "the user's own folder"
        lines.append(f"| `NEEDMATCH_{name.upper()}` | {shown} | {field.description or ''} |")
    return "\n".join(lines) + "\n"


def with_settings(text: str) -> str:
    """A document with the table of settings as it is now."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{settings_table()}\n{found[2]}", text)
