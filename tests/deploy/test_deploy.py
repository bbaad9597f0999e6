"""The files of deployment say what they must: pinned, not as root, hardened, without secrets."""

import configparser
import re
from pathlib import Path

import pytest
import yaml

from service.settings import ServerSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def dockerfile():
    """Instructions in order: (word, rest), lines joined."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(re.split(r"\s+", line, maxsplit=1)) for line in lines]


@pytest.fixture(scope="module")
def compose():
    """The compose file."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def unit():
    """The systemd unit; of a repeated key the last counts."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / "needmatch.service")
    return parser


def rest(dockerfile, word):
    """What stands behind every instruction of a kind."""
    return [line[1] for line in dockerfile if line[0] == word]


def test_images_are_pinned(dockerfile, compose):
    """A version to the patch, never latest."""
    for image in rest(dockerfile, "FROM"):
        assert re.match(r"python:3\.\d+\.\d+-slim-\w+( AS \w+)?$", image)
    for service in compose["services"].values():
        assert re.search(r":\d+\.\d+\.\d+", service["image"])


def test_the_image_runs_as_nobody_and_watches_itself(dockerfile):
    """A numeric user, in the last stage, before what is run; a health check of readiness."""
    words = [line[0] for line in dockerfile]
    last = len(words) - 1 - words[::-1].index("FROM")
    assert words.index("USER") > last
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", rest(dockerfile, "USER")[-1])
    assert "/health/ready" in rest(dockerfile, "HEALTHCHECK")[0]
    assert rest(dockerfile, "CMD")[-1].startswith("[")
    assert "ADD" not in words


def test_the_image_takes_only_what_it_needs(dockerfile):
    """Every path that is copied is there and not ignored; the model is prepared while building."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for copied in rest(dockerfile, "COPY"):
        if not copied.startswith("--from"):
            for source in copied.split()[:-1]:
                assert (ROOT / source).exists()
                assert source in allowed
    assert any("models prepare" in run for run in rest(dockerfile, "RUN"))
    assert all("--no-cache" in run or "pip install" not in run for run in rest(dockerfile, "RUN")) or any(
        "PIP_NO_CACHE_DIR=1" in env for env in rest(dockerfile, "ENV")
    )


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "needmatch.service", "needmatch.env.example"])
def test_no_secret_is_in_a_file(name):
    """Passwords and tokens come from the environment of an installation."""
    text = (DEPLOY / name).read_text()
    for line in text.splitlines():
        found = re.search(r"(?i)\b(\w*_)?(password|secret|token)\s*[=:]\s*(\S+)", line)
        assert found is None or found[3] in {"PASSWORD", '""'}, line
    assert "nm_" not in text


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "needmatch.service", "needmatch.env.example"])
def test_every_setting_that_is_named_exists(name):
    """A misspelt variable would be ignored in silence."""
    known = {f"NEEDMATCH_{field.upper()}" for field in ServerSettings.model_fields}
    assert set(re.findall(r"NEEDMATCH_[A-Z_]+", (DEPLOY / name).read_text())) <= known


def test_the_containers_are_shut_in(compose):
    """Read-only, without capabilities, the database reachable from inside alone."""
    service, database = compose["services"]["needmatch"], compose["services"]["database"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "/tmp" in service["tmpfs"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True
    assert service["depends_on"]["database"]["condition"] == "service_healthy"
    assert database["healthcheck"]["test"]
    assert "pgvector" in database["image"]
    for one in (service, database):
        assert one["env_file"] == "needmatch.env"
        assert all(mount.split(":")[0] in compose["volumes"] for mount in one["volumes"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("User", "needmatch"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("RestrictNamespaces", "yes"),
        ("CapabilityBoundingSet", ""),
        ("UMask", "0077"),
        ("Restart", "on-failure"),
    ],
)
def test_the_unit_is_hardened(unit, key, value):
    """What the service does not need it cannot do."""
    assert unit["Service"][key] == value


def test_time_to_end_is_enough(compose, unit):
    """Neither kills the service before it would do so itself."""
    from service.server.supervisor import LEAVE_S

    assert int(unit["Service"]["TimeoutStopSec"]) > LEAVE_S
    assert int(compose["services"]["needmatch"]["stop_grace_period"].rstrip("s")) > LEAVE_S
