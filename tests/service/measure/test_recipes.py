"""Ways of training are held against each other."""

from service.fit.heldout import HeldOut
from service.measure.recipes import SCOPES, page


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
