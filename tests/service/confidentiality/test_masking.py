from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import RecordInvalid
from matcher.records import JointInterest, Kind, Nature, Need, Record, Solution, Visibility
from service.confidentiality.audience import Audience
from service.confidentiality.masking import GONE, KEPT_COLUMNS, MASKED, seen
from service.confidentiality.redaction import GROUPS, Reason, Redaction, redactable, withheld

DAY = date(2027, 3, 1)
COLUMNS = {
    "nuts": "EE00X-nuts",
    "framework": "fa-wo-rc",
    "duration": "24 MONTH",
    "buyers": "Kolmas Kanarbik; Neljas Kanarbik",
    "Contact": "Juhan Kanarbik",
    "procedure_id": "canary-procedure",
    "budget_year": "2031",
    "main_activity": "pub-os",
    "value_min": "777001",
    "colour": "canary-colour",
    "classification": "restricted",
}
NEED = Need(
    id="N1",
    title="Canary-title",
    description="Canary-description",
    requirements="Canary-requirements",
    language="et",
    country="EE",
    organisation="Kanarbiku Prefektuur",
    organisation_id="EE-70001",
    buyer_type="cga-canary",
    cpv=("35815100",),
    nature=Nature.SUPPLIES,
    value=777002.0,
    currency="XCN",
    value_eur=777003.0,
    value_min_eur=777004.0,
    value_max_eur=777005.0,
    vat_included=True,
    quantity="777006 tk",
    window_start=date(2033, 1, 2),
    window_end=date(2033, 3, 4),
    delivery_start=date(2034, 5, 6),
    delivery_end=date(2034, 7, 8),
    regime="2009/81-canary",
    standards=("EN 777007",),
    working_languages=("xx-canary",),
    visibility=Visibility.NETWORK_INDUSTRY,
    joint_interest=JointInterest.MAYBE,
    trl_min=7,
    status="canary-status",
    source="canary-source",
    url="https://canary.example/need",
    titles={"fr": "Canary-titre"},
    extra=COLUMNS,
)
SOLUTION = Solution(
    id="S1",
    name="Canary-name",
    description="Canary-description",
    language="fi",
    country="FI",
    vendor="Kanerva Vesti Oy",
    vendor_id="FI-70002",
    size="small-canary",
    cpv=("35815100",),
    trl=6,
    standards=("EN 777007",),
    delivery_countries=("EE", "LV"),
    price_min=777008.0,
    price_max=777009.0,
    currency="XCN",
    price_min_eur=777010.0,
    price_max_eur=777011.0,
    availability="canary-pilot",
    visibility=Visibility.NETWORK_INDUSTRY,
    source="canary-source",
    url="https://canary.example/offer",
    titles={"fr": "Canary-nom"},
    extra={"Contact": "Juhan Kanarbik", "colour": "canary-colour"},
)
RECORDS = {Kind.NEED: NEED, Kind.SOLUTION: SOLUTION}


def off(*names: str) -> list[Redaction]:
    """Redactions that never end."""
    return [Redaction(name, Reason.LAW_ENFORCEMENT, "operations") for name in names]


records = st.builds(
    lambda record, visibility: replace(record, visibility=visibility),
    st.sampled_from([NEED, SOLUTION]),
    st.sampled_from(list(Visibility)),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Record, list[Redaction]]:
    """A record with what its owner withholds."""
    record = draw(records)
    return record, off(*draw(st.sets(st.sampled_from(redactable(record.kind)), max_size=4)))


def traces(value: Any) -> list[str]:
    """What would be found of a value in the representation of a record that holds it."""
    if isinstance(value, Mapping):
        return [each for inner in value.values() for each in traces(inner)]
    if isinstance(value, tuple):
        return [each for inner in value for each in traces(inner)]
    return [repr(value)]


@given(cases(), st.sampled_from(list(Audience)))
def test_seen_again_a_record_stays_as_it_is(case: tuple[Record, list[Redaction]], audience: Audience) -> None:
    """With or without its redactions, a second look takes nothing away."""
    record, redactions = case
    once = seen(record, audience=audience, redactions=redactions, day=DAY)
    if once is not None:
        assert seen(once, audience=audience, redactions=redactions, day=DAY) == once
        assert seen(once, audience=audience, day=DAY) == once


@given(cases(), st.sampled_from(list(combinations(Audience, 2))))
def test_a_narrower_audience_never_sees_less(
    case: tuple[Record, list[Redaction]], audiences: tuple[Audience, Audience]
) -> None:
    """What the wider one sees of a field, the narrower one sees too, to the letter or in more words."""
    record, redactions = case
    wide, narrow = (seen(record, audience=a, redactions=redactions, day=DAY) for a in audiences)
    if wide is None:
        return
    assert narrow is not None
    for field in fields(wide):
        less, more = getattr(wide, field.name), getattr(narrow, field.name)
        if isinstance(less, Mapping):
            assert less.keys() <= more.keys()
            pairs = [(less[key], more[key]) for key in less]
        else:
            pairs = [(less, more)]
        for one, other in pairs:
            blank = one in (None, "", ())
            shorter = isinstance(one, str) and GONE in one and len(one.replace(GONE, "")) <= len(other)
            assert blank or one == other or shorter


@given(cases(), st.sampled_from(list(product(Audience, Audience))))
def test_seen_by_one_and_then_by_a_wider_one(
    case: tuple[Record, list[Redaction]], audiences: tuple[Audience, Audience]
) -> None:
    """What passes two audiences is what the wider of them sees, so that projections may be made in steps."""
    record, redactions = case
    first, second = audiences
    if not first.within(second):
        return
    step = seen(record, audience=first, redactions=redactions, day=DAY)
    wide = seen(record, audience=second, redactions=redactions, day=DAY)
    assert wide == (None if step is None else seen(step, audience=second, day=DAY))


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("visibility", Visibility)
def test_what_is_more_closed_is_not_there(audience: Audience, visibility: Visibility) -> None:
    """Not even masked; and what is shown never carries a visibility more closed than the audience."""
    for record in RECORDS.values():
        shown = seen(replace(record, visibility=visibility), audience=audience, day=DAY)
        assert (shown is None) == (visibility.rank < audience.open_to.rank)
        assert shown is None or shown.visibility.rank >= audience.open_to.rank


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in Kind for name in redactable(kind)], ids=lambda case: str(case)
)
@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.NETWORK])
def test_a_withheld_field_leaves_no_trace(kind: Kind, name: str, audience: Audience) -> None:
    """Neither it nor what goes with it is found anywhere in the result; all else is as it was."""
    record = replace(RECORDS[kind], visibility=Visibility.PUBLIC)
    shown = seen(record, audience=audience, redactions=off(name), day=DAY)
    assert shown is not None
    gone, columns = withheld(record, [name])
    for field in fields(record):
        if field.name == "extra":
            expected: Any = {column: text for column, text in record.extra.items() if column not in columns}
        elif field.name in gone:
            expected = getattr(
                type(record)(**{"id": "", "title" if kind is Kind.NEED else "name": ""}), field.name
            )
        else:
            expected = getattr(record, field.name)
        assert getattr(shown, field.name) == expected
    for field_name in gone:
        for trace in traces(getattr(record, field_name)):
            if len(trace) > 4:  # a shorter one may stand in anything
                assert trace not in repr(shown)
    for column in columns:
        assert repr(record.extra[column]) not in repr(shown)


def test_a_value_goes_with_all_its_forms() -> None:
    """Currency, euro, range, VAT, and the columns that a reader kept."""
    shown = seen(NEED, audience=Audience.NETWORK, redactions=off("value"), day=DAY)
    assert isinstance(shown, Need)
    assert "7770" not in repr(replace(shown, quantity="", standards=()))
    assert (shown.currency, shown.vat_included, "value_min" in shown.extra) == ("", None, False)


def test_industry_sees_a_need_masked() -> None:
    """Who buys, for how much and where is gone; what, when and in which country stays."""
    shown = seen(NEED, audience=Audience.NETWORK_INDUSTRY, day=DAY)
    assert isinstance(shown, Need)
    for word in (
        "Kanarbik",
        "EE-70001",
        "cga-canary",
        "7770",
        "XCN",
        "canary-source",
        "canary.example",
        "nuts",
        "Juhan",
    ):
        assert word not in repr(replace(shown, standards=()))
    for word in ("canary-procedure", "canary-colour", "pub-os", "2031", "classification"):
        assert word not in repr(shown)
    assert (shown.country, shown.title, shown.description) == ("EE", NEED.title, NEED.description)
    assert (shown.window_start, shown.cpv, shown.standards) == (NEED.window_start, NEED.cpv, NEED.standards)
    assert shown.extra == {"framework": "fa-wo-rc", "duration": "24 MONTH"}
    assert shown.extra.keys() <= KEPT_COLUMNS


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=6))
def test_industry_sees_no_column_that_nobody_thought_of(extra: dict[str, str]) -> None:
    """Of the columns only those on the list pass, whatever they are called."""
    shown = seen(replace(NEED, extra=extra), audience=Audience.NETWORK_INDUSTRY, day=DAY)
    assert shown is not None
    assert shown.extra.keys() <= KEPT_COLUMNS


def test_masked_needs_that_differ_only_in_what_is_masked_look_alike() -> None:
    """Two buyers with the same wish cannot be told apart, but for the id."""
    other = replace(
        NEED,
        organisation="Muu Amet",
        organisation_id="EE-1",
        value=1.0,
        value_eur=1.0,
        quantity="1",
        url="",
        source="x",
        buyer_type="ra",
        value_min_eur=None,
        value_max_eur=None,
        vat_included=None,
        currency="EUR",
        extra={**COLUMNS, "nuts": "EE001", "colour": "red"},
    )
    one, two = (seen(need, audience=Audience.NETWORK_INDUSTRY, day=DAY) for need in (NEED, other))
    assert one == two


def test_the_buyers_name_is_taken_out_of_the_texts() -> None:
    """Where it stands in title, description, translations or columns, in any case and with an ending."""
    need = replace(
        NEED,
        title="KANARBIKU PREFEKTUUR ostab veste",
        description="Kanarbiku  Prefektuuri vestid. Kolmas Kanarbik ühineb. Registrikood EE-70001.",
        titles={"en": "Vests for Kanarbiku Prefektuur"},
        extra={**COLUMNS, "areas": "Kanarbiku Prefektuur"},
    )
    for audience, redactions in ((Audience.NETWORK_INDUSTRY, []), (Audience.NETWORK, off("organisation"))):
        shown = seen(need, audience=audience, redactions=redactions, day=DAY)
        assert isinstance(shown, Need)
        assert "kanarbik" not in repr(shown).casefold()
        assert "70001" not in repr(shown)
        assert shown.title == f"{GONE} ostab veste"


def test_links_and_addresses_go_with_the_buyer() -> None:
    """A mailbox, a link or a number in the text of a masked need would name it; in an open need they stay."""
    text = "Ask procurement@kanarbik.example or +372 5555 1234, see https://kanarbik.example/n?id=1."
    need = replace(NEED, description=text)
    masked = seen(need, audience=Audience.NETWORK_INDUSTRY, day=DAY)
    assert isinstance(masked, Need)
    assert masked.description == f"Ask {GONE} or {GONE}, see {GONE}."
    open_ = seen(need, audience=Audience.NETWORK, day=DAY)
    assert isinstance(open_, Need)
    assert open_.description == text


@pytest.mark.parametrize("name", ["", "  ", "-", "EE"])
def test_a_name_of_no_letters_clears_nothing(name: str) -> None:
    """Blank or two letters long, it would take words out that name nobody."""
    need = replace(NEED, organisation=name, organisation_id="", extra={}, description="Vests - EE needs them")
    shown = seen(need, audience=Audience.NETWORK_INDUSTRY, day=DAY)
    assert isinstance(shown, Need)
    assert shown.description == need.description


def test_public_needs_and_solutions_are_not_masked() -> None:
    """Industry sees what everybody sees as everybody sees it, and solutions as they are."""
    public = replace(NEED, visibility=Visibility.PUBLIC)
    assert seen(public, audience=Audience.NETWORK_INDUSTRY, day=DAY) == public
    assert seen(SOLUTION, audience=Audience.NETWORK_INDUSTRY, day=DAY) == SOLUTION


def test_the_network_sees_masked_needs_as_they_are() -> None:
    """Procurers see who asks."""
    assert seen(NEED, audience=Audience.NETWORK, day=DAY) == NEED


def test_a_redaction_that_ended_hides_nothing() -> None:
    """From its day on the field shows."""
    ended = [Redaction("value", Reason.COMPETITION, "consultation", DAY)]
    assert seen(NEED, audience=Audience.NETWORK, redactions=ended, day=DAY) == NEED
    before = seen(NEED, audience=Audience.NETWORK, redactions=ended, day=date(2027, 2, 28))
    assert isinstance(before, Need)
    assert before.value_eur is None


def test_a_redaction_that_nobody_understands_is_not_passed_over() -> None:
    """It is refused, since to show the field is no answer."""
    with pytest.raises(RecordInvalid, match="'valeu' of a need cannot be withheld"):
        seen(NEED, audience=Audience.NETWORK, redactions=off("valeu"), day=DAY)


def test_what_is_masked_can_be_withheld() -> None:
    """The mask is made of names that owners know."""
    assert set(MASKED) <= set(GROUPS[Kind.NEED])
