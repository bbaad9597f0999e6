"""What needmatch is made of that others wrote: `python -m service.handbook.dependencies`.

Writes the bill of materials (CycloneDX) of the locked dependencies, Python and npm, to docs/sbom.cdx.json,
and the table of their licences to docs/licences.md. Nothing in either depends on the day or the machine.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

BOM = Path("docs") / "sbom.cdx.json"
TABLE = Path("docs") / "licences.md"
CONSTRAINTS = Path("constraints.txt")
LOCK = Path("service") / "web" / "package-lock.json"
PROJECT = "needmatch"
UNKNOWN = "not stated"
PERMISSIVE = tuple(
    "MIT MIT-0 BSD-2-Clause BSD-3-Clause 0BSD Apache-2.0 ISC PSF-2.0 Python-2.0 Zlib Unlicense CC0-1.0 "
    "HPND BSL-1.0 MIT-CMU CNRI-Python NCSA BSD CC-BY-4.0 MIT-Modern-Variant".split()
)
FILES = ("MPL-2.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "LGPL-2.1-or-later", "OFL-1.1", "EUPL-1.2", "LGPL")
"""Copyleft of the part itself: used unchanged beside EUPL-1.2, with its notice and source kept available."""
SPELT = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "expat": "MIT",
    "bsd license": "BSD",
    "bsd": "BSD",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "isc license (iscl)": "ISC",
    "isc license": "ISC",
    "python software foundation license": "PSF-2.0",
    "psf": "PSF-2.0",
    "psfl": "PSF-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "mozilla public license 2.0": "MPL-2.0",
    "lgpl with exceptions": "LGPL-3.0-only",
    "the unlicense (unlicense)": "Unlicense",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "lgplv3": "LGPL-3.0-only",
    "gnu library or lesser general public license (lgpl)": "LGPL",
    "mit-cmu": "MIT-CMU",
    "mit, bsd": "MIT AND BSD-3-Clause",
    "gnu lesser general public license v2 or later (lgplv2+)": "LGPL-2.1-or-later",
}
"""Names of licences as packages write them, and their SPDX names."""


HEAD = """\
# Licences of dependencies

Written by `make sbom` from the locked versions and what the packages say of themselves; the same list is in
[sbom.cdx.json](sbom.cdx.json). needmatch is under EUPL-1.2 and uses all of them unchanged, beside its own
code. `permissive` asks for the notice to be kept. `of the part itself` (MPL, LGPL, OFL) also asks that the
source of that part can be had, and LGPL that it can be exchanged, which an installed package can. Whoever
changes such a part passes the change on under its licence. `to be looked at` is what this table cannot tell:
read it before you pass a bundle on. `tools` come with tests and tools alone.

| Package | Version | From | Licence | Asks | For |
| --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """One locked package."""

    ecosystem: str
    """pypi or npm."""
    name: str
    version: str
    licence: str = UNKNOWN
    tools: bool = False
    """For tests and tools alone: not in what is installed to serve."""

    @property
    def terms(self) -> str:
        """permissive, of the part itself, or to be looked at."""
        return terms(self.licence)


def components(folder: Path = Path()) -> list[Component]:
    """All locked packages, with what their metadata says of licences where they are installed here."""
    served = _served()
    found = []
    for name, version in locked((folder / CONSTRAINTS).read_text(encoding="utf-8")):
        tools = bool(served) and canonical(name) not in served
        found.append(Component("pypi", name, version, _licence(name), tools))
    for path, package in json.loads((folder / LOCK).read_text(encoding="utf-8"))["packages"].items():
        if path:
            name = path.rpartition("node_modules/")[2]
            licence = str(package.get("license", UNKNOWN))
            found.append(Component("npm", name, package["version"], licence, bool(package.get("dev"))))
    return sorted(found, key=lambda one: (one.ecosystem, one.name.lower()))


def locked(constraints: str) -> Iterator[tuple[str, str]]:
    r"""Name and version of each line of constraints.

    >>> list(locked("# pinned\nlxml==6.0.1\n"))
    [('lxml', '6.0.1')]
    """
    for line in constraints.splitlines():
        name, pinned, version = line.partition("#")[0].partition(";")[0].strip().partition("==")
        if pinned:
            yield name.partition("[")[0].strip(), version.strip()


def canonical(name: str) -> str:
    """A name as PyPI compares it.

    >>> canonical("Jinja2"), canonical("typing_extensions")
    ('jinja2', 'typing-extensions')
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def terms(licence: str) -> str:
    """What a licence asks of who uses the part unchanged beside EUPL-1.2.

    Of several that hold together the strictest counts, of a choice the easiest.

    >>> terms("MIT OR GPL-3.0-only"), terms("Apache-2.0 AND MPL-2.0"), terms("GPL-3.0-only")
    ('permissive', 'of the part itself', 'to be looked at')
    """
    order = ("permissive", "of the part itself", "to be looked at")

    def one(name: str) -> int:
        plain = name.strip(" ()").partition(" WITH ")[0].strip(" ()")
        return 0 if plain in PERMISSIVE else 1 if plain in FILES else 2

    def every(part: str) -> int:
        return max(min(one(name) for name in both.split(" OR ")) for both in part.split(" AND "))

    return order[every(licence)]


def bom(found: Sequence[Component]) -> str:
    """The bill of materials as CycloneDX 1.6 in JSON, the same for the same components."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component as Part
    from cyclonedx.model.component import ComponentScope, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    licences = LicenseFactory()
    made = Bom()
    root = Part(
        name=PROJECT,
        type=ComponentType.APPLICATION,
        bom_ref=PROJECT,
        licenses=[licences.make_with_expression("EUPL-1.2")],
    )
    made.metadata.component = root
    parts = []
    for one in found:
        space, _, name = one.name.rpartition("/")
        url = PackageURL(
            one.ecosystem, space or None, canonical(name) if one.ecosystem == "pypi" else name, one.version
        )
        parts.append(
            Part(
                name=one.name,
                version=one.version,
                type=ComponentType.LIBRARY,
                purl=url,
                bom_ref=url.to_string(),
                scope=ComponentScope.EXCLUDED if one.tools else ComponentScope.REQUIRED,
                licenses=[] if one.licence == UNKNOWN else [licences.make_from_string(one.licence)],
            )
        )
    made.components.update(parts)
    made.register_dependency(root, parts)
    made.serial_number = uuid5(NAMESPACE_URL, "\n".join(f"{c.ecosystem} {c.name} {c.version}" for c in found))
    whole = json.loads(JsonV1Dot6(made).output_as_string())
    whole["metadata"].pop("timestamp", None)
    return json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def page(found: Sequence[Component]) -> str:
    """The table of licences."""
    rows = []
    for one in found:
        cells = (
            one.name,
            one.version,
            one.ecosystem,
            one.licence,
            one.terms,
            "tools" if one.tools else "served",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([HEAD, *rows, ""])


def main() -> None:
    """Write the bill of materials and the table of licences."""
    found = components()
    BOM.write_text(bom(found), encoding="utf-8")
    TABLE.write_text(page(found), encoding="utf-8")
    odd = [one for one in found if one.terms == "to be looked at" and not one.tools]
    for one in odd:
        print(f"{one.name} {one.version}: {one.licence} is to be looked at", file=sys.stderr)
    print(f"{len(found)} components to {BOM} and {TABLE}")


def _licence(name: str) -> str:
    """The licence of an installed package, by its SPDX name where it has one."""
    try:
        said = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return UNKNOWN
    if expression := said.get("license_expression"):
        return str(expression)
    kinds = said.get("classifier") or []
    classified = [line.rpartition(" :: ")[2] for line in kinds if line.startswith("License :: ")]
    written = str(said.get("license") or "").strip()
    for one in (written, *classified):
        if (known := SPELT.get(one.lower(), one)) in PERMISSIVE or known in FILES:
            return known
    several = [SPELT[one.lower()] for one in classified if one.lower() in SPELT]
    if several:
        return " OR ".join(several)
    if all(terms(part) != "to be looked at" for part in written.split(" AND ")) and written:
        return written
    first = written.splitlines()[0].strip(" .:") if written else ""
    return SPELT.get(first.lower(), (first[:40] or UNKNOWN) if len(first) < 60 else UNKNOWN)


def _served() -> set[str]:
    """What is installed to serve: the project's own dependencies, and theirs."""
    from packaging.requirements import Requirement

    waiting, found = [PROJECT], set()
    while waiting:
        name = canonical(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for text in needs:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                waiting.append(need.name)
                for extra in need.extras:
                    waiting += _of_extra(need.name, extra)
    return found


def _of_extra(name: str, extra: str) -> list[str]:
    from packaging.requirements import Requirement

    try:
        needs = [Requirement(text) for text in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []
    return [need.name for need in needs if need.marker is not None and need.marker.evaluate({"extra": extra})]


if __name__ == "__main__":
    main()
