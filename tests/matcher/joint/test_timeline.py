"""Windows side by side."""

from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from matcher.joint.timeline import period, timeline
from matcher.records import Need

DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))


def need(id: str, start: date | None = None, end: date | None = None, **extra: str) -> Need:
    """A need with a window."""
    return Need(id=id, title="Vests", country=id[:2], window_start=start, window_end=end, extra=extra)


@st.composite
def needs(draw: st.DrawFn) -> list[Need]:
    """Needs with whole, half and no windows."""
    found = []
    for number in range(draw(st.integers(2, 5))):
        start, length = draw(DAYS), draw(st.integers(0, 500))
        stated = draw(st.sampled_from(["both", "both", "start", "end", "none"]))
        end = start + timedelta(days=length)
        found.append(
            need(
                f"N{number}",
                start if stated in ("both", "start") else None,
                end if stated in ("both", "end") else None,
            )
        )
    return found


def test_windows_that_overlap_say_from_when_to_when() -> None:
    """The days that all have, and nobody waits."""
    found = timeline(
        [need("FI-1", date(2027, 1, 1), date(2027, 6, 30)), need("EE-1", date(2027, 3, 1), date(2027, 9, 1))]
    )
    assert found.overlap == (date(2027, 3, 1), date(2027, 6, 30))
    assert found.overlap_days == 121
    assert (found.waits, found.missing) == ((), ())
    assert found.sentence == "Windows overlap 121 days, 1 Mar 2027 to 30 Jun 2027."
    assert [row.need_id for row in found.rows] == ["EE-1", "FI-1"]


def test_windows_that_share_one_day_overlap_by_none_and_leave_no_gap() -> None:
    """The difference of dates is 0, and there is a day on which both are open."""
    day = date(2027, 5, 1)
    found = timeline([need("A1", date(2027, 1, 1), day), need("B1", day, date(2027, 9, 1))])
    assert (found.overlap, found.overlap_days, found.waits) == ((day, day), 0, ())


def test_a_gap_says_who_would_wait_and_how_long() -> None:
    """Everybody whose window closes before the last one opens, longest first."""
    found = timeline(
        [
            need("PT-1", date(2027, 1, 1), date(2027, 3, 1)),
            need("FR-1", date(2027, 1, 1), date(2027, 4, 1)),
            need("RO-1", date(2027, 5, 3), date(2027, 9, 1)),
        ]
    )
    assert (found.overlap, found.overlap_days) == (None, -63)
    assert found.waits == (("PT-1", 63), ("FR-1", 32))
    assert found.sentence == (
        "Windows do not overlap: PT-1 would have to wait 63 days beyond 1 Mar 2027, FR-1 would have to wait "
        "32 days beyond 1 Apr 2027, until that of RO-1 opens on 3 May 2027."
    )


def test_what_is_not_stated_is_named_and_counts_for_nothing() -> None:
    """A half-stated window is not compared."""
    whole = [need("A1", date(2027, 1, 1), date(2027, 6, 1)), need("B1", date(2027, 2, 1), date(2027, 7, 1))]
    found = timeline([*whole, need("C1", date(2028, 1, 1)), need("D1")])
    assert found.overlap_days == timeline(whole).overlap_days
    assert found.missing == ("C1: window_end", "D1: window_start", "D1: window_end")
    assert found.sentence.endswith("Window not stated in full by C1, D1.")


def test_fewer_than_two_windows_are_unknown() -> None:
    """Unknown is None, and the sentence says what there is."""
    one = timeline([need("A1", date(2027, 1, 1), date(2027, 6, 1)), need("B1")])
    assert (one.overlap, one.overlap_days) == (None, None)
    assert one.sentence == "Cannot be compared: only A1 states a whole window; not stated by B1."
    assert "nobody states" in timeline([need("A1"), need("B1")]).sentence


def test_delivery_and_budget_years_are_told() -> None:
    """With who says what, and who says nothing."""
    first = Need(id="A1", title="", delivery_end=date(2028, 1, 1), extra={"budget_year": "2027"})
    second = Need(id="B1", title="", extra={"budget_year": "soon"})
    found = timeline([first, second])
    assert found.delivery == "Delivery: A1 until 1 Jan 2028; not stated by B1."
    assert found.budget == "Budget years: 2027 (A1); not stated by B1."
    assert [row.budget_year for row in found.rows] == [2027, None]
    assert (timeline([second]).delivery, timeline([second]).budget) == ("", "")


def test_a_period_may_be_open_at_either_end() -> None:
    """Said in words, and empty where nothing is known."""
    assert period(date(2027, 1, 1), None) == "from 1 Jan 2027"
    assert period(None, None) == ""


@given(needs(), st.randoms())
def test_the_order_of_members_changes_nothing(members: list[Need], random: Random) -> None:
    """Rows and ties are ordered by country and id."""
    shuffled = list(members)
    random.shuffle(shuffled)
    assert timeline(shuffled) == timeline(members)


@given(DAYS, DAYS, st.integers(0, 400), st.integers(0, 400))
def test_overlap_is_symmetric_and_counts_the_common_days(
    one: date, other: date, length: int, span: int
) -> None:
    """Of two windows: the days both are open, less one; a gap is what the earlier would wait."""
    a, b = need("A1", one, one + timedelta(length)), need("B1", other, other + timedelta(span))
    swapped = need("A1", other, other + timedelta(span)), need("B1", one, one + timedelta(length))
    found = timeline([a, b])
    assert found.overlap_days is not None
    assert found.overlap_days == timeline(swapped).overlap_days
    common = sum(1 for day in range(length + 1) if other <= one + timedelta(day) <= other + timedelta(span))
    assert (found.overlap_days + 1 if found.overlap_days >= 0 else 0) == common
    assert max((wait for _, wait in found.waits), default=0) == max(0, -found.overlap_days)
