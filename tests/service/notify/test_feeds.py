"""Feeds are what RFC 4287 asks for, whatever the texts hold."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from matcher.records import Need
from service.notify.digest import Item
from service.notify.feeds import ENTRIES, FeedEntry, feed

START = datetime(2031, 3, 3, 9, 0, 0, 123456, tzinfo=UTC)
ATOM = {"a": "http://www.w3.org/2005/Atom"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def entry(number, title="Vests", language="en"):
    """One record that was told of."""
    need = Need(id=f"n{number}", title=title, description="Vests & <b>more</b>", language=language)
    return FeedEntry(f"m{number}", START + timedelta(minutes=number), Item(need, "new", "likely"))


def made(entries, name="My vests"):
    """A feed, parsed."""
    content = feed(
        search_id="00000000-0000-4000-8000-000000000000",
        name=name,
        address="https://match.example/api/v1/feeds/x.atom",
        public_url="https://match.example",
        entries=entries,
        since=START,
    )
    return ElementTree.fromstring(content)


def test_a_feed_has_all_that_the_standard_asks_for():
    """Feed and entries have id, title and updated; the feed an author; entries are the newest first."""
    root = made([entry(1), entry(2, language="et")])
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    for element in (root, *root.findall("a:entry", ATOM)):
        assert len(element.findall("a:id", ATOM)) == len(element.findall("a:title", ATOM)) == 1
        assert RFC3339.fullmatch(element.findtext("a:updated", namespaces=ATOM))
    assert root.findtext("a:author/a:name", namespaces=ATOM)
    assert root.find("a:link[@rel='self']", ATOM).get("href").endswith("x.atom")
    links = [e.find("a:link", ATOM).get("href") for e in root.findall("a:entry", ATOM)]
    assert links == ["https://match.example/needs/n2", "https://match.example/needs/n1"]
    ids = [e.findtext("a:id", namespaces=ATOM) for e in root.findall("a:entry", ATOM)]
    assert len(set(ids)) == 2
    assert root.find("a:entry", ATOM).get("{http://www.w3.org/XML/1998/namespace}lang") == "et"


def test_an_empty_feed_is_dated_by_its_search():
    """A feed without entries is valid too."""
    root = made([])
    assert root.findtext("a:updated", namespaces=ATOM) == "2031-03-03T09:00:00Z"


def test_a_feed_has_an_end():
    """Only the newest entries stand in it."""
    assert len(made([entry(n) for n in range(ENTRIES + 5)]).findall("a:entry", ATOM)) == ENTRIES


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_makes_a_well_formed_feed(text):
    """Names and titles of any characters are told as far as XML can hold them."""
    root = made([entry(1, title=text or "x")], name=text)
    assert root.findall("a:entry", ATOM)
