"""Ways of training are compared on what none of them saw."""

from dataclasses import replace

import pytest

from corpora.tuning import HELD_OUT, load
from service import heldout
from service.heldout import HeldOut, held_out
from service.recipes import SCOPES, page
from service.settings import Settings
from service.training import prepared


def found(value: float) -> HeldOut:
    """Two needs of two themes."""
    return HeldOut((value, value), (value / 2, value / 2), (value, value / 4), ("one", "other"))


def test_the_page_holds_each_recipe_against_the_first():
    """With what it learns, by vectors and by parts; the first has no difference to itself."""
    ways = {"before training": found(0.4), **{scope: found(0.8) for scope in SCOPES}}
    written = page(ways, dict.fromkeys(ways, 2_000_000))
    rows = {line.split(" | ")[0].strip("| "): line for line in written.splitlines() if line.startswith("|")}
    assert set(ways) <= set(rows)
    assert "| 2.0 M | 0.800 | 0.400 | 0.500 |" in rows["all"]
    assert rows["all"].rstrip(" |").endswith("0.500")
    assert "-0.250" in rows["before training"]
    assert "+0.000" in rows["lora:16"]
    assert "nan" not in written


@pytest.mark.model
def test_held_out_needs_are_ranked_by_vectors_and_by_parts(monkeypatch):
    """Before any training, the carried model finds more than chance on what nothing learns from."""
    from models.training.trainer import Recipe

    whole = load().part(held_out=True)
    block = sorted(HELD_OUT)[0]
    kept = {record for record, own in whole.blocks.items() if own == block}

    part = replace(
        whole,
        needs=tuple(need for need in whole.needs if need.id in kept),
        solutions=tuple(solution for solution in whole.solutions if solution.id in kept),
    )
    monkeypatch.setattr(type(part), "part", lambda own, *, held_out: part if held_out else own)
    monkeypatch.setattr(heldout, "load_tuning", lambda: part)
    recipe = Recipe(steps=1, shares={"answers": 1.0})
    network, _ = prepared(Settings(), None, recipe)
    ranked = held_out(network, recipe.prefix)
    assert len(ranked.dense) == len(ranked.late) == len(ranked.both) == len(ranked.themes) > 4
    assert all(0 <= value <= 1 for value in (*ranked.dense, *ranked.late, *ranked.both))
    assert ranked.means()["dense"] > 0.4
