"""Joint buying as its users meet it, with the real model and records planted in the sample."""

from dataclasses import replace
from datetime import date

import pytest

from corpora import load_sample
from matcher.engine import Engine
from matcher.joint import JointCandidate
from matcher.records import JointInterest, Nature, Need, Visibility
from service import Settings, open_engine

DAY = date(2026, 12, 1)
COMMON = {
    "nature": Nature.SUPPLIES,
    "buyer_type": "cga",
    "regime": "2014/24",
    "visibility": Visibility.NETWORK,
    "joint_interest": JointInterest.YES,
}
BODY_ARMOUR = (
    Need(
        id="VEST-EE",
        title="Kuulivestid patrullpolitseile",
        description="Hangime 400 varjatult kantavat kuulivesti. Kaitseklass NIJ IIIA, pehmed paneelid, "
        "suurused naistele ja meestele, vahetatav kate, kaal alla 3 kg.",
        language="et",
        country="EE",
        organisation="Politseiamet Koidula",
        cpv=("35815100",),
        value_eur=1_200_000.0,
        window_start=date(2027, 1, 1),
        window_end=date(2027, 6, 30),
        standards=("NIJ 0101.06",),
        working_languages=("et", "en"),
    ),
    Need(
        id="VEST-FI",
        title="Luotiliivit kenttäpoliisille",
        description="Hankinta koskee 900 kevyttä luotiliiviä, jotka kannetaan virkapuvun alla. Suojaus NIJ "
        "IIIA, pehmeät suojalevyt, mallit naisille ja miehille, pestävä suojapussi.",
        language="fi",
        country="FI",
        organisation="Poliisilaitos Kaarnala",
        cpv=("35815100",),
        value_eur=2_300_000.0,
        window_start=date(2027, 1, 29),
        window_end=date(2027, 8, 31),
        standards=("NIJ 0101.06",),
        working_languages=("fi", "en"),
    ),
    Need(
        id="VEST-LT",
        title="Neperšaunamos liemenės policijos pareigūnams",
        description="Perkame 350 slapta dėvimų neperšaunamų liemenių. Klasė NIJ IIIA, minkšti įdėklai, "
        "moteriški ir vyriški dydžiai, keičiamas užvalkalas, svoris iki 3 kg.",
        language="lt",
        country="LT",
        organisation="Policijos komisariatas Girelė",
        cpv=("35813000",),
        value_eur=1_000_000.0,
        window_start=date(2027, 1, 15),
        window_end=date(2027, 7, 31),
        standards=("NIJ 0101.06",),
        working_languages=("lt", "en"),
    ),
)
TRAPS = (
    (
        Need(
            id="BOAT",
            title="Łodzie patrolowe dla policji wodnej",
            description="Zakup dwóch łodzi patrolowych długości 9 m z silnikami, kabiną i radarem.",
            language="pl",
            country="PL",
            organisation="Komenda Zalesie",
        ),
        Need(
            id="CAR",
            title="Patrol cars for the traffic police",
            description="Purchase of twenty marked patrol cars with roof lights, radio and weapon safe.",
            language="en",
            country="IE",
            organisation="Traffic Corps Ballymore",
        ),
    ),
    (
        Need(
            id="DRONE",
            title="Drones de surveillance pour la gendarmerie",
            description="Achat de dix drones à caméra thermique pour rechercher des personnes.",
            language="fr",
            country="FR",
            organisation="Gendarmerie du Valmont",
        ),
        Need(
            id="ANTI",
            title="Drohnenabwehr für Justizvollzugsanstalten",
            description="Beschaffung eines Systems, das einfliegende Drohnen erkennt, ortet und stört.",
            language="de",
            country="DE",
            organisation="Vollzugsamt Lindenau",
        ),
    ),
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The sample with what was planted."""
    opened = open_engine(settings=Settings(), keep=False)
    sample = load_sample()
    planted = [replace(need, **COMMON) for need in (*BODY_ARMOUR, *(n for pair in TRAPS for n in pair))]
    opened.add([*sample.needs[:60], *planted, *sample.solutions])
    return opened


def holding(engine: Engine, need_id: str) -> JointCandidate | None:
    """The candidate that a need takes part in."""
    for item in engine.candidates(day=DAY):
        if need_id in {need.id for need in item.members}:
            return item
    return None


@pytest.mark.model
def test_story_6_a_planted_trio_is_found_and_ready_to_talk(engine: Engine) -> None:
    """Estonia, Finland and Lithuania want the same vests: level A, and the score follows from its factors."""
    found = holding(engine, "VEST-EE")
    assert found is not None
    assert {need.id for need in BODY_ARMOUR} <= {need.id for need in found.members}
    known = [factor for factor in found.score.factors if factor.value is not None]
    total = 100 * sum(f.weight * (f.value or 0) for f in known) / sum(f.weight for f in known)
    assert found.score.total == pytest.approx(total, abs=1.0)
    assert str(found.score.level) == "A"
    assert sum(factor.weight for factor in found.score.factors) == pytest.approx(1.0)
    assert all(factor.sentence for factor in found.score.factors)
    assert found.totals.value_eur >= 4_500_000
    row = found.threshold.row
    assert row is not None
    assert row.amount_eur == 140_000
    assert (row.valid_from, row.valid_to) == (date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.model
@pytest.mark.parametrize("pair", TRAPS, ids=lambda pair: pair[0].id)
def test_story_7_what_only_sounds_alike_is_kept_apart_or_held_at_c(
    engine: Engine, pair: tuple[Need, Need]
) -> None:
    """Patrol boats and patrol cars, drones and what stops them."""
    found = holding(engine, pair[0].id)
    if found is not None and pair[1].id in {need.id for need in found.members}:
        assert str(found.score.level) == "C"
        assert found.score.caps


@pytest.mark.model
def test_story_8_what_is_not_stated_is_unknown_and_never_zero(engine: Engine) -> None:
    """Two members lose regime and window: completeness and level fall, and the prompts name them."""
    found = holding(engine, "VEST-EE")
    assert found is not None
    ids = [need.id for need in found.members if need.id.startswith("VEST")][:2]
    lost = {need_id: {"regime": "", "window_start": None, "window_end": None} for need_id in ids}
    after = engine.what_if(found, state=lost).after
    assert isinstance(after, JointCandidate)
    assert after.score.completeness < found.score.completeness
    assert after.score.level != "A"
    named = {field for factor in after.score.factors for field in factor.missing}
    assert {f"{need_id}: regime" for need_id in ids} <= named
    assert any("window" in field for field in named)
    unknown = [factor for factor in after.score.factors if factor.value is None]
    assert not any("0.0" in factor.sentence for factor in unknown)


@pytest.mark.model
def test_a_need_alone_is_a_single_and_no_noise(engine: Engine) -> None:
    """Every need is in exactly one cluster, and some are alone under an id of their own."""
    clusters = engine.clusters(day=DAY)
    members = [need for cluster in clusters for need in cluster.members]
    assert sorted(members) == sorted(stored.record.id for stored in engine.needs)
    alone = [cluster for cluster in clusters if len(cluster.members) == 1]
    assert alone
    assert len({cluster.id for cluster in clusters}) == len(clusters)
