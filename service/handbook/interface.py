"""What is repeated of the interface: its description (`docs/openapi.json`), and the values of the client."""

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from service.settings import ServerSettings

ROOT = Path(__file__).parents[2]
INTERFACE = ROOT / "docs" / "openapi.json"
VALUES = ROOT / "service" / "client" / "values.py"
HEAD = '''"""Values of the interface; written by `python -m service.handbook` from its description."""

# ruff: noqa: D101
from typing import Any, Literal, NotRequired, TypedDict
'''


def interface() -> dict[str, Any]:
    """The description of the interface, with no service running."""
    from service.app import create_app
    from service.backend import open_backend

    with TemporaryDirectory() as folder:
        settings = ServerSettings(model="hashing", data=Path(folder) / "data", cache=Path(folder) / "cache")
        backend = open_backend(settings)
        try:
            return create_app(backend).openapi()
        finally:
            backend.database.close()


def as_text(described: Mapping[str, Any]) -> str:
    """A description as it stands in the file."""
    return json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def values(described: Mapping[str, Any]) -> str:
    """A module with a typed dict for each schema of a description."""
    schemas: Mapping[str, Any] = described["components"]["schemas"]
    parts = [HEAD]
    for name in sorted(schemas):
        parts.append("\n".join(_declared(_named(name), schemas[name])))
    return "\n\n".join(parts) + "\n"


def _declared(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if "properties" not in schema:
        yield f"{name} = {_type(schema)}"
        return
    needed = set(schema.get("required", []))
    fields = {
        key: _type(value) if key in needed else f"NotRequired[{_type(value)}]"
        for key, value in sorted(schema["properties"].items())
    }
    if any(not key.isidentifier() or keyword.iskeyword(key) for key in fields):
        inner = ", ".join(f'"{key}": {_quoted(kind)}' for key, kind in fields.items())
        yield f'{name} = TypedDict("{name}", {{{inner}}})'
        return
    yield f"class {name}(TypedDict):"
    yield from (f"    {key}: {_quoted(kind)}" for key, kind in fields.items())
    if not fields:
        yield "    pass"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _named(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        return f"Literal[{', '.join(repr(one) for one in schema.get('enum', [schema.get('const')]))}]"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(one) for one in schema[several]))
    match schema.get("type"):
        case "string":
            return "str"
        case "integer":
            return "int"
        case "number":
            return "float"
        case "boolean":
            return "bool"
        case "null":
            return "None"
        case "array":
            return f"list[{_type(schema.get('items', {}))}]"
        case "object":
            extra = schema.get("additionalProperties", True)
            return f"dict[str, {_type(extra) if isinstance(extra, Mapping) else 'Any'}]"
    return "Any"


def _quoted(kind: str) -> str:
    """A type that may name classes further down."""
    if kind.startswith("NotRequired["):
        return f"NotRequired[{_quoted(kind[12:-1])}]"
    names_classes = re.search(r"\b(?!Any\b|None\b|Literal\b)[A-Z]\w+", kind) and "'" not in kind
    return f'"{kind}"' if names_classes else kind


def _named(name: str) -> str:
    """A class name; of two models of one name each is called after its module."""
    *module, last = name.split("__")
    called = last + (f"Of{module[-1].capitalize()}" if module else "")
    return re.sub(r"\W+", "_", called).strip("_").replace("Page_", "PageOf")
