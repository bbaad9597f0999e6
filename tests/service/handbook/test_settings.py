"""What a document repeats of the settings is current."""

from service.handbook import settings


def test_the_table_of_settings_is_current():
    """Every setting with its default, and with what it means."""
    text = settings.OPERATIONS.read_text(encoding="utf-8")
    assert settings.with_settings(text) == text
    assert "`NEEDMATCH_DATABASE`" in text


def test_secrets_have_no_default_in_the_table():
    """A password is never shown."""
    assert "**********" not in settings.settings_table()
