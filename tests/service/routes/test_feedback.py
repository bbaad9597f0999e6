"""What users say of results: one word a result, taken back, and nobody else's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher.records import Need, Solution, Visibility
from tests.house import House, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Two needs for the same and an offer."""
    with opened(tmp_path) as found:
        for who, id_ in (("ana", "one"), ("eero", "two")):
            found.enter(
                who, Need(id=id_, title="Ballistic vests", language="en", visibility=Visibility.NETWORK)
            )
        found.enter(
            "ivo", Solution(id="offer", name="Ballistic vest", language="en", visibility=Visibility.PUBLIC)
        )
        yield found


def word(**said: Any) -> dict[str, Any]:
    """A word on the offer for the first need."""
    return {"query_id": "one", "document_id": "offer", "verdict": "relevant", "rank_shown": 1} | said


def test_a_later_word_replaces_the_earlier(house: House) -> None:
    """Both are kept, one stands."""
    house.post("ana", "/feedback", word(verdict="not_relevant", reason="wrong_scale"))
    assert house.get("ana", "/needs/one/solutions")["items"] == []
    house.post("ana", "/feedback", word(verdict="relevant"))
    assert house.get("ana", "/needs/one/solutions")["items"][0]["verdict"] == "relevant"
    kept = house.get("ana", "/feedback")["items"]
    assert [one["undone_at"] is None for one in sorted(kept, key=lambda one: one["verdict"])] == [False, True]
    assert house.get("eero", "/feedback")["items"] == []


def test_what_is_taken_back_is_as_never_said(house: House) -> None:
    """Once, and by who said it."""
    said = house.post("ana", "/feedback", word(verdict="not_relevant"))["id"]
    assert house.ask("eero", "DELETE", f"/feedback/{said}").status_code == 404
    assert house.ask("ana", "DELETE", f"/feedback/{said}").status_code == 204
    assert house.ask("ana", "DELETE", f"/feedback/{said}").status_code == 404
    assert len(house.get("ana", "/needs/one/solutions")["items"]) == 1


def test_the_list_comes_in_parts_the_latest_first(house: House) -> None:
    """By moment and id."""
    for verdict in ("relevant", "unsure", "not_relevant"):
        house.post("ana", "/feedback", word(verdict=verdict))
    first = house.get("ana", "/feedback", limit=2)
    rest = house.get("ana", "/feedback", limit=2, cursor=first["next"])
    assert len({one["id"] for one in (*first["items"], *rest["items"])}) == 3
    assert rest["next"] is None
    assert house.get("ana", "/feedback", subject="similar")["items"] == []


@pytest.mark.parametrize(
    ("who", "said", "status"),
    [
        ("ana", {"subject": "similar", "document_id": "two"}, 201),
        ("ana", {"subject": "cpv", "document_id": "35815100"}, 201),
        ("ana", {"subject": "cpv", "document_id": "3581"}, 422),
        ("ana", {"subject": "candidate", "document_id": "c-22222222"}, 404),
        ("ana", {"subject": "cluster", "document_id": "x" * 200}, 404),
        ("ana", {"document_id": "nothing"}, 404),
        ("ivo", {"query_id": "offer", "document_id": "one", "subject": "demand"}, 404),
        ("ivo", {"subject": "candidate", "document_id": "c-22222222", "query_id": "c-22222222"}, 403),
        ("ana", {"rank_shown": 0}, 422),
        ("ana", {"verdict": "good"}, 422),
    ],
)
def test_a_word_is_on_something_that_one_may_see(
    house: House, who: str, said: dict[str, Any], status: int
) -> None:
    """A need, an offer, a candidate, a cluster or a code."""
    found = house.ask(who, "POST", "/feedback", json=word(**said))
    assert found.status_code == status, found.text


def test_a_word_on_a_candidate_and_on_a_cluster(house: House) -> None:
    """By their ids, with the need they were shown for or alone."""
    own = house.get("ana", "/candidates")["items"][0]["id"]
    for subject in ("candidate", "cluster"):
        for query in (own, "one"):
            said = house.post("ana", "/feedback", word(subject=subject, document_id=own, query_id=query))
            assert said["document_id"] == own
            assert said["score_shown"] is None
