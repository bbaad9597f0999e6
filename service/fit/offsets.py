"""Fitting the language offsets that ship with a model; what is tuned on top of them is in `tuning`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corpora import Report, load_sample, parse_mapping, read_records
from corpora.tuning import load as load_tuning
from matcher.embed import Embedder
from matcher.errors import SettingInvalid
from matcher.protocols import Float32, Role
from matcher.records import EU_LANGUAGES, Kind, Record
from matcher.text.language import language_of
from models import offsets
from models.offsets import LanguageOffsets
from service.settings import Settings
from service.wiring import Say, open_embedder


def fit_offsets(
    references: Sequence[Path],
    settings: Settings,
    *,
    mapping: Sequence[str] = (),
    only: Sequence[str] = (),
    say: Say | None = None,
) -> LanguageOffsets:
    """Language means of a model over reference records, the tuning half of the sample and the tuning set.

    `only` holds conditions `column=value` that a record of the files must meet.
    """
    own = load_sample().part("tune").needs, load_tuning().part(held_out=False).needs
    records: list[Record] = [need for needs in own for need in needs]
    for path in references:
        found = read_records(path, Kind.NEED, report=Report(), mapping=parse_mapping(mapping, Kind.NEED))
        records += [record for record in found if _meets(record, _conditions(only))]
    known = [(record, code) for record in records if (code := language_of(record)) in EU_LANGUAGES]
    embedder = open_embedder(settings, say)
    embedder.neutraliser = None
    vectors = {role: _pooled(embedder, known, role, say) for role in offsets.ROLES}
    return offsets.fit(vectors, [str(code) for _, code in known], embedder.encoder.identity.model)


def _pooled(
    embedder: Embedder, known: Sequence[tuple[Record, str | None]], role: Role, say: Say | None
) -> Float32:
    """`float32[n, d]`: one vector a text, so that a long text does not weigh more than a short one."""

    def tell(done: int) -> None:
        if say is not None:
            say(f"Reading reference texts as {role}: {done} of {len(known)}")

    embedded = embedder.embed([record.text for record, _ in known], [code for _, code in known], role, tell)
    return np.stack([e.passages.mean(axis=0) for e in embedded])


def _meets(record: Record, conditions: dict[str, str]) -> bool:
    return all(
        (record.source if column == "source" else record.extra.get(column)) == value
        for column, value in conditions.items()
    )


def _conditions(only: Sequence[str]) -> dict[str, str]:
    pairs = [condition.partition("=") for condition in only]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise SettingInvalid(f"--only takes column=value, such as fold=train; got {name!r}.")
    return {name: value for name, _, value in pairs}
