import pytest

from matcher.errors import RecordInvalid
from matcher.records import Visibility
from service.confidentiality.tlp import Tlp, capped, parse


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("TLP:RED", Tlp.RED),
        ("tlp:amber+strict", Tlp.AMBER_STRICT),
        ("TLP: AMBER + STRICT", Tlp.AMBER_STRICT),
        ("TLP-AMBER", Tlp.AMBER),
        ("  Green ", Tlp.GREEN),
        ("TLP:CLEAR", Tlp.CLEAR),
        ("TLP:WHITE", Tlp.CLEAR),
    ],
)
def test_usual_spellings_are_read(text: str, mark: Tlp) -> None:
    """Case, blanks and signs between the words do not matter; WHITE is what CLEAR was called."""
    assert parse(text) is mark


@pytest.mark.parametrize("text", ["", "TLP", "TLP:PURPLE", "strict", "amber red"])
def test_what_is_no_mark_is_refused(text: str) -> None:
    """The message shows what was given and lists the marks."""
    with pytest.raises(RecordInvalid, match=r"expected one of TLP:RED, TLP:AMBER\+STRICT"):
        parse(text)


@pytest.mark.parametrize("mark", Tlp)
def test_every_mark_is_read_back(mark: Tlp) -> None:
    """What is written is read."""
    assert parse(mark.value) is mark


@pytest.mark.parametrize("mark", Tlp)
@pytest.mark.parametrize("visibility", Visibility)
def test_a_mark_only_closes(mark: Tlp, visibility: Visibility) -> None:
    """The result is the more closed of the two, and capping it again changes nothing."""
    found = capped(visibility, mark)
    assert found.rank == min(visibility.rank, mark.most_open.rank)
    assert capped(found, mark) is found
    assert capped(visibility, None) is visibility


def test_marks_open_in_their_order() -> None:
    """A mark further down never allows less, and only CLEAR allows the public."""
    ranks = [mark.most_open.rank for mark in Tlp]
    assert ranks == sorted(ranks)
    assert [mark for mark in Tlp if mark.most_open is Visibility.PUBLIC] == [Tlp.CLEAR]
