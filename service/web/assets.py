"""Files that pages load: our own, and those of packages that the setup installs beside them."""

import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response

from service.problems import not_found

HERE = Path(__file__).parent
OWN = HERE / "static"
PACKAGES = HERE / "node_modules"
FONTS = "@fontsource-variable/inter/files"
SUBSETS = ("latin", "latin-ext", "greek", "cyrillic")
VENDOR: Mapping[str, str] = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": "echarts/dist/echarts.esm.min.js",
} | {f"inter-{subset}.woff2": f"{FONTS}/inter-{subset}-wght-normal.woff2" for subset in SUBSETS}
"""Names under which files of packages are served; nothing else of them is."""
FOREVER = "public, max-age=31536000, immutable"
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


def file_of(name: str) -> Path | None:
    """The file behind a name; None where there is none, or the setup did not install its package."""
    path = PACKAGES / VENDOR[name] if name in VENDOR else _own().get(name)
    return path if path is not None and path.is_file() else None


def address(name: str) -> str:
    """Where a page finds a file; the address changes with the file, so browsers may keep it for good.

    >>> address("app.css").startswith("/static/app.css?v=")
    True
    """
    path = file_of(name)
    return f"/static/{name}?v={_stamp(path)}" if path else f"/static/{name}"


def there(name: str) -> bool:
    """Whether a file can be served: pages do without scripts of packages that are not installed."""
    return file_of(name) is not None


def mount(app: FastAPI) -> None:
    """Serve the files under /static/."""
    app.add_api_route("/static/{name}", _serve, methods=["GET"], include_in_schema=False)


def _serve(name: str, request: Request) -> Response:
    path = file_of(name)
    if path is None:
        raise not_found("file", name)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    stamp = _stamp(path)
    kept = FOREVER if request.query_params.get("v") == stamp else "no-cache"
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": kept, "ETag": f'"{stamp}"'})


@cache
def _own() -> Mapping[str, Path]:
    return {path.name: path for path in OWN.iterdir() if path.is_file()}


@cache
def _stamp(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
