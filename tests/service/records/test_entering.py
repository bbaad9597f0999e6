"""A record is settled under its organisation and held against every guard, and all that was found is told."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from matcher.records import Kind, Need, Solution, Visibility
from service.confidentiality.redaction import Reason, Redaction
from service.confidentiality.tlp import Tlp
from service.problems import Problem
from service.records.entering import Before, Owner, Terms, enter, read

AT = datetime(2031, 3, 1, tzinfo=UTC)
OWNER = Owner("O1", "Police of Saaremaa", "EE", "cga", "", vetted=True)
NEED = Need(id="N1", title="Vests", organisation="Anybody", country="FI", organisation_id="x")


def entered(record=NEED, terms=None, owner=OWNER, **more):
    """A record as it is entered at noon of no particular day."""
    return enter(record, terms or Terms(), owner, at=AT, **more)


def test_the_owner_says_whose_a_record_is():
    """Name and country are the organisation's, with a word about each that was changed."""
    found = entered()
    need = found.record
    assert (need.organisation, need.organisation_id, need.country, need.buyer_type) == (
        "Police of Saaremaa", "O1", "EE", "cga",
    )  # fmt: skip
    assert [remark.pointer for remark in found.remarks] == ["/organisation", "/country"]
    found.refuse()


def test_who_speaks_for_others_says_it_for_them():
    """Name and country stay as given; what is not given is filled in."""
    assert entered(speaks_for_others=True).record.organisation == "Anybody"
    assert entered(replace(NEED, organisation=""), speaks_for_others=True).record.organisation == OWNER.name


def test_what_was_so_before_stays_without_a_word():
    """A name that an administrator once gave outlives the owner's next change."""
    before = Before(NEED, Terms())
    found = entered(before=before)
    assert (found.record.organisation, found.remarks) == ("Anybody", ())


def test_a_vendor_is_set_as_a_buyer_is():
    """With size in place of the buyer's type."""
    owner = replace(OWNER, size="small")
    offer = entered(Solution(id="S1", name="SafeCell"), owner=owner).record
    assert (offer.vendor, offer.vendor_id, offer.size, offer.visibility) == (
        "Police of Saaremaa", "O1", "small", Visibility.PUBLIC,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "visibility", "errors"),
    [
        (Terms(), "network", []),
        (Terms(tlp=Tlp.RED), "private", []),
        (Terms(tlp=Tlp.CLEAR), "network", []),
        (Terms(tlp=Tlp.CLEAR, visibility=Visibility.PUBLIC), "public", []),
        (Terms(tlp=Tlp.GREEN, visibility=Visibility.PRIVATE), "private", []),
        (Terms(tlp=Tlp.GREEN, visibility=Visibility.PUBLIC), "network", ["/tlp"]),
    ],
)
def test_a_handling_mark_caps_the_visibility(terms, visibility, errors):
    """In silence never: a contradiction is an error, a missing visibility gets a remark."""
    found = entered(terms=terms)
    assert found.record.visibility.value == visibility
    assert [error.pointer for error in found.errors] == errors


@pytest.mark.parametrize(
    ("status", "visibility", "kept"),
    [
        ("draft", "network", True),
        ("open", "private", True),
        ("open", "group", False),
        ("open", "public", False),
        ("withdrawn", "public", False),
        ("withdrawn", "private", True),
    ],
)
def test_before_vetting_nothing_is_opened_to_others(status, visibility, kept):
    """Drafts and private records may be kept."""
    owner = replace(OWNER, vetted=False)
    found = entered(terms=Terms(status=status, visibility=Visibility(visibility)), owner=owner)
    assert (found.unvetted == "") is kept
    if not kept:
        with pytest.raises(Problem) as caught:
            found.refuse()
        assert caught.value.status == 403


def test_a_redaction_withholds_its_whole_group_once():
    """`value_eur` withholds the value; the same group twice is a mistake."""
    one = Redaction("value_eur", Reason.COMPETITION, "consultation", date(2032, 1, 1))
    found = entered(terms=Terms(redactions=(one,)))
    assert found.changes()["redactions"] == [
        {"field": "value", "reason_code": "fair-comp", "reason": "consultation", "until": "2032-01-01"}
    ]
    twice = entered(terms=Terms(redactions=(one, replace(one, field="value"))))
    assert [error.pointer for error in twice.errors] == ["/redactions/1/field"]


def test_limits_hold_for_what_is_imported_too():
    """A title that is the description's stand-in is as long as that may be."""
    assert [e.pointer for e in entered(replace(NEED, title="x" * 401)).errors] == ["/title"]
    long = "x" * 20_000
    assert entered(replace(NEED, title=long, description=long)).errors == ()
    assert [e.pointer for e in entered(replace(NEED, requirements=long + "x")).errors] == ["/requirements"]
    wide = replace(NEED, extra={"colour": "x" * 2_001, "outcome": long})
    assert [e.pointer for e in entered(wide).errors] == ["/extra/colour"]


def test_markings_that_stood_before_are_not_found_again():
    """New ones are, in whatever field."""
    marked = replace(NEED, description="VS-NfD\nSensors.")
    assert [mark.field for mark in entered(marked).markings] == ["description"]
    assert entered(marked, before=Before(marked, Terms())).markings == ()
    more = replace(marked, titles={"de": "VS-NfD"})
    assert [mark.field for mark in entered(more, before=Before(marked, Terms())).markings] == ["titles.de"]


def test_a_past_end_is_refused_only_where_it_is_new():
    """A record that has expired can still be corrected."""
    past = Terms(expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert [error.pointer for error in entered(terms=past).errors] == ["/expires_at"]
    assert entered(terms=past, before=Before(NEED, past)).errors == ()


def test_reading_tells_what_became_of_each_value():
    """What is dropped is an issue, what is changed a remark."""
    row = {"title": "Vests", "cpv": ["99999999", "35"], "country": "EE004", "value": 5000, "currency": "XYZ"}
    found = read(row, Kind.NEED, {}, "N1")
    assert [issue.field for issue in found.issues] == ["cpv"]
    assert [remark.pointer for remark in found.remarks] == ["/country", "/cpv", ""]
