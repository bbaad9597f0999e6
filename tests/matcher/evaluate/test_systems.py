"""Ways to rank that the engine is held against."""

from matcher.embed import Embedder
from matcher.engine import Tuning
from matcher.evaluate.systems import HYBRID, cpv_system, own_systems, random_system
from matcher.records import Need, Solution

QUERY = Need(id="N", title="pump", cpv=("35811100",))


def offers(*codes: str) -> list[Solution]:
    """One solution a code."""
    return [Solution(id=f"S{at}", name="pump", cpv=(code,) if code else ()) for at, code in enumerate(codes)]


def test_the_longest_shared_prefix_of_any_pair_comes_first() -> None:
    """The whole code before the class before the division; without a code comes last."""
    documents = offers("35000000", "", "35811200", "35811100")
    assert list(cpv_system().rank([QUERY], documents)) == [("N", ["S3", "S2", "S0", "S1"])]
    both = Need(id="N", title="pump", cpv=("35811100", "18000000"))
    assert next(cpv_system().rank([both], offers("35000000", "18000000")))[1] == ["S1", "S0"]


def test_ties_are_broken_at_random_and_alike_each_time() -> None:
    """The order of the documents gives no advantage: over many queries, either twin is first."""
    twins = offers("35811100", "35811100")
    queries = [Need(id=f"N{at}", title="pump", cpv=("35811100",)) for at in range(40)]
    found = list(cpv_system().rank(queries, twins))
    assert {ids[0] for _, ids in found} == {"S0", "S1"}
    assert found == list(cpv_system().rank(queries, twins))
    assert found != list(cpv_system(seed=8).rank(queries, twins))


def test_chance_is_the_same_each_time() -> None:
    """Every document stands once; the seed decides the order."""
    documents = offers(*[""] * 20)
    (query, ids), *_ = random_system().rank([QUERY], documents)
    assert query == "N"
    assert sorted(ids) == sorted(d.id for d in documents)
    assert list(random_system().rank([QUERY], documents)) == [(query, ids)]
    assert list(random_system(seed=8).rank([QUERY], documents)) != [(query, ids)]


def test_each_own_leg_ranks_every_query(embedder: Embedder) -> None:
    """Six systems with names of their own, best first, as many documents as there are."""
    systems = own_systems(embedder, Tuning())
    assert len({system.name for system in systems}) == 6
    assert systems[-1].name == HYBRID
    for system in systems:
        ((query, ids),) = system.rank([QUERY], offers("35811100", "18000000"))
        assert query == "N"
        assert sorted(ids) == ["S0", "S1"]
