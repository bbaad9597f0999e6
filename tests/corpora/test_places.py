import pytest

from corpora.places import country, country_of_nuts, members
from matcher.records import EU_COUNTRIES


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GR", "GR"),
        ("EL", "GR"),
        ("GRC", "GR"),
        (" el ", "GR"),
        ("Greece", "GR"),
        ("UK", "GB"),
        ("GBR", "GB"),
        ("United  Kingdom", "GB"),
        ("lux", "LU"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("the Netherlands", "NL"),
        ("1A0", "XK"),
        ("XX", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_country_is_read_in_every_spelling_in_use(text: str, code: str | None) -> None:
    """Alpha-2, alpha-3, the codes of Eurostat, and English names all become ISO alpha-2."""
    assert country(text) == code


@pytest.mark.parametrize("code", EU_COUNTRIES)
def test_alpha2_codes_of_the_union_stay_as_they_are(code: str) -> None:
    """A code that is right already is not changed, whatever its casing."""
    assert country(code) == country(code.lower()) == code


@pytest.mark.parametrize(
    ("code", "expected"),
    [("EL301", "GR"), ("UKI3", "GB"), ("DE", "DE"), ("de21h", "DE"), ("Z1", None), ("ATTICA", None)],
)
def test_nuts_code_tells_its_country(code: str, expected: str | None) -> None:
    """The first two letters of a NUTS code are the country, in Eurostat's way of writing it."""
    assert country_of_nuts(code) == expected


def test_groups_stand_for_their_members() -> None:
    """EU and EEA are lists of countries; no other word is."""
    assert members("eu") == EU_COUNTRIES
    assert set(members("EEA")) - set(EU_COUNTRIES) == {"IS", "LI", "NO"}
    assert members("World") == ()
