import csv
from collections.abc import Iterator
from importlib.resources import files

import pytest

from corpora import load_sample
from corpora.tuning import load as load_tuning
from matcher.joint.gates import CLASSIFICATIONS
from matcher.phrases import Phrase
from matcher.records import EU_COUNTRIES, EU_LANGUAGES, Need, Solution
from service.confidentiality.markings import ABBREVIATION, Level, markings, markings_in


def rows() -> list[dict[str, str]]:
    """The table that ships."""
    text = files("service.confidentiality").joinpath("markings.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))


ROWS = rows()
LONG = [row for row in ROWS if len(row["marking"]) > ABBREVIATION]
PROSE = "The device shall withstand rain. It weighs less than two kilograms."


def found(text: str, **where: str) -> list[tuple[str, str, str | None]]:
    """Text, level and state of what is found."""
    return [(marking.text, marking.level.value, marking.country) for marking in markings(text, **where)]


def test_the_table_holds_every_member_state() -> None:
    """All 27 with the EU and NATO, each with the four levels that it has, and a source for each row."""
    assert {row["country"] for row in ROWS} == {*EU_COUNTRIES, "EU", "NATO"}
    assert {row["language"] for row in ROWS} - {""} == set(EU_LANGUAGES) - {"ga"}
    for state in {row["country"] for row in ROWS}:
        assert {row["level"] for row in ROWS if row["country"] == state} == set(Level)
    assert all(row["source"] for row in ROWS)
    assert len({(row["country"], row["language"], row["marking"]) for row in ROWS}) == len(ROWS)


def test_levels_are_those_of_the_gate() -> None:
    """In the words that gate G4 reads, but for none."""
    assert tuple(level.value for level in Level) == CLASSIFICATIONS[1:]


def placed(marking: str) -> Iterator[str]:
    """Texts that carry a marking as it is used."""
    upper = marking if marking in ("VS-NfD", "VS-Vertr") else marking.upper()
    yield upper
    yield f"{upper}\n{PROSE}"
    yield f"{PROSE}\n\n- {upper} -\n"
    yield f"{PROSE}\n{upper}\n{PROSE}"
    yield f"({upper}) {PROSE}"
    yield f"Classification: {marking}"
    yield f"*** {upper} ***\n{PROSE}"


@pytest.mark.parametrize("row", LONG, ids=lambda row: f"{row['country']} {row['marking']}")
def test_a_marking_is_found_where_markings_stand(row: dict[str, str]) -> None:
    """On a line of its own, in front of a paragraph and after a label, with its place in the text."""
    for text in placed(row["marking"]):
        there = markings(text, country=row["country"])
        assert there, text
        for marking in there:
            assert text[marking.start : marking.end] == marking.text
            assert marking.text.casefold() == row["marking"].casefold()
            assert marking.level.value == row["level"] or row["country"] != marking.country


@pytest.mark.parametrize("row", LONG, ids=lambda row: f"{row['country']} {row['marking']}")
def test_its_words_are_free_in_prose(row: dict[str, str]) -> None:
    """In lower case within a sentence no marking is one, and not in a list of what is asked for."""
    small = row["marking"].lower()
    assert found(f"The offers are {small} and will be opened by a committee of three.") == []
    assert found(f"We ask for lockers ({small} or better) with keys.") == []
    assert found(f"Approvals:\n- {row['marking']}\n- others\nAll are renewed yearly.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Secret ballots are counted in secret.",
        "A restricted procedure under Article 28; the confidential treatment of offers is assured.",
        "Wettbewerb: Geschäftsgeheimnisse bleiben geheim, Angebote werden vertraulich behandelt.",
        "Laptops mit BSI-Zulassung bis VS-NfD, Freigabe durch das BSI.",
        "Zulassung für Verschlusssachen (VS-NfD) ist nachzuweisen.",
        "Procédure restreinte. Les offres sont confidentielles ; le secret des affaires est protégé.",
        "Personnel habilité au niveau SECRET. Code maintenu dans l'Union.",
        "Le serveur est agréé Diffusion restreinte.",
        "Nabídky jsou tajné do otevření obálek; důvěrné údaje se nezveřejňují.",
        "Dokumenty poufne należy oddzielić; zamówienie zastrzeżone dla zakładów pracy chronionej.",
        "Dodávateľ má potvrdenie o priemyselnej bezpečnosti pre stupeň Vyhradené.",
        "Lote reservado a centros especiales de empleo; carácter confidencial de las ofertas.",
        "RESERVADO: lote 2, centros especiales de empleo",
        "Offerta riservata; parcheggio riservato al personale interno.",
        "Automašīnas dienesta vajadzībām ar trafarējumu.",
        "AUTOMAŠĪNAS DIENESTA VAJADZĪBĀM",
        "Biler til tjenestebrug, 40 stk.",
        "Автомобили за служебно ползване, 12 броя.",
        "Az ajánlat üzleti titkos része külön fájlban, bizalmas kezelés.",
        "Anbudssekretess gäller; hemlig nyckel lagras i HSM.",
        "Tarjoukset ovat luottamuksellisia, salainen avain säilytetään.",
        "Pakkumused on salajased, juurdepääs on piiratud.",
        "Pasiūlymai laikomi konfidencialiai, slaptai balsuojama.",
        "Ponudbe so tajne do odpiranja; interno usposabljanje.",
        "Ponude su tajne; ograničeno na pet sudionika.",
        "Oferte secrete, strict confidențiale; secret de serviciu la cerere.",
        "Proposta confidencial; lugar reservado a viaturas.",
        "Οι προσφορές είναι εμπιστευτικές και το κλειδί απόρρητο.",
        "De inschrijving is vertrouwelijk; een geheim stemhokje.",
        "L-offerti huma kunfidenzjali u sigriet kummerċjali.",
        "Tá na tairiscintí rúnda agus srianta.",
        "keep raw data for 45 days, classified up to EU RESTRICTED\n- no wet plant work",
        "Clearance – NATO SECRET",
        "Bidders need facility clearance up to NATO SECRET.",
        "This document describes gateways approved up to SECRET UE/EU SECRET.",
        "Classification: 35815100",
        "Classification: none",
        "Classification: restricted procedure",
        "TOP SECRETARY CHAIRS",
        "(S) size small, (C) colour",
        "AP EM PX",
        "",
    ],
)
def test_ordinary_words_are_no_markings(text: str) -> None:
    """Confidential offers, secret keys, restricted procedures and devices approved for classified data."""
    assert found(text) == []
    assert markings_in(Need(id="N1", title="Vests", description=text)) == ()


@pytest.mark.parametrize(
    ("text", "level", "state"),
    [
        ("RESTREINT UE / EU RESTRICTED", "restricted", "EU"),
        ("Foo bar. RESTREINT UE/EU RESTRICTED 3 The system shall run.", "restricted", "EU"),
        ("Fin de l'annexe. SECRET UE/EU SECRET", "secret", "EU"),
        ("[VS-NfD] Beschaffung von Zäunen", "restricted", "DE"),
        ("VS – Nur für den Dienstgebrauch", "restricted", "DE"),
        ("VS-NUR FÜR DEN DIENSTGEBRAUCH – Beschaffung von Zäunen", "restricted", "DE"),
        ("GEHEIM amtlich geheimgehalten", "secret", None),
        ("Beschaffung von Zäunen // STRENG GEHEIM", "top secret", None),
        ("Einstufung: geheim", "secret", None),
        ("Klauzula tajności: poufne", "confidential", "PL"),
        ("Stupeň utajení: Důvěrné", "confidential", "CZ"),
        ("Гриф за сигурност: поверително", "confidential", "BG"),
        ("Βαθμός ασφαλείας: ΑΠΟΡΡΗΤΟ", "secret", None),
        ("Nivel de clasificare: secret de serviciu", "restricted", "RO"),
        ("Minősítési szint: „Titkos!”", "secret", "HU"),
        ("Slaptumo žyma: riboto naudojimo", "restricted", "LT"),
        ("Turvallisuusluokka: KÄYTTÖ RAJOITETTU", "restricted", "FI"),
        ("Rubricering: Stg. GEHEIM", "secret", "NL"),
        ("Säkerhetsskyddsklass: Begränsat hemlig", "restricted", "SE"),
        ("HEMLIG/SECRET", "secret", "SE"),
        ("Dieses Dokument ist als VS-NfD eingestuft.", "restricted", "DE"),
        ("Ce document est classifié SECRET UE/EU SECRET.", "secret", "EU"),
        ("This specification is COSMIC TOP SECRET and must not be copied.", "top secret", "NATO"),
        ("Niniejszy dokument jest ŚCIŚLE TAJNE", "top secret", "PL"),
        ("Cтpoгo ceкретно", "top secret", "BG"),  # the Latin letters are those of the Official Journal
        ("(ΠΧ) Προμήθεια γιλέκων", "restricted", None),
        ("G E H E I M\nBeschaffung", "secret", None),
        ("T R È S  S E C R E T", "top secret", None),
        ("Titkos!\nMellények", "secret", "HU"),
        ("NATO DIFFUSION RESTREINTE", "restricted", "NATO"),
        ("R-UE/EU-R", "restricted", "EU"),
        ("TRES SECRET UE/EU TOP SECRET", "top secret", "EU"),
        ("Page 2\nSECRET\nPage 3", "secret", None),
    ],
)
def test_markings_in_many_spellings(text: str, level: str, state: str | None) -> None:
    """Once each, without accents, with foreign letters, spaced out, labelled, or said of the text itself."""
    there = markings(text)
    assert [(marking.level.value, marking.country) for marking in there] == [(level, state)]


@pytest.mark.parametrize(
    ("where", "level", "state"),
    [
        ({"country": "ES"}, "secret", "ES"),
        ({"country": "PT"}, "restricted", "PT"),
        ({"language": "pt"}, "restricted", "PT"),
        ({}, "secret", None),
        ({"country": "FR"}, "secret", None),
    ],
)
def test_whose_marking_it_is_decides_the_level(where: dict[str, str], level: str, state: str | None) -> None:
    """A word that two states use is that of the record's; else the higher level counts."""
    assert found("RESERVADO", **where) == [("RESERVADO", level, state)]


@pytest.mark.parametrize(
    ("text", "where", "marks"),
    [
        ("INTERNO", {"country": "SI"}, True),
        ("INTERNO", {"language": "sl"}, True),
        ("INTERNO", {"country": "IT", "language": "it"}, False),
        ("INTERNO", {}, True),
        ("CONFIDENTIAL", {"country": "FI", "language": "fi"}, True),
        ("GEHEIM", {"country": "FI", "language": "fi"}, True),
        ("VS-NfD", {"country": "FI", "language": "fi"}, True),
    ],
)
def test_a_lower_mark_of_one_word_counts_at_home(text: str, where: dict[str, str], marks: bool) -> None:
    """Elsewhere it is an ordinary word; English is at home everywhere, and a secret is one everywhere."""
    assert bool(markings(text, **where)) == marks


def test_every_field_with_words_is_looked_at() -> None:
    """Title, texts, translations and columns, and each finding says where."""
    mark = "VS-NfD"
    need = Need(
        id="N1",
        title=mark,
        description=mark,
        requirements=mark,
        quantity=mark,
        titles={"de": mark},
        extra={"note": mark},
    )
    assert [marking.field for marking in markings_in(need)] == [
        "title",
        "description",
        "requirements",
        "quantity",
        "titles.de",
        "extra.note",
    ]
    offer = Solution(id="S1", name=mark, description=mark)
    assert [marking.field for marking in markings_in(offer)] == ["name", "description"]


def test_a_value_of_a_column_is_no_marking() -> None:
    """A restricted procedure and the answer to gate G4 are values; a marking of several words never is."""
    extra = {"procedure": "Restricted", "classification": "SECRET UE/EU SECRET", "kind": "INTERNO"}
    assert markings_in(Need(id="N1", title="Vests", extra=extra)) == ()
    assert markings_in(Need(id="N1", title="Vests", extra={"note": "NATO SECRET"}))


def test_no_need_or_offer_of_the_corpora_is_refused() -> None:
    """Over 3,224 invented records in 24 languages, some of which name clearances, nothing is found."""
    sample, tuning = load_sample(), load_tuning()
    records = [*sample.needs, *sample.solutions, *tuning.needs, *tuning.solutions]
    assert len(records) == 3224
    assert [(record.id, there) for record in records if (there := markings_in(record))] == []


def test_every_level_has_words() -> None:
    """As a phrase, which says what the value says."""
    assert all(isinstance(level.words, Phrase) and level.words == level.value for level in Level)
