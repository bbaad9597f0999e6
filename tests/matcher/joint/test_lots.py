"""Lots that could be considered."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.joint.differences import conflicts, differences
from matcher.joint.instrument import Covering
from matcher.joint.lots import lots
from matcher.records import Need, Solution


def need(id: str, requirements: str = "") -> Need:
    """A need of the country its id begins with."""
    return Need(id=id, title=f"Title {id}", country=id[:2], requirements=requirements)


def alike(count: int) -> NDArray[np.float64]:
    """Needs that are all rather the same."""
    return np.full((count, count), 0.8)


def test_countries_are_lots_of_their_own() -> None:
    """In one country there is nothing to divide."""
    found = lots([need("FI-1"), need("EE-2"), need("EE-1")], alike(3))
    assert [(lot.title, lot.need_ids, lot.by) for lot in found] == [
        ("country EE", ("EE-1", "EE-2"), "country"),
        ("country FI", ("FI-1",), "country"),
    ]
    assert lots([need("EE-1"), need("EE-2")], alike(2)) == ()


def test_sides_of_a_conflict_are_variants() -> None:
    """One lot a class, with the sentence that tells them apart."""
    members = [need("EE-1", "BR4"), need("EE-2", "BR6"), need("EE-3", "BR4"), need("EE-4")]
    found = lots(members, alike(4), conflicts=conflicts(differences(members)))
    assert [(lot.title, lot.need_ids) for lot in found] == [
        ("EN 1063 class: BR4", ("EE-1", "EE-3")),
        ("EN 1063 class: BR6", ("EE-2",)),
    ]
    assert all("in conflict" in lot.why and "consider" in lot.why for lot in found)


def test_parts_that_only_weak_links_tie_are_variants() -> None:
    """A chain of likely pairs is one part."""
    pairs = np.array([[1, 0.7, 0.2, 0.1], [0.7, 1, 0.6, 0.1], [0.2, 0.6, 1, 0.3], [0.1, 0.1, 0.3, 1]])
    found = lots([need("EE-1"), need("EE-2"), need("EE-3"), need("EE-4")], pairs)
    assert [(lot.title, lot.need_ids) for lot in found] == [
        ("variant: Title EE-1", ("EE-1", "EE-2", "EE-3")),
        ("variant: Title EE-4", ("EE-4",)),
    ]


def test_what_small_suppliers_would_cover_is_a_lot() -> None:
    """Counted by part, without a name; who covers all needs no lot, and large ones are not meant."""
    members = [need("EE-1"), need("EE-2"), need("EE-3")]
    found = lots(
        members,
        alike(3),
        [
            Covering(Solution(id="S1", name="One", size="small"), ("EE-2", "EE-1"), 0.1),
            Covering(Solution(id="S2", name="Two", size="Micro"), ("EE-1", "EE-2"), 0.3),
            Covering(Solution(id="S3", name="Three", size="large"), ("EE-3",), 0.1),
            Covering(Solution(id="S4", name="Four", size="medium"), ("EE-1", "EE-2", "EE-3"), 0.6),
        ],
    )
    (lot,) = found
    assert (lot.by, lot.need_ids) == ("sme", ("EE-1", "EE-2"))
    assert lot.why.startswith("2 solutions of small or medium-sized suppliers")
    assert not any(name in f"{lot.title} {lot.why}" for name in ("One", "Two", "S1", "S2"))


@given(
    st.lists(st.sampled_from(["EE", "FI", "FR"]), min_size=2, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_the_order_of_members_changes_nothing(countries: list[str], seed: int) -> None:
    """Likeness permuted with them; every lot is of members."""
    rng = np.random.default_rng(seed)
    members = [need(f"{country}-{i}", rng.choice(["BR4", "BR6", ""])) for i, country in enumerate(countries)]
    pairs = rng.random((len(members), len(members)))
    pairs = (pairs + pairs.T) / 2
    order = rng.permutation(len(members))
    against = conflicts(differences(members))
    found = lots(members, pairs, conflicts=against)
    assert lots([members[i] for i in order], pairs[np.ix_(order, order)], conflicts=against) == found
    ids = {each.id for each in members}
    assert all(lot.need_ids and set(lot.need_ids) <= ids for lot in found)
