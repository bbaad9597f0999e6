"""A table of an analysis in a terminal: as many columns as fit, and the names of those that do not."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console

WIDEST = 24
"""Characters of a column of words, at most; longer ones are cut."""
GAP = 2
RULE = 1
"""Characters between two columns, beside the gap."""
SHORT = {"organisations": "orgs"}
"""Names of columns that are too long for what stands below them."""


def print_frame(out: "Console", frame: "DataFrame", rows: int) -> None:
    """The first rows and columns of a table; what is left out is counted and named."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if frame.empty:
        out.print("  The table has no rows.", style="dim")
        return
    shown = frame.head(rows)
    columns: dict[str, list[str]] = {}
    left = min(out.width, 80) - 2 * RULE
    hidden: list[str] = []
    unknown: list[str] = []
    for name in map(str, frame.columns):
        cells = [cell(value, name) for value in shown[name]]
        if name == "suppressed" and not frame[name].any():
            continue
        if frame[name].isna().all():
            unknown.append(name)
            continue
        width = min(WIDEST, max(map(len, [*cells, *heading(name).split("\n")])))
        if hidden or width + GAP + RULE > left:
            hidden.append(name)
            continue
        left -= width + GAP + RULE
        columns[name] = cells
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP, 0, 0))
    for name in columns:
        words = str(frame[name].dtype) in ("string", "object")
        grid.add_column(
            heading(name),
            justify="left" if words else "right",
            no_wrap=True,
            overflow="ellipsis",
            max_width=WIDEST,
        )
    for row in zip(*columns.values(), strict=True):
        grid.add_row(*map(Text, row))
    out.print(grid)
    if len(frame) > rows:
        out.print(f"... and {len(frame) - rows} more rows (see --results)", style="dim")
    if unknown:
        out.print(f"Nothing known: {', '.join(unknown)}", style="dim", markup=False)
    if hidden:
        out.print(f"Columns that do not fit (--json, --out): {', '.join(hidden)}", style="dim", markup=False)


def heading(name: str) -> str:
    r"""The name of a column in at most two lines.

    >>> heading("value_stated")
    'value\nstated'
    """
    words = SHORT.get(name, name.replace("_", " "))
    spaces = [i for i, letter in enumerate(words) if letter == " "]
    at = min(spaces, key=lambda i: abs(i - len(words) / 2), default=0)
    return f"{words[:at]}\n{words[at + 1 :]}" if at and len(words) > 8 else words


def cell(value: Any, name: str = "") -> str:
    """A value for people; what is not known is a dash.

    >>> cell(1234567.0, "value_eur"), cell(0.12345), cell(None), cell(True)
    ('1,234,567', '0.12', '-', 'yes')
    """
    import pandas as pd

    if value is None or value is pd.NA or value != value:
        return "-"
    if isinstance(value, bool) or str(type(value)).endswith("bool'>"):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if name.endswith("_eur") or abs(value) >= 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
