"""From the vectors of tokens to the vectors of spans; the same arithmetic for every engine."""

from collections.abc import Sequence

import numpy as np

from matcher.protocols import Float32, Int64, Span


def unit(vectors: Float32) -> Float32:
    """Rows scaled to length one; a row of zeros stays.

    >>> unit(np.array([[3.0, 4.0]], np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Float32 = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)
    return scaled


def token_ranges(text: str, offsets: Sequence[tuple[int, int]], prefix: str) -> Int64:
    """Where tokens stand in the text proper: `int64[t, 2]`, character offsets without the prefix.

    `offsets` are those of the tokenizer on `prefix + text`. Tokens of the prefix, special tokens and tokens
    of white space alone come out as (-1, -1); white space before a word, which many tokenizers count to its
    first token, is left out.

    >>> token_ranges("a bc", [(0, 0), (0, 2), (2, 4), (4, 6)], "q: ").tolist()
    [[-1, -1], [-1, -1], [0, 1], [2, 3]]
    """
    start_of_text = len(prefix)
    ranges = np.full((len(offsets), 2), -1, np.int64)
    for row, (start, end) in enumerate(offsets):
        first, last = start - start_of_text, end - start_of_text
        if last <= 0:
            continue
        first = max(first, 0)
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            ranges[row] = first, last
    return ranges


def span_vectors(tokens: Float32, ranges: Int64, spans: Sequence[Span], fallback: Float32) -> Float32:
    """`float32[s, d]`: the unit mean of the token vectors `float32[t, d]` that lie wholly inside each span.

    A span that holds no token (empty, white space, beyond what was read) gets `fallback`, its text's vector.
    """
    if not spans:
        return np.empty((0, tokens.shape[1]), np.float32)
    starts = np.array([span[0] for span in spans], np.int64)[:, None]
    ends = np.array([span[1] for span in spans], np.int64)[:, None]
    inside = (ranges[:, 0] >= np.maximum(starts, 0)) & (ranges[:, 1] <= ends)
    counts = inside.sum(axis=1)
    # Not by BLAS: the threads it leaves spinning slow the model's next pass by a third.
    sums = np.einsum("st,td->sd", inside.astype(np.float32), tokens.astype(np.float32, copy=False))
    lengths = np.linalg.norm(sums, axis=1)
    usable = (counts > 0) & (lengths > 0)
    vectors = np.broadcast_to(fallback, sums.shape).astype(np.float32)
    vectors[usable] = sums[usable] / lengths[usable, None]
    return vectors


def check_spans(texts: Sequence[str], spans: Sequence[Sequence[Span]] | None) -> None:
    """Raise `ValueError` unless there is one list of spans for each text, or none at all."""
    if spans is not None and len(spans) != len(texts):
        raise ValueError(f"{len(spans)} lists of spans for {len(texts)} texts, expected one for each text")
