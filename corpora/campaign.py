"""Trials from a folder of public notices and their official translations, to measure on real texts.

The folder is the user's own and nothing of it ships. It holds, one JSON object a line:
`notices.jsonl` (`id`, `description`, `language`, `country`, `family`, `fold`) and
`crossling_pairs.jsonl` (`id`, `notice`, `lang_a`, `title_a`, `text_a`, `lang_b`, `title_b`, `text_b`,
`family`), and two tables with a header:
`tests/t1_*.tsv` (`pair_id query_lang doc_lang relevant_notice fold`): the title of a notice in one
language must find the notice's description in another, digits removed;
`tests/t4_*.tsv` (`label lang notice pair_id side fold`): the language versions of one notice are one group.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matcher.errors import FileUnreadable
from matcher.records import Need

_DIGITS = re.compile(r"\d+")
ANSWERS = 3
"""Grade of the one document that is right."""


@dataclass(frozen=True, slots=True)
class RankingTask:
    """Titles that search descriptions in other languages."""

    queries: tuple[Need, ...]
    documents: tuple[Need, ...]
    qrels: Mapping[str, Mapping[str, int]]
    families: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupingTask:
    """Language versions of notices, and which belong together."""

    needs: tuple[Need, ...]
    groups: Mapping[str, str]


def titles_to_notices(folder: Path, fold: str) -> RankingTask:
    """T1: official titles of one fold against the descriptions of all notices."""
    pairs = {row["id"]: row for row in rows(folder / "crossling_pairs.jsonl")}
    notices = list(rows(folder / "notices.jsonl"))
    documents = tuple(_need(row["id"], _plain(row["description"]), row["language"]) for row in notices)
    families = {row["id"]: row["family"] for row in notices}
    queries: list[Need] = []
    qrels: dict[str, dict[str, int]] = {}
    for line in _table(folder, "t1_*.tsv"):
        if line["fold"] == fold:
            pair, language = pairs[line["pair_id"]], line["query_lang"]
            side = "b" if pair["lang_b"] == language else "a"
            queries.append(_need(line["pair_id"], _plain(pair[f"title_{side}"]), language))
            qrels[line["pair_id"]] = {line["relevant_notice"]: ANSWERS}
    return RankingTask(
        tuple(queries), documents, qrels, {q: families.get(next(iter(g)), q) for q, g in qrels.items()}
    )


def language_versions(folder: Path, fold: str) -> GroupingTask:
    """T4: the language versions of each notice of one fold."""
    pairs = {row["id"]: row for row in rows(folder / "crossling_pairs.jsonl")}
    needs: list[Need] = []
    groups: dict[str, str] = {}
    for line in _table(folder, "t4_*.tsv"):
        if line["fold"] == fold:
            need_id = f"{line['label']}:{line['lang']}"
            needs.append(_need(need_id, pairs[line["pair_id"]][f"text_{line['side']}"], line["lang"]))
            groups[need_id] = line["label"]
    return GroupingTask(tuple(needs), groups)


def _plain(text: str) -> str:
    """Without digits, which would give a notice away in any language."""
    return _DIGITS.sub("", text)


def _need(need_id: str, text: str, language: str) -> Need:
    title, _, description = text.strip().partition("\n")
    return Need(id=need_id, title=title, description=description, language=language)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, one a line. Raises `FileUnreadable`."""
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        reason = f"{path} cannot be read ({error}). See corpora.campaign for its form."
        raise FileUnreadable(reason) from error


def _table(folder: Path, pattern: str) -> Iterator[dict[str, str]]:
    found = sorted((folder / "tests").glob(pattern))
    if not found:
        raise FileUnreadable(f"{folder} has no tests/{pattern}. See corpora.campaign for the folder's form.")
    with found[0].open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")
