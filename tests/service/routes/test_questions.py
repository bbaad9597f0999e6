"""Lists of questions over HTTP: in parts, the oldest first, without what is not to be seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher.records import Need, Visibility
from tests.house import House, opened

PATH = "/needs/pump/questions"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A need on which two ask in turn; each second question has its answer."""
    with opened(tmp_path) as found:
        found.enter("ana", Need(id="pump", title="Flood pump", visibility=Visibility.PUBLIC))
        for number in range(8):
            asked = found.post(("eero", "ivo")[number % 2], PATH, {"text": f"{number}?"})
            if number in (2, 5):
                found.post("ana", f"/questions/{asked['id']}/answer", {"answer": "Yes."}, 200)
            found.moment[0] = found.moment[0].replace(minute=number // 2)  # two in one moment
        yield found


def parts(house: House, who: str, **query: Any) -> list[list[str]]:
    """The texts of all questions that somebody is shown, part by part."""
    found = []
    while True:
        part = house.get(who, PATH, **query)
        found.append([one["text"] for one in part["items"]])
        if part["next"] is None:
            return found
        query["cursor"] = part["next"]


def test_questions_come_in_parts_the_oldest_first(house: House) -> None:
    """The parts together are the whole list, each question once; twenty stand in one without a limit."""
    whole = house.get("ana", PATH)
    assert whole["next"] is None
    texts = [one["text"] for one in whole["items"]]
    assert sorted(texts) == [f"{number}?" for number in range(8)]
    assert [one["asked_at"] for one in whole["items"]] == sorted(one["asked_at"] for one in whole["items"])
    found = parts(house, "ana", limit=3)
    assert [len(part) for part in found] == [3, 3, 2]
    assert [text for part in found for text in part] == texts


def test_a_part_is_full_of_what_may_be_seen(house: House) -> None:
    """Unanswered questions of others leave no gap and no empty part at the end."""
    assert [sorted(part) for part in parts(house, "lina", limit=2)] == [["2?", "5?"]]
    found = parts(house, "eero", limit=2)
    assert [len(part) for part in found] == [2, 2, 1]
    assert sorted(text for part in found for text in part) == ["0?", "2?", "4?", "5?", "6?"]


@pytest.mark.parametrize("cursor", ["x", "WyJiIl0", "WyJ4IiwieSJd"])
def test_a_cursor_of_another_list_is_refused(house: House, cursor: str) -> None:
    """With the field that is wrong."""
    found = house.ask("ana", "GET", PATH, params={"cursor": cursor})
    assert (found.status_code, found.json()["errors"][0]["pointer"]) == (422, "query.cursor")
