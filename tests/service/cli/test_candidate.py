"""`candidate`: one candidate in full, and what-ifs."""

import pytest


def test_everything_about_one_fits_the_terminal(loaded):
    """All nine factors, gates, differences, timeline, forms, leads and solutions, 80 columns wide."""
    ran = loaded("candidate", "N2")
    assert ran.code == 0
    assert max(map(len, ran.lines)) <= 80
    text = " ".join(ran.out.split())
    for words in (
        *("functional overlap", "classification", "timeline", "budget and volume", "legal regime"),
        *("security and sharing", "standards", "language", "willingness"),
        *("Members", "What would help", "Gates", "What they ask for differently", "Timeline"),
        *(
            "G1, two organisations",
            "G6,",
            "(ask a lawyer)",
            "joint award",
            "Who could lead",
            "Lots to consider",
        ),
        *("Solutions that are known", "unknown", "1 Jan 2031 to 30 Jun 2031", "EN 1028"),
    ):
        assert words in text


def test_a_candidate_is_found_by_its_id_or_by_a_need(loaded):
    """Both give the same."""
    by_need = loaded("candidate", "N1", "--json").json
    assert loaded("candidate", by_need["id"], "--json").json == by_need
    assert loaded("candidate", "N2", "--json").json["members"] == by_need["members"]


def test_an_earlier_id_leads_to_what_took_its_needs_over(loaded):
    """After a merge the id that was given up is still understood."""
    old = loaded("candidate", "N1", "--json").json["id"]
    assert loaded("review", "merge", "N3", old, "--who", "Ana").code == 0
    found = loaded("candidate", old, "--json").json
    assert {member["id"] for member in found["members"]} == {"N1", "N2", "N3"}


@pytest.mark.parametrize(
    ("wanted", "words"), [("N9", "'N9' is no candidate, nor a need"), ("N3", "N3 stands alone")]
)
def test_what_is_no_candidate_is_one_line(loaded, refuses, wanted, words):
    """An unknown id and a need without partners are told apart."""
    assert words in refuses(loaded("candidate", wanted))


def test_a_filter_that_leaves_the_need_out_is_one_line(loaded, refuses):
    """The message names the filter."""
    assert "--country" in refuses(loaded("candidate", "N2", "--country", "IE"))


def test_a_member_less_leaves_no_candidate(loaded):
    """One need alone buys nothing jointly."""
    text = " ".join(loaded("candidate", "N1", "--drop", "N2").out.split())
    assert "before A ready to talk S 92.9 K 0.80 [IE, MT] after no candidate" in text
    assert "only N1 is left to buy" in text


def test_a_member_more_joins(loaded):
    """A need of a third country makes it three, and S says what that costs."""
    found = loaded("candidate", "N1", "--add", "N3", "--json").json
    assert found["after"]["countries"] == ["AT", "IE", "MT"]
    assert found["after"]["score"]["total"] < found["before"]["score"]["total"]
    assert "Joined: N3" in found["changes"]


def test_a_window_that_moves_away_ends_the_overlap(loaded):
    """Before and after stand side by side, and nothing is stored."""
    moved = ("--move", "N2=2032-01-01..2032-03-01")
    text = " ".join(loaded("candidate", "N1", *moved).out.split())
    assert "timeline 1.00 -> " in text
    assert "Windows do not overlap" in text
    assert loaded("candidate", "N1", "--json").json["timeline"]["overlap_days"] == 121


def test_a_window_may_stay_open(loaded):
    """An end that is left out is not stated."""
    found = loaded("candidate", "N1", "--move", "N2=2031-03-01..", "--json").json["after"]
    assert found["timeline"]["missing"] == ["N2: window_end"]


def test_fields_are_stated_as_an_import_reads_them(loaded):
    """Amounts, codes and words are understood as in a file; what is no column is kept as it is."""
    stated = ["N1.regime=2014/24", "N2.regime=2014/24", "N1.value_eur=90 000,50", "N2.classification=secret"]
    options = [part for text in stated for part in ("--state", text)]
    found = loaded("candidate", "N1", *options, "--json").json["after"]
    factors = {factor["name"]: factor["value"] for factor in found["score"]["factors"]}
    assert factors["legal regime"] == 1
    assert found["totals"]["value_eur"] == 200000.5
    assert found["level"].startswith("C")
    assert next(gate for gate in found["gates"] if gate["name"] == "G4")["passed"] is False


def test_what_changes_nothing_says_so(loaded):
    """No line of changes is made up."""
    assert "Nothing changes." in loaded("candidate", "N1", "--state", "N1.quantity=12").out


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--move", "N1", "NEED=START..END"),
        ("--move", "N1=2031-01-01", "NEED=START..END"),
        ("--move", "N1=soon..2031-01-01", "'soon'"),
        ("--move", "N1=2031-06-01..2031-01-01", "before it starts"),
        ("--state", "N1", "NEED.FIELD=VALUE"),
        ("--state", "N1.cpv=12", "'12' is not a CPV code"),
        ("--state", "N1.value=3", "value_eur"),
        ("--state", "N1.id=N4", "cannot be stated anew"),
        ("--state", "N3.regime=2014/24", "'N3' is no member"),
        ("--drop", "N3", "'N3' is no member"),
        ("--add", "N9", "'N9'"),
        ("--add", "N2", "part of the candidate already"),
    ],
)
def test_what_cannot_be_changed_is_one_line(loaded, refuses, option, value, words):
    """The message says what was given and what is expected."""
    assert words in refuses(loaded("candidate", "N1", option, value))
