"""Settings come from the environment or from `.env`, and are checked."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.cli import options
from service.settings import Settings

NAMES = ("MODEL", "ENGINE", "CACHE", "DATA", "RATES", "THREADS")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor a `.env` of the folder says anything."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(f"NEEDMATCH_{name}", raising=False)


def test_nothing_has_to_be_set():
    """The default model, the best engine, folders of the user."""
    settings = Settings()
    assert (settings.model, settings.engine) == ("needmatch-e5-small", "auto")
    assert settings.cache.name == settings.data.name == "needmatch"
    assert settings.cache != settings.data
    assert settings.rates is None
    assert settings.threads is None


def test_the_environment_sets_all(monkeypatch, tmp_path):
    """Every setting has its `NEEDMATCH_` variable."""
    values = {
        "MODEL": "hashing",
        "ENGINE": "torch",
        "CACHE": str(tmp_path / "c"),
        "DATA": str(tmp_path / "d"),
        "RATES": str(tmp_path / "rates.tsv"),
        "THREADS": "3",
    }
    assert set(values) == {name.upper() for name in Settings.model_fields}
    for name, value in values.items():
        monkeypatch.setenv(f"NEEDMATCH_{name}", value)
    settings = Settings()
    assert {name: str(getattr(settings, name.lower())) for name in values} == values


def test_a_file_beside_the_work_sets_what_the_environment_does_not(monkeypatch, tmp_path):
    """`.env` is read, other programs' lines in it do not matter, and the environment wins."""
    (tmp_path / ".env").write_text("NEEDMATCH_MODEL=hashing\nNEEDMATCH_ENGINE=torch\nOTHER=1\n")
    monkeypatch.setenv("NEEDMATCH_ENGINE", "openvino-bf16")
    settings = Settings()
    assert (settings.model, settings.engine) == ("hashing", "openvino-bf16")


def test_every_setting_says_what_it_is():
    """Each has a description."""
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("threads", ["0", "-2", "many"])
def test_a_setting_outside_its_range_is_refused(monkeypatch, threads):
    """Threads are a number from 1."""
    monkeypatch.setenv("NEEDMATCH_THREADS", threads)
    with pytest.raises(ValidationError):
        Settings()


def test_an_option_wins_over_the_environment(monkeypatch, tmp_path):
    """What the command line leaves out stays as the environment has it."""
    monkeypatch.setenv("NEEDMATCH_MODEL", "e5-small")
    monkeypatch.setenv("NEEDMATCH_ENGINE", "torch")
    settings = options.settings(model="hashing", data=tmp_path)
    assert (settings.model, settings.engine, settings.data) == ("hashing", "torch", tmp_path)
