from itertools import pairwise

import pytest

from matcher.filters import Filter
from matcher.records import Need, Visibility
from service.confidentiality.audience import Audience


def test_an_audience_sees_what_wider_ones_see() -> None:
    """From the widest to the narrowest, each lies within the one before, and never the other way."""
    for wide, narrow in pairwise(Audience):
        assert narrow.within(wide)
        assert not wide.within(narrow)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("visibility", Visibility)
def test_an_audience_sees_what_the_engine_lets_it_search(audience: Audience, visibility: Visibility) -> None:
    """The same records pass as pass a filter that is open to it, and private ones pass nowhere."""
    need = Need(id="N1", title="Vests", visibility=visibility)
    assert audience.sees(need) == Filter(open_to=audience.open_to).sees(need)
    if visibility in (Visibility.PRIVATE, Visibility.GROUP):
        assert not audience.sees(need)
