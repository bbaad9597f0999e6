"""The map of needs: one point a need, near those that ask for like things, in whatever language.

The map is drawn from the vectors that the search uses, so that what is near on it is near for the engine.
Groups are those of the engine; the map takes no part in making them.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from matcher.engine import Engine
from matcher.filters import Filter
from matcher.identity import Cluster
from matcher.market.chart import GREY, PALETTE, empty
from matcher.market.finding import Finding, tidy
from matcher.protocols import Float32
from matcher.records import Need

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SEED = 0
COMPONENTS = 20
"""Dimensions that PCA leaves for t-SNE."""
PERPLEXITY = 15
"""About how many neighbours a point keeps: groups of needs are small."""
LEAST = 8
"""Needs from which t-SNE is used; fewer are laid out by PCA alone."""
NEIGHBOURS = 5
"""Neighbours of a point that `trustworthiness` looks at."""
MEASURED = 2000
"""Points of which trustworthiness is measured at most: it takes all pairs."""
UNSAID, ALONE = "not stated", "alone"
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "pentagon", "hexagon")
SHORT, LONG = 34, 90
"""Characters of a title in the legend, and under the pointer."""
WAYS = {"country": "Countries", "language": "Languages", "group": "Groups"}
"""What the points can be coloured by: columns of the table, and what the button says."""
_TYPES = {
    "need": "string",
    "title": "string",
    "country": "string",
    "language": "string",
    "cluster": "string",
    "group": "string",
    "size": "Int64",
    "x": "Float64",
    "y": "Float64",
}


def atlas(engine: Engine, where: Filter | None = None, *, day: date | None = None) -> Finding:
    """The map of the needs that a filter admits: a row a need, by id, with its place and its cluster.

    `group` is the cluster as the legend calls it, or "alone". The same records give the same map, with the
    same versions on the same kind of machine. `day` is today unless said.

    >>> from matcher import Need
    >>> from service import Settings, open_engine
    >>> engine = open_engine(settings=Settings(model="hashing"), keep=False)
    >>> engine.add([Need(id=code, title="Radar", country=code, language="en") for code in ("IE", "MT")])
    >>> atlas(engine, day=date(2027, 1, 1)).sentence
    '2 needs in 1 language from 2 countries: 1 group of two or more, 0 needs alone.'
    """
    import sklearn

    day = day or date.today()
    clusters = engine.clusters(where, day=day)
    home = {need: cluster for cluster in clusters for need in cluster.members}
    ids = sorted(home)
    rows = np.array([engine.needs.row(need) for need in ids], dtype=np.int64)
    needs = [need for row in rows.tolist() if isinstance(need := engine.needs.record(row), Need)]
    spoken = [engine.needs.languages[row] for row in rows.tolist()]
    vectors = engine.needs.centroids(rows) if ids else np.zeros((0, 1), dtype=np.float32)
    places = projected(vectors)
    called = _called(clusters, {need.id: need for need in needs})
    table = tidy(
        [
            {
                "need": need.id,
                "title": need.title,
                "country": need.country,
                "language": language,
                "cluster": home[need.id].id,
                "group": called[home[need.id].id],
                "size": len(home[need.id].members),
                "x": float(x),
                "y": float(y),
            }
            for need, language, (x, y) in zip(needs, spoken, places, strict=True)
        ],
        _TYPES,
    )
    several = sum(len(cluster.members) > 1 for cluster in clusters)
    return Finding(
        name="map of needs",
        table=table,
        sentence=f"{_counted(len(ids), 'need')} in {_counted(table['language'].nunique(), 'language')} from "
        f"{_counted(table['country'].nunique(), 'country', 'countries')}: "
        f"{_counted(several, 'group')} of two or more, {_counted(len(clusters) - several, 'need')} alone"
        f"{_mixed(places, spoken)}.",
        n=len(ids),
        coverage=f"country stated by {sum(bool(need.country) for need in needs)} of {len(ids)} needs; "
        f"language known of {sum(bool(language) for language in spoken)}",
        versions={**engine.versions, "scikit-learn": sklearn.__version__},
        caveat="Near points ask for like things; how far apart islands lie, and how large they are, means "
        f"nothing. {_trusted(vectors, places)}",
        day=day,
        parameters={"components": COMPONENTS, "perplexity": PERPLEXITY, "seed": SEED},
        draw=_drawn,
    )


def projected(vectors: Float32) -> NDArray[np.float64]:
    """`float64[n, 2]`: unit vectors `float32[n, d]` on a plane, by PCA and then t-SNE with a fixed seed.

    One thread computes it: sums of several would differ from run to run.

    >>> projected(np.eye(3, dtype=np.float32)).shape
    (3, 2)
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    count = len(vectors)
    places = np.zeros((count, 2))
    if count < 2 or np.allclose(vectors, vectors[0]):
        return places
    with threadpool_limits(1):
        exact = vectors.astype(np.float64)
        reduced = PCA(min(COMPONENTS, count - 1, vectors.shape[1]), svd_solver="full").fit_transform(exact)
        flat = reduced[:, :2]
        if count < LEAST:
            places[:, : flat.shape[1]] = flat
        else:
            start = np.zeros((count, 2), dtype=np.float32)
            start[:, : flat.shape[1]] = flat / flat[:, 0].std() * 1e-4
            places = TSNE(
                init=start,
                perplexity=min(PERPLEXITY, (count - 1) / 3),
                random_state=SEED,
                n_jobs=1,
            ).fit_transform(reduced)
    found: NDArray[np.float64] = np.round(places, 2).astype(np.float64)
    found += 0.0  # so that no zero is negative
    return found


def _called(clusters: Sequence[Cluster], needs: dict[str, Need]) -> dict[str, str]:
    """Cluster id to what the legend says; two clusters of one title are told apart by their ids."""
    titles = {c.id: _cut(c.name or needs[c.medoid].title, SHORT) for c in clusters if len(c.members) > 1}
    times = Counter(titles.values())
    return {c.id: ALONE for c in clusters} | {
        id_: f"{title} ({id_})" if times[title] > 1 else title for id_, title in titles.items()
    }


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _mixed(places: NDArray[np.float64], spoken: Sequence[str | None]) -> str:
    """Words for how often the nearest point is of another language; nothing for a handful of needs."""
    from sklearn.neighbors import NearestNeighbors

    if len(places) < LEAST:
        return ""
    near = NearestNeighbors(n_neighbors=1).fit(places).kneighbors(return_distance=False)[:, 0]
    pairs = [(a, spoken[b]) for a, b in zip(spoken, near.tolist(), strict=True) if a and spoken[b]]
    other = sum(a != b for a, b in pairs)
    return f"; for {100 * other / len(pairs):.0f} % the nearest point is of another language" if pairs else ""


def _trusted(vectors: Float32, places: NDArray[np.float64]) -> str:
    """How far what is near on the map is near in truth; every so-manieth point where there are many."""
    from sklearn.manifold import trustworthiness

    step = max(1, -(-len(places) // MEASURED))
    some, flat = vectors[::step], places[::step]
    if len(some) <= 2 * NEIGHBOURS:
        return "Too few needs to say how well a plane shows them."
    share = trustworthiness(some, flat, n_neighbors=NEIGHBOURS, metric="cosine")
    return f"Trustworthiness over {NEIGHBOURS} neighbours: {share:.2f} of 1."


def _drawn(table: pd.DataFrame) -> "Figure":
    """Points with a legend by country, language or group, whichever button is pressed."""
    from html import escape

    from plotly import graph_objects as go

    if table.empty:
        return empty("No need to show")
    figure = go.Figure()
    said = table.assign(**{way: table[way].fillna(UNSAID) for way in WAYS})
    hover = pd.Series(
        [
            f"<b>{escape(_cut(str(title), LONG), quote=False)}</b><br>{need}; {country}; {language}<br>"
            f"group: {escape(str(group), quote=False)}" + (f" ({size} needs)" if size > 1 else "")
            for need, title, country, language, group, size in zip(
                *(said[name] for name in "need title country language group size".split()), strict=True
            )
        ],
        index=table.index,
    )
    drawn: list[str] = []
    for way in WAYS:
        for place, name in enumerate(_categories(said, way)):
            part = said[said[way] == name]
            drawn.append(way)
            figure.add_trace(
                go.Scattergl(
                    x=part["x"].tolist(),
                    y=part["y"].tolist(),
                    mode="markers",
                    name=f"{escape(name, quote=False)} ({len(part)})",
                    text=hover[part.index].tolist(),
                    hovertemplate="%{text}<extra></extra>",
                    marker=_marker(name, place),
                    visible=way == next(iter(WAYS)),
                )
            )
    buttons: list[dict[str, Any]] = [
        {
            "label": words,
            "method": "update",
            "args": [{"visible": [own == way for own in drawn]}, {"legend.title.text": words}],
        }
        for way, words in WAYS.items()
    ]
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
    figure.update_layout(
        height=680,
        updatemenus=[
            {"type": "buttons", "buttons": buttons, "x": 1.02, "xanchor": "left", "y": 1, "yanchor": "top"}
        ],
        legend={"title": {"text": next(iter(WAYS.values()))}, "y": 0.8, "itemsizing": "constant"},
        xaxis=bare,
        yaxis=bare | {"scaleanchor": "x"},
    )
    return figure


def _categories(said: pd.DataFrame, way: str) -> list[str]:
    """Names in the order of the legend: groups from the largest, others by name; what says nothing last."""
    counts = said[way].value_counts()
    names = sorted(str(name) for name in counts.index)
    if way == "group":
        names.sort(key=lambda name: -int(counts[name]))
    return sorted(names, key=lambda name: name in (UNSAID, ALONE))


def _marker(name: str, place: int) -> dict[str, Any]:
    """Colour and symbol, together different for as many names as there are pairs of both."""
    if name in (UNSAID, ALONE):
        return {"color": GREY, "symbol": "circle-open", "size": 7}
    symbol = SYMBOLS[place // len(PALETTE) % len(SYMBOLS)]
    return {"color": PALETTE[place % len(PALETTE)], "symbol": symbol, "size": 9, "opacity": 0.85}
