"""A sample of two themes in two languages, and settings that stay in a test's own folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpora.sample import Sample
from matcher.records import Need, Solution
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

    def part(self, *, held_out: bool) -> Sample:
        """The held-out needs with their own solutions, or none."""
        half = self._sample.part("tune")
        own = [solution for solution in half.solutions if self._sample.splits[solution.id] == "tune"]
        return replace(half, solutions=tuple(own)) if held_out else replace(half, needs=(), solutions=())


@pytest.fixture
def tiny_tuning(tiny_sample: Sample) -> TinyTuning:
    """What stands in for the tuning set."""
    return TinyTuning(tiny_sample)
