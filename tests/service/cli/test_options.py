"""Settings made of the options of a command."""

from pathlib import Path

import pytest

from matcher.errors import SettingInvalid
from service.cli import options


def test_what_an_option_does_not_say_the_environment_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option wins over the environment; None leaves the environment's word."""
    monkeypatch.setenv("NEEDMATCH_PORT", "8123")
    monkeypatch.setenv("NEEDMATCH_HOST", "127.0.0.2")
    made = options.server_settings(port=9000, host=None, data=tmp_path)
    assert (made.port, made.host, made.data) == (9000, "127.0.0.2", tmp_path)


def test_a_wrong_setting_of_the_service_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names the variable and what it holds."""
    monkeypatch.setenv("NEEDMATCH_PORT", "many")
    with pytest.raises(SettingInvalid, match="NEEDMATCH_PORT is 'many'"):
        options.server_settings()
