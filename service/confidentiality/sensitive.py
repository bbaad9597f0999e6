"""What in a text somebody should look at again before others see it: warnings, never refusals.

Found are things of a clear form: addresses, numbers, names beside a word for contact, numbered units. What
has no form of its own, such as a place that gives a buyer away, is left to the reader.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from matcher.phrases import phrase
from matcher.records import Record
from service.confidentiality.texts import texts


class SensitiveKind(StrEnum):
    """What was found."""

    EMAIL = "e-mail address"
    PHONE = "phone number"
    PERSON = "name of a person"
    STREET = "street address"
    COORDINATES = "coordinates"
    NETWORK = "network address"
    ACCOUNT = "bank account"
    UNIT = "unit or station"

    @property
    def words(self) -> str:
        """What it is called, as a phrase."""
        return _WORDS[self]

    @property
    def advice(self) -> str:
        """What to do about it, in a sentence."""
        return _ADVICE[self]


_WORDS = {
    SensitiveKind.EMAIL: phrase("e-mail address"),
    SensitiveKind.PHONE: phrase("phone number"),
    SensitiveKind.PERSON: phrase("name of a person"),
    SensitiveKind.STREET: phrase("street address"),
    SensitiveKind.COORDINATES: phrase("coordinates"),
    SensitiveKind.NETWORK: phrase("network address"),
    SensitiveKind.ACCOUNT: phrase("bank account"),
    SensitiveKind.UNIT: phrase("unit or station"),
}
_ADVICE = {
    SensitiveKind.EMAIL: phrase("Use the mailbox of a role, such as procurement@, in place of a person's."),
    SensitiveKind.PHONE: phrase(
        "Leave numbers out of the text: the contact field is shown to those who may see it."
    ),
    SensitiveKind.PERSON: phrase(
        "Name the role, not the person: the text is read by everybody who sees the need."
    ),
    SensitiveKind.STREET: phrase("Name the region unless the address matters to every reader."),
    SensitiveKind.COORDINATES: phrase(
        "Name the region: coordinates tell where something is kept or missing."
    ),
    SensitiveKind.NETWORK: phrase("Leave it out: it tells how a system is reached."),
    SensitiveKind.ACCOUNT: phrase("Leave it out: nobody needs it to answer a need."),
    SensitiveKind.UNIT: phrase("Name the kind of unit, not which: it tells who lacks what."),
}


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Something to look at again, and where it stands."""

    field: str
    """As in `texts`; empty for a text of no record."""
    kind: SensitiveKind
    text: str
    start: int
    end: int
    advice: str


_UPPER = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŐŒŔŘŚŞŠŤŪŮŰŲŹŻŽȘȚΑ-ΫА-Я]"
_LOWER = r"[^\W\d_A-ZÀ-ÖØ-ÞΑ-ΫА-Я]"
_NAME = rf"{_UPPER}{_LOWER}+(?:-{_UPPER}{_LOWER}+)?"
_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]+)@(?:[\w-]+\.)+[^\W\d_]{2,}(?!\w)")
_LINK = re.compile(r"(?<!\w)(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]}’”»]", re.IGNORECASE)
_ROLES = re.compile(
    r"(?:^|[.+_-])(?:info|office|contact|kontakt|contat[ot]o?|contacto|mail|mailbox|post|posta|poczta|kirjaamo|registry"
    r"|registratur|registrator|secretariat|sekretariat|secretaria|segreteria|procurement|purchasing|tenders?|bids?"
    r"|sourcing|sales|support|service|helpdesk|press|admin|noreply|no-reply|einkauf|vergabe(?:stelle)?|beschaffung|zvs"
    r"|ausschreibung(?:en)?|poststelle|achats?|marches|marchespublics|appels?|compras|contratacion|licitaciones"
    r"|contratacao|aquisicoes|acquisti|gare|appalti|protocollo|pec|inkoop|aanbesteding(?:en)?|udbud|indkob|upphandling"
    r"|inkop|hankinnat|hankinta|hanked?|riigihanked|iepirkumi?|pirkimai|zamowienia|przetargi|kancelaria|zakazky|nabidky"
    r"|podatelna|podatelna|obstaravanie|verejneobstaravanie|narocila|javnanarocila|nabava|kozbeszerzes|beszerzes"
    r"|achizitii|licitatii|porachki|obp|promithies|prosklisi|xejt|akkwist|soumissions|soumission)(?:$|[.+_\d-])",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w+./-])(?:\+(?:3\d{1,2}|4\d{1,2})|00(?:3\d{1,2}|4\d{1,2})(?=[\s(/]))(?:[\s./-]?\(?\d{1,4}\)?){2,6}(?![\w/])"
    r"|(?<!\w)(?:tel(?:efon|éfono|efone|efono|ephone|efoon|efonas|efons)?|phone|mob(?:il|ile)?|gsm|fax|puh(?:elin)?"
    r"|тел(?:ефон)?|τηλ(?:έφωνο)?|tlf|fón)\b\s?[.:]{0,2}\s*(?:nr\.?\s*)?(?P<local>\(?\d[\d\s()/.-]{4,16}\d)(?!\w)",
    re.IGNORECASE,
)
_CONTACT = (
    r"contact(?:\s(?:person|point|officer))?|point\sof\scontact|ansprechpartner(?:in)?|kontaktperson|kontakt"
    r"|personne\s(?:de\scontact|à\scontacter)|interlocut(?:eur|rice)|persona\sde\scontacto|contacto|referente"
    r"|persona\sdi\scontatto|contatto|pessoa\sde\scontacto|contactpersoon|contact|yhteyshenkilö|kontaktisik"
    r"|kontaktpersona|kontaktinis\sasmuo|osoba\s(?:do\skontaktu|kontaktowa|za\skontakt)|kontaktní\sosoba|kontaktná\sosoba"
    r"|kontaktna\soseba|kapcsolattartó|persoană\sde\scontact|лице\sза\sконтакт|υπεύθυνος\sεπικοινωνίας"
    r"|duine\steagmhála|persuna\sta.\skuntatt"
)
_PERSON = re.compile(
    rf"(?<!\w)(?i:{_CONTACT})\s?[:–-]\s?(?:(?i:mrs?|ms|dr|ing|prof|herr|frau|m|mme|sra?|sig(?:\.ra)?|pan[ií]?|ir)\b\.?\s)*"
    rf"(?P<full>{_NAME}(?:\s(?:van|von|de|der|da|di|del|af|zu)){{0,2}}\s{_NAME})(?!\w)"
    rf"|(?<!\w)(?:Mrs?|Ms|Herrn?|Frau|Mme|Sra?|Sig(?:\.ra)?|Pani?|Inspector|Captain|Lt\.|Sgt\.|Col\.)\.?\s"
    rf"(?P<titled>{_NAME}\s{_NAME})(?!\w)"
)
_OFFICES = re.compile(
    r"(?i)(?:office|department|division|unit|service|section|team|desk|procurement|purchasing|police|ministry|agency"
    r"|authority|abteilung|referat|stelle|amt|dezernat|direktion|einkauf|beschaffung|direction|bureau|cellule|servicio"
    r"|departamento|unidad|ufficio|settore|servizio|comando|afdeling|afdelning|enhet|osasto|yksikkö|osakond|talitus"
    r"|nodaļa|skyrius|wydział|biuro|sekcja|odbor|oddelenie|oddelek|odjel|osztály|birou|serviciu|отдел|дирекция|τμήμα)"
)
_NUMBER = r"\d{1,4}(?:\s?[a-zA-Z])?(?![\w.,]*\s?(?:%|°|€|m\b|km\b|kg\b|mm\b|cm\b|h\b|l\b))(?!\w)"
_STREETS = re.compile(
    "|".join(
        (
            rf"(?<![\w-]){_UPPER}[\w-]+(?:straße|strasse|str\.|gasse|allee)\s{_NUMBER}",
            rf"(?<!\w){_UPPER}\w{{2,}}(?:straat|laan|gracht|plein)\s{_NUMBER}",
            rf"(?<!\w){_UPPER}\w{{2,}}(?:gatan|gade|vägen|katu|kuja)\s{_NUMBER}",
            rf"(?<!\w)\d{{1,4}}(?:\s?(?:bis|ter))?,?\s(?:rue|avenue|boulevard|quai|impasse)\s(?:(?:de|du|des|la)\s|d'|d’|l'|l’)*{_NAME}",
            rf"(?<!\w)\d{{1,4}}[a-zA-Z]?\s(?:{_NAME}\s){{1,3}}(?:Street|Road|Avenue|Lane|Terrace)\b",
            rf"(?<!\w)(?:[Cc]alle|C/|Avda\.|Avenida|Paseo)\s(?:(?:de|del|la|las|los)\s)*{_NAME}(?:\s\w+){{0,3}},?\s(?:n\.?º\s?)?{_NUMBER}",
            rf"(?<!\w)(?:[Vv]ia|Viale|Corso|Piazza)\s(?:(?:dei|delle|della|del|di)\s)?{_NAME}(?:\s{_NAME})?,?\s(?:n\.\s?)?{_NUMBER}",
            rf"(?<!\w)(?:[Rr]ua|Avenida|Praça|Travessa)\s(?:(?:de|do|da|dos|das)\s)*{_NAME}(?:\s\w+){{0,3}},?\s(?:n\.º\s?)?{_NUMBER}",
            rf"(?<!\w)(?:ul\.|ulica|ulice|al\.|nám\.|náměstí|námestie)\s{_NAME}(?:\s{_NAME})?\s{_NUMBER}",
            rf"(?<!\w){_NAME}\s(?:utca|körút|iela|gatvė|tänav|maantee|puiestee)\s{_NUMBER}",
            rf"(?<!\w)(?:[Ss]tr\.|[Ss]trada|[Bb]ulevardul|[Cc]alea)\s{_NAME}(?:\s{_NAME})?,?\s(?:nr\.\s?)?{_NUMBER}",
            rf"(?<!\w)(?:ул\.|бул\.)\s?[„\"“]?{_NAME}(?:\s{_NAME})?[“\"”]?,?\s(?:№\s?)?{_NUMBER}",
            rf"(?<!\w)(?:[Οο]δός|[Οο]δού|Λεωφ(?:\.|όρος))\s{_NAME}(?:\s{_NAME})?\s{_NUMBER}",
        )
    )
)
_COORDINATES = re.compile(
    r"(?<![\w.])-?\d{1,2}\.\d{4,}°?\s?[NS]?\s?[,;/]\s?-?\d{1,3}\.\d{4,}°?\s?[EW]?(?![\w.])"
    r"|\d{1,2}°\s?\d{1,2}['′’](?:\s?\d{1,2}(?:[.,]\d+)?(?:[\"″”]|''))?\s?[NS]\W{1,3}\d{1,3}°\s?\d{1,2}['′’](?:\s?\d{1,2}(?:[.,]\d+)?(?:[\"″”]|''))?\s?[EWO]"
)
_IP = re.compile(
    r"(?<![\w.:§-])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,6}(?![\w:])"
)
_VERSION = re.compile(
    r"(?i)(?:\bv|version|release|firmware|rev|art|section|punkt|bod|točka|kapitel|point|§)\.?\s?$"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?(?!\w)")
_UNITS = re.compile(
    rf"(?<!\w)(?:Unit|Squad|Platoon|Battalion|Precinct|Company)\s(?:No\.?\s?)?\d{{1,3}}(?!\w|[.,]\d)"
    r"|(?<!\w)\d{1,3}(?:st|nd|rd|th)\s(?:Battalion|Brigade|Regiment|Squadron|Precinct|Infantry)\b"
    r"|(?<!\w)\d{1,3}\.\s(?:Einsatzhundertschaft|Hundertschaft|Bataillon|Brigade|Kompanie)\b"
    r"|(?<!\w)\d{1,3}(?:e|er|ème)\s(?:bataillon|régiment|brigade|compagnie|escadron)\b"
    rf"|(?<!\w)(?:Polizeirevier|Polizeiinspektion|Polizeistation|Kommissariat)\s(?!{_UPPER}{{2}}){_NAME}"
    rf"|(?<!\w)(?:[Cc]ommissariat|[Cc]aserne)\sd(?:e\s|')(?!Police\b){_NAME}"
    rf"|(?<!\w)[Kk]omisari?at\sPolicji\s(?:w|we)\s{_NAME}"
    rf"|(?<!\w){_NAME}\s(?:Police|Garda|Fire)\sStation\b"
)


def sensitive(text: str, *, field: str = "") -> tuple[Sensitive, ...]:
    """What is found in a text, in its order; of two that overlap the one that begins first, or is longer.

    >>> [(found.kind.value, found.text) for found in sensitive("Ask jane.doe@police.example, +372 5555 1234")]
    [('e-mail address', 'jane.doe@police.example'), ('phone number', '+372 5555 1234')]
    >>> sensitive("Write to procurement@police.example")
    ()
    """
    found = sorted(
        (start, -end, kind)
        for kind, finder in _FINDERS.items()
        for start, end in finder(text)
    )  # fmt: skip
    kept: list[Sensitive] = []
    for start, minus_end, kind in found:
        if not kept or start >= kept[-1].end:
            kept.append(Sensitive(field, kind, text[start:-minus_end], start, -minus_end, kind.advice))
    return tuple(kept)


def sensitive_in(record: Record) -> tuple[Sensitive, ...]:
    """What is found in everything a record says, in the order of `texts`."""
    return tuple(found for field, text in texts(record) for found in sensitive(text, field=field))


def contacts(text: str) -> tuple[tuple[int, int], ...]:
    """Spans of whatever leads to somebody, role mailboxes and links too; in order, none within another.

    >>> contacts("See https://police.example/need or info@police.example.")
    ((4, 31), (35, 54))
    """
    spans = [match.span() for pattern in (_EMAIL, _LINK) for match in pattern.finditer(text)]
    leading = (SensitiveKind.PHONE, SensitiveKind.PERSON, SensitiveKind.STREET)
    spans += [span for kind in leading for span in _FINDERS[kind](text)]
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if kept and start < kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return tuple(kept)


Spans = Iterator[tuple[int, int]]


def _emails(text: str) -> Spans:
    return (m.span() for m in _EMAIL.finditer(text) if not _ROLES.search(m[1]))


def _phones(text: str) -> Spans:
    for match in _PHONE.finditer(text):
        digits = sum(letter.isdigit() for letter in match["local"] or match[0])
        if (6 if match["local"] else 9) <= digits <= 15:
            yield match.span("local") if match["local"] else match.span()


def _persons(text: str) -> Spans:
    for match in _PERSON.finditer(text):
        group = "full" if match["full"] else "titled"
        if not _OFFICES.search(match[group]):
            yield match.span(group)


def _networks(text: str) -> Spans:
    for match in _IP.finditer(text):
        if _VERSION.search(text[: match.start()]):
            continue
        try:
            address = ipaddress.ip_interface(match[0]).ip
        except ValueError:
            continue
        # four small numbers are the number of a chapter or of a version
        if address.version == 6 or max(address.packed) > 31:
            yield match.span()


def _accounts(text: str) -> Spans:
    for match in _IBAN.finditer(text):
        plain = re.sub(r"\s", "", match[0])
        digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
        if 15 <= len(plain) <= 34 and int(digits) % 97 == 1:
            yield match.span()


def _all(pattern: re.Pattern[str]) -> Callable[[str], Spans]:
    return lambda text: (match.span() for match in pattern.finditer(text))


_FINDERS: dict[SensitiveKind, Callable[[str], Spans]] = {
    SensitiveKind.EMAIL: _emails,
    SensitiveKind.PHONE: _phones,
    SensitiveKind.PERSON: _persons,
    SensitiveKind.STREET: _all(_STREETS),
    SensitiveKind.COORDINATES: _all(_COORDINATES),
    SensitiveKind.NETWORK: _networks,
    SensitiveKind.ACCOUNT: _accounts,
    SensitiveKind.UNIT: _all(_UNITS),
}
