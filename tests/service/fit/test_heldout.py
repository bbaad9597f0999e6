"""Networks are compared on what none of them saw."""

from dataclasses import replace

import pytest

from corpora.tuning import HELD_OUT, load
from service.fit import heldout
from service.fit.heldout import held_out
from service.fit.training import prepared
from service.settings import Settings


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
