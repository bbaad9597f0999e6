"""Judgements and groupings as tab-separated files, in the forms that evaluation reads and writes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from matcher.errors import FileUnreadable, RecordInvalid

GRADES = range(4)


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Query id to document id to grade (3 answers, 2 answers most, 1 related, 0 not).

    Raises `FileUnreadable` and, with file and line, `RecordInvalid`.
    """
    judged: dict[str, dict[str, int]] = {}
    for line, (query, document, grade) in _rows(path, "query_id<TAB>doc_id<TAB>grade", 3):
        if grade not in map(str, GRADES):
            raise RecordInvalid(f"{path}:{line}: the grade {grade!r} is none of 0, 1, 2, 3.")
        judged.setdefault(query, {})[document] = int(grade)
    return judged


def read_groups(path: Path) -> dict[str, str]:
    """Need id to group id. Raises `FileUnreadable` and, with file and line, `RecordInvalid`."""
    groups: dict[str, str] = {}
    for line, (need, group) in _rows(path, "need_id<TAB>group_id", 2):
        if need in groups:
            raise RecordInvalid(f"{path}:{line}: the need {need!r} stands twice; every need has one group.")
        groups[need] = group
    return groups


def write_groups(groups: Iterable[Iterable[str]], path: Path) -> int:
    """One line a need: its id and the id of its group, which is its first member's. Returns the lines."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for members in groups:
            ids = sorted(members)
            for need in ids:
                file.write(f"{need}\t{ids[0]}\n")
                count += 1
    return count


def write_run(rankings: Iterable[tuple[str, list[tuple[str, float]]]], path: Path) -> int:
    """A TREC run file, written as the rankings come; scores never increase. Returns the queries."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for query, ranked in rankings:
            for place, (document, score) in enumerate(ranked, 1):
                file.write(f"{query} Q0 {document} {place} {score:.6f} needmatch\n")
            count += 1
    return count


def read_split(path: Path) -> Mapping[str, tuple[str, str]]:
    """Record id to (theme, split), from `id<TAB>theme<TAB>split`."""
    return {record: (theme, split) for _, (record, theme, split) in _rows(path, "id<TAB>theme<TAB>split", 3)}


def _rows(path: Path, form: str, width: int) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(f"{path} cannot be read ({error}). Expected UTF-8 lines {form}.") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != width or not all(cells):
            raise RecordInvalid(f"{path}:{number}: expected {form}, found {line!r}.")
        yield number, cells
