import pytest

from corpora.mapping import parse_mapping
from corpora.report import Report
from matcher.errors import SettingInvalid
from matcher.records import Kind


def test_first_filled_column_wins() -> None:
    """Of several sources the first that has something in this row gives the value; the others stay."""
    mapping = parse_mapping(["title=title_orig|title_en"], Kind.NEED)
    assert mapping.apply({"title_orig": "Westen", "title_en": "Vests"}) == {
        "title_en": "Vests",
        "title": "Westen",
    }
    assert mapping.apply({"title_orig": " ", "title_en": "Vests"}) == {"title_orig": " ", "title": "Vests"}
    assert mapping.apply({"title_orig": None}) == {"title_orig": None}


def test_two_columns_can_change_places() -> None:
    """All sources are looked up in the row as it was read."""
    mapping = parse_mapping(["title=description", "description=title"], Kind.NEED)
    assert mapping.apply({"title": "long", "description": "short"}) == {
        "title": "short",
        "description": "long",
    }


def test_replaced_value_is_kept() -> None:
    """A row's own value that a mapped column overrules does not vanish."""
    mapping = parse_mapping(["title=name"], Kind.NEED)
    assert mapping.apply({"title": "old", "name": "new"}) == {"title (replaced)": "old", "title": "new"}


def test_columns_of_the_file_are_found_whatever_their_casing() -> None:
    """A header that differs only in casing or outer blanks is the one that was meant."""
    assert parse_mapping(["cpv=code"], Kind.NEED).apply({" Code ": "35000000"}) == {"cpv": "35000000"}


def test_aliases_may_stand_on_the_left() -> None:
    """What is read silently as a column may also be mapped to."""
    assert parse_mapping(["budget_eur=amount", "title_fra=titre"], Kind.NEED).sources == {
        "value_eur": ("amount",),
        "title_fr": ("titre",),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["title"], "cannot be read"),
        (["=old"], "cannot be read"),
        (["title="], "cannot be read"),
        (["title=a||b"], "cannot be read"),
        (["titel=a"], "Did you mean 'title'"),
        (["vendor=a"], "not a column of a need"),
        (["title=a", "Title=b"], "mapped twice"),
    ],
)
def test_unusable_mapping_is_refused_with_a_reason(options: list[str], message: str) -> None:
    """A mapping that cannot mean anything stops the read before it begins."""
    with pytest.raises(SettingInvalid, match=message):
        parse_mapping(options, Kind.NEED)


def test_columns_that_no_row_had_are_reported() -> None:
    """A misspelt source is not silently empty."""
    mapping, report = parse_mapping(["title=titel|naam", "cpv=code"], Kind.NEED), Report()
    mapping.apply({"titel": "", "code": "1"})
    mapping.report_unseen("needs.csv", report)
    assert [(issue.field, issue.severity) for issue in report.issues] == [("title", "warned")]
    assert "'naam'" in report.issues[0].problem
