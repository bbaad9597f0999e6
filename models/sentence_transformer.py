"""The reference path: sentence-transformers on torch in float32, loaded only when it is asked for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from matcher.errors import ModelCorrupt, ModelMissing
from matcher.protocols import Encoded, Float32, Late, ModelIdentity, Role, Span
from models import late
from models.registry import ModelEntry
from models.spans import check_spans, span_vectors, token_ranges, unit

TEXTS_PER_BATCH = 32


class SentenceTransformerEncoder:
    """A sentence-transformers folder as an encoder; `entry.folder` says which."""

    def __init__(self, entry: ModelEntry, *, threads: int | None = None) -> None:
        try:
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging
        except ImportError as error:
            raise ModelMissing(
                f"The reference engine cannot be loaded ({error}). "
                "Install it with: pip install 'sentence-transformers>=6.2,<7' torch"
            ) from error
        assert entry.folder is not None
        if threads:
            torch.set_num_threads(threads)  # for the whole process: torch knows no other way
        bars = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers left it untyped
        try:
            # the folder is complete: nothing of it may be asked of the network
            self._model = SentenceTransformer(str(entry.folder), device="cpu", local_files_only=True)
        except Exception as error:  # each of the libraries below has kinds of its own
            raise ModelCorrupt(
                f"The model in {entry.folder} cannot be loaded ({error}). Fetch or save it again."
            ) from error
        finally:
            if bars:
                logging.enable_progress_bar()  # type: ignore[no-untyped-call]  # transformers left it untyped
        self._model.max_seq_length = entry.max_tokens
        self._entry = entry
        self._head = late.load(entry.folder)
        self._identity = ModelIdentity(
            entry.id,
            entry.revision,
            "torch-fp32",
            entry.dimension,
            entry.languages,
            self._head.dimension if self._head else 0,
        )

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
        if not texts:
            return []
        read = self._tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [len(ids) for ids in read["input_ids"]]

    def encode(
        self, texts: Sequence[str], role: Role, spans: Sequence[Sequence[Span]] | None = None
    ) -> Encoded:
        """Vectors of the texts, and of spans of them, from one pass; see `matcher.protocols.Encoder`."""
        check_spans(texts, spans)
        dimension = self._identity.dimension
        if not texts:
            return Encoded(np.empty((0, dimension), np.float32))
        prefix = self._entry.prefix(role)
        prefixed = [prefix + text for text in texts]
        settings: dict[str, Any] = {"batch_size": TEXTS_PER_BATCH, "show_progress_bar": False}
        if spans is None:
            vectors = np.asarray(self._model.encode(prefixed, **settings), np.float32)
            return Encoded(unit(vectors))
        outputs = self._model.encode(prefixed, output_value=None, **settings)
        pooled = unit(np.stack([output["sentence_embedding"].numpy() for output in outputs]))
        offsets = self._tokenizer(
            prefixed, truncation=True, max_length=self.max_tokens, return_offsets_mapping=True
        )["offset_mapping"]
        found: list[Float32] = []
        tokenwise: list[Late] = []
        for row, output in enumerate(outputs):
            ranges = token_ranges(texts[row], offsets[row], prefix)
            tokens = output["token_embeddings"].numpy()[: len(ranges)]
            found.append(span_vectors(tokens, ranges, spans[row], pooled[row]))
            if self._head:
                tokenwise.append(late.paired(*self._head.apply(tokens), ranges))
        return Encoded(pooled, tuple(found), tuple(tokenwise))

    @property
    def _tokenizer(self) -> Any:
        return self._model.tokenizer
