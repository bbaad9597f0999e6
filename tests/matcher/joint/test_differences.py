"""The requirement difference table."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.joint.differences import Difference, conflicts, differences
from matcher.records import Nature, Need


def need(id: str, requirements: str = "", **fields: Any) -> Need:
    """A need that says little."""
    return Need(id=id, title="Vests", requirements=requirements, **fields)


def only(members: Sequence[Need]) -> Difference:
    """The one difference there is."""
    (found,) = differences(members)
    return found


def test_needs_that_say_the_same_do_not_differ() -> None:
    """Neither do needs that say nothing."""
    said = {"nature": Nature.SUPPLIES, "standards": ("EN 469",), "quantity": "24 ks", "trl_min": 9}
    assert differences([need("A", "IP67, 3 kg", **said), need("B", "3000 g, IP 67", **said)]) == ()
    assert differences([need("A"), need("B")]) == ()


def test_standards_say_what_all_name_and_what_only_some() -> None:
    """An EN adoption of an ISO standard is the same one; values are verbatim."""
    found = only(
        [need("A", standards=("EN ISO 20345", "EN 469")), need("B", standards=("ISO 20345", "EN 137"))]
    )
    assert (found.requirement, found.severity) == ("standards", "only some")
    assert found.values == {"A": "EN ISO 20345; EN 469", "B": "ISO 20345; EN 137"}
    assert found.sentence == "Standards: all name EN ISO 20345; A EN 469; B EN 137."


def test_a_standard_left_blank_is_not_stated() -> None:
    """Nothing but blanks names no standard."""
    assert differences([need("A", standards=(" ",)), need("B")]) == ()


def test_who_states_no_standards_is_named_and_not_taken_as_asking_for_none() -> None:
    """Nothing is said to be named by all then."""
    found = only([need("A", standards=("EN 469",)), need("B")])
    assert found.sentence == "Standards: A EN 469; B none stated."
    assert "B" not in found.values


@pytest.mark.parametrize(
    ("natures", "severity"),
    [
        ((Nature.SUPPLIES, Nature.WORKS), "conflict"),
        ((Nature.SUPPLIES, Nature.SERVICES), "differs"),
        ((Nature.SERVICES, Nature.WORKS), "differs"),
    ],
)
def test_supplies_against_works_is_a_conflict(natures: tuple[Nature, Nature], severity: str) -> None:
    """Services go with either."""
    found = only([need("A", nature=natures[0]), need("B", nature=natures[1]), need("C")])
    assert (found.requirement, found.severity) == ("nature", severity)
    assert found.values == {"A": natures[0].value, "B": natures[1].value}


def test_classes_of_one_scale_that_share_none_are_a_conflict() -> None:
    """Whatever the language of the texts; the quotations are verbatim."""
    found = only([need("A", "Schutzklasse NIJ IIIA."), need("B", "Niveau de protection : NIJ IV")])
    assert (found.requirement, found.severity) == ("NIJ class", "conflict")
    assert found.values == {"A": "Schutzklasse NIJ IIIA.", "B": "NIJ IV"}
    assert found.groups == (("A",), ("B",))
    assert found.sentence == "NIJ class in conflict: Schutzklasse NIJ IIIA. (A); NIJ IV (B)."


def test_classes_named_among_the_standards_count_as_well() -> None:
    """A field and a text are the same source of classes."""
    found = conflicts(
        differences([need("A", standards=("EN 1143-1 grade III",)), need("B", "EN 1143-1 Klasse IV")])
    )
    assert [each.requirement for each in found] == ["EN 1143-1 class"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mindestens BR4", "BR6"),
        ("BR4 or higher", "BR6"),
        ("BR4 a BR6", "BR6"),
        ("krytí IP54", "IP68"),
        ("IK08", "IK10"),
    ],
)
def test_lower_limits_and_shared_classes_only_differ(one: str, other: str) -> None:
    """Where one class may do for both, nothing excludes the other."""
    assert only([need("A", one), need("B", other)]).severity == "differs"
    assert conflicts(differences([need("A", one), need("B", other)])) == ()


def test_classes_of_different_scales_are_not_compared() -> None:
    """VPAM 7 says nothing about BR6."""
    assert differences([need("A", "VPAM 7"), need("B", "BR6")]) == ()


def test_figures_of_one_dimension_differ_and_never_conflict() -> None:
    """In the common unit, with the clause around each; what they are about is left to the reader."""
    found = only([need("A", "Gewicht höchstens 3 kg, schwarz"), need("B", "waga do 2500 g; kolor")])
    assert (found.requirement, found.severity) == ("mass in the text", "differs")
    assert found.values == {"A": "Gewicht höchstens 3 kg", "B": "waga do 2500 g"}
    assert found.sentence.endswith("Read whether they are about the same.")


def test_figures_far_apart_or_several_are_not_compared() -> None:
    """A pixel and a range are both lengths; of two figures nothing tells which is meant."""
    assert differences([need("A", "dosah 20 km"), need("B", "pixel 0,5 m")]) == ()
    assert differences([need("A", "2 m and 3 m"), need("B", "4 m")]) == ()
    named = only([need("A", "2 m"), need("B", "4 m"), need("C", "3 m, or 5 m")])
    assert "Several figures: C." in named.sentence


def test_days_are_not_compared() -> None:
    """They are mostly terms of payment and of tenders."""
    assert differences([need("A", "payment within 30 days"), need("B", "platba do 60 dní")]) == ()


def test_quantities_are_compared_by_amount_and_kind() -> None:
    """The same number of pieces in two languages is no difference; people and items are two measures."""
    assert (
        differences([need("A", quantity="24 ks"), need("B", quantity="24 tk"), need("C", quantity="24")])
        == ()
    )
    found = only([need("A", quantity="25 usuarios"), need("B", quantity="25 db")])
    assert found.sentence == (
        "Different quantity: 25 usuarios (A); 25 db (B). Counted in items and in people: agree on one."
    )


def test_measured_quantities_are_the_same_only_in_the_same_words() -> None:
    """24 months are not 24 hours."""
    assert only([need("A", quantity="24 months"), need("B", quantity="24 h")]).requirement == "quantity"
    assert differences([need("A", quantity="24 Months"), need("B", quantity="24  months")]) == ()


def test_languages_say_whether_one_is_common() -> None:
    """A difference in any case, with or without a common one."""
    shared = only([need("A", working_languages=("fr",)), need("B", working_languages=("fr", "en"))])
    assert (
        shared.sentence == "Different working languages: French (A); French, English (B). All share French."
    )
    apart = only([need("A", working_languages=("fr",)), need("B", working_languages=("ro", "en"))])
    assert apart.sentence.endswith("No language is common to all.")


def test_plain_fields_differ_where_both_state_them() -> None:
    """TRL, regime and delivery; an unknown regime states none."""
    one = need("A", trl_min=9, regime="2014/24", delivery_end=date(2027, 1, 1))
    other = need("B", trl_min=7, regime="2009/81", delivery_end=date(2028, 1, 1))
    found = differences([one, other, need("C", regime="unknown")])
    assert [(each.requirement, each.severity) for each in found] == [
        ("TRL sought", "differs"),
        ("regime", "differs"),
        ("delivery", "differs"),
    ]
    assert found[1].values == {"A": "2014/24", "B": "2009/81"}


def test_conflicts_come_first() -> None:
    """Whatever the order of the requirements."""
    one = need("A", "BR4", standards=("EN 1063",), quantity="3")
    other = need("B", "BR6", quantity="4")
    found = differences([one, other])
    assert [each.severity for each in found] == ["conflict", "differs", "only some"]
    assert conflicts(found) == found[:1]


PHRASES = st.sampled_from(
    ["NIJ IV", "NIJ IIIA", "min. BR4", "BR6", "IP67", "3 kg", "2 kg", "−20 °C", "5 h", "2 m", "9 m"]
)


@st.composite
def needs(draw: st.DrawFn) -> list[Need]:
    """Needs that say this and that."""
    return [
        need(
            f"N{number}",
            "; ".join(draw(st.lists(PHRASES, max_size=4))),
            country=draw(st.sampled_from(["EE", "FI", None])),
            nature=draw(st.sampled_from([*Nature, None])),
            standards=tuple(draw(st.lists(st.sampled_from(["EN 469", "EN 137", "ISO 9001"]), unique=True))),
            quantity=draw(st.sampled_from(["", "24 ks", "25 usuarios", "3"])),
            working_languages=tuple(draw(st.lists(st.sampled_from(["en", "fi", "et"]), unique=True))),
        )
        for number in range(draw(st.integers(2, 5)))
    ]


@given(needs(), st.randoms())
def test_the_order_of_members_changes_nothing(members: list[Need], random: Random) -> None:
    """Rows, groups and sentences are ordered by country and id."""
    shuffled = list(members)
    random.shuffle(shuffled)
    assert differences(shuffled) == differences(members)


@given(needs())
def test_differences_are_of_members_that_say_something_else(members: list[Need]) -> None:
    """Values are of members; groups part exactly those who state a value; texts are quoted verbatim."""
    texts = {each.id: "\n".join((each.text, *each.standards)) for each in members}
    for found in differences(members):
        assert found.values.keys() <= texts.keys()
        assert sorted(need_id for group in found.groups for need_id in group) == sorted(found.values)
        if found.requirement.endswith(("class", "in the text")):
            assert all(
                quote in texts[need_id]
                for need_id, said in found.values.items()
                for quote in said.split("; ")
            )
