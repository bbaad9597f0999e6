"""Forms of cooperation and the law to be agreed."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.joint.forms import Form, forms, law
from matcher.joint.thresholds import regime
from matcher.records import Need


def need(id: str, country: str | None, regime: str = "2014/24", **extra: str) -> Need:
    """A need of an organisation of its own."""
    return Need(id=id, title="", country=country, organisation=f"Org {id}", regime=regime, extra=extra)


def form(name: str, *members: Need) -> Form:
    """One form for these members."""
    (found,) = (each for each in forms(members) if each.name == name)
    return found


def opened(*members: Need) -> dict[str, bool | None]:
    """Which forms are open."""
    return {each.name: each.open for each in forms(members)}


EE, FI = need("EE-1", "EE"), need("FI-1", "FI")


def test_two_states_under_the_classic_directive() -> None:
    """Joint award and entity are open; between states Art. 38 is left to a lawyer; no body is known."""
    assert opened(EE, FI) == {
        "coordinated": True,
        "occasional": None,
        "cpb": None,
        "joint_award": True,
        "entity": True,
        "executive": False,
    }
    award = form("joint_award", EE, FI)
    assert award.basis == "Art. 39(4) 2014/24/EU"
    assert award.to_settle[:3] == (
        "responsibilities",
        "applicable national provisions",
        "internal organisation",
    )


def test_one_state_has_occasional_joint_procurement_and_no_means_between_states() -> None:
    """Art. 38 instead of Art. 39."""
    found = opened(EE, need("EE-2", "EE"))
    assert (found["occasional"], found["joint_award"], found["entity"]) == (True, False, False)
    assert form("occasional", EE, need("EE-2", "EE")).basis == "Art. 38 2014/24/EU"


@pytest.mark.parametrize(
    "other",
    [
        need("FI-1", "FI", ""),
        need("FI-1", "FI", "unknown"),
        need("FI-1", "FI", "2009/81"),
        need("FI-1", "FI", "below-threshold"),
        need("NO-1", "NO"),
        need("X-1", None),
    ],
)
def test_what_is_not_stated_or_not_alike_leaves_the_means_between_states_undecided(other: Need) -> None:
    """Unknown and mixed are None, with the reason; coordinated procurement is always offered."""
    found = form("joint_award", EE, other)
    assert found.open is None
    assert "to be checked: " in found.why
    assert form("coordinated", EE, other).open is True


def test_utilities_have_a_twin_of_the_article() -> None:
    """All under 2014/25: Art. 57 of that directive; one of them: to be checked."""
    pair = need("EE-1", "EE", "2014/25"), need("FI-1", "FI", "2014/25")
    assert (form("joint_award", *pair).basis, form("joint_award", *pair).open) == ("Art. 57 2014/25/EU", True)
    assert form("joint_award", pair[0], FI).open is None
    assert form("occasional", pair[0], need("EE-2", "EE", "2014/25")).open is None


@pytest.mark.parametrize(("foreign", "opens"), [("yes", True), ("no", None), ("", None)])
def test_a_central_purchasing_body_is_open_to_other_states_if_it_says_so(
    foreign: str, opens: bool | None
) -> None:
    """If it says no, one outside the group could still serve."""
    body = need("FI-1", "FI", is_cpb="yes", cpb_serves_foreign=foreign)
    found = form("cpb", EE, body)
    assert found.open is opens
    assert found.basis == "Art. 39(2)-(3) 2014/24/EU"
    assert "FI-1" in found.why
    assert form("cpb", body, need("FI-2", "FI")).open is True


def test_defence_has_an_executive_entity() -> None:
    """Open where all are under 2009/81, undecided where some are or where it is not stated."""
    military = need("EE-1", "EE", "2009/81"), need("FI-1", "FI", "2009/81")
    assert form("executive", *military).open is True
    assert form("executive", military[0], FI).open is None
    assert form("executive", EE, need("FI-1", "FI", "")).open is None
    assert form("executive", military[0], need("FI-1", "FI", "excluded-346")).open is None


def test_wishes_are_named() -> None:
    """Whoever names a form is named in its reason."""
    assert "Wished for by FI-1." in form("cpb", EE, need("FI-1", "FI", forms="cpb; joint_award")).why
    assert "Wished" not in form("entity", EE, need("FI-1", "FI", forms="cpb; joint_award")).why


def test_the_regime_may_stand_in_the_code_of_the_legal_basis() -> None:
    """The stated regime goes first; a code that is not known says nothing."""
    assert regime(need("A", "EE", "unknown", legal_basis="32014L0025")) == "2014/25"
    assert regime(need("A", "EE", "2014/24", legal_basis="32014L0025")) == "2014/24"
    assert regime(need("A", "EE", "", legal_basis="other")) == ""


def test_law_is_always_to_be_agreed_with_the_standing_warnings() -> None:
    """Anti-avoidance, review body, latecomers and maximum value; a lawyer in any case."""
    between, home = law([EE, FI]), law([EE, need("EE-2", "EE")])
    assert (between.country, home.country) == (None, "EE")
    for found in (between, home):
        assert found.status == "to_be_agreed"
        assert "to be agreed" in found.sentence
        told = " ".join(found.warnings)
        for words in ("Art. 39(1)", "Review body: to be settled", "C-216/17", "C-23/20", "Ask a lawyer"):
            assert words in told
    assert law([EE, need("X-1", None)]).country is None


def test_mixed_and_excluded_regimes_warn() -> None:
    """They need advice, and a review first."""
    told = " ".join(law([EE, need("FI-1", "FI", "excluded-346")]).warnings)
    assert "Several regimes are stated (2014/24, an exemption of Art. 346 TFEU)" in told
    assert "legal review first" in told


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["EE", "FI", "NO", None]),
            st.sampled_from(["", "2014/24", "2014/25", "2009/81", "excluded-346", "below-threshold"]),
            st.sampled_from(["", "yes", "no"]),
            st.sampled_from(["", "yes", "no"]),
        ),
        min_size=2,
        max_size=5,
    ),
    st.randoms(),
)
def test_the_order_of_members_changes_nothing_and_a_lawyer_is_always_asked(
    rows: list[tuple[str | None, str, str, str]], random: Random
) -> None:
    """Six forms, each once, each with what is to be settled."""
    members = [
        need(f"N{i}", country, under, is_cpb=body, cpb_serves_foreign=foreign)
        for i, (country, under, body, foreign) in enumerate(rows)
    ]
    shuffled = list(members)
    random.shuffle(shuffled)
    found = forms(members)
    assert (forms(shuffled), law(shuffled)) == (found, law(members))
    assert [each.name for each in found] == [
        "coordinated",
        "occasional",
        "cpb",
        "joint_award",
        "entity",
        "executive",
    ]
    assert all("Ask a lawyer." in each.why and each.to_settle for each in found)
