"""The errors a caller can act on."""

import inspect

import pytest

from matcher import errors
from matcher.phrases import Phrase, phrase

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


def test_the_text_of_an_error_is_the_phrase_it_was_made_of() -> None:
    """So that it can be said in another language; any other error has its text as ever."""
    for error in (
        errors.RecordUnknown("need", "N-7"),
        errors.ClusterUnknown("c-1"),
        errors.ReviewConflict(phrase("Edit {number} does not stand.", number=3), (3,)),
    ):
        assert isinstance(str(error), Phrase)
    assert [str(errors.InputError(*args)) for args in ((), ("seen",), (1, 2))] == ["", "seen", "(1, 2)"]
