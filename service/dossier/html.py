"""A document as one HTML page that needs nothing else: no script, no font, no request to anywhere.

The page is meant to be read aloud, printed and read on a narrow screen (WCAG 2.2 AA): headings in order,
tables with a caption and scoped heads, the language of every foreign passage, no meaning by colour alone.
"""

from functools import cache
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from service.dossier.blocks import LANGUAGE, Block, Document, Listing, Paragraph, words

_STYLE: Final = """
:root { color-scheme: light; --ink: #1a1a1a; --quiet: #4a4a4a; --line: #8a8a8a; --band: #f1f3f6;
        --mark: #0b3d6b; }
* { box-sizing: border-box; }
html { color: var(--ink);
       font: 100%/1.5 "Segoe UI", "Helvetica Neue", Arial, "Noto Sans", "DejaVu Sans", sans-serif; }
body { margin: 0; background: #fff; }
main, nav { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
main { padding-bottom: 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 2rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.25rem 0 .5rem; padding-bottom: .2rem;
     border-bottom: 2px solid var(--mark); break-after: avoid; }
p, ul, ol { max-width: 52rem; margin: .5rem 0; overflow-wrap: anywhere; }
.subject { color: var(--quiet); margin-bottom: 1rem; }
.note { border-left: .3rem solid var(--mark); background: var(--band); padding: .6rem .9rem; }
nav ul { columns: 18rem; padding-left: 1.2rem; max-width: none; }
a { color: var(--mark); }
a:focus-visible, .scroll:focus-visible { outline: 3px solid #b35900; outline-offset: 2px; }
.scroll { overflow-x: auto; margin: .75rem 0 1.25rem; }
table { border-collapse: collapse; width: 100%; min-width: 40rem; font-size: .9rem; }
table.two { min-width: 0; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top;
         overflow-wrap: break-word; }
thead th { background: var(--band); }
tbody th { font-weight: 600; }
.right { text-align: right; }
td.right { white-space: nowrap; }
mark { background: #fff3c4; color: var(--ink); border: 1px solid #8a6d00; padding: 0 .2rem;
       font-weight: 600; }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  html { font-size: 9.5pt; }
  nav { display: none; }
  main { max-width: none; padding: 0; }
  h1 { margin-top: 0; }
  .scroll { overflow: visible; break-inside: avoid; }
  table { min-width: 0; font-size: 8pt; }
  thead { display: table-header-group; }
  tr, .note, li { break-inside: avoid; }
  .note, thead th, mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

_PAGE: Final = """\
{%- macro said(text) -%}
{%- for span in text -%}
{%- if span.to_fill -%}<mark>{{ span.text }}</mark>
{%- elif span.language -%}<span lang="{{ span.language }}">{{ span.text }}</span>
{%- else -%}{{ span.text }}
{%- endif -%}
{%- endfor -%}
{%- endmacro -%}
<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>{{ words(document.title) }}</title>
<style>{{ style }}</style>
</head>
<body>
<main>
<h1>{{ said(document.title) }}</h1>
<p class="subject">{{ document.subject }}</p>
{%- for section in document.sections %}
{%- if loop.index == 2 %}
<nav aria-label="Contents"><ul>
{%- for entry in document.sections %}
<li><a href="#s{{ loop.index }}">{{ entry.title }}</a></li>
{%- endfor %}
</ul></nav>
{%- endif %}
<section aria-labelledby="s{{ loop.index }}">
<h2 id="s{{ loop.index }}">{{ section.title }}</h2>
{%- set place = loop.index %}
{%- for block in section.blocks %}
{%- if kind(block) == "paragraph" %}
<p{% if block.kind == "note" %} class="note"{% endif %}>{{ said(block.text) }}</p>
{%- elif kind(block) == "listing" %}
{%- set tag = "ol" if block.ordered else "ul" %}
<{{ tag }}>
{%- for item in block["items"] %}
<li>{{ said(item) }}</li>
{%- endfor %}
</{{ tag }}>
{%- else %}
<div class="scroll" role="region" aria-labelledby="s{{ place }}t{{ loop.index }}" tabindex="0">
<table{% if block.head|length == 2 %} class="two"{% endif %}>
<caption id="s{{ place }}t{{ loop.index }}">{{ block.caption }}</caption>
<colgroup>
{%- set whole = block.shares|sum %}
{%- for share in block.shares %}
<col style="width: {{ (100 * share / whole)|round(1) }}%">
{%- endfor %}
</colgroup>
<thead><tr>
{%- for cell in block.head %}
<th scope="col"{% if loop.index0 in block.right %} class="right"{% endif %}>{{ cell }}</th>
{%- endfor %}
</tr></thead>
<tbody>
{%- for row in block.rows %}
<tr>
{%- for cell in row %}
{%- if loop.first %}
<th scope="row">{{ said(cell) }}</th>
{%- else %}
<td{% if loop.index0 in block.right %} class="right"{% endif %}>{{ said(cell) }}</td>
{%- endif %}
{%- endfor -%}
</tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- endif %}
{%- endfor %}
</section>
{%- endfor %}
</main>
</body>
</html>
"""


def render(document: Document) -> str:
    """The document as a page; whatever stands in a record is text in it, never markup."""
    return _template().render(document=document, style=_STYLE, language=LANGUAGE, words=words, kind=_kind)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(_PAGE)


def _kind(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "paragraph"
    return "listing" if isinstance(block, Listing) else "table"
