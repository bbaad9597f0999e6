"""What all tests share: no network, a tiny encoder, and property tests that never depend on a clock."""

import pytest
from hypothesis import settings
from pytest_socket import disable_socket

from matcher.embed import Embedder
from matcher.protocols import Encoder
from models import open_encoder

pytest_plugins = ["tests.postgres", "tests.nodes", "tests.running"]

# A busy machine is no failure of a law.
settings.register_profile("needmatch", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("needmatch")


def pytest_runtest_setup() -> None:
    """Guard every test: whoever opens a socket to another machine fails."""
    disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The tiny deterministic encoder: it sees letters, not meanings."""
    return open_encoder("hashing")


@pytest.fixture
def embedder(encoder: Encoder) -> Embedder:
    """The tiny encoder without offset and without cache."""
    return Embedder(encoder)
