"""The public face of the engine."""

import subprocess
import sys

import pytest

import matcher


@pytest.mark.parametrize("name", matcher.__all__)
def test_every_public_name_can_be_taken_from_the_package(name: str) -> None:
    """What `__all__` promises is there, under its own name, and says what it is."""
    found = getattr(matcher, name)
    if name != "Record":  # a union of two classes
        assert found.__name__ == name
        assert found.__doc__


def test_the_public_names_are_sorted_and_others_refused() -> None:
    """The list reads as a table, and a slip of the pen is an AttributeError."""
    assert matcher.__all__ == sorted(matcher.__all__)
    with pytest.raises(AttributeError, match="Enginee"):
        matcher.Enginee  # noqa: B018 -- the access is what is tested


def test_importing_the_package_loads_no_index() -> None:
    """Reading files does not wait for FAISS, nor for torch."""
    program = "import sys, matcher; assert not {'faiss', 'torch', 'spacy'} & sys.modules.keys(); matcher.Need"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
