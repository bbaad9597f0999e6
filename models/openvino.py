"""The fast engine: graphs built by `models.export`, run by OpenVINO on the processor.

At run time it needs openvino, tokenizers and numpy; torch, transformers and sentence-transformers stay
unloaded.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matcher.errors import ModelCorrupt
from matcher.protocols import Encoded, Float32, Int64, Late, ModelIdentity, Role, Span
from models import late, runtime
from models.export import FULL, INT8, TOKENIZER
from models.registry import ModelEntry
from models.spans import check_spans, span_vectors, token_ranges

if TYPE_CHECKING:
    from tokenizers import Encoding

TOKENS_PER_BATCH = 1536
"""Padding included; larger batches were no faster on two cores and cost memory."""
LITTLE_WORK = 256
"""Tokens that are not worth dividing between threads."""
POOLED, TOKENS, LATE, WEIGHTS = range(4)
"""Outputs of the graphs; the last two where the model has a late head."""
LENGTH_STEP = 8
"""Lengths are padded to multiples of this, so that kernels compiled for a length are used again."""


class OpenVinoEncoder:
    """One model in one arithmetic (`int8`, `bf16` or `fp32`); safe to call from several threads at once.

    A call with a single short batch runs on all threads for the least delay; larger calls run one batch on
    each thread for the most throughput.
    """

    def __init__(self, entry: ModelEntry, folder: Path, *, kind: str, threads: int | None = None) -> None:
        from tokenizers import Tokenizer

        core = runtime.openvino().Core()
        if kind == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            kind = "fp32"
        self._entry = entry
        self._head = late.load(folder)
        self._identity = ModelIdentity(
            entry.id,
            entry.revision,
            f"openvino-{kind}",
            entry.dimension,
            entry.languages,
            self._head.dimension if self._head else 0,
        )
        self._threads = threads or _usable_cores()
        # around the 8-bit products float32 is as fast as bfloat16, and the same on every processor
        precision = "bf16" if kind == "bf16" else "f32"
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            network = core.read_model(folder / (INT8 if kind == "int8" else FULL))
            self._compile = partial(_Compiled, core, network, precision, threads=self._threads)
            self._one = self._compile(streams=1)
        except Exception as error:  # both libraries raise bare exceptions for a damaged file
            raise ModelCorrupt(
                f"The graphs in {folder} cannot be loaded ({error}). Delete that folder; it is built again "
                "when the model is next opened."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(entry.max_tokens)

    @cached_property
    def _many(self) -> "_Compiled":
        # compiled when the first large call comes: a process that serves single texts never needs it
        return self._compile(streams=self._threads) if self._threads > 1 else self._one

    @property
    def identity(self) -> ModelIdentity:
        """Which weights and arithmetic these are."""
        return self._identity

    @property
    def max_tokens(self) -> int:
        """Tokens read of one text, prefix and special tokens included; what is beyond is cut off."""
        return self._entry.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without prefix, special tokens or cutting."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        # the tokenizer cuts at max_tokens, and keeps the pieces it cut off
        return [len(one.ids) + sum(len(rest.ids) for rest in one.overflowing) for one in encodings]

    def encode(
        self, texts: Sequence[str], role: Role, spans: Sequence[Sequence[Span]] | None = None
    ) -> Encoded:
        """Vectors of the texts, and of spans of them, from one pass; see `matcher.protocols.Encoder`."""
        check_spans(texts, spans)
        prefix = self._entry.prefix(role)
        prefixed = [prefix + text for text in texts]
        # offsets cost time, so only spans pay for them
        tokenize = self._tokenizer.encode_batch_fast if spans is None else self._tokenizer.encode_batch
        encodings = tokenize(prefixed)
        pooled = np.empty((len(texts), self._identity.dimension), np.float32)
        found: list[Float32] = [np.empty((0, self._identity.dimension), np.float32)] * len(texts)
        tokenwise: list[Late | None] = [None] * len(texts)

        def keep(rows: Sequence[int], outputs: Sequence[Float32]) -> None:
            pooled[rows] = outputs[POOLED]
            if spans is None:
                return
            for at, row in enumerate(rows):
                offsets = encodings[row].offsets
                ranges = token_ranges(texts[row], offsets, prefix)
                if spans[row]:
                    tokens = outputs[TOKENS][at, : len(offsets)]
                    found[row] = span_vectors(tokens, ranges, spans[row], pooled[row])
                if self._head:
                    small, weights = outputs[LATE][at, : len(offsets)], outputs[WEIGHTS][at, : len(offsets)]
                    tokenwise[row] = late.paired(small, weights, ranges)

        self._run([len(encoding) for encoding in encodings], encodings, keep)
        if spans is None:
            return Encoded(pooled)
        return Encoded(pooled, tuple(found), tuple(one for one in tokenwise if one is not None))

    def _run(
        self,
        lengths: Sequence[int],
        encodings: "Sequence[Encoding]",
        keep: Callable[[Sequence[int], Sequence[Float32]], None],
    ) -> None:
        batches = list(packed(lengths, self._threads))
        if len(batches) == 1:
            with self._one.request() as request:
                request.infer(_inputs(batches[0], encodings))
                keep(batches[0], _outputs(request))
        elif batches:
            self._many.infer_all(
                ((_inputs(batch, encodings), batch) for batch in batches),
                lambda request, batch: keep(batch, _outputs(request)),
            )


def packed(lengths: Sequence[int], threads: int) -> Iterator[list[int]]:
    """Rows in batches of like lengths, longest first: one batch for little work, else some for each thread.

    >>> list(packed([3, 9, 4], threads=2))
    [[1, 2, 0]]
    >>> [len(batch) for batch in packed([100] * 40, threads=2)]
    [14, 14, 12]
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    total = sum(_padded(length) for length in lengths)
    budget = TOKENS_PER_BATCH
    if threads > 1:
        budget = min(budget, max(LITTLE_WORK, -(-total // threads)))
    start = 0
    while start < len(order):
        count = max(1, budget // _padded(lengths[order[start]]))
        yield order[start : start + count]
        start += count


class _Compiled:
    """A compiled network with the requests made on it, lent to one caller at a time."""

    def __init__(self, core: Any, network: Any, precision: str, *, streams: int, threads: int) -> None:
        settings = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision,
        }
        self._network = core.compile_model(network, "CPU", settings)
        self._streams = streams
        self._idle: list[Any] = []
        self._queue: Any = None
        self._turn = threading.Lock()

    @contextmanager
    def request(self) -> Iterator[Any]:
        """A request of one's own, for as long as its outputs are read."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._network.create_infer_request()
        try:
            yield request
        finally:
            self._idle.append(request)

    def infer_all(
        self, work: Iterable[tuple[Mapping[str, Int64], list[int]]], done: Callable[[Any, list[int]], None]
    ) -> None:
        """Run every batch, as many at once as there are streams; `done` reads the outputs of each."""
        with self._turn:  # the streams are full with one caller's work
            if self._queue is None:
                self._queue = runtime.openvino().AsyncInferQueue(self._network, self._streams)
            self._queue.set_callback(done)
            for inputs, batch in work:
                self._queue.start_async(inputs, batch)
            self._queue.wait_all()


def _outputs(request: Any) -> list[Float32]:
    return [tensor.data for tensor in request.output_tensors]


def _inputs(batch: Sequence[int], encodings: "Sequence[Encoding]") -> dict[str, Int64]:
    longest = max(len(encodings[row]) for row in batch)
    ids = np.zeros((len(batch), _padded(longest)), np.int64)
    mask = np.zeros_like(ids)
    for place, row in enumerate(batch):
        read = encodings[row].ids
        ids[place, : len(read)] = read
        mask[place, : len(read)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _padded(length: int) -> int:
    return -(-max(length, 1) // LENGTH_STEP) * LENGTH_STEP


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
