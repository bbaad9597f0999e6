"""What every encoder must do, whatever its weights and its arithmetic."""

import numpy as np
import pytest

from matcher.protocols import Encoder, Role
from models.loader import open_encoder

TEXTS = [
    "Thermal cameras for the night watch.",
    "Βάρκες διάσωσης για το λιμενικό σώμα, με εφεδρικό κινητήρα και ασύρματο.",
    "Schutzwesten",
    "Бронежилетки за служители, в три размера, с годишна проверка и обучение за поддръжка на място.",
    "Ħwejjeġ tal-protezzjoni kontra n-nar għall-ħaddiema tas-salvataġġ.",
]
# largest difference in any of the numbers of a unit vector that other texts of the call may make
TOLERANCE = {"hashing": 1e-6, "openvino-int8": 2e-2, "openvino-bf16": 5e-3, "torch-fp32": 1e-5}

model = pytest.mark.model


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("hashing", "auto"), id="hashing"),
        pytest.param(("e5-small", "openvino-int8"), marks=model, id="openvino-int8"),
        pytest.param(("needmatch-e5-small", "openvino-int8"), marks=model, id="tuned-int8"),
        pytest.param(("needmatch-e5-small", "torch"), marks=model, id="tuned-torch"),
        pytest.param(("e5-small", "openvino-bf16"), marks=model, id="openvino-bf16"),
        pytest.param(("e5-small", "torch"), marks=model, id="torch"),
    ],
)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder in turn, opened once."""
    name, engine = request.param
    return open_encoder(name, engine=engine)


def tolerance(encoder: Encoder) -> float:
    """What rounding may do in this arithmetic."""
    return TOLERANCE.get(encoder.identity.engine, 5e-3)


def test_it_says_what_it_is(encoder):
    """It offers the protocol, and an identity that is complete."""
    assert isinstance(encoder, Encoder)
    identity = encoder.identity
    assert identity.id
    assert identity.revision
    assert len(identity.languages) == 24
    assert encoder.encode(["a"], Role.QUERY).pooled.shape == (1, identity.dimension)
    assert encoder.max_tokens >= 128


@pytest.mark.parametrize("role", list(Role))
def test_vectors_are_of_unit_length(encoder, role):
    """Inner products are cosines."""
    read = encoder.encode(TEXTS, role, [[(0, len(text))] for text in TEXTS])
    assert read.pooled.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(read.pooled, axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(np.concatenate(read.spans), axis=1), 1, atol=1e-4)


def test_the_same_call_gives_the_same_numbers(encoder):
    """Bit for bit, as long as the process and its settings are the same."""
    many = TEXTS * 8
    np.testing.assert_array_equal(
        encoder.encode(many, Role.QUERY).pooled, encoder.encode(many, Role.QUERY).pooled
    )


def test_order_is_kept(encoder):
    """Rows come back in the order of the texts, however they were batched."""
    straight = encoder.encode(TEXTS, Role.PASSAGE, [[(0, 6)]] * len(TEXTS))
    turned = encoder.encode(TEXTS[::-1], Role.PASSAGE, [[(0, 6)]] * len(TEXTS))
    np.testing.assert_allclose(straight.pooled, turned.pooled[::-1], atol=tolerance(encoder))
    for one, other in zip(straight.spans, turned.spans[::-1], strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance(encoder))


def test_the_company_of_a_text_does_not_matter(encoder):
    """Alone, among few short or many long texts: the vector is the same but for rounding."""
    text = TEXTS[1]
    alone = encoder.encode([text], Role.QUERY, [[(0, 6)]])
    crowd = [text, *TEXTS, "long " * 300] * 6
    among = encoder.encode(crowd, Role.QUERY, [[(0, 6)]] * len(crowd))
    for row in (0, len(TEXTS) + 2):
        np.testing.assert_allclose(among.pooled[row], alone.pooled[0], atol=tolerance(encoder))
        np.testing.assert_allclose(among.spans[row], alone.spans[0], atol=tolerance(encoder))
        assert among.pooled[row] @ alone.pooled[0] > 0.995


def test_different_texts_have_different_vectors(encoder):
    """And a text is nearest to itself."""
    pooled = encoder.encode(TEXTS, Role.QUERY).pooled
    assert (pooled @ pooled.T).argmax(axis=1).tolist() == list(range(len(TEXTS)))


def test_a_span_without_any_token_is_its_text(encoder):
    """Empty, white space alone, or beyond the end: the vector of the whole text."""
    text = "armoured  vehicles"
    read = encoder.encode([text], Role.PASSAGE, [[(0, 0), (8, 10), (40, 50), (0, 8)]])
    for row in range(3):
        np.testing.assert_allclose(read.spans[0][row], read.pooled[0], atol=1e-6)
    assert not np.allclose(read.spans[0][3], read.pooled[0], atol=1e-3)


def test_spans_stand_for_what_they_hold(encoder):
    """A span is nearer to the text of its own words than to that of the others."""
    first, second = "rescue boats with spare engines", "software for analysing seized telephones"
    text = f"{first}; {second}"
    spans = [(0, len(first)), (len(first) + 2, len(text))]
    held = encoder.encode([text], Role.PASSAGE, [spans]).spans[0]
    parts = encoder.encode([first, second], Role.PASSAGE).pooled
    assert (held @ parts.T).argmax(axis=1).tolist() == [0, 1]


def test_spans_are_counted_in_characters_of_the_text(encoder):
    """Letters of two bytes and composed forms before a span do not move it."""
    before, word = "Θερμικές κάμερες ﬁ ½ ", "boats"
    text = before + word
    read = encoder.encode([text], Role.QUERY, [[(len(before), len(text)), (len(before), len(text) - 1)]])
    whole, cut = read.spans[0]
    np.testing.assert_allclose(np.linalg.norm(whole), 1, atol=1e-4)
    assert not np.allclose(whole, read.pooled[0], atol=1e-3)
    assert not np.allclose(whole, cut, atol=1e-3)


def test_the_pass_with_spans_pools_as_the_one_without(encoder):
    """Asking for spans does not change the vectors of the texts."""
    np.testing.assert_allclose(
        encoder.encode(TEXTS, Role.QUERY, [[(0, 3)]] * len(TEXTS)).pooled,
        encoder.encode(TEXTS, Role.QUERY).pooled,
        atol=tolerance(encoder),
    )


def test_each_text_has_its_own_number_of_spans(encoder):
    """None, one or several: the shapes follow."""
    read = encoder.encode(TEXTS[:3], Role.QUERY, [[], [(0, 5)], [(0, 3), (3, 9)]])
    assert [len(vectors) for vectors in read.spans] == [0, 1, 2]
    assert read.spans[0].shape == (0, encoder.identity.dimension)
    assert encoder.encode(TEXTS[:3], Role.QUERY).spans == ()


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b"])
def test_an_empty_text_has_a_vector(encoder, text):
    """Of unit length, and without disturbing its neighbours."""
    read = encoder.encode([TEXTS[0], text], Role.QUERY, [[], [(0, 0)]])
    np.testing.assert_allclose(np.linalg.norm(read.pooled[1]), 1, atol=1e-4)
    np.testing.assert_allclose(read.spans[1][0], read.pooled[1], atol=1e-6)
    alone = encoder.encode([TEXTS[0]], Role.QUERY)
    np.testing.assert_allclose(read.pooled[0], alone.pooled[0], atol=tolerance(encoder))


def test_no_texts_give_no_rows(encoder):
    """The shape keeps its dimension."""
    assert encoder.encode([], Role.QUERY).pooled.shape == (0, encoder.identity.dimension)
    assert encoder.encode([], Role.QUERY, []).spans == ()
    assert encoder.count_tokens([]) == []


def test_a_very_long_text_is_cut_at_the_limit(encoder):
    """What stands beyond the limit has no influence, and its span is the text's vector."""
    start = "submarine " + "vessel " * (encoder.max_tokens * 2)
    read = encoder.encode(
        [start, start + "helicopter"], Role.PASSAGE, [[], [(len(start), len(start) + 10), (0, 9)]]
    )
    np.testing.assert_allclose(read.pooled[0], read.pooled[1], atol=tolerance(encoder))
    np.testing.assert_allclose(read.spans[1][0], read.pooled[1], atol=1e-6)
    assert not np.allclose(read.spans[1][1], read.pooled[1], atol=1e-4)


def test_tokens_are_counted_without_cutting(encoder):
    """A text twice as long has twice the tokens, beyond the limit too; an empty one has none."""
    once = "vessel " * encoder.max_tokens
    short, long, empty = encoder.count_tokens([once, once * 2, ""])
    assert long == pytest.approx(2 * short, abs=2)
    assert long > encoder.max_tokens
    assert empty == 0


def test_spans_must_match_the_texts(encoder):
    """One list of spans for each text, or none at all."""
    with pytest.raises(ValueError, match="1 lists of spans for 2 texts"):
        encoder.encode(["a", "b"], Role.QUERY, [[]])


def test_token_vectors_are_small_and_of_unit_length(encoder):
    """Where a model makes any: each text has its own, in order, every one with a weight and a place."""
    texts = [*TEXTS, "   "]
    spans = [[(0, len(text))] for text in texts]
    read = encoder.encode(texts, Role.QUERY, spans)
    dimension = encoder.identity.late_dimension
    assert encoder.encode(texts, Role.QUERY).late == ()
    if not dimension:
        assert read.late == ()
        return
    assert len(read.late) == len(texts)
    for text, late in zip(texts, read.late, strict=True):
        assert late.vectors.shape == (len(late.weights), dimension) == (len(late.starts), dimension)
        np.testing.assert_allclose(np.linalg.norm(late.vectors, axis=1), 1, atol=1e-4)
        assert (late.weights > 0).all()
        assert (np.diff(late.starts) > 0).all()
        assert ((late.starts >= 0) & (late.starts < len(text))).all()
    assert len(read.late[-1].vectors) == 0
    alone = encoder.encode(texts[:1], Role.QUERY, spans[:1]).late[0]
    np.testing.assert_allclose(alone.vectors, read.late[0].vectors, atol=8 * tolerance(encoder))
