import json
import tracemalloc
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.columns import contract_name
from corpora.formats import first_row, read_records, write_records
from corpora.mapping import parse_mapping
from corpora.money import DUMMIES, load_rates
from corpora.report import Report, Severity
from matcher.errors import FileUnreadable, FormatUnknown
from matcher.records import (
    EU_COUNTRIES,
    EU_LANGUAGES,
    JointInterest,
    Kind,
    Nature,
    Need,
    Record,
    Solution,
    Visibility,
)

STORY_13 = """\
id;title;description;language;country;cpv;value;currency;window_start
N1;Body armour;Ballistic vests;DEU;EL;35815100-1;1 234 567,89;EUR;2026-03-01+01:00
N2;Patrol boats;;ENG;EE;3552;250000,50;EUR;2026-05-01

N3;"Drones
and radar";;de;AT;35000000;=1+1;EUR;31.02.2026
N1;Body armour again;;de;DE;35815100;5;EUR;
"""


@pytest.fixture
def report() -> Report:
    """An empty account."""
    return Report()


def test_rows_with_errors_are_reported_by_line_and_field_and_the_others_load(
    tmp_path: Path, report: Report
) -> None:
    """A CSV with every trap loads what is valid, in the engine's own codes, and says the rest."""
    path = tmp_path / "needs.csv"
    path.write_text(STORY_13, encoding="utf-8")
    needs = list(read_records(path, Kind.NEED, report=report))
    assert [need.id for need in needs] == ["N1", "N2", "N3"]
    first = needs[0]
    assert isinstance(first, Need)
    assert (first.country, first.language, first.cpv) == ("GR", "de", ("35815100",))
    assert (first.value, first.window_start) == (1234567.89, date(2026, 3, 1))
    assert [need.language for need in needs] == ["de", "en", "de"]
    assert [(issue.line, issue.field, issue.severity) for issue in report.issues] == [
        (3, "cpv", Severity.DROPPED),
        (5, "window_start", Severity.DROPPED),
        (5, "value", Severity.DROPPED),
        (7, "id", Severity.REFUSED),
    ]
    assert "needs.csv:2" in report.issues[-1].problem
    assert (report.rows, report.kept, report.refused) == (4, 3, 1)


# what no reader leaves in a text: control and separator characters, and direction marks
ODD = "\ufeff\u00ad" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)))
)
LETTERS = st.one_of(
    st.sampled_from("=+-@'\";,|\t\n é_x0041_"),
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"], exclude_characters=ODD),
)
TEXTS = st.text(LETTERS, max_size=30).map(lambda text: unicodedata.normalize("NFC", text).strip())
WORDS = TEXTS.map(lambda text: " ".join(text.split()))
SOME_WORDS = WORDS.filter(bool)
PARTS = WORDS.map(lambda text: " ".join(text.replace(";", "").split())).filter(bool)
IDS = WORDS.map(lambda text: text.replace(" ", "_")).filter(bool)
AMOUNTS = st.integers(1, 10**13).map(lambda cents: cents / 100).filter(lambda value: value not in DUMMIES)
DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))
CODES = st.lists(st.integers(0, 10**8 - 1).map("{:08d}".format), max_size=3, unique=True).map(tuple)
COINS = st.sampled_from(["EUR", "BGN", "PLN", "XYZ", ""])


def listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Several different values."""
    return st.lists(values, max_size=3, unique=True).map(tuple)


def pair(values: st.SearchStrategy) -> st.SearchStrategy[list]:
    """Two values in order, or one, or none."""
    return (
        st.lists(values, min_size=2, max_size=2)
        .map(sorted)
        .flatmap(lambda two: st.sampled_from([two, [two[0], None], [None, two[1]], [None, None]]))
    )


def extras(kind: Kind) -> st.SearchStrategy[dict[str, str]]:
    """Columns that the contract does not name."""
    names = SOME_WORDS.filter(lambda name: contract_name(name, kind) is None)
    return st.dictionaries(names, TEXTS.filter(bool), max_size=3)


@st.composite
def shared(draw: Callable, kind: Kind) -> dict[str, object]:
    """Fields that both kinds have."""
    description = draw(TEXTS)
    titles = [SOME_WORDS, st.just(description)] if description else [SOME_WORDS]
    return {
        "id": draw(IDS),
        "title" if kind is Kind.NEED else "name": draw(st.one_of(titles)),
        "description": description,
        "language": draw(st.sampled_from([None, *EU_LANGUAGES])),
        "country": draw(st.sampled_from([None, *EU_COUNTRIES])),
        "cpv": draw(CODES),
        "currency": draw(COINS),
        "standards": draw(listed(PARTS)),
        "visibility": draw(st.sampled_from(Visibility)),
        "source": draw(WORDS),
        "url": draw(WORDS),
        "titles": draw(st.dictionaries(st.sampled_from(EU_LANGUAGES), SOME_WORDS, max_size=2)),
        "extra": draw(extras(kind)),
    }


@st.composite
def needs(draw: Callable) -> Need:
    """Needs as reading gives them: euro amounts are stated or follow from the rates."""
    fields = draw(shared(Kind.NEED))
    value = draw(st.none() | AMOUNTS)
    converted = None if value is None else load_rates().to_eur(value, fields["currency"])
    window, delivery, bounds = draw(pair(DAYS)), draw(pair(DAYS)), draw(pair(AMOUNTS))
    return Need(
        **fields,
        requirements=draw(TEXTS),
        organisation=draw(WORDS),
        organisation_id=draw(WORDS),
        buyer_type=draw(WORDS),
        nature=draw(st.sampled_from([None, *Nature])),
        value=value,
        value_eur=draw(AMOUNTS) if converted is None and draw(st.booleans()) else converted,
        value_min_eur=bounds[0],
        value_max_eur=bounds[1],
        vat_included=draw(st.sampled_from([None, True, False])),
        quantity=draw(WORDS),
        window_start=window[0],
        window_end=window[1],
        delivery_start=delivery[0],
        delivery_end=delivery[1],
        regime=draw(st.sampled_from(["", "2014/24", "2009/81", "excluded-346"])),
        working_languages=draw(listed(st.sampled_from(EU_LANGUAGES))),
        joint_interest=draw(st.sampled_from([None, *JointInterest])),
        trl_min=draw(st.none() | st.integers(1, 9)),
        status=draw(WORDS),
    )


@st.composite
def solutions(draw: Callable) -> Solution:
    """Solutions as reading gives them."""
    fields = draw(shared(Kind.SOLUTION))
    low, high = draw(pair(AMOUNTS))
    low_eur, high_eur = (
        None if price is None else load_rates().to_eur(price, fields["currency"]) for price in (low, high)
    )
    return Solution(
        **fields,
        vendor=draw(WORDS),
        vendor_id=draw(WORDS),
        size=draw(WORDS),
        trl=draw(st.none() | st.integers(1, 9)),
        delivery_countries=draw(listed(st.sampled_from(EU_COUNTRIES))),
        price_min=low,
        price_max=high,
        price_min_eur=low_eur,
        price_max_eur=high_eur,
        availability=draw(WORDS),
    )


def round_trip(records: list[Record], kind: Kind, suffix: str) -> None:
    """Write, read, compare; nothing may be worth an issue."""
    report = Report()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"records.{suffix}"
        assert write_records(records, path) == len(records)
        assert list(read_records(path, kind, report=report)) == records
        assert [entry.name for entry in Path(folder).iterdir()] == [path.name]
    assert report.issues == []


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
@given(records=st.lists(needs(), max_size=3, unique_by=lambda need: need.id))
@settings(max_examples=40, deadline=None)
def test_needs_survive_a_round_trip(suffix: str, records: list[Record]) -> None:
    """Reading what was written gives the same needs, in the same order."""
    round_trip(records, Kind.NEED, suffix)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
@given(records=st.lists(solutions(), max_size=3, unique_by=lambda solution: solution.id))
@settings(max_examples=40, deadline=None)
def test_solutions_survive_a_round_trip(suffix: str, records: list[Record]) -> None:
    """Reading what was written gives the same solutions, in the same order."""
    round_trip(records, Kind.SOLUTION, suffix)


@given(
    records=st.lists(needs(), max_size=3, unique_by=lambda need: need.id)
    | st.lists(solutions(), max_size=3, unique_by=lambda solution: solution.id)
)
@settings(max_examples=25, deadline=None)
def test_workbooks_survive_a_round_trip(records: list[Record]) -> None:
    """A workbook gives back what was written, numbers, dates and odd texts included."""
    round_trip(records, records[0].kind if records else Kind.NEED, "xlsx")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx", "jsonl", "ndjson"])
def test_suffix_chooses_the_format(tmp_path: Path, report: Report, suffix: str) -> None:
    """Each suffix that is written is read under the same name."""
    path = tmp_path / f"needs.{suffix.upper()}"
    record = Need(id="N1", title="=1+1", description="_x0041_", cpv=("35000000",), extra={"@note": "-x"})
    write_records([record], path)
    assert list(read_records(path, Kind.NEED, report=report)) == [record]


def test_stated_format_wins_over_the_suffix(tmp_path: Path, report: Report) -> None:
    """A file of another name is read and written as what it is said to be."""
    path = tmp_path / "needs.txt"
    write_records([Need(id="N1", title="Vests")], path, "csv")
    assert [r.id for r in read_records(path, Kind.NEED, report=report, source_format="csv")] == ["N1"]


@pytest.mark.parametrize(
    ("name", "source_format"),
    [("needs.txt", None), ("needs", None), ("needs.csv", "word"), ("notice.xml", None)],
)
def test_unknown_format_is_an_error(
    tmp_path: Path, report: Report, name: str, source_format: str | None
) -> None:
    """A file without a reader is refused before anything is read."""
    path = tmp_path / name
    path.write_text("<html/>", encoding="utf-8")
    with pytest.raises(FormatUnknown):
        read_records(path, Kind.NEED, report=report, source_format=source_format)


def test_unknown_target_format_is_an_error(tmp_path: Path) -> None:
    """Nothing is written in a format that has no writer."""
    with pytest.raises(FormatUnknown, match="csv, tsv, xlsx"):
        write_records([], tmp_path / "needs.docx")
    assert list(tmp_path.iterdir()) == []


def test_missing_file_is_an_error_at_once(tmp_path: Path, report: Report) -> None:
    """The caller hears of a wrong path before asking for the first record."""
    with pytest.raises(FileUnreadable, match="does not exist"):
        read_records(tmp_path / "none.csv", Kind.NEED, report=report)
    with pytest.raises(FileUnreadable, match="not a file"):
        first_row(tmp_path)


def test_missing_rate_table_is_an_error_at_once(tmp_path: Path, report: Report) -> None:
    """A wrong path to the rates is heard of before asking for the first record."""
    path = tmp_path / "needs.csv"
    path.write_text("id,title\nN1,Vests\n", encoding="utf-8")
    with pytest.raises(FileUnreadable, match="rate table"):
        read_records(path, Kind.NEED, report=report, rates=tmp_path / "none.tsv")


def test_notices_are_not_read_as_solutions(tmp_path: Path, report: Report) -> None:
    """A notice says what is wanted, never what is offered."""
    path = tmp_path / "release.json"
    path.write_text('{"releases": []}', encoding="utf-8")
    with pytest.raises(FormatUnknown, match="needs, not solutions"):
        read_records(path, Kind.SOLUTION, report=report)


def test_json_that_holds_releases_is_read_as_ocds_and_awards_only_if_asked_for(tmp_path: Path) -> None:
    """The content of a json file tells its format, and an award is a need only for who wants it."""
    path = tmp_path / "package.json"
    planned = {"ocid": "ocds-1", "id": "1", "tag": ["tender"], "tender": {"id": "t", "title": "Vests"}}
    awarded = {"ocid": "ocds-2", "id": "2", "tag": ["award"], "awards": [{"id": "a", "title": "Boats"}]}
    path.write_text(json.dumps({"releases": [planned, awarded]}), encoding="utf-8")
    report = Report()
    assert [r.title for r in read_records(path, Kind.NEED, report=report)] == ["Vests"]
    assert report.counts == {Severity.SKIPPED: 1}
    assert len(list(read_records(path, Kind.NEED, report=Report(), awards=True))) == 2


def test_folder_is_read_in_name_order_under_one_set_of_ids(tmp_path: Path, report: Report) -> None:
    """All readable files count as one read; what cannot be read is reported, and the others go on."""
    (tmp_path / "b.jsonl").write_text(
        '{"id": "N2", "title": "b"}\n{"id": "N1", "title": "again"}\n', encoding="utf-8"
    )
    (tmp_path / "a.csv").write_text("id,title\nN1,a\n", encoding="utf-8")
    (tmp_path / "c.xlsx").write_bytes(b"not a workbook")
    (tmp_path / "d.docx").write_bytes(b"")
    (tmp_path / ".hidden.csv").write_text("id,title\nN9,x\n", encoding="utf-8")
    assert [r.id for r in read_records(tmp_path, Kind.NEED, report=report)] == ["N1", "N2"]
    assert [(i.file, i.severity) for i in report.issues] == [
        ("d.docx", Severity.SKIPPED),
        ("b.jsonl", Severity.REFUSED),
        ("c.xlsx", Severity.REFUSED),
    ]
    assert "a.csv:2" in report.issues[1].problem


def test_folder_without_readable_files_is_an_error(tmp_path: Path, report: Report) -> None:
    """An empty folder is a wrong path, not an empty corpus."""
    with pytest.raises(FileUnreadable, match="holds no file"):
        read_records(tmp_path, Kind.NEED, report=report)


def test_mapping_is_applied_and_its_unseen_columns_reported(tmp_path: Path, report: Report) -> None:
    """Renamed columns are read as the contract's; a source that no row had is a warning."""
    path = tmp_path / "needs.csv"
    path.write_text("nr,titel\n1,Westen\n", encoding="utf-8")
    mapping = parse_mapping(["id=nr", "title=titel|naam"], Kind.NEED)
    records = list(read_records(path, Kind.NEED, report=report, mapping=mapping))
    assert [(r.id, r.title) for r in records] == [("1", "Westen")]
    assert [(i.field, i.severity) for i in report.issues] == [("title", Severity.WARNED)]


def test_first_row_shows_the_columns_of_a_file(tmp_path: Path) -> None:
    """Whoever must guess the kind of a file sees its own column names; an empty file has none."""
    path = tmp_path / "solutions.jsonl"
    path.write_text('\n{"id": "S1", "name": "SkyNet"}\nbroken\n', encoding="utf-8")
    assert first_row(path) == {"id": "S1", "name": "SkyNet"}
    path.write_text("", encoding="utf-8")
    assert first_row(path) == {}


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_big_files_are_read_as_a_stream(tmp_path: Path, report: Report, suffix: str) -> None:
    """The memory of a read does not grow with its rows, but for a few bytes for each id."""
    rows = 10_000
    path = tmp_path / f"needs.{suffix}"
    with path.open("w", encoding="utf-8") as file:
        if suffix == "csv":
            file.write("id,title,notes\n")
        for n in range(rows):
            line = (
                f'{{"id": "N{n}", "title": "Vests", "notes": "{"x" * 1000}"}}'
                if suffix == "jsonl"
                else f"N{n},Vests,{'x' * 1000}"
            )
            file.write(f"{line}\n")
    records = read_records(path, Kind.NEED, report=report)
    next(records)
    tracemalloc.start()
    try:
        kept = sum(1 for _ in records)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kept == rows - 1
    # the ids take about 100 bytes each as Python counts; the texts alone would take 10 MB
    assert peak < 4_000_000
