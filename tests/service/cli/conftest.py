"""The command as people run it, in this process, with the encoder without weights."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service import cli

NEEDS = """\
id,title,description,language,country,organisation,cpv,value,currency,window_start,window_end,standards
N1,Mobile flood pumps,"Twelve diesel pumps of 2000 litres a minute for flooded cellars, EN 1028.",en,IE,\
Rathmore Fire Service,42122000,90000,EUR,2031-01-01,2031-06-30,EN 1028
N2,Mobile flood pumps,"Twelve diesel pumps of 2000 litres a minute for flooded cellars, EN 1028 or so.",en,\
MT,Civil Rescue of Għajn Bella,42122000,110000,EUR,2031-03-01,2031-09-30,EN 1028
N3,Schutzwesten für Hunde,"Ballistische Westen für zwanzig Diensthunde, waschbarer Bezug.",de,AT,\
Landespolizei Oberau,35815100,30000,EUR,,,
"""
SOLUTIONS = """\
id,name,description,language,country,vendor,cpv,delivery_countries,trl,standards
S1,TorrentPump 2000,"Diesel pump for flooded cellars, 2000 litres a minute, tested to EN 1028.",en,NL,\
Laagland Pompen BV,42122000,EU,9,EN 1028
S2,Rex Weste,"Ballistische Weste für Diensthunde, Bezug waschbar.",de,DE,Hundeschutz Talheim GmbH,\
35815100,DE;AT,8,
S3,NightOwl,"Thermal camera for the night watch of ports.",en,CY,Akamas Optics Ltd,38651600,CY;GR,9,
"""


@dataclass(frozen=True)
class Ran:
    """What a run of the command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Standard output, line by line."""
        return self.out.splitlines()


Run = Callable[..., Ran]


@pytest.fixture
def needmatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `needmatch` with these arguments; settings and files stay in the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEEDMATCH_MODEL", "hashing")
    monkeypatch.setenv("NEEDMATCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NEEDMATCH_CACHE", str(tmp_path / "cache"))
    for name in ("NEEDMATCH_ENGINE", "NEEDMATCH_RATES", "NEEDMATCH_THREADS", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["needmatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with three needs and three solutions."""
    (tmp_path / "needs.csv").write_text(NEEDS, encoding="utf-8")
    (tmp_path / "solutions.csv").write_text(SOLUTIONS, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data folder after the imports is kept, once there is one."""
    return tmp_path_factory.mktemp("imported") / "data"


@pytest.fixture
def loaded(needmatch: Run, files: Path, imported: Path) -> Run:
    """The command after both files were imported; the import runs once, and each test has a copy."""
    if not imported.exists():
        assert needmatch("import", files / "needs.csv").code == 0
        assert needmatch("import", files / "solutions.csv", "--kind", "solution").code == 0
        shutil.copytree(files / "data", imported)
    else:
        shutil.copytree(imported, files / "data")
    return needmatch


@pytest.fixture
def refuses() -> Callable[[Ran], str]:
    """Checks that a run ended with 2 and one message, and gives the message."""

    def check(ran: Ran) -> str:
        assert ran.code == 2
        assert "Traceback" not in ran.err
        (line,) = [line for line in ran.err.splitlines() if line.startswith("needmatch: ")]
        assert ran.err.splitlines()[-1] == line
        return line

    return check


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows as one JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def jsonl() -> Callable[[Path, Sequence[dict[str, Any]]], Path]:
    """Writes a jsonl file."""
    return write_jsonl
