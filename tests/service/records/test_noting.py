"""Who was shown what is restricted stands in the audit log, whatever the answer was."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from matcher.records import JointInterest, Need, Record, Solution, Visibility
from service.records import repeats as repeating
from service.records.noting import noted
from service.rights.policy import Role
from service.rights.viewer import ANONYMOUS, Viewer
from service.store.tables import AuditRow
from tests.house import House, opened

VEST = Need(
    id="vest-ee", title="Ballistic vests for dog handlers", description="Washable, of class four.",
    language="en", country="EE", visibility=Visibility.NETWORK, joint_interest=JointInterest.MAYBE,
)  # fmt: skip
OFFER = Solution(
    id="offer", name="Ballistic vest", description="Washable vest of class four.", language="en",
    visibility=Visibility.NETWORK,
)  # fmt: skip
PAUL = Viewer("paul", "police-fr", Role.PROCURER, vetted=True, country="FR")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Vests of four authorities, one known to all, and two offers, one known to all."""
    with opened(tmp_path_factory.mktemp("noting")) as found:
        found.enter_all(
            [
                ("ana", VEST, {}),
                ("eero", replace(VEST, id="vest-fi", country="FI"), {}),
                ("paul", replace(VEST, id="vest-fr", country="FR"), {}),
                ("lina", replace(VEST, id="vest-lt", country="LT", visibility=Visibility.PUBLIC), {}),
                ("ivo", OFFER, {}),
                ("ivo", replace(OFFER, id="offer-2", visibility=Visibility.PUBLIC), {}),
            ]
        )
        yield found


def sightings(house: House, act: Any) -> dict[str, tuple[str, list[str]]]:
    """What an act adds to the log of what was shown: action to the object and the sorted ids."""
    with house.held.database.read() as session:
        before = len(session.scalars(select(AuditRow.id)).all())
    act()
    with house.held.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()[before:]
        made = [row for row in rows if "shown" in row.versions]
        assert all(row.action.partition(".")[0] == row.object_kind for row in made)
        assert all((row.actor_id, row.organisation_id) == ("paul", "police-fr") for row in made)
        assert len({row.action for row in made}) == len(made), "one row for each kind"
        return {row.action: (row.object_id, sorted(row.versions["shown"])) for row in made}


NEEDS, ONE = ("", ["vest-ee", "vest-fi"]), ("vest-ee", ["vest-ee"])
OFFERED = ("offer", ["offer"])


@pytest.mark.parametrize(
    ("method", "path", "given", "expected"),
    [
        ("GET", "/needs/vest-ee", {}, {"need.view": ONE}),
        ("GET", "/needs/vest-lt", {}, {}),
        ("GET", "/needs/vest-fr", {}, {}),
        ("GET", "/solutions/offer", {}, {"solution.view": OFFERED}),
        ("GET", "/solutions/offer-2", {}, {}),
        ("GET", "/needs", {}, {"need.list": NEEDS}),
        ("GET", "/needs?mine=true", {}, {}),
        ("GET", "/solutions", {}, {"solution.list": OFFERED}),
        ("GET", "/needs/vest-fr/solutions", {}, {"solution.match": OFFERED}),
        ("GET", "/needs/vest-ee/solutions", {}, {"need.match": ONE, "solution.match": OFFERED}),
        ("GET", "/needs/vest-fr/similar", {}, {"need.similar": NEEDS}),
        ("GET", "/needs/vest-fr/similar?k=1&countries=LT", {}, {}),
        ("GET", "/needs/vest-ee/similar", {}, {"need.similar": NEEDS}),
        ("GET", "/explain?need=vest-ee&solution=offer", {},
         {"need.explain": ONE, "solution.explain": OFFERED}),
        ("GET", "/explain?need=vest-lt&solution=offer-2", {}, {}),
        ("GET", "/why-not?need=vest-fr&solution=offer", {}, {"solution.why_not": OFFERED}),
        ("GET", "/needs/vest-ee/compare?solutions=offer,offer-2", {},
         {"need.compare": ONE, "solution.compare": OFFERED}),
        ("POST", "/search/needs", {"text": "vests"}, {"need.search": NEEDS}),
        ("POST", "/search/solutions", {"text": "vests"}, {"solution.search": OFFERED}),
        ("GET", "/needs/vest-ee/questions", {}, {"need.questions": ONE}),
        ("GET", "/clusters", {}, {"need.clusters": NEEDS}),
        ("GET", "/candidates", {}, {"need.candidates": NEEDS}),
        ("GET", "/candidates?country=MT", {}, {}),
        ("GET", "/exports/needs.csv", {}, {"need.export": NEEDS}),
        ("GET", "/exports/needs.csv?own=true", {}, {}),
        ("GET", "/exports/solutions.jsonl", {}, {"solution.export": OFFERED}),
    ],
)  # fmt: skip
def test_each_answer_notes_what_it_shows_of_others(
    house: House, method: str, path: str, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Restricted records of others, one row for each kind; not what is public, nor one's own."""

    def act() -> None:
        answer = house.ask("paul", method, path, **({"json": given} if given else {}))
        assert answer.status_code == 200, answer.text

    assert sightings(house, act) == expected


def test_clusters_and_candidates_note_their_members(house: House) -> None:
    """By id, as a dossier, and as what would be if; a dossier for everybody shows nothing restricted."""
    (candidate,) = house.get("paul", "/candidates")["items"]
    path = f"/candidates/{candidate['id']}"
    for act, verb in (
        (lambda: house.get("paul", f"/clusters/{candidate['id']}"), "cluster"),
        (lambda: house.get("paul", path), "candidate"),
        (lambda: house.ask("paul", "GET", f"{path}/dossier"), "dossier"),
        (lambda: house.post("paul", f"{path}/what-if", {"drop": ["vest-lt"]}, 200), "what_if"),
    ):
        found = sightings(house, act)
        assert found.pop(f"need.{verb}") == NEEDS
        assert set(found) <= {f"solution.{verb}"}
    assert sightings(house, lambda: house.ask("paul", "GET", f"{path}/dossier?open_to=public")) == {}


def test_below_the_level_asked_for_nothing_is_shown_or_noted(house: House) -> None:
    """What stands in the log is what was in the answer."""

    def act() -> None:
        found = house.post("paul", "/search/needs", {"text": "a ferry", "min_level": "strong"}, 200)
        ids = {one["need"]["id"] for one in found["items"]}
        act.shown = sorted(ids & {"vest-ee", "vest-fi"})  # type: ignore[attr-defined]

    found = sightings(house, act)
    assert found.get("need.search", ("", []))[1] == act.shown  # type: ignore[attr-defined]


def test_repeats_note_what_they_name(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that look like a need entered twice, by id and while one is written."""
    other = house.held.catalogue.entries["vest-ee"].record

    class Pair:
        one, probability, reasons = other, 0.9, ("same title",)

    def found(beside: Any, model: Any, everything: Any, own: Any) -> list[Pair]:
        del model, everything
        pair = Pair()
        pair.other = other  # type: ignore[attr-defined]
        return [pair]

    monkeypatch.setattr(repeating, "near_duplicates", found)
    monkeypatch.setattr(type(house.held.tuning), "duplicates", object(), raising=False)
    asked = house.held.catalogue.entries["vest-fr"].record
    assert isinstance(asked, Need)

    def act() -> None:
        assert repeating.repeats(house.held, PAUL, asked)

    assert sightings(house, act) == {"need.duplicates": ONE}


def test_what_is_not_known_here_is_anothers(house: House) -> None:
    """A record that this process has not read yet is noted; to nobody nothing is noted."""
    new: Record = replace(VEST, id="just-entered")
    assert sightings(house, lambda: noted(house.held, PAUL, "view", [new, new])) == {
        "need.view": ("just-entered", ["just-entered"])
    }
    assert sightings(house, lambda: noted(house.held, ANONYMOUS, "view", [new])) == {}
