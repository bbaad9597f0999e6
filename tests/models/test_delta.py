"""What training changed survives its file, to the nearest of fifteen steps."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ModelCorrupt
from models.delta import BLOCK, LEVELS, Delta, load, quantised, restored, save
from models.late import Head

RNG = np.random.default_rng(1)
CHANGES = {
    "encoder.a.weight": RNG.normal(scale=0.01, size=(24, 40)).astype(np.float32),
    "encoder.a.bias": RNG.normal(scale=0.01, size=24).astype(np.float32),
}
SHAPES = {name: change.shape for name, change in CHANGES.items()}


def delta() -> Delta:
    """A small one."""
    head = Head(np.eye(4, 8, dtype=np.float32), np.zeros(4, np.float32), np.ones(8, np.float32), 0.5)
    return Delta({"base": "b", "recipe": {"steps": 3}}, CHANGES, head, np.eye(2, 8, dtype=np.float32))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Matrices to a step, vectors to half precision, the rest whole."""
    save(delta(), tmp_path / "d.npz")
    read = load((tmp_path / "d.npz").read_bytes(), "d.npz", SHAPES)
    assert read.about == {"base": "b", "recipe": {"steps": 3}}
    step = np.abs(CHANGES["encoder.a.weight"]).max() / LEVELS
    np.testing.assert_allclose(
        read.changes["encoder.a.weight"], CHANGES["encoder.a.weight"], atol=0.51 * step
    )
    np.testing.assert_allclose(read.changes["encoder.a.bias"], CHANGES["encoder.a.bias"], rtol=1e-3)
    np.testing.assert_array_equal(read.head.projection, delta().head.projection)
    assert read.head.salience_bias == 0.5
    np.testing.assert_array_equal(read.reference, delta().reference)


@given(st.integers(1, 5), st.integers(1, 70), st.floats(1e-3, 10))
def test_quantising_is_exact_to_half_a_step_of_each_block(rows: int, columns: int, size: float) -> None:
    """Any shape, also one that does not fill its last block."""
    change = np.random.default_rng(rows * columns).normal(scale=size, size=(rows, columns))
    packed, scales = quantised(change.astype(np.float32))
    assert packed.nbytes == len(scales) * BLOCK // 2
    back = restored(packed, scales, change.shape)
    error = np.abs(back - change).ravel()
    steps = np.repeat(scales.astype(np.float32), BLOCK)[: error.size]
    assert (error <= 0.51 * steps + 1e-3 * size).all()


def test_no_change_stays_none() -> None:
    """A block of zeros has no scale to divide by."""
    packed, scales = quantised(np.zeros((2, 64), np.float32))
    assert not restored(packed, scales, (2, 64)).any()


@pytest.mark.parametrize("damage", ["short", "other", "shape"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    """The message names the file and says what to do."""
    save(delta(), tmp_path / "d.npz")
    content = (tmp_path / "d.npz").read_bytes()
    shapes = SHAPES if damage != "shape" else {}
    content = content[:-200] if damage == "short" else b"no file" if damage == "other" else content
    with pytest.raises(ModelCorrupt, match=r"d\.npz cannot be read .*Install"):
        load(content, "d.npz", shapes)
