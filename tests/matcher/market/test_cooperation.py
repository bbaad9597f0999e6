"""Links between organisations."""

from matcher.market import Market, cooperation


def test_links_join_different_organisations_only(market: Market) -> None:
    """Weak links, and links within one organisation, are none."""
    table = cooperation(market).table
    assert table[["country", "other_country", "links"]].values.tolist() == [["EE", "FI", 1], ["FI", "FI", 1]]


def test_suppressed_links_are_drawn_dotted_without_a_number(market: Market) -> None:
    """That there is a link may be known; how many may not."""
    figure = cooperation(market, suppress=True).figure()
    line = figure.data[0]
    assert line.line.dash == "dot"
    assert "hidden links" in line.hovertemplate
