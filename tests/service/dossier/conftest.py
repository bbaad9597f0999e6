"""Three needs for body armour, what is offered for them, and the candidate that they make."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pytest

from matcher.joint import JointCandidate, Offers, judge
from matcher.records import JointInterest, Nature, Need, Solution, Visibility

DAY = date(2026, 5, 4)

ESTONIAN = Need(
    id="EE-1",
    title="Kuulivestid | *patrullidele* <script>alert(1)</script>",
    description="Vestid patrullidele, kaal kuni 3,5 kg.",
    requirements="Kaitseklass NIJ IIIA.",
    language="et",
    country="EE",
    organisation="Politsei- ja Piirivalveamet",
    buyer_type="cga",
    cpv=("35815100",),
    nature=Nature.SUPPLIES,
    value_eur=1_500_000.0,
    vat_included=False,
    quantity="1200 komplekti",
    window_start=date(2026, 9, 1),
    window_end=date(2027, 3, 31),
    regime="2014/24",
    standards=("EN ISO 14876", "NIJ 0101.06"),
    working_languages=("et", "en"),
    joint_interest=JointInterest.YES,
    titles={"en": "Ballistic vests for patrols"},
    extra={"classification": "none", "budget_status": "approved"},
)
FINNISH = Need(
    id="FI-1",
    title="=SUM(A1) Luotiliivit",
    description="Luotiliivit kenttätyöhön, paino enintään 4 kg.",
    requirements="Suojausluokka NIJ III.",
    language="fi",
    country="FI",
    organisation="Poliisihallitus",
    buyer_type="cga",
    cpv=("35815100",),
    nature=Nature.SUPPLIES,
    value_eur=2_400_000.0,
    vat_included=False,
    quantity="2000 kpl",
    window_start=date(2026, 10, 1),
    window_end=date(2027, 5, 31),
    regime="2014/24",
    standards=("NIJ 0101.06",),
    working_languages=("fi", "en"),
    joint_interest=JointInterest.MAYBE,
    extra={"classification": "none"},
)
FRENCH = Need(
    id="FR-1",
    title="Gilets pare-balles",
    description="Gilets pare-balles pour la police nationale.",
    language="fr",
    country="FR",
    organisation="Ministère de l'Intérieur",
    cpv=("35815000",),
    regime="",
)
VEST = Solution(id="S2", name="Zephyr vest", vendor="Zephyr", country="DE", trl=9, cpv=("35815100",))
SHIELD = Solution(id="S1", name="Aegis panneau", language="fr", vendor="Aegis | Co", country="FR", trl=9)

Make = Callable[..., JointCandidate]


def candidate_of(
    needs: Sequence[Need], solutions: Sequence[Solution] = (VEST, SHIELD), fit: float = 0.7
) -> JointCandidate:
    """The candidate of some needs that are all alike, judged on `DAY`; every solution fits each as well."""
    count = len(needs)
    likeness = np.full((count, count), 0.86)
    np.fill_diagonal(likeness, 1.0)
    offers = Offers(tuple(solutions), np.full((count, len(solutions)), fit))
    found = judge(needs, likeness, offers=offers, id="c-17", day=DAY)
    assert isinstance(found, JointCandidate)
    return found


@pytest.fixture
def trio() -> tuple[Need, Need, Need]:
    """An Estonian, a Finnish and a French need; the French one leaves much unsaid."""
    return ESTONIAN, FINNISH, FRENCH


@pytest.fixture
def candidate(trio: tuple[Need, Need, Need]) -> JointCandidate:
    """The candidate that the three make."""
    return candidate_of(trio)


@pytest.fixture
def make() -> Make:
    """How candidates of other needs are made."""
    return candidate_of


@pytest.fixture
def secret() -> Need:
    """A need whose words are found nowhere else, seen by its owner alone."""
    return Need(
        id="PL-77",
        title="Kamizelki tajne",
        language="pl",
        country="PL",
        organisation="Komenda Ukryta",
        cpv=("35815100",),
        value_eur=7_654_321.0,
        quantity="4711 sztuk",
        window_start=date(2026, 11, 11),
        window_end=date(2026, 12, 12),
        visibility=Visibility.PRIVATE,
    )
