from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.readers.xml import MAX_DEPTH, clean, first, parse, plain, root_tag, texts
from matcher.errors import FileTooLarge, FileUnreadable

BOMB = b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r x="&b;">&b;</r>'


def written(tmp_path: Path, content: bytes) -> Path:
    """The content as a file."""
    path = tmp_path / "notice.xml"
    path.write_bytes(content)
    return path


def test_names_are_local_and_comments_are_gone(tmp_path: Path) -> None:
    """The tree holds local names only, and comments do not part a text."""
    root = parse(written(tmp_path, b'<a:r xmlns:a="urn:x" a:k="v"><a:t>one<!-- no --> two</a:t></a:r>'))
    assert (root.tag, root.get("k"), first(root, "t")) == ("r", "v", "one two")


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b'<!DOCTYPE r SYSTEM "http://example.org/r.dtd"><r/>',
        b'<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, content: bytes) -> None:
    """Any DOCTYPE, in any encoding, is refused before an entity could grow or reach outside."""
    path = written(tmp_path, content)
    for read in (parse, root_tag):
        with pytest.raises(FileUnreadable, match="DOCTYPE r"):
            read(path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"<r>\n<t>\n</r>", 3),
        (b"<r>\n&undeclared;</r>", 2),
        (b'<?xml version="1.0" encoding="utf-8"?>\n<r>\n\xff</r>', 3),
        (b'<?xml version="1.0" encoding="klingon"?><r/>', 1),
        (b"<r/><r/>", 1),
        (b"not xml", 1),
        (b"", 1),
    ],
)
def test_malformed_documents_are_refused_with_their_line(tmp_path: Path, content: bytes, line: int) -> None:
    """What is not well-formed, or not in the encoding it names, is refused with file and line."""
    with pytest.raises(FileUnreadable, match=rf"^notice\.xml:{line}: not well-formed"):
        parse(written(tmp_path, content))


def test_depth_is_bounded(tmp_path: Path) -> None:
    """Nesting is read to the limit and refused beyond it."""
    assert parse(written(tmp_path, b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)).tag == "a"
    with pytest.raises(FileUnreadable, match=f"deeper than {MAX_DEPTH}"):
        parse(written(tmp_path, b"<a>" * 100_000))


def test_size_is_bounded(tmp_path: Path) -> None:
    """A file above the limit is refused unread, one of exactly the limit is read."""
    path = written(tmp_path, b"<r>12345</r>")
    assert parse(path, limit=12).tag == "r"
    with pytest.raises(FileTooLarge, match="12 bytes; XML is read up to 11"):
        parse(path, limit=11)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """What cannot be opened is refused by name."""
    for path in (tmp_path / "absent.xml", tmp_path):
        with pytest.raises(FileUnreadable, match="cannot be opened"):
            parse(path)
    with pytest.raises(FileUnreadable, match="cannot be opened"):
        root_tag(tmp_path / "absent.xml")


def test_a_failed_element_stops_the_root_tag_at_nothing(tmp_path: Path) -> None:
    """The root is known without reading on, so faults behind it do not matter; other files have none."""
    assert root_tag(written(tmp_path, b'<r xmlns="urn:x"><broken')) == ("urn:x", "r")
    assert root_tag(written(tmp_path, b'{"json": true}')) is None
    assert root_tag(written(tmp_path, b"")) is None


def test_paragraphs_become_lines_and_markup_goes(tmp_path: Path) -> None:
    """P, BR and LI part lines, other elements do not, and what follows an element is not its text."""
    content = b"<r><d>Tanks of <P>10 m<FT>3</FT></P>  and <BR/> pumps<P> </P></d> tail</r>"
    found = parse(written(tmp_path, content)).find("d")
    assert plain(found) == "Tanks of\n10 m3\nand\npumps"
    assert plain(None) == ""


def test_texts_leaves_out_empty_ones(tmp_path: Path) -> None:
    """Of several elements at a path only those with text count."""
    root = parse(written(tmp_path, b"<r><t> </t><t>a</t><t/><t>b</t></r>"))
    assert list(texts(root, "t")) == ["a", "b"]
    assert first(root, "absent") == ""


@given(st.text())
def test_clean_is_settled_after_one_pass(text: str) -> None:
    """Cleaning keeps every visible character in its order, and cleaning twice changes nothing more."""
    once = clean(text)
    assert clean(once) == once
    assert "".join(once.split()) == "".join(text.split())
