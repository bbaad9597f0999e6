"""Large files read as a stream: `python -m service.measure.streams` writes docs/streams.md and .json.

It makes tables of a line a need, and packages of notices as TED packs a month of them, and reads each in a
process of its own. What is shown is how fast rows come, and that memory does not grow with their number.
"""

import argparse
import io
import json
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from matcher.records import Kind, Need
from service.cli import screen
from service.cli.importing import KEPT_EVERY_S
from service.measure import overview
from service.measure.machine import load_average, machine
from service.measure.workload import query_needs
from service.report.tables import table
from service.settings import Settings

LINES = (100_000, 1_000_000)
NOTICES = (10_000, 100_000)
TEXTS = 2_000
"""Different texts, which come again in turn under other ids."""
SEED = 20_260
UBL = "urn:oasis:names:specification:ubl:schema:xsd"
Found = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write streams.md and streams.json into the folder `--out`."""
    parser = argparse.ArgumentParser(prog="python -m service.measure.streams", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the page [docs]")
    parser.add_argument("--lines", type=int, nargs="*", default=LINES, help="rows of tables [%(default)s]")
    parser.add_argument("--notices", type=int, nargs="*", default=NOTICES, help="of packages [%(default)s]")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.read:
        print(json.dumps(read(chosen.read)))
        return
    facts: Found = machine(Settings())
    with tempfile.TemporaryDirectory(prefix="needmatch-streams-") as scratch:
        facts["read"] = measure(Path(scratch), chosen.lines, chosen.notices)
    facts["load_after"] = load_average()
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "streams.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    (chosen.out / "streams.md").write_text(page(facts), encoding="utf-8")
    overview.write(chosen.out)
    screen.table(screen.console(), list(HEADS), [row(one) for one in facts["read"]])


def measure(scratch: Path, of_lines: Sequence[int], of_notices: Sequence[int]) -> list[Found]:
    """What reading each file took, in processes of their own."""
    texts = query_needs(TEXTS, SEED)
    files = [(table_of, number) for number in of_lines] + [(package_of, number) for number in of_notices]
    found = []
    with screen.progress("Making and reading files", len(files)) as done:
        for at, (make, number) in enumerate(files):
            file = make(scratch, texts, number)
            command = [sys.executable, "-m", "service.measure.streams", "--read", str(file)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.append({"file": file.suffix, "bytes": file.stat().st_size, **json.loads(told)})
            file.unlink()
            done(at + 1)
    return found


def read(file: Path) -> Found:
    """Read a file as an import does, and what it took."""
    from corpora import Report, read_records

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report, began = Report(), time.perf_counter()
    for _ in read_records(file, Kind.NEED, report=report):
        pass
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows": report.rows,
        "kept": report.kept,
        "seconds": seconds,
        "before_mb": before * 1024 / 1e6,
        "peak_mb": after * 1024 / 1e6,
    }


def table_of(folder: Path, texts: Sequence[Need], number: int) -> Path:
    """A table of a line a need."""
    file = folder / f"needs-{number}.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for at, need in enumerate(islice(cycle(texts), number)):
            row = {
                "id": f"row-{at}", "title": need.title, "description": need.description,
                "language": need.language, "country": need.country, "cpv": list(need.cpv),
            }  # fmt: skip
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return file


def package_of(folder: Path, texts: Sequence[Need], number: int) -> Path:
    """A package of eForms notices."""
    file = folder / f"month-{number}.tar.gz"
    with tarfile.open(file, "w:gz", compresslevel=1) as packed:
        for at, need in enumerate(islice(cycle(texts), number)):
            content = notice(at, need).encode()
            header = tarfile.TarInfo(f"{at // 3000:02}/{at}.xml")
            header.size = len(content)
            packed.addfile(header, io.BytesIO(content))
    return file


def notice(number: int, need: Need) -> str:
    """An eForms notice with the title, the text, the country and the codes of a need."""
    code = "".join(
        "<cac:MainCommodityClassification><cbc:ItemClassificationCode listName='cpv'>"
        f"{one}</cbc:ItemClassificationCode></cac:MainCommodityClassification>"
        for one in need.cpv[:1]
    )
    return (
        f'<ContractNotice xmlns="{UBL}:ContractNotice-2" xmlns:cbc="{UBL}:CommonBasicComponents-2" '
        f'xmlns:cac="{UBL}:CommonAggregateComponents-2"><cbc:ID>notice-{number}</cbc:ID>'
        f"<cbc:VersionID>01</cbc:VersionID><cac:ProcurementProject><cbc:Name>{escape(need.title)}</cbc:Name>"
        f"<cbc:Description>{escape(need.description)}</cbc:Description>{code}"
        f"</cac:ProcurementProject></ContractNotice>"
    )


HEADS = ("file", "rows", "packed", "seconds", "rows a second", "memory")


def row(one: Found) -> list[str]:
    """A line of the table.

    >>> told = {"rows": 2000, "bytes": 4e6, "seconds": 2.0, "before_mb": 80.0, "peak_mb": 96.0}
    >>> row({"file": ".jsonl", **told})
    ['.jsonl', '2,000', '4 MB', '2.0', '1,000', '96 MB (80 before)']
    """
    return [
        one["file"],
        f"{one['rows']:,}",
        f"{one['bytes'] / 1e6:,.0f} MB",
        f"{one['seconds']:.1f}",
        f"{one['rows'] / one['seconds']:,.0f}",
        f"{one['peak_mb']:.0f} MB ({one['before_mb']:.0f} before)",
    ]


def page(facts: Found) -> str:
    """The Markdown page."""
    shown = "\n".join(table(list(HEADS), [row(one) for one in facts["read"]]))
    return f"""# Streams

Written by `python -m service.measure.streams`; the same figures are in `streams.json`.

Measured {facts["date"]} at commit {facts["commit"]}, on {facts["processor"]} ({facts["threads"]} used),
{facts["memory_gb"]:g} GB of memory, {facts["system"]}, Python {facts["python"]}. The machine's load was
{facts["load_before"]:g} before and {facts["load_after"]:g} after.

{shown}

Each file is read in a process of its own as `needmatch import` and the service's import jobs read it, up to
the checked record; embedding and storing come on top. Memory is the largest resident size of the process,
of it *before* what Python and the reader need; what is left grows by the hash of each id, so that an id that
comes twice is found. Texts are put together from sentences of the sample.

`needmatch import` keeps what it has read every {KEPT_EVERY_S / 60:.0f} minutes
and goes on behind it after a stop; import jobs of the service note how far they came with every 200 rows, in
the transaction that keeps them.

MB are 10^6 bytes.
"""


if __name__ == "__main__":
    main()
