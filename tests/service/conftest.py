"""A sample of two themes in two languages, and settings that stay in a test's own folder."""

from pathlib import Path

import pytest

from corpora.sample import Sample
from corpora.tuning import TuningSet
from matcher.records import Need, Solution
from service.fit.pairing import Themes
from service.settings import Settings

PUMP = "Mobile flood pump for cellars, pump capacity 2000 litres a minute, diesel drive, EN 1028."
PUMPE = "Mobile Pumpe gegen Hochwasser im Keller, Pumpe mit 2000 Liter je Minute, Diesel, EN 1028."
VEST = "Ballistic vest for dog handlers, plates of class four, cover can be washed, VPAM tested."
WESTE = "Ballistische Weste für Hundeführer, Platten der Klasse vier, Bezug waschbar, VPAM."


@pytest.fixture
def tiny_sample() -> Sample:
    """Four needs and four solutions in each half: pumps and vests, in English and German."""
    needs: list[Need] = []
    solutions: list[Solution] = []
    qrels: dict[str, dict[str, int]] = {}
    for half in ("tune", "test"):
        for at, (text, language, country) in enumerate(
            [(PUMP, "en", "IE"), (PUMPE, "de", "AT"), (VEST, "en", "MT"), (WESTE, "de", "LU")]
        ):
            title = text.partition(",")[0]
            needs.append(
                Need(id=f"{half}-N{at}", title=title, description=text, language=language, country=country)
            )
            solutions.append(
                Solution(
                    id=f"{half}-S{at}", name=f"{half} {title}", description=f"We sell it. {text}",
                    language=language, country=country,
                )
            )  # fmt: skip
            other = at - 1 if at % 2 else at + 1
            qrels[f"{half}-N{at}"] = {f"{half}-S{at}": 3, f"{half}-S{other}": 2}
    themes = {r.id: "pumps" if r.id[-1] in "01" else "vests" for r in (*needs, *solutions)}
    return Sample(
        tuple(needs),
        tuple(solutions),
        qrels,
        {need.id: f"{need.id[:4]}-{themes[need.id]}" for need in needs},
        themes,
        {record.id: record.id.partition("-")[0] for record in (*needs, *solutions)},
    )


@pytest.fixture
def hashing(tmp_path: Path) -> Settings:
    """The encoder without weights, and folders that are thrown away."""
    return Settings(model="hashing", cache=tmp_path / "cache", data=tmp_path / "data")


class TinyTuning:
    """A tuning set of which the four needs of the sample's tuning half are held out, and nothing is left."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    def part(self, *, held_out: bool) -> TuningSet:
        """The held-out needs with their own solutions, or none."""
        half = self._sample.part("tune") if held_out else Sample((), (), {}, {}, {}, {})
        own = tuple(solution for solution in half.solutions if self._sample.splits[solution.id] == "tune")
        return TuningSet(half.needs, own, {}, half.qrels, half.groups, half.themes, half.themes, {})


@pytest.fixture
def tiny_tuning(tiny_sample: Sample) -> TinyTuning:
    """What stands in for the tuning set."""
    return TinyTuning(tiny_sample)


WORDED = {
    "pump": (
        "Mobile flood pump for cellars",
        "Flood pumps, mobile, for the cellar",
        "Repair of a flood pump",
    ),
    "vest": (
        "Ballistic vest for dog handlers",
        "Ballistic vests of dog handlers",
        "Washing of ballistic vests",
    ),
    "boat": ("Fast patrol boat with radar", "Patrol boats, fast, with a radar", "Fast patrol car with radio"),
    "lamp": ("Head lamp for night rescue", "Head lamps for rescue at night", "Night training for rescue"),
    "tent": ("Inflatable tent for triage", "Inflatable tents, triage", "Hiring of large inflatable tents"),
    "suit": ("Dry suit for ice divers", "Dry suits of divers under ice", "Course for ice divers"),
}
"""Two needs that ask for the same, and one that is easily taken for it."""


@pytest.fixture(scope="session")
def tiny_themes() -> Themes:
    """Six themes of three needs, with a solution for each need's wish."""
    needs, solutions = [], []
    groups, themes, qrels = {}, {}, {}
    for at, (theme, titles) in enumerate(WORDED.items()):
        for place, title in enumerate(titles):
            id_ = f"{theme}{place}"
            needs.append(Need(id=id_, title=title, description=f"{title}. Told to all.", language="en"))
            groups[id_] = f"{theme}-{place // 2}"
            themes[id_] = theme
            qrels[id_] = {f"S{at}-{place // 2}": 3}
        solutions += [
            Solution(id=f"S{at}-{i}", name=titles[2 * i], description="We sell it.", language="en")
            for i in range(2)
        ]
    return Themes(needs, groups, themes, solutions, qrels)
