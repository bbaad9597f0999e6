"""What the processor can do."""

import platform

import pytest

from models import processor


@pytest.fixture(autouse=True)
def _fresh():
    """Each test asks anew."""
    asked = (processor.fast_int8, processor.fast_bfloat16)
    for question in asked:
        question.cache_clear()
    yield
    for question in asked:
        question.cache_clear()


@pytest.mark.parametrize(
    ("facts", "machine", "fast"),
    [
        ({"flags": "fpu sse2 avx2"}, "x86_64", True),
        ({"flags": "fpu avx512_vnni"}, "x86_64", True),
        ({"flags": "fpu sse2 avx"}, "x86_64", False),
        ({}, "AMD64", True),
        ({}, "aarch64", False),
    ],
)
def test_eight_bits_are_fast_where_there_are_instructions_for_them(monkeypatch, facts, machine, fast):
    """Where the flags are known they decide, else the kind of machine."""
    monkeypatch.setattr(processor, "_facts", lambda: facts)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert processor.fast_int8() is fast


@pytest.mark.parametrize(
    ("flags", "fast"),
    [("fpu avx2 fma", False), ("avx512f avx512_bf16", True), ("amx_bf16", True), ("", False)],
)
def test_training_halves_its_numbers_only_where_that_is_fast(monkeypatch, flags, fast):
    """Emulated, bfloat16 is slower than 32 bits by far."""
    monkeypatch.setattr(processor, "_facts", lambda: {"flags": flags} if flags else {})
    assert processor.fast_bfloat16() is fast


def test_the_name_counts_the_cores():
    """A card can say on what it was measured."""
    assert processor.name().endswith("cores")
