from itertools import pairwise

import pytest

from corpora import load_sample
from matcher.phrases import Phrase
from matcher.records import Need
from service.confidentiality.sensitive import SensitiveKind, contacts, sensitive, sensitive_in


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Write to jane.doe@police.example.", SensitiveKind.EMAIL, "jane.doe@police.example"),
        ("Kontakt: j.kask@politsei.example", SensitiveKind.EMAIL, "j.kask@politsei.example"),
        ("Call +372 5555 1234 before noon", SensitiveKind.PHONE, "+372 5555 1234"),
        ("Tel.: 030 / 1234 5678", SensitiveKind.PHONE, "030 / 1234 5678"),
        ("тел. 02 123 4567", SensitiveKind.PHONE, "02 123 4567"),
        ("Contact: Jane Doe, room 4", SensitiveKind.PERSON, "Jane Doe"),
        ("Ansprechpartnerin: Frau Dr. Erika Beispiel", SensitiveKind.PERSON, "Erika Beispiel"),
        ("Osoba do kontaktu: Łucja Żabińska", SensitiveKind.PERSON, "Łucja Żabińska"),
        ("Mme Claire Exemple répond aux questions", SensitiveKind.PERSON, "Claire Exemple"),
        ("Υπεύθυνος επικοινωνίας: Νίκος Παράδειγμα", SensitiveKind.PERSON, "Νίκος Παράδειγμα"),
        ("Lieferung Musterstraße 12, Hof", SensitiveKind.STREET, "Musterstraße 12"),
        ("livraison au 14 rue des Lilas", SensitiveKind.STREET, "14 rue des Lilas"),
        ("ul. Polna 7", SensitiveKind.STREET, "ul. Polna 7"),
        ("Mannerheimkatu 3 B", SensitiveKind.STREET, "Mannerheimkatu 3 B"),
        ("at 10 Long Acre Road", SensitiveKind.STREET, "10 Long Acre Road"),
        ("mast at 59.43704, 24.75353", SensitiveKind.COORDINATES, "59.43704, 24.75353"),
        ("59°26′14″N 24°45′12″E", SensitiveKind.COORDINATES, "59°26′14″N 24°45′12″E"),
        ("gateway 10.20.30.40/24", SensitiveKind.NETWORK, "10.20.30.40/24"),
        ("host 2001:db8:0:1:1:1:1:1", SensitiveKind.NETWORK, "2001:db8:0:1:1:1:1:1"),
        ("IBAN EE38 2200 2210 2014 5685", SensitiveKind.ACCOUNT, "EE38 2200 2210 2014 5685"),
        ("vests of Unit 3", SensitiveKind.UNIT, "Unit 3"),
        ("for the 2nd Battalion", SensitiveKind.UNIT, "2nd Battalion"),
        ("das Polizeirevier Musterstadt", SensitiveKind.UNIT, "Polizeirevier Musterstadt"),
    ],
)
def test_what_should_be_looked_at_again(text: str, kind: SensitiveKind, found: str) -> None:
    """It is found once, at its place, and with an advice in a sentence."""
    (there,) = sensitive(text, field="description")
    assert (there.kind, there.text, there.field) == (kind, found, "description")
    assert text[there.start : there.end] == found
    assert there.advice.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "Write to procurement@police.example or info@police.example",
        "achats@interieur.example, vergabe@polizei.example, hanked@politsei.example",
        "Version 10.20.30.40 of the firmware",
        "See section 3.4.1.2 and EN 1063, EN ISO 12312-1:2013",
        "2 000 000 EUR, 35815100-8, 2027/SUM/0057, dnr 00418-2027-0006",
        "Contact: Procurement Office, Police Department",
        "Contact: see the portal",
        "Herr und Frau sind willkommen",
        "Arbeitsweg 10 km, Leistung 12 kW",
        "interface via NMEA 0183 and via USB 3",
        "ratio 1.25, 3.5; 59.4, 24.7",
        "EE38 2200 2210 2014 5684",
        "12 units, unit price, 3 stations",
        "MAC 00:1B, time 12:30:45",
        "",
    ],
)
def test_what_only_looks_like_it_passes(text: str) -> None:
    """Role mailboxes, file numbers, versions, standards, offices and amounts warn of nothing."""
    assert sensitive(text) == ()


def test_findings_do_not_overlap() -> None:
    """Of two that begin together the longer one is told, and the next one after it."""
    found = sensitive("Contact: Jane Doe, jane.doe@police.example, tel. +372 5555 1234")
    assert [each.kind for each in found] == [SensitiveKind.PERSON, SensitiveKind.EMAIL, SensitiveKind.PHONE]
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_every_field_with_words_is_looked_at() -> None:
    """Each finding says in which field it stands."""
    text = "jane.doe@police.example"
    need = Need(id="N1", title=text, requirements=text, titles={"fr": text}, extra={"note": text})
    assert [each.field for each in sensitive_in(need)] == ["title", "requirements", "titles.fr", "extra.note"]


def test_contacts_are_those_of_roles_too() -> None:
    """What leads to somebody is found whole, in order, whoever it is."""
    text = "See www.police.example/need, info@police.example; Contact: Jane Doe."
    assert [text[start:end] for start, end in contacts(text)] == [
        "www.police.example/need",
        "info@police.example",
        "Jane Doe",
    ]


def test_warnings_are_rare() -> None:
    """Of the records of the sample corpus, which names no person, at most one in a hundred is warned of."""
    sample = load_sample()
    records = [*sample.needs, *sample.solutions]
    warned = [record.id for record in records if sensitive_in(record)]
    assert len(warned) <= len(records) / 100


def test_every_kind_has_words_and_advice_as_phrases() -> None:
    """The words are those of the interface."""
    for kind in SensitiveKind:
        assert isinstance(kind.words, Phrase)
        assert isinstance(kind.advice, Phrase)
        assert kind.words == kind.value
