"""`candidates`: needs of different countries that could be bought together."""


def test_needs_of_two_countries_are_a_candidate(loaded):
    """Who, how much together, and when."""
    (one,) = loaded("candidates", "--json").json["candidates"]
    assert one["countries"] == ["IE", "MT"]
    assert [member["id"] for member in one["members"]] == ["N1", "N2"]
    assert one["value_eur"] == 200000
    assert one["values_missing"] == one["windows_missing"] == 0
    assert one["window"] == ["2031-03-01", "2031-06-30"]
    assert sorted(one["weakest_pair"]["ids"]) == ["N1", "N2"]
    assert 0 < one["weakest_pair"]["similarity"] <= one["cohesion"] + 1e-4


def test_a_candidate_fits_the_terminal(loaded):
    """Countries, members, sum and common window stand there, 80 columns wide."""
    ran = loaded("candidates")
    assert max(map(len, ran.lines)) <= 80
    text = " ".join(ran.out.split())
    for words in ("[IE, MT]", "N1", "N2", "EUR 200,000", "2031-03-01 to 2031-06-30"):
        assert words in text


def test_a_group_of_one_country_is_rejected_with_its_reason(loaded, files):
    """It is listed when asked for."""
    row = NEED.replace("N1", "N7").replace("Mobile flood pumps", "Ladders, light").replace(PUMPS, LADDERS)
    twin = row.replace("N7", "N8").replace("Rathmore", "Inishgeal")
    (files / "ladders.csv").write_text(HEAD + row + twin, encoding="utf-8")
    assert loaded("import", files / "ladders.csv").code == 0
    rejected = loaded("candidates", "--json").json["rejected"]
    assert [sorted(item["members"]) for item in rejected] == [["N7", "N8"]]
    assert "countr" in rejected[0]["reason"]
    assert rejected[0]["reason"] not in loaded("candidates").out
    shown = " ".join(loaded("candidates", "--rejected").out.split())
    assert f"{', '.join(rejected[0]['members'])}:" in shown
    assert rejected[0]["reason"] in shown


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
    assert len(loaded("candidates", "--json").json["candidates"]) == 2
    assert "... and 1 more" in loaded("candidates", "-k", "1").out


HEAD = "id,title,description,language,country,organisation\n"
PUMPS = "Twelve diesel pumps of 2000 litres a minute for flooded cellars"
LADDERS = "Folding ladders of aluminium to climb walls and balconies quietly"
NEED = f"N1,Mobile flood pumps,{PUMPS},en,IE,Rathmore Fire Service\n"
