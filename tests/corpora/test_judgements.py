"""Judgements, groups and runs as tab-separated files: what is read, what is refused, what is written."""

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora.judgements import read_groups, read_qrels, read_split, write_groups, write_run
from matcher.errors import FileUnreadable, RecordInvalid

IDS = st.text(string.ascii_letters + string.digits + "-äß", min_size=1, max_size=6)


def written(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "file.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_qrels_are_read_by_query(tmp_path):
    """Grades are numbers under query and document; empty lines and a byte order mark do not matter."""
    path = written(tmp_path, "\ufeffq1\td1\t3\n\nq1\td2\t0\nq2 \t d1\t1\n")
    assert read_qrels(path) == {"q1": {"d1": 3, "d2": 0}, "q2": {"d1": 1}}


@pytest.mark.parametrize("grade", ["4", "-1", "2.5", "yes", "²"])
def test_a_grade_outside_the_scale_is_refused(tmp_path, grade):
    """The message has file, line, what was seen and what is known."""
    path = written(tmp_path, f"q1\td1\t3\nq1\td2\t{grade}\n")
    with pytest.raises(RecordInvalid, match=r"file\.tsv:2: .*none of 0, 1, 2, 3"):
        read_qrels(path)


@pytest.mark.parametrize("line", ["q1\td1", "q1\td1\t3\t4", "q1 0 d1 3", "q1\t\t3"])
def test_a_line_of_another_form_is_refused(tmp_path, line):
    """Neither a TREC qrels line nor one with an empty or a missing cell is read as something else."""
    with pytest.raises(RecordInvalid, match=r"file\.tsv:1: expected query_id<TAB>doc_id<TAB>grade"):
        read_qrels(written(tmp_path, line + "\n"))


@pytest.mark.parametrize("read", [read_qrels, read_groups, read_split])
def test_a_file_that_cannot_be_read_is_named(tmp_path, read):
    """Absent and undecodable files are `FileUnreadable`, with the form that was expected."""
    with pytest.raises(FileUnreadable, match=r"absent\.tsv cannot be read .*<TAB>"):
        read(tmp_path / "absent.tsv")
    binary = tmp_path / "binary.tsv"
    binary.write_bytes(b"\xff\xfe\x00q")
    with pytest.raises(FileUnreadable, match="UTF-8"):
        read(binary)


def test_a_need_has_one_group(tmp_path):
    """A need that stands twice is refused, with the line of the second."""
    assert read_groups(written(tmp_path, "n1\tg1\nn2\tg1\n")) == {"n1": "g1", "n2": "g1"}
    with pytest.raises(RecordInvalid, match=r"file\.tsv:2: the need 'n1' stands twice"):
        read_groups(written(tmp_path, "n1\tg1\nn1\tg2\n"))


def test_a_split_gives_theme_and_half(tmp_path):
    """Three columns: record, theme, half."""
    assert read_split(written(tmp_path, "n1\tboats\ttune\n")) == {"n1": ("boats", "tune")}


@given(groups=st.lists(st.sets(IDS, min_size=1, max_size=4), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_groups_survive_being_written(tmp_path, groups):
    """What is written is read back as the same grouping, every need once."""
    disjoint: list[set[str]] = []
    for members in groups:
        left = members.difference(*disjoint)
        if left:
            disjoint.append(left)
    path = tmp_path / "groups.tsv"
    assert write_groups(disjoint, path) == sum(map(len, disjoint))
    found = read_groups(path)
    again = {frozenset(n for n, g in found.items() if g == group) for group in found.values()}
    assert again == {frozenset(members) for members in disjoint}


def test_a_group_is_called_after_its_first_member(tmp_path):
    """The same grouping gives the same file, whatever the order inside a group."""
    one, other = tmp_path / "one.tsv", tmp_path / "other.tsv"
    write_groups([["b", "a"], ["c"]], one)
    write_groups([["a", "b"], ["c"]], other)
    assert one.read_text() == other.read_text() == "a\ta\nb\ta\nc\tc\n"


def test_a_run_is_in_trec_form(tmp_path):
    """Six columns, ranks from 1 in each query, scores as numbers; the queries are counted."""
    path = tmp_path / "run.trec"
    rankings = [("q1", [("d2", 0.75), ("d1", 0.5)]), ("q2", []), ("q3", [("d1", -0.25)])]
    assert write_run(iter(rankings), path) == 3
    assert path.read_text().splitlines() == [
        "q1 Q0 d2 1 0.750000 needmatch",
        "q1 Q0 d1 2 0.500000 needmatch",
        "q3 Q0 d1 1 -0.250000 needmatch",
    ]
