from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from matcher.joint import JointCandidate
from matcher.label import Label
from matcher.records import JointInterest, Need, Solution
from service.dossier import dossier_document
from service.dossier.blocks import Document, Listing, Paragraph, Section, Table, words

Make = Callable[..., JointCandidate]
HANDED_OVER = ("Members", "Score", "Gates", "What would raise it", "Totals and thresholds", "Timeline",
               "Differences in requirements", "Forms of cooperation", "Applicable law and warnings",
               "Who could lead", "Market", "Lots", "Checklist of the seven steps", "Equal information",
               "What this dossier is not")  # fmt: skip


def section(document: Document, title: str) -> Section:
    """The section of that title."""
    (found,) = [each for each in document.sections if each.title == title]
    return found


def table(document: Document, title: str, place: int = 0) -> list[list[str]]:
    """The rows of a table in a section."""
    tables = [block for block in section(document, title).blocks if isinstance(block, Table)]
    return [[words(cell) for cell in row] for row in tables[place].rows]


def prose(document: Document, title: str) -> list[str]:
    """The paragraphs and items of a section."""
    found: list[str] = []
    for block in section(document, title).blocks:
        if isinstance(block, Paragraph):
            found.append(words(block.text))
        elif isinstance(block, Listing):
            found.extend(words(item) for item in block.items)
    return found


def test_a_dossier_has_what_is_handed_over(candidate: JointCandidate) -> None:
    """Members, score, differences, checklist, thresholds, disclaimers and versions are all in it."""
    document = dossier_document(candidate, versions={"model": "tiny 3"})
    assert set(HANDED_OVER) <= {each.title for each in document.sections}
    (summary,) = prose(document, "Summary")
    for part in (
        "Three needs",
        "Estonia, Finland and France",
        "Ballistic vests for patrols",
        "4 May 2026",
        "model: tiny 3",
        "weights of",
    ):
        assert part in summary
    assert f"level {candidate.score.level}, “{candidate.score.level.words}”" in summary
    assert "S is" in summary
    assert "K of" in summary
    assert len(table(document, "Checklist of the seven steps")) == 7


def test_members_speak_their_own_language(candidate: JointCandidate) -> None:
    """A title stands as it was written, its language is named, and a translation is said to be one."""
    rows = table(dossier_document(candidate), "Members")
    assert [row[0] for row in rows] == ["EE-1, Estonia", "FI-1, Finland", "FR-1, France"]
    assert rows[0][2].startswith("Kuulivestid | *patrullidele* <script>alert(1)</script> (Estonian)")
    assert rows[0][2].endswith("in English, as the source translates it: Ballistic vests for patrols")
    assert rows[1][4] == "EUR 2,400,000, net of VAT"
    assert rows[2][3:] == ["not stated"] * 4


def test_every_factor_is_told_and_unknown_is_a_word(make: Make, trio: tuple[Need, ...]) -> None:
    """Weight, value and sentence; what cannot be said is neither zero nor missing."""
    silent = [replace(need, regime="", working_languages=()) for need in trio]
    candidate = make(silent)
    rows = {row[0]: row for row in table(dossier_document(candidate), "Score")}
    assert len(rows) == len(candidate.score.factors) == 9
    assert rows["Legal regime"][1:4] == ["10 %", "unknown", "0 of 3"]
    assert rows["Functional overlap"][2] == "0.86"
    assert all(row[4].endswith(".") for row in rows.values())
    assert "EE-1: regime, working languages." in prose(dossier_document(candidate), "Score")


def test_a_score_is_never_shown_above_what_it_is(candidate: JointCandidate) -> None:
    """S just below a level is cut, not rounded up to it, and stands with K."""
    near = replace(candidate, score=replace(candidate.score, total=69.96, completeness=0.799))
    (row,) = [row for row in table(dossier_document(near), "Summary") if row[0].startswith("Score")]
    assert row[1] == "S 69.9, K 0.79"


def test_a_threshold_has_its_dates_and_its_marks(make: Make, trio: tuple[Need, ...]) -> None:
    """Beyond the last row known it is said to be provisional, with the days on which it is valid."""
    start, end = date(2028, 2, 1), date(2028, 6, 1)
    later = make([replace(need, window_start=start, window_end=end) for need in trio])
    document = dossier_document(later)
    first = table(document, "Totals and thresholds", 1)[0]
    assert first[2:5] == ["EUR 140,000", "1 Jan 2026 to 31 Dec 2027", "provisional"]
    assert any("Provisional" in text for text in prose(document, "Totals and thresholds"))


def test_solutions_are_in_alphabetical_order_and_it_is_said(make: Make, trio: tuple[Need, ...]) -> None:
    """Neither fit nor size nor id decides the place of a solution."""
    names = ["Öko", "beta", "Alpha", "gamma"]
    offers = [Solution(id=f"S{place}", name=name, trl=9) for place, name in enumerate(names)]
    document = dossier_document(make(trio, offers))
    assert [row[0] for row in table(document, "Market")] == ["Alpha", "beta", "gamma", "Öko"]
    assert any(
        text.startswith("In alphabetical order. This is no ranking") for text in prose(document, "Market")
    )


def test_those_who_watch_or_said_no_are_named_apart(make: Make, trio: tuple[Need, ...]) -> None:
    """They are no rows of the members."""
    watching = Need(
        id="SE-1", title="Skyddsvästar", language="sv", country="SE", joint_interest=JointInterest.OBSERVER
    )
    refusing = Need(id="PT-1", title="Coletes", language="pt", country="PT", joint_interest=JointInterest.NO)
    document = dossier_document(make([*trio, watching, refusing]))
    assert len(table(document, "Members")) == 3
    told = " ".join(prose(document, "Members"))
    assert "not counted: SE-1, Sweden, not stated: Skyddsvästar (Swedish)" in told
    assert "said no, and are not members: PT-1, Portugal" in told


def test_a_candidate_without_offers_hints_at_nothing(candidate: JointCandidate) -> None:
    """What was not compared is not said to be absent from the market."""
    bare = replace(candidate, instrument=None, solutions=(), offers=None)
    told = prose(dossier_document(bare), "Market")
    assert told == [
        "No instrument is hinted at: too little is known of what the market offers.",
        "No known solution covers a member. That does not say that none exists.",
    ]


@pytest.mark.parametrize("word", ["best offer", "winner is", "will save", "savings of", "we recommend"])
def test_a_dossier_promises_and_recommends_nothing(word: str, candidate: JointCandidate) -> None:
    """No savings, no winner, no advice."""
    assert word not in " ".join(words(text) for text in dossier_document(candidate).texts()).casefold()


def test_a_label_is_told_in_its_languages(candidate: JointCandidate) -> None:
    """The CPV code has its name, and the words that set the group apart keep their language."""
    label = Label("Luotiliivit", "fi", "35815100", "Bullet-proof vests", {"fi": ("luotiliivit",)}, "FI-1")
    document = dossier_document(replace(candidate, label=label))
    assert (words(document.title), document.title[0].language) == ("Luotiliivit", "fi")
    rows = dict(table(document, "Summary"))
    assert rows["CPV of most members"] == "35815100 Bullet-proof vests"
    assert rows["Telling words"] == "luotiliivit (Finnish)"
