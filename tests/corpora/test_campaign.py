"""Trials from a folder of notices: which texts search which, and what is right."""

import json
from pathlib import Path

import pytest

from corpora.campaign import ANSWERS, language_versions, titles_to_notices
from matcher.errors import FileUnreadable

NOTICES = [
    {
        "id": "100-2031",
        "title": "Pumpen",
        "description": "12 Pumpen für die Wasserwehr Oberau",
        "language": "de",
        "country": "AT",
        "family": "pumps",
        "fold": "train",
    },
    {
        "id": "200-2031",
        "title": "Zdjęcia",
        "description": "Aparaty dla straży w Dolinie",
        "language": "pl",
        "country": "PL",
        "family": "cameras",
        "fold": "test",
    },
]
PAIRS = [
    {
        "id": "p1",
        "notice": "100-2031",
        "lang_a": "de",
        "title_a": "12 Pumpen",
        "text_a": "12 Pumpen\nFür Oberau.",
        "lang_b": "fr",
        "title_b": "12 pompes",
        "text_b": "12 pompes\nPour Oberau.",
        "family": "pumps",
    },
    {
        "id": "p2",
        "notice": "200-2031",
        "lang_a": "pl",
        "title_a": "Aparaty",
        "text_a": "Aparaty\nDla straży.",
        "lang_b": "et",
        "title_b": "Kaamerad 7",
        "text_b": "Kaamerad 7\nValvele.",
        "family": "cameras",
    },
]
T1 = [
    "pair_id\tquery_lang\tdoc_lang\trelevant_notice\tfold",
    "p1\tfr\tde\t100-2031\ttrain",
    "p2\tet\tpl\t200-2031\ttest",
]
T4 = [
    "label\tlang\tnotice\tpair_id\tside\tfold",
    "L1\tde\t100-2031\tp1\ta\ttrain",
    "L1\tfr\t100-2031\tp1\tb\ttrain",
    "L2\tpl\t200-2031\tp2\ta\ttest",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two notices, each with a translation."""
    for name, rows in (("notices", NOTICES), ("crossling_pairs", PAIRS)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "t1_titles.tsv").write_text("\n".join(T1) + "\n", encoding="utf-8")
    (tmp_path / "tests" / "t4_versions.tsv").write_text("\n".join(T4) + "\n", encoding="utf-8")
    return tmp_path


def test_titles_of_one_fold_search_all_notices(folder):
    """The other fold's notices are distractors; its titles do not search."""
    task = titles_to_notices(folder, "train")
    assert [(q.id, q.language) for q in task.queries] == [("p1", "fr")]
    assert [(d.id, d.language) for d in task.documents] == [("100-2031", "de"), ("200-2031", "pl")]
    assert task.qrels == {"p1": {"100-2031": ANSWERS}}
    assert task.families == {"p1": "pumps"}


def test_digits_do_not_give_the_answer_away(folder):
    """Numbers are the same in all languages, so queries and documents are without."""
    for fold in ("train", "test"):
        task = titles_to_notices(folder, fold)
        texts = [record.text for record in (*task.queries, *task.documents)]
        assert all(not any(letter.isdigit() for letter in text) for text in texts)
    assert titles_to_notices(folder, "train").queries[0].title == "pompes"


def test_the_title_is_the_one_in_the_language_of_the_query(folder):
    """Side a or b, whichever the table asks for."""
    (folder / "tests" / "t1_titles.tsv").write_text(
        "\n".join([T1[0], "p1\tde\tfr\t100-2031\ttrain"]), encoding="utf-8"
    )
    assert titles_to_notices(folder, "train").queries[0].title == "Pumpen"


def test_language_versions_of_a_notice_are_one_group(folder):
    """Each version is a need of its own, under the label of its notice."""
    task = language_versions(folder, "train")
    assert task.groups == {"L1:de": "L1", "L1:fr": "L1"}
    assert {need.id: (need.title, need.description) for need in task.needs} == {
        "L1:de": ("12 Pumpen", "Für Oberau."),
        "L1:fr": ("12 pompes", "Pour Oberau."),
    }
    assert language_versions(folder, "test").groups == {"L2:pl": "L2"}


def test_an_unknown_fold_is_empty(folder):
    """No row of another fold slips in."""
    assert titles_to_notices(folder, "dev").queries == ()
    assert language_versions(folder, "dev").needs == ()


@pytest.mark.parametrize("name", ["notices.jsonl", "crossling_pairs.jsonl"])
def test_a_missing_or_damaged_file_is_named(folder, name):
    """The message says which file, and where its form is described."""
    (folder / name).write_text("{not json", encoding="utf-8")
    with pytest.raises(FileUnreadable, match=rf"{name} cannot be read .*corpora\.campaign"):
        titles_to_notices(folder, "train")
    (folder / name).unlink()
    with pytest.raises(FileUnreadable, match=f"{name} cannot be read"):
        titles_to_notices(folder, "train")


def test_a_folder_without_tables_is_refused(folder):
    """The message names the table that was looked for."""
    (folder / "tests" / "t4_versions.tsv").unlink()
    with pytest.raises(FileUnreadable, match=r"has no tests/t4_\*\.tsv"):
        language_versions(folder, "train")
