"""The recipe of the tuned model reads what it may, and nothing that is measured on."""

import json
from pathlib import Path

import numpy as np
import pytest

import models
from corpora.tuning import load
from matcher.errors import FileUnreadable, SettingInvalid
from models import DEFAULT, ENTRIES
from service.fit.training import SHARES, card, describe, shares_of, sources_of, tuning_blocks

MODELS = Path(models.__file__).parent


def notice(fold, number):
    """A notice in two languages."""
    return {
        "id": f"{fold}{number}",
        "notice": f"{fold}{number}",
        "source": "TED",
        "fold": fold,
        "title_translated": True,
        "title_a": f"{fold} fire pumps {number}",
        "text_a": f"{fold} pumps for fires, number {number}, with hoses and a trailer",
        "title_b": f"{fold} pompes {number}",
        "text_b": f"{fold} pompes contre le feu, no {number}, avec tuyaux et remorque",
        "title": f"{fold} fire pumps {number}",
        "description": f"{fold} pumps for fires, number {number}, with hoses and a trailer",
        "family": f"{fold}{number}",
        "cpv_main": f"{number}0000000",
    }


@pytest.fixture
def folder(tmp_path):
    """A folder of notices of two folds, and funded needs, which may not be trained on."""
    rows = [notice(fold, number) for fold in ("train", "test") for number in range(3)]
    funded = {**notice("train", 9), "source": "ISF"}
    for name, own in (("crossling_pairs", [*rows, funded]), ("notices", rows)):
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in own), encoding="utf-8"
        )
    table = "code\ten\tfr\tga\n" + "".join(
        f"{i}0000000\tlabel {i}\tlibellé {i}\tlabel {i}\n" for i in range(9)
    )
    (tmp_path / "cpv24.tsv").write_text(table, encoding="utf-8")
    return tmp_path


def test_only_the_training_fold_of_notices_is_read(folder):
    """Neither a fold `test` nor what is for measuring only."""
    pairs = {source.name: source.pairs for source in sources_of(folder) if hasattr(source, "pairs")}
    assert set(pairs) == {"translations", "titles", "labels", "subjects"}
    for name in ("translations", "titles"):
        assert {family for *_, family in pairs[name]} == {"train0", "train1", "train2"}
        assert not any("test" in one or "test" in other for one, other, _ in pairs[name])
    assert len(pairs["translations"]) == 4 * 3
    assert not any("test" in text for text, _, _ in pairs["subjects"])


def test_a_notice_is_paired_with_the_label_of_its_code_in_several_languages(folder):
    """Notices of one code are of one family: they never meet in a batch."""
    (subjects,) = [source for source in sources_of(folder) if source.name == "subjects"]
    assert {
        (label, code) for text, label, code in subjects.pairs if text.startswith("train fire pumps 1")
    } == {
        ("label 1", "10000000"),
        ("libellé 1", "10000000"),
    }


def test_labels_are_paired_across_languages(folder):
    """The same codes in two languages; the Irish column, which is English, is left out."""
    (labels,) = [source for source in sources_of(folder) if source.name == "labels"]
    for one, other, _ in labels.pairs[:50]:
        assert {one[0], other[0]} == {"l"}
        assert ("libellé" in one) != ("libellé" in other)
        assert [c for c in one if c.isdigit()] == [c for c in other if c.isdigit()]


def test_without_notices_the_tuning_set_is_all_there_is():
    """The recipe runs for whoever has no notices."""
    assert [source.name for source in sources_of(None)] == ["answers", "likes"]


def test_nothing_that_is_held_out_is_trained_on():
    """Weights and calibrators are fitted on these themes: the model must not know them."""
    held = load().part(held_out=True)
    known = {text for block in tuning_blocks() for text in (*block.needs.values(), *block.solutions.values())}
    assert held.needs
    assert not known & {record.text for record in (*held.needs, *held.solutions)}


def test_blocks_hold_all_that_is_trained_on():
    """Every need, solution and grade, once."""
    blocks, tuning = tuning_blocks(), load().part(held_out=False)
    assert sum(len(block.needs) for block in blocks) == len(tuning.needs)
    assert sum(len(block.solutions) for block in blocks) == len(tuning.solutions)
    graded = sum(len(grades) for block in blocks for grades in block.grades.values())
    assert graded == sum(len(grades) for grades in tuning.qrels.values())


def test_the_card_says_what_was_read(folder):
    """Counts of each kind."""
    facts = describe(sources_of(folder))
    assert facts["needs"] == len(load().part(held_out=False).needs)
    assert facts["languages"] == 24
    assert facts["titles"] == 3


def test_shares_are_checked():
    """A source that is not there, or a share that is none, is named."""
    assert shares_of(["answers=0.5", "likes=0.2"]) == {"answers": 0.5, "likes": 0.2}
    for wrong in ("answers", "answers=x", "others=0.5", "answers=2"):
        with pytest.raises(SettingInvalid, match="--share"):
            shares_of([wrong])
    assert sum(SHARES.values()) == pytest.approx(1)


def test_a_damaged_table_of_labels_is_refused(folder):
    """With its path."""
    (folder / "cpv24.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileUnreadable, match="cpv24"):
        sources_of(folder)


def test_the_card_is_that_of_the_weights_that_ship():
    """Data, recipe and size are read off the file; the card cannot say otherwise."""
    known = ENTRIES[DEFAULT]
    with np.load(known.delta) as stored:
        about = json.loads(str(stored["about"]))
    figures = json.loads((MODELS / "fitted" / f"{DEFAULT}.json").read_text(encoding="utf-8"))[
        "tuning_figures"
    ]
    written = (MODELS / "cards" / f"{DEFAULT}.md").read_text(encoding="utf-8")
    assert written == card(about, known.delta.stat().st_size, figures)
    assert about["data"]["needs"] == len(load().part(held_out=False).needs)
