"""How common terms are in our own texts: `python -m service.fit.reference` writes what ships.

An engine that starts with these learns nothing from what it holds, so that no score tells of a record that
its reader may not see.
"""

from pathlib import Path

import models
from corpora import load_sample
from corpora.tuning import load as load_tuning
from matcher.lexical import TermStatistics
from matcher.records import Record
from matcher.text.language import language_of
from matcher.text.terms import terms
from service.wiring import REFERENCE


def main() -> None:
    """Count the terms anew and write the file."""
    path = Path(models.__file__).parent / REFERENCE
    found = fitted()
    found.save(path)
    print(f"Written to {path}: terms of {found.texts} texts, {path.stat().st_size} bytes")


def fitted() -> TermStatistics:
    """Statistics of the tuning set and the tuning half of the sample: needs and solutions alike.

    Both are invented and of the project (EUPL-1.2; see their cards). Nothing of the half that is measured on.
    """
    return TermStatistics.fit(
        [terms(record.text, language_of(record), named=record.standards) for record in texts()]
    )


def texts() -> list[Record]:
    """The records that are counted."""
    sample, tuning = load_sample(), load_tuning()
    own: list[Record] = [*sample.needs, *sample.solutions]
    return [*tuning.needs, *tuning.solutions, *(r for r in own if sample.splits[r.id] == "tune")]


if __name__ == "__main__":
    main()
