"""`demo`: matches both ways and joint candidates, on the sample."""

import json
import subprocess
import sys

import pytest

import corpora
from corpora import load_sample


def test_the_demo_shows_the_three_jobs(needmatch):
    """The whole sample, in the terminal: 80 columns, all three parts, and a word on the model."""
    ran = needmatch("demo", "-k", "3")
    assert ran.code == 0
    assert max(map(len, ran.lines)) <= 80
    text = " ".join(ran.out.split())
    assert "160 needs from 27 countries and 112 solutions, in 24 languages" in text
    assert "No calibrator is fitted for this model" in text
    for part in ("1. For a need", "2. For a solution", "3. Needs of different countries"):
        assert part in text


def test_the_demo_as_json(needmatch, monkeypatch, tiny_sample):
    """The need and the solution may be chosen."""
    monkeypatch.setattr(corpora, "load_sample", lambda: tiny_sample)
    found = needmatch("demo", "--need", "tune-N0", "--solution", "test-S2", "-k", "2", "--json").json
    assert found["match"]["query"]["id"] == "tune-N0"
    assert found["demand"]["query"]["id"] == "test-S2"
    assert len(found["match"]["results"]) == len(found["demand"]["results"]) == 2
    assert all(len(item["members"]) > 1 for item in found["candidates"])


def test_an_unknown_need_is_one_line(needmatch, refuses, monkeypatch, tiny_sample):
    """The message has the id."""
    monkeypatch.setattr(corpora, "load_sample", lambda: tiny_sample)
    assert "'N999'" in refuses(needmatch("demo", "--need", "N999"))


@pytest.mark.model
def test_the_demo_with_the_real_model():
    """Answers in other languages, quotations to the letter, candidates across borders."""
    ran = subprocess.run(
        [sys.executable, "-m", "service.cli", "demo", "--model", "e5-small", "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    found = json.loads(ran.stdout)
    sample = load_sample()
    texts = {record.id: record.text for record in (*sample.needs, *sample.solutions)}
    for part in ("match", "demand"):
        asked, results = found[part]["query"], found[part]["results"]
        assert any(result["language"] != asked["language"] for result in results)
        assert all(result["level"] for result in results)
        quoted = [(result["id"], pair) for result in results for pair in result["evidence"]]
        assert quoted
        for result_id, pair in quoted:
            assert pair["query"]["text"] in texts[asked["id"]]
            assert pair["found"]["text"] in texts[result_id]
    best = found["match"]["results"][0]
    assert sample.qrels[found["match"]["query"]["id"]].get(best["id"], 0) >= 2
    assert any(len(item["countries"]) > 1 for item in found["candidates"])
    for item in found["candidates"]:
        assert {member["country"] for member in item["members"]} == set(item["countries"])
