"""Versions over HTTP: a change names the version that its author saw."""

import pytest

from service.problems import Problem
from service.versions import etag, unchanged


@pytest.mark.parametrize("given", ['"3"', '"2", "3"', ' "3" ', "*", '"1","3","4"', 'W/"3", "3"'])
def test_the_version_that_was_read_passes(given):
    """Alone, among others, or as any."""
    unchanged(given, 3)


@pytest.mark.parametrize("given", ['"2"', "3", 'W/"3"', '"33"', "", "'3'", '"03"', '"3'])
def test_another_version_is_stale(given):
    """A weak tag names no version."""
    with pytest.raises(Problem) as caught:
        unchanged(given, 3)
    assert caught.value.status == 412


def test_a_change_without_a_version_is_not_made():
    """Unless none is needed."""
    with pytest.raises(Problem) as caught:
        unchanged(None, 3)
    assert caught.value.status == 428
    unchanged(None, 3, needed=False)


def test_a_step_that_needs_no_version_still_minds_one():
    """Who names a version means it."""
    with pytest.raises(Problem):
        unchanged(etag(2), 3, needed=False)
