"""The three forms of one document: what stands in it stands in each of them, and nothing is markup."""

import io
from collections.abc import Callable, Iterator
from datetime import date

import docx as word
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from matcher.joint import JointCandidate
from service import dossier
from service.dossier.blocks import Document, Listing, Paragraph, Section, Span, Table, said, words
from service.dossier.docx import render as to_docx
from service.dossier.html import render as to_html
from service.dossier.markdown import render as to_markdown


def of_markdown(document: Document) -> Iterator[str]:
    """Every text of the Markdown as a reader of CommonMark with tables sees it."""
    for token in MarkdownIt("commonmark").enable("table").parse(to_markdown(document)):
        assert token.type not in ("html_block", "fence", "code_block", "hr")
        if token.type == "inline":
            allowed = {"text", "text_special", "strong_open", "strong_close"}
            assert {child.type for child in token.children or ()} <= allowed
            yield "".join(child.content for child in token.children or ())


def of_html(document: Document) -> Iterator[str]:
    """Every text of the page in reading order, its contents list left out."""
    page = lxml_html.document_fromstring(
        to_html(document).encode(), parser=lxml_html.HTMLParser(encoding="utf-8")
    )
    for element in page.iter("h1", "h2", "p", "li", "caption", "th", "td"):
        if not element.xpath("ancestor::nav"):
            yield element.text_content()


def of_docx(document: Document) -> Iterator[str]:
    """Every text of the Word file in reading order."""
    for part in word.Document(io.BytesIO(to_docx(document))).iter_inner_content():
        if isinstance(part, word.table.Table):
            yield from (cell.text for row in part.rows for cell in row.cells)
        elif part.text:
            yield part.text


FORMS = [of_markdown, of_html, of_docx]
Read = Callable[[Document], Iterator[str]]

awkward = st.text(
    st.sampled_from("ab1.)-+=#>|*_`~[]()<>!&;:/@\\\"' \u00e5\u03b1")
    | st.characters(exclude_categories=("Cs",)),
    min_size=1,
    max_size=30,
).filter(lambda text: words(said(text)).strip())


@pytest.mark.parametrize("read", FORMS)
def test_a_dossier_says_the_same_in_every_form(read: Read, candidate: JointCandidate) -> None:
    """Text for text, in the same order, and none is empty."""
    document = dossier.dossier_document(candidate)
    expected = [words(text).strip() for text in document.texts()]
    assert all(expected)
    assert [text.strip() for text in read(document)] == expected


@pytest.mark.parametrize("read", FORMS)
@settings(max_examples=25)
@given(texts=st.lists(awkward, min_size=6, max_size=6))
def test_no_text_is_read_as_markup(read: Read, texts: list[str]) -> None:
    """Whatever a record says stands in every form as it was said."""
    one, two, three, four, five, six = (said(text) for text in texts)
    document = Document(
        one,
        "Subject",
        date(2026, 5, 4),
        (
            Section(
                "Section",
                (
                    Paragraph(two),
                    Paragraph(three, "note"),
                    Listing((four, five)),
                    Listing((six, one), ordered=True),
                    Listing((two, (*three, Span("[FILL IN: x]", to_fill=True))), ordered=True),
                    Table("Caption", ("A", "B"), ((four, five), (six, one)), (1, 2), frozenset({1})),
                ),
            ),
        ),
    )
    # runs of spaces that must not break are blank to some readers, and all the same to people
    assert [" ".join(text.split()) for text in read(document)] == [
        " ".join(words(text).split()) for text in document.texts()
    ]


def test_a_page_asks_for_nothing_and_runs_nothing(candidate: JointCandidate) -> None:
    """No script, no address but of its own parts, and a policy that forbids both."""
    page = dossier.html(candidate)
    tree = lxml_html.document_fromstring(page)
    assert not tree.xpath("//script | //link | //img | //iframe | //object | //@onclick | //@onload")
    assert all(address.startswith("#") for address in tree.xpath("//@href | //@src"))
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]


def test_a_page_can_be_read_aloud(candidate: JointCandidate) -> None:
    """Languages are marked, heads have a scope, tables a caption; what is named is there, and once."""
    tree = lxml_html.document_fromstring(dossier.html(candidate))
    assert tree.get("lang") == "en"
    assert {"et", "fi", "fr"} <= set(tree.xpath("//span/@lang"))
    assert all(cell.get("scope") in ("row", "col") for cell in tree.xpath("//th"))
    assert all(len(table.xpath("./caption")) == 1 for table in tree.xpath("//table"))
    assert all(row.xpath("./th[@scope='row']") for row in tree.xpath("//tbody/tr"))
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//h3") == []
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {name.lstrip("#") for name in tree.xpath("//@aria-labelledby | //@href")} <= set(ids)


def test_a_word_file_has_headings_and_repeated_heads(candidate: JointCandidate) -> None:
    """Headings are styles, the first row of every table comes on every page, passages have a language."""
    document = dossier.dossier_document(candidate)
    file = word.Document(io.BytesIO(to_docx(document)))
    headings = [line.text for line in file.paragraphs if line.style and line.style.name == "Heading 1"]
    assert headings == [section.title for section in document.sections]
    for table in file.tables:
        assert table.rows[0]._tr.xpath("w:trPr/w:tblHeader")
        assert not any(row._tr.xpath("w:trPr/w:tblHeader") for row in table.rows[1:])
    tags = set(file.element.body.xpath(".//w:r/w:rPr/w:lang/@w:val"))
    assert tags >= {"et-EE", "fi-FI", "fr-FR"}
    assert (file.core_properties.language, file.core_properties.created.date()) == ("en-GB", candidate.day)


def test_a_numbered_list_begins_at_one(candidate: JointCandidate) -> None:
    """Each has a numbering of its own, so that none goes on from the list before."""
    lists = tuple(Listing((said("a"), said("b")), ordered=True) for _ in range(2))
    document = Document(said("T"), "S", candidate.day, (Section("One", lists),))
    body = word.Document(io.BytesIO(to_docx(document))).element.body
    used = body.xpath(".//w:p/w:pPr/w:numPr/w:numId/@w:val")
    assert [used[0] == used[1], used[2] == used[3], used[1] == used[2]] == [True, True, False]


def test_the_same_dossier_has_the_same_bytes(candidate: JointCandidate) -> None:
    """Nothing in a file says when it was written."""
    document = dossier.dossier_document(candidate)
    assert to_docx(document) == to_docx(document)
