"""The plots of docs/performance.md; each shows numbers that also stand in a table beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.measure.performance import OURS
from service.measure.rungs import SHARES
from service.report.plots import INK, MARK, MUTED, PALE, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]
HATCHES = ("", "///", "\\\\\\\\", "xx", "--", "++", "||")


def drawn(folder: Path, parts: Mapping[str, Found], files: Mapping[str, Found]) -> list[str]:
    """Draw what there are figures for; the names of the plots."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    if one := parts.get("embedding"):
        embedding(folder / "embedding.svg", one["rates"])
        made.append("embedding")
    if "query" in parts:
        query(folder / "query.svg", parts["query"]["figures"])
        made.append("query")
    if index := files.get("index"):
        search(folder / "search.svg", index)
        made.append("search")
    if (scale := files.get("scale")) and any("failed" not in one for one in scale["peers"].values()):
        clustering(folder / "clustering.svg", scale["peers"])
        made.append("clustering")
    return made


def embedding(path: Path, rates: Mapping[str, Mapping[str, float]]) -> None:
    """Texts a second, bars side by side at each length."""
    with canvas(path, 6, 3) as figure:
        axes = figure.add_subplot()
        _beside(axes, {f"{tokens} tokens": dict(one) for tokens, one in rates.items()})
        axes.set_ylabel("texts a second")


def query(path: Path, figures: list[Found]) -> None:
    """The median and the 95th of 100 of a query, and what of it is reading, at each size."""
    told: dict[str, dict[str, float]] = {}
    for one in figures:
        name = one["name"]
        if name.startswith("one query over"):
            size = name.removeprefix("one query over ").split(" ")[0]
            told.setdefault(f"{size} solutions", {})[name.rpartition(", ")[2]] = one["value"]
        elif name.startswith("of it, reading"):
            size = name.rpartition("(")[2].rstrip(")")
            told.setdefault(f"{size} solutions", {})["of p50, reading the need"] = one["value"]
    with canvas(path, 5, 3) as figure:
        axes = figure.add_subplot()
        _beside(axes, told)
        axes.set_ylabel("ms")


def search(path: Path, index: Found) -> None:
    """Time of a search under each filter, on a scale of powers."""
    size = index["rivals"]["size"]
    due = index["due"].get(str(size), index["due"].get(size))
    ran = {name: one for name, one in index["rivals"].items() if name != "size" and "failed" not in one}
    own = index["ours"].get(f"{size}/{due}")
    if own is not None and "failed" not in own:
        ran = {OURS: own} | ran
    with canvas(path, 7, 3.5) as figure:
        axes = figure.add_subplot()
        _beside(
            axes,
            {
                f"{share:.4g} allowed": {
                    name: one["shares"][f"{share:g}"]["p50_ms"] for name, one in ran.items()
                }
                for share in SHARES
            },
        )
        axes.set_yscale("log")
        axes.set_ylabel(f"ms, median, {size:,} vectors")


def clustering(path: Path, peers: Mapping[str, Found]) -> None:
    """Time on a scale of powers, and beside it B-cubed F1."""
    names = {
        "ours": OURS,
        "likewise": f"{OURS}, cut as theirs",
        "community": "community_detection",
        "bertopic": "BERTopic",
    }
    ran = {names[name]: one for name, one in peers.items() if "failed" not in one}
    with canvas(path, 7, 2) as figure:
        time, quality = figure.subplots(1, 2)
        colours = [INK if name == OURS else MUTED for name in ran]
        time.barh(list(ran), [one["seconds_grouping"] for one in ran.values()], color=colours)
        time.set_xscale("log")
        time.set_xlabel("seconds of grouping")
        quality.barh(list(ran), [one["bcubed_f1"] for one in ran.values()], color=colours)
        quality.set_xlim(0, 1)
        quality.set_yticks([])
        quality.set_xlabel("B-cubed F1")
        for axes in (time, quality):
            axes.invert_yaxis()


def _beside(axes: "Axes", groups: Mapping[str, Mapping[str, float]]) -> None:
    """Bars side by side: a group of them for each name, told apart by pattern as well as by colour."""
    names = list(dict.fromkeys(name for one in groups.values() for name in one))
    width = 0.8 / max(len(names), 1)
    for at, name in enumerate(names):
        places = [g + at * width for g, one in enumerate(groups.values()) if name in one]
        heights = [one[name] for one in groups.values() if name in one]
        colour = INK if at == 0 else (MUTED, PALE, MARK)[at % 3]
        axes.bar(
            places,
            heights,
            width,
            label=name,
            color=colour,
            hatch=HATCHES[at % len(HATCHES)],
            edgecolor="white",
        )
    axes.set_xticks([g + 0.4 - width / 2 for g in range(len(groups))], list(groups))
    axes.tick_params(axis="x", length=0)
    axes.legend(frameon=False, fontsize=7)
