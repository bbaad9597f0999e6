"""The errors a caller can act on."""

import inspect

import pytest

from matcher import errors

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_stands_in_the_tree_under_its_parent(error: type[Exception]) -> None:
    """The tree drawn in the module names each class, and all descend from one."""
    assert issubclass(error, errors.NeedmatchError)
    assert error.__name__ in (errors.__doc__ or "")


def test_an_unknown_id_says_what_was_asked_for() -> None:
    """The message names kind and id; both can be read off the error."""
    error = errors.RecordUnknown("need", "N-7")
    assert (error.kind, error.record_id) == ("need", "N-7")
    assert "need" in str(error)
    assert "'N-7'" in str(error)
