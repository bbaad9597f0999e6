"""The parts of the benchmark: what each measures, what runs it, how long, and into which file it writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """Something that `needmatch bench` measures."""

    name: str
    says: str
    minutes: int
    """On two cores that do nothing else, the first time; what is made is kept, so later less."""
    module: str
    """Within `service.measure`."""
    quick: tuple[str, ...]
    """Its arguments for a run that says nothing but that it works."""
    file: str
    """Within the folder of the page."""


PARTS = (
    Part("embedding", "texts a second by length, beside others with the same weights", 4, "bench", (),
         "performance.json"),
    Part("start", "the command, the engine, and what is loaded", 30, "bench", (), "performance.json"),
    Part("query", "one query end to end among 10,000 and 100,000 solutions", 35, "bench", (),
         "performance.json"),
    Part("clustering", "grouping at 5,000 to 100,000 needs, and beside others at 20,000", 30, "scale",
         ("--sizes", "300", "--size", "300"), "scale.json"),
    Part("memory", "the engine with and without records", 35, "bench", (), "performance.json"),
    Part("index", "building and searching 20,000 to 1,000,000 vectors under filters, and beside others", 90,
         "index", ("--sizes", "1000", "--rivals-size", "1000"), "index.json"),
    Part("load", "users on a whole service", 15, "load",
         ("--needs", "40", "--solutions", "40", "--users", "3", "--minutes", "0.05"), "load.json"),
)  # fmt: skip
ALL = tuple(part.name for part in PARTS)


def runs(wanted: Sequence[str], out: Path, *, quick: bool) -> list[tuple[tuple[Part, ...], list[str]]]:
    """The processes to start: the parts of each, its module and its arguments.

    Parts that one process measures together are measured by one.

    >>> found = runs(["start", "query", "load"], Path("docs"), quick=False)
    >>> [(len(parts), *given[:3]) for parts, given in found]
    [(2, 'service.measure.bench', '--out', 'docs'), (1, 'service.measure.load', '--out', 'docs')]
    """
    chosen = [part for part in PARTS if part.name in wanted]
    together: dict[str, list[Part]] = {}
    for part in chosen:
        together.setdefault(part.module, []).append(part)
        if part.name == "clustering":  # grouping of stored solutions is measured beside queries
            together.setdefault("bench", []).append(part)
    found = []
    for module, parts in together.items():
        given = [f"service.measure.{module}", "--out", str(out)]
        if module == "bench":
            given += ["--only", ",".join(part.name for part in parts), *(["--quick"] if quick else [])]
        elif quick:
            given += parts[0].quick
        found.append((tuple(parts), given))
    return found
