from dataclasses import fields
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import RecordInvalid
from matcher.fields import called
from matcher.phrases import Phrase
from matcher.records import Kind, Need, Solution
from service.confidentiality.redaction import (
    GROUPS,
    Reason,
    Redaction,
    checked,
    in_force,
    redactable,
    withheld,
)
from tests.phrased import plain

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


def test_the_reasons_are_the_five_of_the_eforms_list() -> None:
    """Codes and labels as the list `non-publication-justification` has them."""
    assert {reason.value: reason.label for reason in Reason} == {
        "eo-int": "Commercial interests of an economic operator",
        "fair-comp": "Fair competition",
        "law-enf": "Law enforcement",
        "oth-int": "Other public interest",
        "rd-ser": "Research and development (R&D) services",
    }


@pytest.mark.parametrize(
    ("kind", "record", "never"),
    [
        (Kind.NEED, Need, {"id", "title", "visibility", "extra"}),
        (Kind.SOLUTION, Solution, {"id", "name", "visibility", "extra"}),
    ],
)
def test_every_field_may_be_withheld_but_what_finds_and_names_the_record(
    kind: Kind, record: type[Need] | type[Solution], never: set[str]
) -> None:
    """The groups cover all fields of a record except id, title, visibility and the columns beside."""
    covered = {field for group in GROUPS[kind].values() for field in group}
    assert covered == {field.name for field in fields(record)} - never


@pytest.mark.parametrize(
    ("named", "group"),
    [("value_eur", "value"), ("window_end", "window"), ("organisation_id", "organisation")],
)
def test_a_part_withholds_its_whole(named: str, group: str) -> None:
    """Who withholds the amount in euro withholds the amount in any currency."""
    assert checked(Redaction(named, Reason.COMPETITION, "consultation"), Kind.NEED).field == group


@pytest.mark.parametrize("name", ["id", "title", "visibility", "valeu", "extra.", "price", ""])
def test_what_cannot_be_withheld_is_refused(name: str) -> None:
    """The message names the field and what may be withheld, and masking refuses it too."""
    redaction = Redaction(name, Reason.COMPETITION, "consultation")
    with pytest.raises(RecordInvalid, match=r"cannot be withheld: expected one of description, "):
        checked(redaction, Kind.NEED)
    if name != "extra.":
        with pytest.raises(RecordInvalid, match="cannot be withheld"):
            withheld(Need(id="N1", title="Vests"), [name])


def test_a_redaction_states_its_reason() -> None:
    """Without words it is refused."""
    with pytest.raises(RecordInvalid, match="states no reason"):
        checked(Redaction("value", Reason.COMPETITION, "  "), Kind.NEED)


def test_a_column_of_ones_own_may_be_withheld() -> None:
    """By its name behind `extra.`, and no other column goes with it."""
    need = Need(id="N1", title="Vests", extra={"level": "tactical", "register": "note"})
    assert checked(Redaction("extra.level", Reason.LAW_ENFORCEMENT, "x"), Kind.NEED).field == "extra.level"
    assert withheld(need, ["extra.level"]) == (frozenset(), frozenset({"level"}))


@given(until=DAYS, day=DAYS)
def test_a_redaction_ends_on_its_day(until: date, day: date) -> None:
    """It holds on every day before, and on none from that day on; without a day it never ends."""
    ends = Redaction("value", Reason.COMPETITION, "x", until)
    lasts = Redaction("value", Reason.COMPETITION, "x")
    assert in_force([ends, lasts], day) == ((ends, lasts) if day < until else (lasts,))
    assert in_force([ends], until - timedelta(days=1)) == (ends,)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("value", {"value_min", "Budget (k€)", "price_estimate", "extra value"}),
        ("place", {"nuts", "NUTS code", "delivery_address", "city", "Postal code", "lat"}),
        (
            "organisation",
            {"buyers", "group_lead", "procedure_id", "Contact person", "e-mail", "notice_version"},
        ),
        ("contact", {"Contact person", "e-mail"}),
        ("window", {"needed_from", "budget_year"}),
        (
            "country",
            {"nuts", "NUTS code", "buyer_countries", "delivery_address", "city", "Postal code", "lat"},
        ),
    ],
)
def test_columns_that_say_the_same_go_too(name: str, columns: set[str]) -> None:
    """What a reader kept beside the record under another spelling is withheld with the field."""
    names = (
        "value_min|Budget (k€)|price_estimate|extra value|nuts|NUTS code|delivery_address|city|Postal code"
        "|lat|buyers|group_lead|procedure_id|Contact person|e-mail|notice_version|needed_from|budget_year"
        "|buyer_countries|framework|level|register|colour"
    )
    need = Need(id="N1", title="Vests", extra=dict.fromkeys(names.split("|"), "x"))
    assert withheld(need, [name])[1] == columns


def test_what_may_be_withheld_is_listed_in_one_order() -> None:
    """A form can be made of it: each name once."""
    for kind in Kind:
        assert len(set(redactable(kind))) == len(redactable(kind))


@pytest.mark.parametrize("kind", list(Kind))
def test_what_may_be_withheld_has_a_name(kind: Kind) -> None:
    """A form can show it in any language, with the reasons."""
    assert all(isinstance(called(name), Phrase) for name in redactable(kind))
    assert all(isinstance(reason.label, Phrase) for reason in Reason)
    with pytest.raises(RecordInvalid) as refused:
        checked(Redaction("title", Reason.COMPETITION, "why"), kind)
    assert isinstance(str(refused.value), Phrase)
    assert plain(str(refused.value), ", ".join(redactable(kind))) == []
