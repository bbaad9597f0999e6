"""Tables for analysts: one tidy pandas frame of each kind, in an order of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from matcher.identity import Cluster
from matcher.joint import JointCandidate
from matcher.records import Need, Record, Solution

_LEFT_OUT = {"titles", "extra"}


def needs(records: Iterable[Need]) -> pd.DataFrame:
    """One row a need, by id, in the columns of the flat rows.

    >>> needs([Need(id="N1", title="Radar", cpv=("35722000",))]).loc[0, ["id", "cpv"]].tolist()
    ['N1', '35722000']
    """
    return _records(records, Need)


def solutions(records: Iterable[Record]) -> pd.DataFrame:
    """One row a solution, by id."""
    return _records((record for record in records if isinstance(record, Solution)), Solution)


def clusters(found: Iterable[Cluster]) -> pd.DataFrame:
    """One row a need, with its cluster; singles are clusters of size 1."""
    rows = [
        {
            "cluster": cluster.id,
            "need": member,
            "size": len(cluster.members),
            "medoid": cluster.medoid,
            "cohesion": round(cluster.cohesion, 4),
            "locked": cluster.locked,
            "name": cluster.name,
        }
        for cluster in found
        for member in cluster.members
    ]
    return _frame(rows, ["cluster", "need", "size", "medoid", "cohesion", "locked", "name"])


def candidates(found: Iterable[JointCandidate]) -> pd.DataFrame:
    """One row a candidate, in the order given: score, level, totals, threshold, window."""
    rows = []
    for item in found:
        row = item.threshold.row
        overlap = item.timeline.overlap
        rows.append(
            {
                "candidate": item.id,
                "title": item.label.title if item.label else item.medoid.title,
                "cpv": item.label.cpv_label if item.label else "",
                "scope": item.scope,
                "level": str(item.score.level),
                "score": round(item.score.total, 1),
                "completeness": round(item.score.completeness, 2),
                "rank_score": round(item.score.rank, 1),
                "members": len(item.members),
                "countries": " ".join(item.countries),
                "value_eur": item.totals.value_eur
                if item.totals.values_missing < len(item.members)
                else None,
                "values_missing": item.totals.values_missing,
                "threshold_eur": row.amount_eur if row else None,
                "exceeded": item.threshold.exceeded,
                "window_start": overlap[0] if overlap else None,
                "window_end": overlap[1] if overlap else None,
                "cohesion": round(item.cohesion, 4),
                "instrument": item.instrument.hint if item.instrument else None,
                "solutions": len(item.solutions),
            }
        )
    return _frame(
        rows,
        "candidate title cpv scope level score completeness rank_score members countries value_eur "
        "values_missing threshold_eur exceeded window_start window_end cohesion instrument solutions".split(),
    )


def factors(found: Iterable[JointCandidate]) -> pd.DataFrame:
    """One row a factor of a candidate; an unknown value is missing, never 0."""
    rows = [
        {
            "candidate": item.id,
            "factor": factor.name,
            "weight": factor.weight,
            "value": factor.value,
            "known": factor.known,
            "sentence": factor.sentence,
        }
        for item in found
        for factor in item.score.factors
    ]
    return _frame(rows, ["candidate", "factor", "weight", "value", "known", "sentence"])


def members(found: Iterable[JointCandidate]) -> pd.DataFrame:
    """One row a need of a candidate, with its part in it."""
    rows = [
        {
            "candidate": item.id,
            "need": need.id,
            "part": part,
            "country": need.country,
            "language": need.language,
            "organisation": need.organisation,
            "title": need.title,
            "value_eur": need.value_eur,
            "window_start": need.window_start,
            "window_end": need.window_end,
        }
        for item in found
        for part, needs_ in (
            ("participant", item.members),
            ("observer", item.observers),
            ("declined", item.declined),
        )
        for need in needs_
    ]
    return _frame(
        rows,
        "candidate need part country language organisation title value_eur window_start window_end".split(),
    )


def _records(records: Iterable[Record], kind: type[Record]) -> pd.DataFrame:
    names = [field.name for field in fields(kind) if field.name not in _LEFT_OUT]
    ordered = sorted(records, key=lambda record: record.id)
    return _frame([{name: _cell(getattr(record, name)) for name in names} for record in ordered], names)


def _cell(value: Any) -> Any:
    return ";".join(value) if isinstance(value, tuple) else value


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))
