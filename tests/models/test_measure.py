"""Measuring: the texts, the table, the card."""

import json

import pytest

from matcher.errors import FileUnreadable
from models.converter import reference_texts
from models.measure import MARKS, measured, read_texts, table, write_card

FACTS = {
    "model": "tiny",
    "date": "2026-01-31",
    "processor": "P, 2 cores",
    "load_average": 0.5,
    "texts_compared": 7,
    "engines": {
        "openvino-int8": {
            "mean_cosine": 0.99876,
            "least_cosine": 0.99,
            "mean_cosine_spans": 0.998,
            "texts_per_second": {"20": 500.0, "120": 90.0, "300": 30.0},
            "times_torch": {"20": 3.61, "120": 3.2, "300": 3.0},
            "one_text_ms": 12.5,
            "load_seconds": 1.5,
            "resident_gb": None,
        }
    },
}


def test_the_texts_measured_are_not_those_of_calibration():
    """No text serves both, whole or in part."""
    calibration = " ".join(reference_texts())
    assert len(read_texts()) == 24
    assert not [text for text in read_texts() if any(part in calibration for part in text.split(". "))]


def test_a_corpus_may_be_measured_instead(tmp_path):
    """Rows with a text, or with a title and a description, are both read; rows with neither are not."""
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "a"}\n\n{"title": "b", "description": "c"}\n{"id": 1}\n')
    assert read_texts(path) == ["a", "b\nc"]


@pytest.mark.parametrize("content", ["not json", '{"id": 1}'])
def test_a_corpus_without_texts_is_refused(tmp_path, content):
    """Neither a file of another form nor one without any text can be measured."""
    path = tmp_path / "c.jsonl"
    path.write_text(content)
    with pytest.raises(FileUnreadable, match=r"c\.jsonl"):
        read_texts(path)


def test_the_table_has_a_row_for_each_engine():
    """Speed comes with its ratio, and a figure that could not be had is a question mark."""
    row = table(FACTS).splitlines()[-1]
    assert row.startswith("| openvino-int8 | 0.99876 (0.99000) | 0.99800 | 500 (3.6x) | 90 (3.2x)")
    assert row.endswith("| ? |")


def test_the_card_keeps_what_stands_around_the_table(tmp_path):
    """Writing twice replaces the table and nothing else."""
    card = tmp_path / "tiny.md"
    card.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n")
    write_card(FACTS, tmp_path)
    once = card.read_text()
    write_card(FACTS, tmp_path)
    assert card.read_text() == once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert json.loads((tmp_path / "tiny.json").read_text()) == FACTS


def test_a_card_without_its_marks_is_refused(tmp_path):
    """Nothing is written over when the place for the table is not marked."""
    (tmp_path / "tiny.md").write_text("mine")
    with pytest.raises(FileUnreadable, match="lacks the lines"):
        write_card(FACTS, tmp_path)
    assert (tmp_path / "tiny.md").read_text() == "mine"


def test_the_shipped_card_carries_the_shipped_figures():
    """The table in the Markdown is the one that the JSON beside it gives."""
    from models.measure import CARDS

    facts = json.loads((CARDS / "e5-small.json").read_text(encoding="utf-8"))
    assert table(facts) in (CARDS / "e5-small.md").read_text(encoding="utf-8")
    engines = facts["engines"]
    assert engines["openvino-int8"]["mean_cosine"] >= 0.98
    assert engines["openvino-int8"]["times_torch"]["120"] >= 2.5


def test_measuring_a_model_without_weights_compares_it_with_itself(monkeypatch):
    """All engines of the builtin model are the same, so nothing is lost."""
    from models import measure

    monkeypatch.setattr(measure, "LENGTHS", {20: 4, 120: 2, 300: 1})
    facts = measured("hashing", read_texts()[:3], rounds=1)
    assert facts["engines"]["hashing"]["mean_cosine"] == 1.0
    assert facts["engines"]["hashing"]["texts_per_second"]["120"] > 0
