"""The threat model is kept: what it names exists, and bodies are closed."""

import ast
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
SET_HERE = {
    "version",
    "created_at",
    "updated_at",
    "user_id",
    "vetting",
    "vetted_by",
    "vetted_at",
    "password_hash",
    "digest",
    "last_login_at",
    "failures",
    "locked_until",
    "oidc_issuer",
    "oidc_subject",
    "done_at",
    "undone_at",
    "sequence",
    "scopes_of",
}
"""What no request sets: the service knows it."""


def functions(path: Path) -> set[str]:
    """Names of the functions of a file, those of classes too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_threat_model_names_exists() -> None:
    """A threat whose test is gone is no longer shown to be stopped."""
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 50
    gone = [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]
    assert gone == []


def test_every_threat_names_its_test() -> None:
    """A row without one is a promise alone."""
    table = PAGE.read_text(encoding="utf-8").partition("## Threats")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "Shown by" not in line]
    assert len(rows) > 25
    assert [row for row in rows if not NAMED.search(row)] == []


def test_every_file_that_the_threat_model_links_is_there() -> None:
    """Links lead to pages that commands write."""
    for target in re.findall(r"\]\(([\w.]+)\)", PAGE.read_text(encoding="utf-8")):
        assert (PAGE.parent / target).is_file(), target


def test_no_body_takes_what_only_the_service_sets() -> None:
    """Every JSON body of the interface is closed, and none has a field for version, times or vetting."""
    described = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    seen, open_, taken = 0, [], []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            for schema in bodies(content["schema"], described):
                seen += 1
                if schema.get("additionalProperties", True) is not False:
                    open_.append(f"{method} {path}")
                taken += [f"{method} {path}: {name}" for name in SET_HERE & set(schema.get("properties", ()))]
    assert seen > 20
    assert (open_, taken) == ([], [])


def bodies(schema: dict[str, Any], described: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects that a body may be."""
    if reference := schema.get("$ref"):
        return bodies(described["components"]["schemas"][reference.rpartition("/")[2]], described)
    found = []
    for name in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(name, ()):
            found += bodies(part, described)
    return [*found, schema] if schema.get("type") == "object" else found
