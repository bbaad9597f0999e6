"""The words of pages in 23 languages: `python -m service.web.catalogue` brings the files up to date.

It gathers every text of the templates, and every `phrase` of the engine and the service, and enters what is
new into `locale/<code>.po`, without a translation; what is no longer said goes. Translators fill the files.
"""

import re
import string
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from service.language import CODES, DEFAULT, HERE

ROOT = Path(__file__).parents[2]
METHODS = (("templates/**.html", "jinja2"), ("**.py", "python"))
OPTIONS: Mapping[str, dict[str, Any]] = {
    "templates/**.html": {
        "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
        "newstyle_gettext": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
    }
}
KEYWORDS = {"phrase": (1,), "counted": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands in every file, so that the same words give the same file."""
FOLDERS = ("corpora", "matcher", "service")
_PERCENT = re.compile(r"%\((\w+)\)[sd]")


@dataclass(frozen=True, slots=True)
class Fault:
    """A text that a language does not say, or does not say with the same values."""

    code: str
    text: str
    why: str


def gathered() -> Catalog:
    """Every text that pages may show, with the files that say it."""
    found = Catalog(project="needmatch", charset="utf-8", fuzzy=False)
    for folder in FOLDERS:
        start = ROOT / folder
        for file, line, text, comments, context in extract_from_dir(
            start, [(f"web/{p}" if p.startswith("t") else p, m) for p, m in METHODS],
            {f"web/{p}": o for p, o in OPTIONS.items()}, keywords=KEYWORDS, directory_filter=_ours,
        ):  # fmt: skip
            found.add(text, None, [(f"{folder}/{file}", line)], auto_comments=comments, context=context)
    return found


def _ours(folder: str) -> bool:
    return Path(folder).name not in {"node_modules", "locale", "static", "__pycache__"}


def path_of(code: str) -> Path:
    """The file of a language."""
    return HERE / f"{code}.po"


def load(code: str) -> Catalog:
    """What a language says; nothing where there is no file yet."""
    path = path_of(code)
    if not path.is_file():
        return Catalog(locale=code, project="needmatch", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def save(catalogue: Catalog) -> None:
    """Write a language's file; the same words give the same file."""
    with path_of(str(catalogue.locale)).open("wb") as file:
        write_po(file, catalogue, width=0, sort_output=True, omit_header=False, include_lineno=False,
                 no_location=True, ignore_obsolete=True)  # fmt: skip


def renewed(code: str, template: Catalog) -> Catalog:
    """What a language says of the texts of now."""
    known = load(code)
    made = Catalog(locale=code, project="needmatch", charset="utf-8", fuzzy=False)
    made.revision_date = made.creation_date = BEGUN
    for message in template:
        if message.id:
            old = known.get(message.id)
            made.add(message.id, old.string if old else None)
    return made


def faults(code: str, template: Catalog) -> Iterator[Fault]:
    """What a language lacks, or says with other values than the text has."""
    known = load(code)
    for message in template:
        if not message.id:
            continue
        said = known.get(message.id)
        text = message.id if isinstance(message.id, str) else message.id[-1]
        forms = _forms(said)
        if said is None or not forms or not all(forms):
            yield Fault(code, text, "is not translated")
        elif len(forms) not in {1, known.num_plurals} or (len(forms) == 1) != isinstance(message.id, str):
            yield Fault(code, text, f"has {len(forms)} forms, not {known.num_plurals}")
        else:
            yield from (Fault(code, text, why) for form in forms if (why := _differs(message, form)))


def _forms(message: Message | None) -> Sequence[str]:
    if message is None or not message.string:
        return ()
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _differs(message: Message, said: str) -> str:
    """Why a translation cannot be filled like its text; empty where it can."""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    wanted = [names(text) for text in ids]
    try:
        given = names(said)
    except ValueError as error:
        return f"cannot be read: {error}"
    # who says "one day" needs no number
    optional = {"n"} if len(ids) > 1 else set()
    if not given <= set.union(*wanted) or not set.intersection(*wanted) - optional <= given:
        return f"has the values {sorted(given)}, not {sorted(set.union(*wanted))}"
    return ""


def names(text: str) -> set[str]:
    """Names of the values of a text, whichever way it is filled.

    >>> sorted(names("{count} of %(all)s"))
    ['all', 'count']
    """
    found = set(_PERCENT.findall(text))
    plain = _PERCENT.sub("", text)
    return found | {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(plain) if name}


def main(arguments: Iterable[str]) -> int:
    """Bring all files up to date, or with `--check` only say what is missing; how many faults there are."""
    template, number = gathered(), 0
    for code in CODES:
        if code == DEFAULT:
            continue
        if "--check" not in arguments:
            save(renewed(code, template))
        wrong = list(faults(code, template))
        number += len(wrong)
        print(f"{code}: {len(template) - len({one.text for one in wrong})} of {len(template)} texts")
        if "--check" in arguments:
            for one in wrong[:5]:
                print(f"    {one.text[:90]!r} {one.why}")
    return number


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) and "--check" in sys.argv else 0)
