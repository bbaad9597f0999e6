"""The CPV table: its tree, its labels, and what is read off the digits alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.taxonomy.cpv import SHIPPED, CpvCode, CpvTable, nature, normalise
from matcher.branch import nearness
from matcher.errors import FileTooLarge, FileUnreadable, RecordInvalid
from matcher.records import Nature

codes = st.from_regex(r"[0-9]{1,8}", fullmatch=True).map(lambda digits: digits.ljust(8, "0"))


@pytest.fixture
def small() -> CpvTable:
    """A table of our own with two languages and a gap where 35110000 would be."""
    return CpvTable(
        {
            "35000000": {"en": "Safety things", "fr": "Choses de sécurité"},
            "35100000": {"en": "Rescue things", "fr": "Choses de secours"},
            "35113400": {"fr": "Habits épais"},
            "30000000": {"en": "Office things"},
        }
    )


def test_shipped_table_is_read_once() -> None:
    """Loading without a path gives the same table again, not another copy."""
    assert CpvTable.load() is CpvTable.load()


def test_shipped_table_has_all_divisions() -> None:
    """All 45 divisions of the vocabulary are known."""
    divisions = [entry for entry in CpvTable.load() if entry.code.endswith("000000")]
    assert len(divisions) == 45
    assert all(entry.label for entry in divisions)


def test_shipped_table_has_no_orphans() -> None:
    """Every code below a division has a parent, so that no branch hangs in the air."""
    table = CpvTable.load()
    orphans = [e.code for e in table if not e.code.endswith("000000") and table.parent(e.code) is None]
    assert orphans == []


def test_every_shipped_code_has_a_nature() -> None:
    """No division of the vocabulary is left without supplies, services or works."""
    assert [entry.code for entry in CpvTable.load() if nature(entry.code) is None] == []


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("35000000", "Security, fire-fighting, police and defence equipment"),
        ("03300000", "Farming, hunting and fishing products"),
        ("38546000", "Explosives detection system"),
        ("45216111", "Police station construction work"),
        ("79710000", "Security services"),
    ],
)
def test_shipped_labels_are_the_official_ones(code: str, label: str) -> None:
    """Labels are the English ones of the Regulation, word for word."""
    assert CpvTable.load().label(code) == label


def test_shipped_file_names_its_source_and_licence() -> None:
    """Whoever finds the file alone can see whose it is and on what terms."""
    head = SHIPPED.read_text(encoding="utf-8")[:400]
    assert "213/2008" in head
    assert "CC BY 4.0" in head


def test_label_falls_back_to_english_then_to_any(small: CpvTable) -> None:
    """A label that is missing in one language is given in another rather than not at all."""
    assert small.label("35000000", "fr") == "Choses de sécurité"
    assert small.label("30000000", "fr") == "Office things"
    assert small.label("35113400") == "Habits épais"
    assert small.label("35113499") is None


def test_parent_skips_levels_that_are_not_known(small: CpvTable) -> None:
    """Where the table has a gap the next known code above is the parent."""
    assert small.parent("35113400") == CpvCode("35100000", "Rescue things")
    assert small.parent("35000000") is None


def test_division_ending_in_zero_stands_alone(small: CpvTable) -> None:
    """30000000 is a division, not something below a digit 3."""
    assert small.ancestors("30000000") == ()
    assert small.division("30999999") == CpvCode("30000000", "Office things")
    assert small.division("99000000") is None


def test_nearest_is_the_code_itself_or_the_first_above(small: CpvTable) -> None:
    """An unknown code is placed under the nearest one that is known, and an impossible one nowhere."""
    nearest = [small.nearest(code) for code in ("35113400-3", "35113499", "99000000", "nonsense")]
    assert [entry and entry.code for entry in nearest] == ["35113400", "35113400", None, None]


@pytest.mark.parametrize(("code", "known"), [("35000000", True), ("35000000-4", True), ("35000001", False)])
def test_membership_ignores_the_check_digit(small: CpvTable, code: str, known: bool) -> None:
    """A code is known with or without its check digit."""
    assert (code in small) is known


def test_membership_of_something_else_is_false(small: CpvTable) -> None:
    """Asking for a number or for nothing is answered, not refused."""
    assert 35000000 not in small
    assert "" not in small


@pytest.mark.parametrize(
    "written",
    ["35000000", "35000000-4", " 35000000-9 ", "35000000 - 4", "35000000\u20134", "350000004"],
)
def test_check_digit_is_dropped_and_never_computed(written: str) -> None:
    """Right or wrong, the digit behind the hyphen plays no part."""
    assert normalise(written) == "35000000"


@pytest.mark.parametrize("written", ["", "3511", "3500000", "35000000-", "35000000-44", "AA01-1", "٣٥٠٠٠٠٠٠"])
def test_what_is_not_a_code_is_refused_with_a_remedy(written: str) -> None:
    """The message shows what was seen and what a code looks like."""
    with pytest.raises(RecordInvalid, match="eight digits, as in '35000000'"):
        normalise(written)


def test_refusal_does_not_repeat_a_whole_page() -> None:
    """A text that landed in the wrong column is shown shortened."""
    with pytest.raises(RecordInvalid) as refused:
        normalise("x" * 5000)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("03000000", Nature.SUPPLIES),
        ("44000000", Nature.SUPPLIES),
        ("48730000", Nature.SUPPLIES),
        ("45000000", Nature.WORKS),
        ("50000000", Nature.SERVICES),
        ("98000000-3", Nature.SERVICES),
        ("46000000", None),
        ("99000000", None),
        ("oops", None),
    ],
)
def test_nature_follows_the_division(code: str, expected: Nature | None) -> None:
    """Divisions 03-44 and 48 are supplies, 45 works, 50-98 services, others nothing."""
    assert nature(code) is expected


@given(codes)
def test_nearer_ancestors_are_more_similar(code: str) -> None:
    """Going up the tree a code grows less like the codes it meets."""
    table = CpvTable.load()
    scores = [nearness(code, above.code) for above in table.ancestors(code)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


@given(codes)
def test_ancestors_are_codes_cut_short(code: str) -> None:
    """Whatever stands above a code is the code with digits replaced by zeros, and is never the code."""
    for above in CpvTable.load().ancestors(code):
        assert above.code != code
        assert code.startswith(above.code.rstrip("0"))


def test_saved_table_comes_back_equal(small: CpvTable, tmp_path: Path) -> None:
    """A table survives being saved in a folder that does not exist yet, languages and gaps included."""
    path = tmp_path / "data" / "cpv.tsv"
    small.save(path)
    assert CpvTable.load(path) == small
    assert CpvTable.load(path).languages == ("en", "fr")
    assert [file.name for file in path.parent.iterdir()] == ["cpv.tsv"]


def test_line_breaks_in_labels_do_not_break_the_file(tmp_path: Path) -> None:
    """A label with tabs or line breaks is saved on one line."""
    CpvTable({"35000000": {"en": "Safety\n\tthings\u2028here"}}).save(tmp_path / "cpv.tsv")
    assert CpvTable.load(tmp_path / "cpv.tsv").label("35000000") == "Safety things here"


def test_table_that_cannot_be_saved_says_where(small: CpvTable, tmp_path: Path) -> None:
    """A place that cannot be written is named, and no half-written file stays behind."""
    (tmp_path / "cpv.tsv").mkdir()
    with pytest.raises(FileUnreadable, match=r"cpv\.tsv.*may write to"):
        small.save(tmp_path / "cpv.tsv")
    assert [file.name for file in tmp_path.iterdir()] == ["cpv.tsv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a saved CPV table"),
        ("id\tname\n1\ttwo\n", "not a saved CPV table"),
        ("code\ten\n35000000-4\tThings\n", ":2 is not a row"),
        ("# note\ncode\ten\n35000000\n", ":3 is not a row"),
        ("code\ten\n35000000\tThings\n35000000\tOthers\n", ":3 is not a row"),
    ],
)
def test_altered_table_is_refused_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    """A file that was cut or edited is not half read."""
    path = tmp_path / "cpv.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileUnreadable, match=message):
        CpvTable.load(path)


def test_missing_or_binary_table_is_unreadable(tmp_path: Path) -> None:
    """A missing file and a file of another kind both say what to do instead."""
    path = tmp_path / "cpv.tsv"
    with pytest.raises(FileUnreadable, match="leave the path out"):
        CpvTable.load(path)
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(FileUnreadable, match="leave the path out"):
        CpvTable.load(path)


def test_oversized_table_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above the limit is refused by its size alone."""
    monkeypatch.setattr("corpora.taxonomy.cpv.BYTES_MAX", 10)
    path = tmp_path / "cpv.tsv"
    path.write_text("code\ten\n35000000\tThings\n", encoding="utf-8")
    with pytest.raises(FileTooLarge, match="Import the official list"):
        CpvTable.load(path)
