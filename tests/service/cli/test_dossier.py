"""`dossier`: files for people about a candidate."""

import json
import zipfile

import pytest


@pytest.mark.parametrize(
    ("name", "start"), [("d.md", b"# Mobile flood pumps"), ("d.html", b"<!"), ("d.docx", b"PK")]
)
@pytest.mark.parametrize("kind", [(), ("--consultation",)])
def test_a_dossier_is_written_in_three_forms(loaded, files, name, start, kind):
    """The ending of the file decides; a consultation has the same three."""
    ran = loaded("dossier", "N1", "--out", name, *kind)
    assert ran.code == 0
    assert name in ran.out
    content = (files / name).read_bytes()
    assert content.startswith(b"# Preliminary" if kind and name == "d.md" else start)
    assert zipfile.is_zipfile(files / name) == (name == "d.docx")


def test_without_a_file_it_is_on_the_screen(loaded):
    """Markdown, with the score and its completeness."""
    ran = loaded("dossier", "N1")
    assert "Score S, with completeness K" in ran.out
    assert loaded("dossier", "N1", "--json").json["markdown"] == ran.out


def test_releases_are_one_ocds_package(loaded, files):
    """One release a member, on the screen as in the file."""
    shown = loaded("dossier", "N1", "--ocds").json
    assert shown["version"] == "1.1"
    assert len(shown["releases"]) == 2
    assert loaded("dossier", "N1", "--ocds", "--out", "o.json", "--json").json["kind"] == "ocds"
    assert json.loads((files / "o.json").read_text(encoding="utf-8")) == shown


def test_an_audience_that_may_not_see_two_members_gets_none(loaded, refuses):
    """Needs are for the network unless they say otherwise, so that the public sees nothing joint."""
    assert "'public'" in refuses(loaded("dossier", "N1", "--open-to", "public"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "d.pdf"], ".md or .html or .docx"),
        (["--ocds", "--out", "d.md"], ".json"),
        (["--ocds", "--consultation"], "one at a time"),
        (["--open-to", "all"], "network_industry"),
        (["--out", "no/such/d.md"], "no/such"),
    ],
)
def test_what_cannot_be_written_is_one_line(loaded, refuses, arguments, words):
    """The message says what was given and what is expected."""
    assert words in refuses(loaded("dossier", "N1", *arguments))
