from datetime import date

import numpy as np
import pytest

from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.filters import Filter
from matcher.records import Need, Visibility
from service.atlas import ALONE, WAYS, atlas, projected

DAY = date(2027, 1, 1)
NEEDS = [
    Need(
        id=f"N{number:02d}",
        title=title,
        language=language,
        country=country,
        visibility=Visibility.NETWORK if country == "IE" else Visibility.PUBLIC,
    )
    for number, (title, language, country) in enumerate(
        (title, language, country)
        for title in ("Patrol boats for rivers", "Thermal drones", "Mobile X-ray <b>unit</b>", "Dog vests")
        for language, country in (("en", "IE"), ("de", "AT"), ("fi", None))
    )
]


def engine_of(embedder: Embedder, needs: list[Need]) -> Engine:
    """An engine with some needs."""
    engine = Engine(embedder)
    engine.add(needs)
    return engine


def test_the_order_of_needs_changes_nothing(embedder: Embedder) -> None:
    """The map is by id: needs that came in another order stand at the same places."""
    one = atlas(engine_of(embedder, NEEDS), day=DAY)
    other = atlas(engine_of(embedder, NEEDS[::-1]), day=DAY)
    assert one.table.equals(other.table)
    assert one.figure().to_json() == other.figure().to_json()


def test_every_need_has_one_point(embedder: Embedder) -> None:
    """Each way of colouring shows every need once, what says nothing as "not stated"."""
    finding = atlas(engine_of(embedder, NEEDS), day=DAY)
    assert finding.table["need"].tolist() == [need.id for need in NEEDS]
    drawn = finding.figure()
    for button in drawn.layout.updatemenus[0].buttons:
        lit = button.args[0]["visible"]
        assert sum(len(trace.x) for trace, on in zip(drawn.data, lit, strict=True) if on) == len(NEEDS)
    assert len(drawn.layout.updatemenus[0].buttons) == len(WAYS)
    assert "not stated (4)" in [trace.name for trace in drawn.data]


def test_texts_of_needs_cannot_mark_up_the_page(embedder: Embedder) -> None:
    """A title with tags is shown as it was written."""
    drawn = atlas(engine_of(embedder, NEEDS), day=DAY).figure().to_json()
    assert "<b>unit" not in drawn.replace("\\u003c", "<").replace("\\u003e", ">")


def test_the_map_is_of_what_its_audience_may_see(embedder: Embedder) -> None:
    """What a filter hides has no point, and moves none."""
    public = [need for need in NEEDS if need.visibility is Visibility.PUBLIC]
    seen = atlas(engine_of(embedder, NEEDS), Filter(open_to=Visibility.PUBLIC), day=DAY)
    alone = atlas(engine_of(embedder, public), day=DAY)
    assert seen.table["need"].tolist() == [need.id for need in public]
    assert seen.table[["x", "y"]].equals(alone.table[["x", "y"]])


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9])
def test_any_number_of_points_can_be_laid_out(count: int) -> None:
    """From no point on, each has a place with finite numbers."""
    vectors = np.eye(max(count, 1), 12, dtype=np.float32)[:count]
    places = projected(vectors)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_points_that_are_the_same_stand_together() -> None:
    """Where no need differs from another, nothing is spread out."""
    assert not projected(np.ones((20, 4), dtype=np.float32)).any()


def test_an_empty_map_says_so(embedder: Embedder) -> None:
    """Without needs there is a figure with words and a table without rows."""
    finding = atlas(engine_of(embedder, []), day=DAY)
    assert finding.table.empty
    assert finding.n == 0
    assert finding.figure().layout.annotations[0].text == "No need to show"


def test_a_need_without_partner_is_called_alone(embedder: Embedder) -> None:
    """A cluster of one has no name of its own on the map."""
    table = atlas(engine_of(embedder, NEEDS), day=DAY).table
    assert (table["group"] == ALONE).equals(table["size"] == 1)
