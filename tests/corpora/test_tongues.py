import pytest

from corpora.tongues import language
from matcher.records import EU_LANGUAGES

THREE_LETTERS = (
    "BUL CES DAN DEU ELL ENG SPA EST FIN FRA GLE HRV HUN ITA LIT LAV MLT NLD POL POR RON SLK SLV SWE"
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "de"),
        ("DEU", "de"),
        ("ger", "de"),
        ("de-AT", "de"),
        ("fr_BE", "fr"),
        ("ELL", "el"),
        ("gre", "el"),
        ("GLE", "ga"),
        ("Slovene", "sl"),
        ("slovenian", "sl"),
        ("zh-Hans-CN", "zh"),
        ("ukr", "uk"),
        ("Norwegian  Bokmål", "nb"),
        ("xx", None),
        ("Elvish", None),
        ("", None),
    ],
)
def test_language_is_read_in_every_spelling_in_use(text: str, code: str | None) -> None:
    """Two and three letters, both kinds of ISO 639-2, locales and English names all become ISO 639-1."""
    assert language(text) == code


@pytest.mark.parametrize("code", EU_LANGUAGES)
def test_official_languages_stay_as_they_are(code: str) -> None:
    """A code that is right already is not changed, whatever its casing."""
    assert language(code) == language(code.upper()) == code


@pytest.mark.parametrize(
    ("three", "two"),
    list(zip(THREE_LETTERS.split(), EU_LANGUAGES, strict=True)),
)
def test_three_letter_codes_of_notices_are_known(three: str, two: str) -> None:
    """Every language code that an eForms notice can be written in is understood."""
    assert language(three) == two
