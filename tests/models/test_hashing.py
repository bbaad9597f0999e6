"""The encoder without weights."""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.protocols import Encoder, Role
from models.hashing import HashingEncoder

ENCODER = HashingEncoder()


def test_it_is_an_encoder():
    """It offers what the protocol asks for."""
    assert isinstance(ENCODER, Encoder)
    assert ENCODER.identity.key == "hashing@1/hashing"


def test_another_process_gives_the_same_vector():
    """Neither the hash seed of Python nor anything else of the process enters."""
    code = (
        "from models.hashing import HashingEncoder as E; from matcher.protocols import Role;"
        "print(E().encode(['Schutzweste, Klasse 4'], Role.QUERY).pooled.tobytes().hex())"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == ENCODER.encode(["Schutzweste, Klasse 4"], Role.QUERY).pooled.tobytes().hex()


def test_shared_words_bring_texts_together():
    """A text is nearer to one with a like word than to one without."""
    near, far = "ballistic vests for police", "cleaning of sewers"
    pooled = ENCODER.encode(["ballistic vest", near, far], Role.QUERY).pooled
    assert pooled[0] @ pooled[1] > pooled[0] @ pooled[2] + 0.2


def test_what_is_beyond_the_limit_is_not_read():
    """Words after the limit change nothing, and their spans are the text's vector."""
    limit = ENCODER.max_tokens
    text = "word " * limit
    longer = text + "otherwise"
    read = ENCODER.encode([text, longer], Role.QUERY, [[], [(len(text), len(longer))]])
    np.testing.assert_array_equal(read.pooled[0], read.pooled[1])
    np.testing.assert_array_equal(read.spans[1][0], read.pooled[1])
    assert ENCODER.count_tokens([longer]) == [limit + 1]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_vectors_are_of_unit_length_for_any_text(texts):
    """Whatever the text, its vector has length one."""
    pooled = ENCODER.encode(texts, Role.PASSAGE).pooled
    assert pooled.shape == (len(texts), 64)
    np.testing.assert_allclose(np.linalg.norm(pooled, axis=1), 1, atol=1e-5)


@given(st.text(max_size=40))
def test_the_span_of_the_whole_text_is_the_text(text):
    """All tokens lie inside it, and the text is their mean as well."""
    read = ENCODER.encode([text], Role.QUERY, [[(0, len(text))]])
    np.testing.assert_allclose(read.spans[0][0], read.pooled[0], atol=1e-5)
