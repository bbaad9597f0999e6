"""Weights that are read, checked and answered for."""

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import SettingInvalid
from matcher.joint.weights import NAMES, WEIGHTS, load


def shipped() -> dict[str, Any]:
    """The content of the file that ships."""
    path = Path(load.__code__.co_filename).with_name("weights.json")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def written(content: object, tmp_path: Path) -> Path:
    """A file with this content."""
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_weights_that_ship_add_up_to_one_and_have_an_owner() -> None:
    """Nine factors, somebody who answers for them, and a dated log."""
    assert tuple(WEIGHTS.of) == NAMES
    assert sum(WEIGHTS.of.values()) == pytest.approx(1, abs=1e-12)
    assert WEIGHTS.owner
    assert all(change.date and change.who and change.what for change in WEIGHTS.changes)


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    """Weights can be shifted, and what is read is what is written."""
    content = shipped()
    content["weights"] |= {"timeline": 0.2, "functional overlap": 0.25}
    read = load(written(content, tmp_path))
    assert (read.of["timeline"], read.of["functional overlap"]) == (0.2, 0.25)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": {**WEIGHTS.of, "timeline": 0.25}}, "add up to 1.1"),
        ({"weights": {**WEIGHTS.of, "timeline": -0.15, "standards": 0.37}}, "'timeline' is not in"),
        ({"weights": {**WEIGHTS.of, "timeline": float("nan")}}, "'timeline' is not in"),
        ({"weights": {**WEIGHTS.of, "charm": 0.0}}, "'charm'"),
        ({"weights": dict.fromkeys(NAMES[1:], 1 / 8)}, "'functional overlap'"),
        ({"owner": " "}, "no owner"),
        ({"changes": []}, "no change log"),
        ({"cap": {"total": 60, "functional_below": 0.4}}, "expected cap < B"),
        ({"levels": {"a_total": 70, "a_completeness": 8, "b_total": 50}}, "shares in"),
        ({"levels": {}}, "KeyError"),
        ({"weights": [0.5, 0.5]}, "AttributeError"),
    ],
)
def test_weights_that_do_not_hold_together_are_refused(
    change: dict[str, object], says: str, tmp_path: Path
) -> None:
    """The message names what is wrong."""
    path = written(shipped() | change, tmp_path)
    with pytest.raises(SettingInvalid, match=says):
        load(path)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Missing, or not JSON: both say which file."""
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    for name in ("absent.json", "broken.json"):
        with pytest.raises(SettingInvalid, match=name):
            load(tmp_path / name)
