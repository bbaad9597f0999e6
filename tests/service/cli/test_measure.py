"""`rank`, `group`, `evaluate`: files in the forms of evaluation campaigns."""

import gc
import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpora import write_run
from matcher.embed import Embedder
from matcher.engine import QUERIES_AT_ONCE, Engine
from matcher.records import Kind, Need, Solution
from models import open_encoder

DOCUMENTS = [
    {"id": "D3", "name": "Flood pump, diesel", "language": "en"},
    {"id": "D1", "name": "Ballistic vest for dogs", "language": "en"},
    {"id": "D2", "name": "Flood pump, diesel", "language": "en"},
    {"id": "D4", "name": "Thermal camera", "language": "en"},
]
QUERIES = [
    {"id": "Q1", "title": "Diesel pumps against floods", "language": "en", "country": "IE"},
    {"id": "Q2", "title": "Vests for police dogs", "language": "en", "country": "MT"},
    {"id": "Q3", "title": "Diesel pump against floods", "language": "en", "country": "CY"},
]
LEAST_OF_A_QUERY = 200
"""Bytes: far less than a need, its vectors or its ranking take; if any were kept, it would show."""
QRELS = "Q1\tD3\t3\nQ1\tD2\t2\nQ2\tD1\t3\nQ3\tD3\t3\n"


@pytest.fixture
def campaign(tmp_path, jsonl):
    """Queries, documents, judgements and groups."""
    jsonl(tmp_path / "q.jsonl", QUERIES)
    jsonl(tmp_path / "d.jsonl", DOCUMENTS)
    (tmp_path / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    (tmp_path / "groups.tsv").write_text("Q1\tg1\nQ2\tg2\nQ3\tg1\n", encoding="utf-8")
    return tmp_path


def run_lines(path) -> dict[str, list[list[str]]]:
    """The lines of a run by query."""
    found: dict[str, list[list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        found.setdefault(line.split(" ")[0], []).append(line.split(" "))
    return found


def rank(needmatch, *more):
    """Ranks the campaign's documents."""
    return needmatch("rank", "--queries", "q.jsonl", "--documents", "d.jsonl", "--out", "run.trec", *more)


def test_a_run_is_in_trec_form(needmatch, campaign):
    """Six columns, ranks from 1, all documents, scores that never rise, equal scores by document id."""
    ran = rank(needmatch, "--json")
    assert ran.json == {"queries": 3, "documents": 4, "out": "run.trec"}
    found = run_lines(campaign / "run.trec")
    assert list(found) == ["Q1", "Q2", "Q3"]
    for query, lines in found.items():
        assert all(len(line) == 6 and line[0] == query and line[1] == "Q0" for line in lines)
        assert [line[3] for line in lines] == ["1", "2", "3", "4"]
        assert {line[5] for line in lines} == {"needmatch"}
        assert {line[2] for line in lines} == {"D1", "D2", "D3", "D4"}
        order = [(-float(line[4]), line[2]) for line in lines]
        assert order == sorted(order)
    assert [line[2] for line in found["Q1"][:2]] == ["D2", "D3"]
    assert found["Q1"][0][4] == found["Q1"][1][4]
    assert found["Q2"][0][2] == "D1"


def test_k_rows_a_query(needmatch, campaign):
    """No level or filter cuts a list, only `-k` and the number of documents."""
    for k, rows in ((1, 1), (3, 3), (500, 4)):
        assert rank(needmatch, "-k", str(k)).code == 0
        assert {len(lines) for lines in run_lines(campaign / "run.trec").values()} == {rows}


def test_deep_runs_hold_every_document(needmatch, tmp_path, jsonl):
    """More documents than either leg looks at by itself still give `k` rows."""
    jsonl(tmp_path / "q.jsonl", QUERIES[:1])
    jsonl(
        tmp_path / "d.jsonl",
        [{"id": f"D{i:03}", "name": f"Device {i}", "language": "en"} for i in range(250)],
    )
    assert rank(needmatch, "-k", "240").code == 0
    (lines,) = run_lines(tmp_path / "run.trec").values()
    assert len({line[2] for line in lines}) == 240


def test_kinds_are_told_by_columns_or_by_options(needmatch, campaign, jsonl):
    """Needs may be searched too, and rows with only an id and a text take the kind that is given."""
    jsonl(campaign / "d.jsonl", QUERIES)
    assert rank(needmatch).code == 0
    assert run_lines(campaign / "run.trec")["Q1"][0][2] == "Q1"
    plain = [
        {"_id": "D1", "text": "Flood pump", "language": "en"},
        {"_id": "D2", "text": "Vest", "language": "en"},
    ]
    jsonl(campaign / "d.jsonl", plain)
    jsonl(campaign / "q.jsonl", [{"_id": "Q", "text": "pump", "language": "en"}])
    assert rank(needmatch, "--kind", "solutions", "--queries-kind", "need").code == 0
    assert [line[2] for line in run_lines(campaign / "run.trec")["Q"]] == ["D1", "D2"]


def test_bad_queries_are_told_and_the_others_ranked(needmatch, campaign, jsonl):
    """What was refused goes to standard error; standard output stays clean."""
    jsonl(campaign / "q.jsonl", [*QUERIES, {"title": "no id"}])
    ran = rank(needmatch, "--json")
    assert ran.json["queries"] == 3
    assert "q.jsonl" in ran.err
    assert "1 refused" in ran.err


def test_an_absent_file_is_one_line(needmatch, refuses, campaign):
    """Before anything is ranked."""
    assert "absent.jsonl" in refuses(
        needmatch("rank", "--queries", "absent.jsonl", "--documents", "d.jsonl", "--out", "run.trec")
    )


def made_needs(number: int) -> Iterator[Need]:
    """So many needs, one after the other; garbage is taken out in between, so that peaks compare."""
    for i in range(number):
        if i % QUERIES_AT_ONCE == 0:
            gc.collect()
        yield Need(id=f"Q{i}", title=f"Pumps against floods {i % 40}", language="en", country="IE")


def peak_of_ranking(engine: Engine, queries: int, path: Path) -> int:
    """The most memory that Python held while so many needs were ranked and written."""
    tracemalloc.start()
    try:
        assert write_run(engine.rank(made_needs(queries), Kind.SOLUTION, 10), path) == queries
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_queries(tmp_path):
    """Six times as many queries need hardly more memory: they pass as a stream."""
    engine = Engine(Embedder(open_encoder("hashing")))
    engine.add([Solution(id=d["id"], name=d["name"], language="en") for d in DOCUMENTS])
    few_queries, many_queries = 2 * QUERIES_AT_ONCE, 12 * QUERIES_AT_ONCE
    peak_of_ranking(engine, few_queries, tmp_path / "warm.trec")
    few = peak_of_ranking(engine, few_queries, tmp_path / "few.trec")
    many = peak_of_ranking(engine, many_queries, tmp_path / "many.trec")
    assert many - few < LEAST_OF_A_QUERY * (many_queries - few_queries), (few, many)


def test_groups_hold_every_need_once(needmatch, campaign):
    """Twins are one group, the other need is alone."""
    ran = needmatch("group", "--needs", "q.jsonl", "--out", "found.tsv", "--json")
    assert ran.json["needs"] == 3
    lines = [line.split("\t") for line in (campaign / "found.tsv").read_text(encoding="utf-8").splitlines()]
    assert sorted(need for need, _ in lines) == ["Q1", "Q2", "Q3"]
    groups = dict(lines)
    assert groups["Q1"] == groups["Q3"] != groups["Q2"]
    assert ran.json["groups"] == len(set(groups.values()))
    assert "needs 3" in needmatch("group", "--needs", "q.jsonl", "--out", "found.tsv").out


EVALUATE = ("evaluate", "--queries", "q.jsonl", "--documents", "d.jsonl", "--qrels", "qrels.tsv")


def test_figures_as_json(needmatch, campaign):
    """All systems, all measures, the paired difference, each language; and the same in a file."""
    found = needmatch(*EVALUATE, "--groups", "groups.tsv", "--out", "figures.json", "--json").json
    assert found["queries"] == 3
    assert set(found["systems"]) == {
        "random",
        "CPV only",
        "BM25",
        "dense, plain",
        "dense, offset",
        "hybrid, offset",
    }
    for means in found["systems"].values():
        assert set(means) == {"ndcg_10", "recall_10", "recall_100", "mrr", "acc_1"}
        assert all(0 <= value <= 1 for value in means.values())
    assert found["systems"]["hybrid, offset"]["recall_10"] == 1
    assert found["languages"]["en"]["queries"] == 3
    assert set(found["hybrid_minus"]["dense, plain"]["ndcg_10"]) == {"mean", "low", "high", "p"}
    assert found["groupings"]["average linkage, offset"]["items"] == 3
    assert found["groupings"]["average linkage, offset"]["pair_f1"] == 1
    assert json.loads((campaign / "figures.json").read_text(encoding="utf-8")) == found


def test_figures_as_tables(needmatch, campaign):
    """Ranking, languages and grouping, 80 columns wide."""
    ran = needmatch(*EVALUATE, "--groups", "groups.tsv")
    assert ran.code == 0
    assert max(map(len, ran.lines)) <= 80
    for words in (
        "hashing@1/hashing",
        "nDCG@10",
        "BM25",
        "hybrid, offset",
        "en (few)",
        "pair F1",
        "95 % interval",
        "own language",
        "solutions never shown",
    ):
        assert words in ran.out


def test_the_report_is_a_page_with_plots(needmatch, campaign):
    """Each plot that the page names is there, and the page says what the table on screen says."""
    ran = needmatch(*EVALUATE, "--groups", "groups.tsv", "--report", "rep")
    assert ran.code == 0
    page = (campaign / "rep" / "report.md").read_text(encoding="utf-8")
    plots = re.findall(r"\]\((.*?)\)", page)
    assert len(plots) >= 2
    for plot in plots:
        assert (campaign / "rep" / plot).read_text(encoding="utf-8").startswith("<?xml")
    for words in ("| hybrid, offset |", "equally relevant", "suppliers shown", "pair F1", "p 1.0000"):
        assert words in page


def test_judgements_of_nobody_are_told(needmatch, campaign):
    """How many judgements name queries, documents and needs that are not there; figures stay clean."""
    (campaign / "qrels.tsv").write_text(QRELS + "Q7\tD1\t3\nQ7\tD2\t1\nQ1\tD9\t2\n", encoding="utf-8")
    (campaign / "groups.tsv").write_text("Q1\tg1\nQ2\tg2\nQ3\tg1\nQ7\tg1\n", encoding="utf-8")
    ran = needmatch(*EVALUATE, "--groups", "groups.tsv", "--report", "rep", "--json")
    assert ran.json["queries"] == 3
    assert ran.json["unknown"] == {
        "queries": 1,
        "judgements": 2,
        "documents": 1,
        "judgements_of_documents": 1,
        "grouped": 1,
    }
    told = " ".join(ran.err.split())
    page = (campaign / "rep" / "report.md").read_text(encoding="utf-8")
    for words in ("2 judgements of queries that are not there", "1 judgements that name", "1 needs that are"):
        assert words in told
        assert words in page


def test_judgements_of_other_queries_are_one_line(needmatch, refuses, campaign):
    """Nothing to measure is said before anything is embedded."""
    (campaign / "qrels.tsv").write_text("Q8\tD1\t3\nQ7\tD1\t3\n", encoding="utf-8")
    line = refuses(needmatch(*EVALUATE))
    assert "qrels.tsv holds 2 queries" in line
    assert "q.jsonl" in line


def test_without_groups_only_rankings_are_judged(needmatch, campaign):
    """Nothing is shown that was not measured."""
    assert needmatch(*EVALUATE, "--json").json["groupings"] == {}
    assert "pair F1" not in needmatch(*EVALUATE).out


@pytest.mark.parametrize("line", ["Q1\tD3\t9", "Q1 0 D3 3"])
def test_judgements_of_another_form_are_one_line(needmatch, refuses, campaign, line):
    """File and line are named."""
    (campaign / "qrels.tsv").write_text(QRELS + line + "\n", encoding="utf-8")
    assert "qrels.tsv:5" in refuses(needmatch(*EVALUATE))
