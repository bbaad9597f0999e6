from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from matcher.errors import SettingInvalid
from matcher.joint import JointCandidate
from matcher.label import Label
from matcher.records import JointInterest, Need, Solution, Visibility
from service import dossier
from service.dossier.audience import as_shown, view
from service.dossier.blocks import words
from service.dossier.wording import MASKED

Make = Callable[..., JointCandidate]


def everything(candidate: JointCandidate, open_to: Visibility) -> str:
    """All that is handed out of a candidate, as one text."""
    document = dossier.dossier_document(candidate, open_to=open_to)
    return "\n".join(
        [
            *(words(text) for text in document.texts()),
            dossier.html(candidate, open_to=open_to),
            dossier.consultation(candidate, open_to=open_to),
            str(dossier.ocds(candidate, open_to=open_to)),
        ]
    )


def test_nothing_is_changed_where_nothing_is_hidden(candidate: JointCandidate) -> None:
    """The candidate is the one that was judged."""
    assert view(candidate, Visibility.NETWORK).candidate is candidate


@pytest.mark.parametrize("closed", [Visibility.PRIVATE, Visibility.GROUP])
def test_a_hidden_need_leaves_no_trace(
    closed: Visibility, make: Make, trio: tuple[Need, ...], secret: Need
) -> None:
    """Hidden needs that differ in everything make the same documents, and none of their words is there."""
    other = Need(id="XX-1", title="Muu", country="SE", visibility=closed, value_eur=1.0, regime="2009/81")
    one = everything(make([*trio, replace(secret, visibility=closed)]), Visibility.NETWORK)
    assert one == everything(make([*trio, other]), Visibility.NETWORK)
    for word in ("PL-77", "Kamizelki", "Komenda", "Poland", "7,654,321", "4711", "12 Dec 2026", MASKED):
        assert word not in one


def test_a_need_of_the_network_is_masked_beyond_it(make: Make, trio: tuple[Need, ...], secret: Need) -> None:
    """It is one row without title, quantity and value, and no figure or sentence rests on it."""
    public = [replace(need, visibility=Visibility.PUBLIC) for need in trio]
    candidate = make([*public, replace(secret, visibility=Visibility.NETWORK)])
    text = everything(candidate, Visibility.NETWORK_INDUSTRY)
    assert text.count(MASKED) >= 1
    for word in ("PL-77", "Kamizelki", "Komenda", "Poland", "7,654,321", "4711", "12 Dec 2026"):
        assert word not in text
    document = dossier.dossier_document(candidate, open_to=Visibility.NETWORK_INDUSTRY)
    told = [words(text) for text in document.texts()]
    assert told[told.index(MASKED) + 1 :][:6] == ["not shown"] * 6
    assert any(text.startswith("One further authority may not be named") for text in told)
    assert view(candidate, Visibility.NETWORK_INDUSTRY).candidate.totals == make(public).totals


def test_the_public_is_not_told_how_many_the_network_knows_of(
    make: Make, trio: tuple[Need, ...], secret: Need
) -> None:
    """Documents with one, two or no needs of the network are the same."""
    public = [replace(need, visibility=Visibility.PUBLIC) for need in trio]
    one = replace(secret, visibility=Visibility.NETWORK)
    texts = {
        everything(make([*public, *hidden]), Visibility.PUBLIC)
        for hidden in ((one,), (one, replace(one, id="PL-78")))
    }
    assert len(texts) == 1
    assert MASKED not in texts.pop()


def test_what_is_shown_of_a_need_is_what_is_judged(make: Make, trio: tuple[Need, ...]) -> None:
    """Without the values of one, the totals are those of the others, and the label is not kept."""
    public = [replace(need, visibility=Visibility.PUBLIC) for need in trio]
    label = Label("Kuulivestid", "et", "35815100", "Bullet-proof vests", {}, "EE-1")
    candidate = replace(make(public), label=label)

    def poorer(need: Need) -> Need:
        return replace(need, value_eur=None, organisation="") if need.id == "EE-1" else need

    shown = as_shown(candidate, Visibility.PUBLIC, poorer)
    assert (shown.label, shown.id) == (None, "c-17")
    assert shown.totals == make([poorer(need) for need in public]).totals
    assert np.array_equal(shown.likeness, candidate.likeness)
    assert shown.offers is not None
    assert candidate.offers is not None
    assert np.array_equal(shown.offers.probability, candidate.offers.probability)
    assert as_shown(candidate, Visibility.PUBLIC, lambda need: need) is candidate


def test_a_need_that_is_not_shown_at_all_is_left_out(make: Make, trio: tuple[Need, ...]) -> None:
    """The rows of the others stay theirs; with one left there is nothing joint."""
    public = [replace(need, visibility=Visibility.PUBLIC) for need in trio]
    candidate = make(public)
    shown = as_shown(candidate, Visibility.PUBLIC, lambda need: None if need.id == "FI-1" else need)
    assert [need.id for need in shown.members] == ["EE-1", "FR-1"]
    assert shown.likeness.shape == (2, 2)
    with pytest.raises(SettingInvalid, match="Fewer than two members"):
        as_shown(candidate, Visibility.PUBLIC, lambda need: need if need.id == "EE-1" else None)


def test_a_label_made_from_what_is_hidden_is_not_used(
    make: Make, trio: tuple[Need, ...], secret: Need
) -> None:
    """Neither it nor the id of the group; the title of a member that is seen stands for the rest."""
    label = Label("Kamizelki tajne", "pl", "35815100", "Bullet-proof vests", {}, "PL-77")
    shown = view(replace(make([*trio, secret]), label=label), Visibility.NETWORK).candidate
    assert (shown.label, shown.id) == (None, "")
    assert words(dossier.dossier_document(shown).title) == trio[0].title


def test_hidden_solutions_and_bystanders_leave_no_trace(
    make: Make, trio: tuple[Need, ...], secret: Need
) -> None:
    """An owner who said no in private is not named in a gate, and a private offer moves no hint."""
    offer = Solution(id="S9", name="Tajny produkt", trl=9, visibility=Visibility.PRIVATE)
    candidate = make([*trio, replace(secret, joint_interest=JointInterest.NO)], [offer])
    text = everything(candidate, Visibility.NETWORK)
    for word in ("PL-77", "Kamizelki", "Tajny", "at TRL 9"):
        assert word not in text


def test_weights_of_its_own_stay_its_own(make: Make, trio: tuple[Need, ...], secret: Need) -> None:
    """A candidate that was judged under other weights is judged again under those."""
    candidate = make([*trio, secret])
    shift = {"functional overlap": 0.2, "language": 0.15}
    factors = tuple(
        replace(each, weight=shift.get(each.name, each.weight)) for each in candidate.score.factors
    )
    own = replace(candidate, score=replace(candidate.score, factors=factors))
    shown = view(own, Visibility.NETWORK).candidate
    assert {each.name: each.weight for each in shown.score.factors}["functional overlap"] == 0.2
    assert np.isclose(sum(each.weight for each in shown.score.factors), 1)


def test_one_member_is_nothing_joint(candidate: JointCandidate) -> None:
    """An audience that may see fewer than two members is refused, and is not told how many there are."""
    with pytest.raises(SettingInvalid, match="Fewer than two members") as refused:
        dossier.markdown(candidate, open_to=Visibility.PUBLIC)
    assert "3" not in str(refused.value)


def test_repeats_are_named_to_their_owner_alone(make: Make, trio: tuple[Need, ...]) -> None:
    """Of a repeat only the id is known, not who may know of it."""
    candidate = replace(make(trio), copies=(("PL-77", "EE-1"),))
    assert "PL-77" not in everything(candidate, Visibility.NETWORK)
    assert "PL-77 repeats EE-1" in everything(candidate, Visibility.PRIVATE)
