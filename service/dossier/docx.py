"""A document as a Word file: real headings, table heads on every page, the language of every passage."""

import io
import zipfile
from datetime import date, datetime, time
from typing import Final

import docx
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table as WordTable
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph as WordParagraph

from service.dossier.blocks import LANGUAGE, Block, Document, Listing, Paragraph, Table, Text, said, words

_COUNTRIES: Final = dict(
    pair.split(":") for pair in "cs:CZ da:DK el:GR en:GB et:EE ga:IE sl:SI sv:SE".split()
)
"""Country of a language where it is not spelt like the language."""
_WIDTH_CM: Final = 17.0
_STAMP: Final = (1980, 1, 1, 0, 0, 0)


def render(document: Document) -> bytes:
    """The document as the bytes of a .docx file; the same document gives the same bytes."""
    word = docx.Document()
    _page(word, document)
    _fill(word.add_paragraph(style="Title"), document.title)
    _fill(word.add_paragraph(style="Subtitle"), said(document.subject))
    for section in document.sections:
        _fill(word.add_paragraph(style="Heading 1"), said(section.title))
        for block in section.blocks:
            _block(word, block)
    out = io.BytesIO()
    word.save(out)
    return _undated(out.getvalue())


def locale(language: str) -> str:
    """The tag under which Word knows a language; it knows few without a country.

    >>> locale("et"), locale("fi"), locale("en")
    ('et-EE', 'fi-FI', 'en-GB')
    """
    return f"{language}-{_COUNTRIES.get(language, language.upper())}"


def _page(word: WordDocument, document: Document) -> None:
    page = word.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm((21.0 - _WIDTH_CM) / 2)
    page.top_margin = page.bottom_margin = Cm(2.0)
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(10.5)
    languages = word.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    if languages is not None:
        languages.set(qn("w:val"), locale(LANGUAGE))
    properties = word.core_properties
    properties.title, properties.subject = words(document.title)[:255], document.subject[:255]
    properties.author, properties.comments, properties.keywords = "needmatch", "", ""
    properties.last_modified_by, properties.revision = "needmatch", 1
    properties.language = locale(LANGUAGE)
    properties.created = properties.modified = _midnight(document.day)
    _fill(page.footer.paragraphs[0], said(document.subject, ". Page "))
    _page_number(page.footer.paragraphs[0])


def _block(word: WordDocument, block: Block) -> None:
    match block:
        case Paragraph(text, kind):
            _fill(word.add_paragraph(style="Intense Quote" if kind == "note" else None), text)
        case Listing(items, ordered):
            _listing(word, items, ordered=ordered)
        case Table():
            caption = word.add_paragraph(style="Caption")
            caption.paragraph_format.keep_with_next = True
            _fill(caption, said(block.caption))
            _table(word.add_table(1 + len(block.rows), len(block.head), style="Table Grid"), block)
            word.add_paragraph().paragraph_format.space_after = Pt(2)


def _listing(word: WordDocument, items: tuple[Text, ...], *, ordered: bool) -> None:
    style = word.styles["List Number" if ordered else "List Bullet"]
    lines = [word.add_paragraph(style=style) for _ in items]
    for line, item in zip(lines, items, strict=True):
        _fill(line, item)
    if not ordered:
        return
    # the style alone would go on counting where the list before ended
    numbering = word.part.numbering_part.element
    (used,) = style.element.xpath("w:pPr/w:numPr/w:numId/@w:val")
    (kind,) = numbering.xpath(f"w:num[@w:numId='{used}']/w:abstractNumId/@w:val")
    own = numbering.add_num(int(kind))
    own.add_lvlOverride(ilvl=0).add_startOverride(1)
    for line in lines:
        counted = OxmlElement("w:numPr")
        for name, value in (("w:ilvl", 0), ("w:numId", own.numId)):
            number = OxmlElement(name)
            number.set(qn("w:val"), str(value))
            counted.append(number)
        line._p.get_or_add_pPr().append(counted)


def _table(table: WordTable, block: Table) -> None:
    table.autofit = False
    widths = [Cm(_WIDTH_CM * share / sum(block.shares)) for share in block.shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    head, *rows = table.rows
    _mark(head, "w:tblHeader")
    for column, cell in enumerate(head.cells):
        cell.width = widths[column]
        _cell(cell, said(block.head[column]), bold=True, right=column in block.right)
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", "E8ECF2")):
            shade.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(shade)
    for row, texts in zip(rows, block.rows, strict=True):
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.width = widths[column]
            _cell(cell, text, bold=column == 0, right=column in block.right)
    for row in table.rows:
        _mark(row, "w:cantSplit")


def _cell(cell: _Cell, text: Text, *, bold: bool, right: bool) -> None:
    line = cell.paragraphs[0]
    line.paragraph_format.space_after = Pt(1)
    if right:
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _fill(line, text)
    for run in line.runs:
        run.font.size = Pt(8.5)
        run.bold = run.bold or bold


def _fill(line: WordParagraph, text: Text) -> None:
    for span in text:
        run = line.add_run(span.text)
        if span.to_fill:
            run.bold, run.font.highlight_color = True, WD_COLOR_INDEX.YELLOW
        if span.language:
            tag = OxmlElement("w:lang")
            tag.set(qn("w:val"), locale(span.language))
            run._r.get_or_add_rPr().append(tag)


def _mark(row: _Row, name: str) -> None:
    """`w:tblHeader` repeats a row on every page, `w:cantSplit` keeps it on one."""
    properties = row._tr.get_or_add_trPr()
    # the schema wants cantSplit before tblHeader
    properties.insert(0, OxmlElement(name))


def _page_number(line: WordParagraph) -> None:
    for kind, instruction in (("begin", None), (None, "PAGE"), ("end", None)):
        run = line.add_run()._r
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = instruction
        run.append(part)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _undated(content: bytes) -> bytes:
    """The same package whose parts do not say when they were packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.infolist():
            packed = zipfile.ZipInfo(part.filename, _STAMP)
            packed.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(packed, before.read(part))
    return out.getvalue()
