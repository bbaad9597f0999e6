"""`index`: how the vectors of what was imported are kept, and which way a search takes through them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import options, screen, store

if TYPE_CHECKING:
    from matcher.index import LadderIndex

SHARES = (1.0, 0.1, 0.01, 0.001)
"""Of the rows, how many the searches that are shown may find."""


def index(
    check: Annotated[
        bool, typer.Option("--check", help="Read every file first, and compare its checksums.")
    ] = False,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Show how vectors are kept, and why; and how wide and narrow searches go about it."""
    from matcher import snapshot
    from matcher.index import LadderIndex

    folder = store.snapshot_folder(options.settings(data=data))
    files, manifest = snapshot.inspect(folder)
    if check:
        with screen.progress("Checking", sum(size for size, _ in manifest.files.values())) as done:
            snapshot.check(folder, done)
    told = {
        kind: _told(LadderIndex.load(files / f"{kind}.dense.faiss", manifest.dimension), files, kind)
        for kind in manifest.counts
    }
    if as_json:
        screen.print_json(told)
        return
    out = screen.console()
    for kind, facts in told.items():
        screen.heading(out, f"{kind}: {facts['records']:,} records, {facts['vectors']:,} vectors")
        out.print(f"Kept     {facts['kept']}", markup=False)
        out.print(f"Due      {facts['due']}: {facts['why']}.", markup=False)
        out.print(
            f"Memory   about {facts['memory_bytes'] / 1e6:,.1f} MB of {facts['budget_bytes'] / 1e6:,.0f} MB",
            markup=False,
        )
        for way in facts["searches"]:
            out.print(f"Search   {way['share']:.1%}: {way['way']}; {way['why']}.", markup=False)
    if check:
        out.print("\nEvery file is as it was written.")


def _told(kept: "LadderIndex", files: Path, kind: str) -> dict[str, Any]:
    from matcher.rows import RowSet

    plan, rows = kept.plan, kept.rows()
    size = int(rows.max()) + 1 if rows.size else 0
    searches = []
    for share in SHARES:
        allowed = RowSet.of(rows[: round(share * rows.size)].tolist(), size)
        choice = kept.choice(allowed)
        searches.append(
            {
                "share": share,
                "way": str(choice.way),
                "expected_ms": round(choice.expected_ms, 3),
                "why": choice.why,
            }
        )
    return {
        "records": len(kept),
        "vectors": kept.vectors,
        "file_bytes": (files / f"{kind}.dense.faiss").stat().st_size,
        "kept": str(kept.rung),
        "due": str(plan.rung),
        "why": plan.why,
        "memory_bytes": plan.memory_bytes,
        "budget_bytes": plan.budget_bytes,
        "searches": searches,
    }
