"""The templates of the pages, with what all of them may use."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from matcher.phrases import Phrase
from service.language import present
from service.web import assets

HERE = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Templates that escape everything, refuse what is not given, and speak the page's language."""
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        finalize=_finalize,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: present().gettext(text),
        lambda one, many, n: present().ngettext(one, many, n),
        newstyle=True,
    )
    shared: dict[str, Any] = {
        "asset": assets.address,
        "asset_there": assets.there,
        "spoken_code": lambda: present().code,
        "merged": _merged,
    }
    filters: dict[str, Callable[..., Any]] = {
        "say": lambda text: present().say(text),
        "number": lambda value, digits=None: present().number(value, digits),
        "percent": lambda value, digits=0: present().percent(value, digits),
        "money": lambda value, currency="EUR": present().money(value, currency),
        "day": lambda value: present().date(value),
        "month": lambda value: present().month(value),
        "moment": lambda value: present().moment(value),
        "country": lambda code: present().country(code),
        "language": lambda code: present().language(code),
        "enumerate_words": lambda parts: present().list(parts),
        "attributes": attributes,
    }
    made.globals.update(shared)
    made.filters.update(filters)
    return made


def attributes(given: dict[str, Any]) -> Markup:
    """HTML attributes: those that are None or False are left out, True stands alone.

    >>> attributes({"id": "a", "disabled": True, "title": None})
    Markup(' id="a" disabled')
    """
    said = [
        f" {escape(name)}" if value is True else f' {escape(name)}="{escape(value)}"'
        for name, value in given.items()
        if value is not None and value is not False
    ]
    return Markup("".join(said))


def _finalize(value: Any) -> Any:
    if isinstance(value, Phrase):
        return present().say(value)
    return "" if value is None else value


@pass_context
def _merged(context: Context, **changed: Any) -> str:
    """The query of this page with some parameters changed; None takes one out."""
    from urllib.parse import urlencode

    visit = context["visit"]
    pairs = [(k, v) for k, v in visit.request.query_params.multi_items() if k not in changed]
    for name, value in changed.items():
        if isinstance(value, list | tuple):
            pairs += [(name, str(one)) for one in value]
        elif value is not None and value != "":
            pairs.append((name, str(value)))
    return "?" + urlencode(pairs)
