"""Telling the 24 official languages apart."""

import pytest

from matcher.records import EU_LANGUAGES, Need, Solution
from matcher.text.language import detect, language_of

SENTENCES = {
    "bg": "Дирекцията търси преносими детектори за взривни вещества за входовете на сградите.",
    "cs": "Krajské ředitelství potřebuje nové ochranné vesty pro hlídky v terénu.",
    "da": "Politikredsen ønsker bærbare kameraer, som betjentene kan bruge på gaden om natten.",
    "de": "Die Behörde benötigt tragbare Funkgeräte, die auch in Tunneln zuverlässig arbeiten.",
    "el": "Η υπηρεσία χρειάζεται φορητές συσκευές για τον εντοπισμό επικίνδυνων ουσιών.",
    "en": "The agency needs portable radios that keep working deep inside railway tunnels.",
    "es": "El organismo necesita cámaras térmicas para vigilar la costa durante toda la noche.",
    "et": "Amet vajab kaasaskantavaid seadmeid, millega saab piiril dokumente kontrollida.",
    "fi": "Virasto tarvitsee kevyitä suojaliivejä, joita partiot voivat käyttää koko päivän.",
    "fr": "Le service souhaite acquérir des gilets de protection légers pour ses patrouilles.",
    "ga": "Tá trealamh iniompartha ag teastáil ón tseirbhís chun daoine a aimsiú ar an bhfarraige.",
    "hr": "Služba treba prijenosne uređaje kojima se mogu otkriti opasne tvari na graničnim prijelazima.",
    "hu": "A hatóságnak könnyű védőmellényekre van szüksége, amelyeket az őrök egész nap viselhetnek.",
    "it": "Il servizio ha bisogno di telecamere termiche per sorvegliare le coste durante la notte.",
    "lt": "Tarnybai reikia nešiojamųjų prietaisų, kuriais galima aptikti pavojingas medžiagas pasienyje.",
    "lv": "Dienestam ir vajadzīgas pārnēsājamas ierīces, ar kurām uz robežas pārbaudīt dokumentus.",
    "mt": "Is-servizz għandu bżonn tagħmir li jinġarr biex ifittex nies mitlufa fuq il-baħar.",
    "nl": "De dienst heeft lichte beschermende vesten nodig die agenten de hele dag kunnen dragen.",
    "pl": "Komenda potrzebuje przenośnych urządzeń do wykrywania materiałów wybuchowych na lotnisku.",
    "pt": "O serviço precisa de câmaras térmicas para vigiar a costa durante toda a noite.",
    "ro": "Serviciul are nevoie de aparate portabile pentru verificarea documentelor la frontieră.",
    "sk": "Riaditeľstvo potrebuje nové ochranné vesty, ktoré môžu hliadky nosiť celý deň.",
    "sl": "Služba potrebuje prenosne naprave, s katerimi lahko na meji odkrije nevarne snovi.",
    "sv": "Myndigheten behöver bärbara kameror som poliserna kan använda på gatan under natten.",
}


def test_there_is_a_sentence_for_every_language() -> None:
    """The table of this test covers all official languages."""
    assert sorted(SENTENCES) == sorted(EU_LANGUAGES)


@pytest.mark.parametrize("language", EU_LANGUAGES)
def test_each_language_is_recognised(language: str) -> None:
    """A plain sentence is told by its language."""
    found = detect(SENTENCES[language])
    assert found is not None
    assert found.language == language
    assert 0.5 < found.probability <= 1.0


@pytest.mark.parametrize("language", ["de", "pl", "el", "bg"])
def test_capitals_do_not_hide_a_language(language: str) -> None:
    """A title in capitals is recognised like any other."""
    found = detect(SENTENCES[language].upper())
    assert found is not None
    assert found.language == language


@pytest.mark.parametrize("text", ["", "  \n", "12 345,67", "§ 5 -- 100 %"])
def test_a_text_without_letters_has_no_language(text: str) -> None:
    """Unknown is said, not guessed."""
    assert detect(text) is None


def test_a_language_outside_the_union_is_never_answered() -> None:
    """Detection is restricted to the 24 languages."""
    found = detect("Полиции нужны лёгкие бронежилеты для патрулей, работающих в городе зимой.")
    assert found is not None
    assert found.language in EU_LANGUAGES


def test_a_declared_language_stands() -> None:
    """What the owner declares goes before what the detector thinks."""
    assert language_of(Need(id="1", title=SENTENCES["fr"], language="mt")) == "mt"
    assert language_of(Solution(id="1", name=SENTENCES["fr"])) == "fr"
    assert language_of(Solution(id="1", name="4711")) is None


@pytest.mark.parametrize(
    ("text", "reader", "expected"),
    [
        ("ballistic vests", "en", "en"),
        ("ballistic vests", "sv", "fi"),
        ("gilets pare-balles", "en", "fr"),
        ("Kuulivestid politseile", "fi", "et"),
    ],
)
def test_few_words_are_likelier_in_the_language_of_who_reads(text: str, reader: str, expected: str) -> None:
    """Where the words leave it open; a text that is plainly of another language stays so."""
    found = detect(text, reader)
    assert found is not None
    assert found.language == expected


def test_a_text_of_many_words_is_read_the_same_by_everybody() -> None:
    """The reader's language is a hint for what is short, not a second opinion."""
    text = "Patrullpolitseinikud vajavad kuulikindlaid veste, mis kaitsevad tulirelva eest."
    assert {found.language for reader in ("en", "fi", "lv") if (found := detect(text, reader))} == {"et"}
