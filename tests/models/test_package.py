"""The package itself: its names, and what importing it costs."""

import subprocess
import sys

import pytest

import models


def test_public_names_are_sorted_and_there():
    """Every name of `__all__` can be had, in alphabetical order."""
    assert models.__all__ == sorted(models.__all__)
    assert all(getattr(models, name) is not None for name in models.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        models.no_such_name  # noqa: B018 -- the access is what is tested


def test_importing_loads_no_runtime():
    """Neither the package nor the builtin encoder pulls in torch, transformers or openvino."""
    code = "import models, sys; models.open_encoder('hashing'); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    loaded = set(printed.split())
    assert "models.hashing" in loaded
    assert not loaded & {"torch", "transformers", "sentence_transformers", "openvino", "nncf", "tokenizers"}
