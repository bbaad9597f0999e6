import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
BOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
REVIEW, MAP, GAPS = "02_review_clusters", "03_cluster_map", "05_market_and_gaps"
PLOTLY = "application/vnd.plotly.v1+json"
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
book = nbformat.read(sys.argv[1], 4)
NotebookClient(book, timeout=900, kernel_name="python3").execute()
nbformat.write(book, sys.argv[2])
"""
OFFLINE = """
import socket
_connect = socket.socket.connect
def connect(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"a notebook asked the network for {address}")
    return _connect(self, address)
socket.socket.connect = connect
"""

Outputs = list[tuple[str, list[Any]]]
"""Source of each code cell with what it put out."""
Run = Callable[[str], tuple[Outputs, Outputs]]


def execute(name: str, folders: list[Path], model: str | None = None) -> list[Outputs]:
    """Outputs of a notebook, once for each (empty) folder, all at once, each in a kernel of its own."""
    processes = []
    for folder in folders:
        guard = folder / "guard"
        guard.mkdir(parents=True)
        (guard / "sitecustomize.py").write_text(OFFLINE, encoding="utf-8")
        own = {
            "HF_HUB_OFFLINE": "1",
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
            "NEEDMATCH_DATA": str(folder / "data"),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(guard), os.environ.get("PYTHONPATH")])),
            "TMPDIR": str(folder),
        }
        if model:
            own |= {"NEEDMATCH_MODEL": model, "NEEDMATCH_CACHE": str(folder / "cache")}
        command = [sys.executable, "-c", EXECUTE, str(BOOKS[name]), str(folder / "done.ipynb")]
        processes.append(
            subprocess.Popen(
                command, cwd=folder, env=os.environ | own, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
        )
    told = [process.communicate()[1].decode(errors="replace") for process in processes]
    for process, words in zip(processes, told, strict=True):
        assert process.returncode == 0, f"{name} stopped:\n{words[-3000:]}"
    return [outputs(nbformat.read(folder / "done.ipynb", as_version=4)) for folder in folders]


def outputs(book: Any) -> Outputs:
    """What can be compared of a run: texts, tables, and figures as JSON instead of a page around it."""
    found: Outputs = []
    for cell in book.cells:
        if cell.cell_type != "code":
            continue
        parts: list[Any] = []
        for output in cell.outputs:
            if output.output_type == "stream":
                if parts and isinstance(parts[-1], str):
                    parts[-1] += output.text  # a print may come in several pieces
                else:
                    parts.append(output.text)
            elif PLOTLY in output.data:
                parts.append({PLOTLY: output.data[PLOTLY]})
            else:
                parts.append(dict(output.data))
        found.append((cell.source, parts))
    return found


def text(parts: list[Any]) -> str:
    """What a cell printed."""
    return "".join(part for part in parts if isinstance(part, str))


def printed(run: Outputs) -> str:
    """What a notebook printed."""
    return "\n".join(text(parts) for _, parts in run)


def figures(parts: list[Any]) -> Iterator[dict[str, Any]]:
    """The figures of a cell, as JSON."""
    return (part[PLOTLY] for part in parts if isinstance(part, dict) and PLOTLY in part)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Outputs of two runs of a notebook with the tiny model; a notebook is executed once a session."""
    kept: dict[str, tuple[Outputs, Outputs]] = {}

    def both(name: str) -> tuple[Outputs, Outputs]:
        if name not in kept:
            folders = [tmp_path_factory.mktemp(f"{name}-{number}") for number in (1, 2)]
            first, second = execute(name, folders, "hashing")
            kept[name] = first, second
        return kept[name]

    return both


def test_there_are_six() -> None:
    """The notebooks of the docs page are those in the folder."""
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert len(BOOKS) == 6
    assert all(f"notebooks/{path.name}" in page for path in BOOKS.values())


@pytest.mark.parametrize("name", BOOKS)
def test_is_stored_without_outputs(name: str) -> None:
    """A stored notebook holds no result, so that its history shows what people changed."""
    cells = json.loads(BOOKS[name].read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("name", BOOKS)
def test_uses_what_is_public(name: str) -> None:
    """Cells import from the packages and reach for no name that begins with an underscore."""
    for cell in nbformat.read(BOOKS[name], as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            assert not (isinstance(node, ast.Attribute) and node.attr.startswith("_")), cell.source
            if isinstance(node, ast.ImportFrom):
                assert not any(part.startswith("_") for part in (node.module or "").split(".")), cell.source
                assert not any(alias.name.startswith("_") for alias in node.names), cell.source


@pytest.mark.parametrize("name", BOOKS)
def test_runs_twice_with_the_same_result(name: str, run: Run) -> None:
    """From two fresh kernels, offline, a notebook runs to its end with the same texts, tables and figures."""
    first, second = run(name)
    assert any(parts for _, parts in first)
    for (source, one), (_, other) in zip(first, second, strict=True):
        assert one == other, source


@pytest.mark.parametrize("name", [name for name in BOOKS if name != REVIEW])
def test_every_figure_has_what_it_rests_on(name: str, run: Run) -> None:
    """Beside each figure stand its table, n, coverage, caveat and versions; below it stand n and versions."""
    shown = [(source, parts, drawn) for source, parts in run(name)[0] for drawn in figures(parts)]
    assert shown
    for source, parts, drawn in shown:
        words = text(parts)
        assert all(word in words for word in ("n = ", "coverage: ", "Caveat: ", "Versions: ")), source
        assert any("<table" in part.get("text/html", "") for part in parts if isinstance(part, dict)), source
        below = " ".join(drawn["layout"]["meta"]["footnotes"])
        assert "n = " in below, source
        assert "Versions: " in below, source


def test_needs_that_are_alone_are_listed(run: Run) -> None:
    """Singles are named as such: in a table, and as a name of the map's legend."""
    assert "needs are alone; " in printed(run(REVIEW)[0])
    (drawn,) = (drawn for _, parts in run(MAP)[0] for drawn in figures(parts))
    assert any(trace["name"].startswith("alone (") for trace in drawn["data"])


def test_reviewed_clusters_outlast_a_run(run: Run) -> None:
    """Split, merge and lock hold when the engine runs again with new needs, and after save and open."""
    words = printed(run(REVIEW)[0])
    assert "No cluster holds needs of both sides." in words
    assert "locked clusters are exactly as they were." in words
    assert "clusters are the same, the locked ones among them." in words
    assert "Refused: " in words


def test_the_map_shows_countries_languages_and_groups(run: Run) -> None:
    """Every way of colouring has all points, a button, and a pointer text with country and language."""
    (drawn,) = (drawn for _, parts in run(MAP)[0] for drawn in figures(parts))
    traces = drawn["data"]
    buttons = drawn["layout"]["updatemenus"][0]["buttons"]
    assert [button["label"] for button in buttons] == ["Countries", "Languages", "Groups"]
    for button in buttons:
        lit = button["args"][0]["visible"]
        assert len(lit) == len(traces)
        points = [hover for trace, on in zip(traces, lit, strict=True) if on for hover in trace["text"]]
        assert len(points) == 160
        assert all(hover.count("<br>") == 2 and hover.count("; ") >= 2 for hover in points)
    assert {trace["type"] for trace in traces} == {"scattergl"}


def test_without_probabilities_no_gap_is_claimed(run: Run) -> None:
    """A model without fitted probabilities leaves supply unknown, and the notebook says so."""
    words = printed(run(GAPS)[0])
    assert "No clusters were compared with any solution." in words
    assert "The planted need comes first: cannot be said" in words


@pytest.mark.model
def test_a_planted_need_heads_the_gaps(tmp_path: Path) -> None:
    """With the real model, the need that nobody answers stands first, with a hint at an instrument."""
    (done,) = execute(GAPS, [tmp_path])
    words = printed(done)
    assert "The planted need comes first: yes" in words
    assert "Unmet need: consider publishing it as a challenge." in words
