"""The bill of materials and the licences of what others wrote."""

import json
from pathlib import Path

from service.handbook import audit, dependencies
from service.handbook.dependencies import CONSTRAINTS, LOCK, canonical, components, locked, page

ROOT = Path(__file__).parents[3]


def named() -> set[tuple[str, str]]:
    """Package URL without its version, and version, of all that is locked."""
    python = {
        (f"pkg:pypi/{canonical(n)}", v) for n, v in locked((ROOT / CONSTRAINTS).read_text(encoding="utf-8"))
    }
    packages = json.loads((ROOT / LOCK).read_text(encoding="utf-8"))["packages"]
    npm = {
        (f"pkg:npm/{path.rpartition('node_modules/')[2].replace('@', '%40')}", one["version"])
        for path, one in packages.items()
        if path
    }
    return python | npm


def test_the_bill_of_materials_is_of_what_is_locked() -> None:
    """Every locked package stands in it by version, and nothing else; `make sbom` writes it anew."""
    bom = json.loads((ROOT / dependencies.BOM).read_text(encoding="utf-8"))
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    there = {tuple(part["purl"].rsplit("@", 1)) for part in bom["components"]}
    assert there == named()
    assert "timestamp" not in bom["metadata"]


def test_the_table_of_licences_is_of_what_is_locked() -> None:
    """A row for each package with its version."""
    table = (ROOT / dependencies.TABLE).read_text(encoding="utf-8")
    rows = {
        tuple(cell.strip() for cell in line.split("|")[1:3])
        for line in table.splitlines()
        if line.startswith("|")
    }
    locked_ = {(one.name, one.version) for one in components(ROOT)}
    assert rows - {("Package", "Version"), ("---", "---")} == locked_


def test_nothing_that_is_served_has_terms_that_nobody_read() -> None:
    """Each licence of what is installed to serve is known to go with EUPL-1.2."""
    served = [one for one in components(ROOT) if not one.tools]
    assert len(served) > 50
    assert [one for one in served if one.terms == "to be looked at"] == []


def test_the_table_says_what_a_licence_asks() -> None:
    """Copyleft of the part itself is told apart from what only wants its notice, and from what is unknown."""
    made = [
        dependencies.Component("pypi", name, "1", licence)
        for name, licence in (("a", "MIT"), ("b", "LGPL-3.0-only"), ("c", "AGPL-3.0-only"))
    ]
    rows = page(made).splitlines()[-3:]
    assert ["permissive" in rows[0], "of the part itself" in rows[1], "to be looked at" in rows[2]] == [
        True
    ] * 3


def test_what_was_not_asked_is_not_called_well(monkeypatch, capsys) -> None:
    """Without the advisories the audit fails, and says that nothing was audited."""
    monkeypatch.setattr(audit, "_ran", lambda *_: ("", "ConnectionError: no route to host"))
    assert audit.main() == 2
    assert capsys.readouterr().out.count("NOT AUDITED") == 2
    answers = iter([('{"dependencies": []}', ""), ('{"vulnerabilities": {}}', "")])
    monkeypatch.setattr(audit, "_ran", lambda *_: next(answers))
    assert audit.main() == 0
    holes = '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}'
    answers = iter([(holes, ""), ('{"vulnerabilities": {}}', "")])
    assert audit.main() == 1
    assert "a 1: PYSEC-1" in capsys.readouterr().out
