"""`candidates`: needs of different countries that could be bought together."""

import pytest

from matcher.cluster import Grouping
from matcher.engine import Tuning


def test_needs_of_two_countries_are_a_candidate(loaded):
    """The JSON holds everything that is known of it."""
    (one,) = loaded("candidates", "--json").json["candidates"]
    assert one["countries"] == ["IE", "MT"]
    assert [member["id"] for member in one["members"]] == ["N1", "N2"]
    assert one["totals"]["value_eur"] == 200000
    assert one["timeline"]["overlap"] == ["2031-03-01", "2031-06-30"]
    assert sorted(one["weakest"]["ids"]) == ["N1", "N2"]
    assert 0 < one["weakest"]["probability"] <= one["cohesion"] + 1e-4
    assert one["level"] == "A ready to talk"
    assert len(one["score"]["factors"]) == 9
    assert [gate["name"] for gate in one["gates"]] == ["G1", "G2", "G3", "G4", "G5", "G6"]
    assert one["threshold"]["sentence"].startswith("EUR 200,000")
    assert {"differences", "forms", "law", "leads", "lots", "instrument", "solutions"} <= one.keys()
    assert one["score"]["improvements"][0]["kind"] in ("fill", "move")


def test_a_candidate_fits_the_terminal(loaded):
    """Level in words, S beside K, members, total and common window stand there, 80 columns wide."""
    ran = loaded("candidates")
    assert max(map(len, ran.lines)) <= 80
    text = " ".join(ran.out.split())
    for words in (
        "A ready to talk S 92.9 K 0.80 [IE, MT]",
        "N1 Mobile flood pumps (Rathmore Fire Service)",
        "N2",
        "EUR 200,000",
        "threshold of EUR",
        "1 Mar 2031 to 30 Jun 2031",
        "> State the legal regime",
        "not calibrated for this model",
    ):
        assert words in text


def test_the_order_says_how_far_it_depends_on_the_weights(loaded):
    """Asked for, each has its range of ranks."""
    assert "Rank 1, between 1 and 1 over 1000 draws" in " ".join(
        loaded("candidates", "--sensitivity").out.split()
    )
    (one,) = loaded("candidates", "--sensitivity", "--json").json["candidates"]
    assert one["standing"] == {"rank": 1, "best": 1, "worst": 1, "in_top": 1.0, "k": 20, "draws": 1000}


def test_level_c_is_counted_and_listed_when_asked_for(loaded):
    """On a day when the windows are past, the only candidate is at level C, which says why."""
    past = ("candidates", "--day", "2033-01-01")
    text = " ".join(loaded(*past).out.split())
    assert "beyond doubt and at level A or B yet. 1 more at level C: --all" in text
    assert "N1" not in text
    text = " ".join(loaded(*past, "--all").out.split())
    assert "C watch" in text
    assert "! Level C: G2" in text
    assert loaded(*past, "--json").json["not_listed"] == {
        "beyond_results": 0,
        "level_c": 1,
        "in_doubt": 0,
        "national": 0,
    }


def test_a_group_of_one_country_is_counted_and_listed_apart(loaded, files):
    """It is a national candidate, which needs `--all`."""
    row = NEED.replace("N1", "N7").replace("Mobile flood pumps", "Ladders, light").replace(PUMPS, LADDERS)
    twin = row.replace("N7", "N8").replace("Rathmore", "Inishgeal")
    (files / "ladders.csv").write_text(HEAD + row + twin, encoding="utf-8")
    assert loaded("import", files / "ladders.csv").code == 0
    ran = loaded("candidates")
    assert "1 more within one country: --all" in ran.out
    assert "N7" not in ran.out
    beyond = loaded("candidates", "--all").out.partition("Within one country")[2]
    assert "N7" in beyond
    assert "N1 " not in beyond


def test_what_is_no_candidate_is_listed_with_its_reason(loaded, files):
    """Where an owner says no, too few are left."""
    refused = NEED.replace("N1", "N2").replace("IE", "MT").rstrip() + ",no\n"
    (files / "no.csv").write_text(HEAD.rstrip() + ",joint_interest\n" + refused, encoding="utf-8")
    assert loaded("import", files / "no.csv").code == 0
    rejected = loaded("candidates", "--json").json["rejected"]
    assert [item["members"] for item in rejected] == [["N1", "N2"]]
    assert "N2 said no" in rejected[0]["reason"]
    assert rejected[0]["reason"] not in loaded("candidates").out
    shown = " ".join(loaded("candidates", "--rejected").out.split())
    assert f"N1, N2: {rejected[0]['reason']}" in shown
    assert "N2 said no" in loaded("candidate", "N1").err


def test_a_filter_takes_members_away(loaded):
    """With one country alone nothing spans two."""
    ran = loaded("candidates", "--country", "IE")
    assert ran.code == 0
    assert "No group of needs spans two countries." in ran.out


def test_more_than_asked_for_is_counted(loaded, files):
    """The list is cut, and says by how much."""
    rows = [
        NEED.replace("N1", number).replace(PUMPS, LADDERS).replace("IE", country).replace("Rathmore", place)
        for number, country, place in (("N5", "SE", "Granvik"), ("N6", "FI", "Koivuranta"))
    ]
    (files / "more.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    assert loaded("import", files / "more.csv").code == 0
    assert len(loaded("candidates", "--all", "--json").json["candidates"]) == 2
    assert "... and 1 more" in loaded("candidates", "--all", "-k", "1").out


def test_ids_last_when_needs_come_in(loaded, files):
    """A group keeps its id although a need with a smaller id joins it."""
    before = loaded("candidates", "--json").json["candidates"][0]["id"]
    third = NEED.replace("N1", "A0").replace("IE", "CY").replace("Rathmore", "Akamas")
    (files / "third.csv").write_text(HEAD + third, encoding="utf-8")
    assert loaded("import", files / "third.csv").code == 0
    (one,) = loaded("candidates", "--all", "--json").json["candidates"]
    assert {member["id"] for member in one["members"]} == {"A0", "N1", "N2"}
    assert one["id"] == before


def test_what_is_in_doubt_is_listed_apart(loaded, monkeypatch):
    """Where the weakest pair is not surely the same thing, the group is counted, and its reason is told."""
    strict = Tuning(grouping=Grouping(sure=1.0))
    monkeypatch.setattr("service.wiring.tuning_of", lambda _: strict)
    text = " ".join(loaded("candidates").out.split())
    assert "1 more in doubt: --all" in text
    assert "N1" not in text
    listed = " ".join(loaded("candidates", "--all").out.partition("In doubt")[2].split())
    assert "! N1 and N2 may ask for different things" in listed
    assert "may ask for different things" in loaded("candidate", "N1").out


@pytest.mark.parametrize("day", ["tomorrow", "2031-02-30", "3.1.2031"])
def test_a_day_that_is_none_is_one_line(loaded, refuses, day):
    """The message has the word and an example."""
    line = refuses(loaded("candidates", "--day", day))
    assert repr(day) in line
    assert "2027-03-01" in line


HEAD = "id,title,description,language,country,organisation\n"
PUMPS = "Twelve diesel pumps of 2000 litres a minute for flooded cellars"
LADDERS = "Folding ladders of aluminium to climb walls and balconies quietly"
NEED = f"N1,Mobile flood pumps,{PUMPS},en,IE,Rathmore Fire Service\n"
