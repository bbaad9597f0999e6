"""What a cluster is called."""

import time
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.label import _ADDRESS, Label, Phrase, PhraseStatistics, label
from matcher.records import Need

CPV = {
    "35000000": "Security equipment",
    "35100000": "Emergency equipment",
    "35110000": "Firefighting, rescue and safety equipment",
    "35113000": "Safety equipment",
    "35113400": "Protective and safety clothing",
}
FILLER = [
    Need(id=f"F{i}", title=f"Supply of chairs lot {word}", language="en") for i, word in enumerate("abcd")
]


def need(number: int, title: str, description: str = "", **more: object) -> Need:
    """A need in English, unless said otherwise."""
    fields = {"language": "en", **more}
    return Need(id=f"N{number}", title=title, description=description, **fields)  # type: ignore[arg-type]


def alike(size: int, value: float = 0.8) -> NDArray[np.float64]:
    """Every pair as like as every other."""
    return np.full((size, size), value) + (1 - value) * np.eye(size)


def named(members: Sequence[Need], likeness: NDArray[np.float64] | None = None) -> Label:
    """The label against a few texts about chairs."""
    known = PhraseStatistics.fit([*FILLER, *members])
    return label(members, alike(len(members)) if likeness is None else likeness, cpv_labels=CPV, others=known)


def coded(*codes: str) -> Label:
    """The label of needs with one code each; several are written with a space, none as nothing."""
    return named([need(i, "Vests", cpv=tuple(code.split())) for i, code in enumerate(codes)])


DRONES = [
    need(
        1, "Supply of drone detection radar", "Drone detection around airports. Write to a.b@police.example."
    ),
    need(2, "Radar for drone detection", "The radar must detect small drones at 3 km."),
    need(3, "Drone detection", "Supply of sensors, see www.police.example/radar"),
]


def test_the_title_is_that_of_the_need_most_like_the_others() -> None:
    """The medoid speaks for the group, in its own language."""
    likeness = np.array([[1, 0.9, 0.2], [0.9, 1, 0.7], [0.2, 0.7, 1]])
    found = named([need(1, "One"), need(2, "Zwei", language="de"), need(3, "Three")], likeness)
    assert (found.title, found.title_language, found.representative) == ("Zwei", "de", "N2")


def test_the_order_of_the_members_changes_nothing() -> None:
    """Also among equals, where the smallest id speaks."""
    likeness = np.array([[1, 0.7, 0.1], [0.7, 1, 0.1], [0.1, 0.1, 1]])
    found = {
        repr(named([DRONES[i] for i in order], likeness[np.ix_(order, order)]))
        for order in map(list, permutations(range(3)))
    }
    assert len(found) == 1
    assert "representative='N1'" in found.pop()


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("35113400", "35113400", "35111000"), "35113400"),
        (("35113400", "35113490", "35111000"), "35113400"),
        (("35113410", "35113490", "35111000"), "35113400"),
        (("35113400", "35111000", ""), "35110000"),
        (("35113400", "", ""), "35113400"),
        (("35113400", "48000000"), ""),
        (("48000000 35113400", "35113400 30000000"), "35113400"),
        (("", ""), ""),
    ],
)
def test_the_code_is_the_deepest_that_most_members_stand_under(codes: tuple[str, ...], expected: str) -> None:
    """Of those that state one; half of them are not most."""
    found = coded(*codes)
    assert found.cpv == expected
    assert found.cpv_label == CPV.get(expected, "")


def test_a_code_without_a_label_gives_way_to_the_one_above() -> None:
    """Code and label belong together; without any label the code stands alone."""
    assert (coded("35113411").cpv, coded("35113411").cpv_label) == ("35113400", CPV["35113400"])
    assert (coded("60111111").cpv, coded("60111111").cpv_label) == ("60111111", "")


def test_the_lookup_may_be_a_function() -> None:
    """The table of codes lives elsewhere."""
    found = label(
        [need(1, "Vests", cpv=("35113400",))],
        alike(1),
        cpv_labels=lambda code: f"label of {code}",
        others=PhraseStatistics(),
    )
    assert found.cpv_label == "label of 35113400"


def test_phrases_are_frequent_inside_and_rare_outside() -> None:
    """What all buyers write does not set a cluster apart."""
    (phrases,) = named(DRONES).phrases.values()
    assert phrases[0] == "drone detection"
    assert "Supply" not in phrases
    assert "radar" in phrases


def test_phrases_stand_in_a_member_to_the_letter() -> None:
    """No stem is shown, no address, no number, no small word."""
    texts = [*DRONES, need(4, "12 radars 2027", "And the of 4000 for with drone detection")]
    (phrases,) = named(texts).phrases.values()
    assert all(any(phrase in member.text for member in texts) for phrase in phrases)
    for words in (phrase.casefold().split() for phrase in phrases):
        assert not {words[0], words[-1]} & {"the", "of", "and", "for", "with"}
        assert not {"police", "www", "example"} & set(words)
        assert not any(character.isdigit() for word in words for character in word)


def test_small_words_may_stand_inside_a_phrase() -> None:
    """Romance languages build their terms with them; a stop or a line break ends a phrase."""
    vests = [
        need(1, "Chalecos de protección", "Compra conjunta. Entrega rápida", language="es"),
        need(2, "Adquisición de chalecos de protección", "Compra. Conjunta\nEntrega", language="es"),
    ]
    (phrases,) = named(vests).phrases.values()
    assert "chalecos de protección" in {phrase.casefold() for phrase in phrases}
    assert not any("." in phrase or "\n" in phrase for phrase in phrases)


def test_phrases_come_by_language() -> None:
    """Each language speaks for itself; one alone speaks through its title."""
    found = named([*DRONES, need(4, "Drohnenabwehr", "Mit Rahmenvertrag", language="de")])
    assert list(found.phrases) == ["de", "en"]
    assert found.phrases["de"] == ("Drohnenabwehr",)


def test_the_name_of_an_authority_is_no_phrase() -> None:
    """Who asks is no matter of the need."""
    members = [
        need(i, "Boats", f"Kalliope Harbour. {'Fast' * i}", organisation="Kalliope Harbour Police")
        for i in range(3)
    ]
    assert named(members).phrases == {"en": ("Boats",)}


def test_common_phrases_are_left_out_where_enough_is_known() -> None:
    """However strongly a cluster prefers them."""

    class Known:
        def texts_in(self, language: str) -> int:
            return 1000

        def texts_with(self, phrases: Sequence[Phrase], language: str) -> list[int]:
            return [150 if phrase == ("radar",) else 5 for phrase in phrases]

    (phrases,) = label(DRONES, alike(3), cpv_labels=CPV, others=Known()).phrases.values()
    assert "radar" not in {phrase.casefold() for phrase in phrases}
    assert "drone detection" in phrases


def test_nothing_known_of_other_texts_is_no_hindrance() -> None:
    """Then what members share is shown."""
    (phrases,) = label(DRONES, alike(3), cpv_labels=CPV, others=PhraseStatistics()).phrases.values()
    assert phrases[0] == "drone detection"


def test_members_and_likeness_must_fit() -> None:
    """A label of nobody, or of a strange array, is refused."""
    with pytest.raises(ValueError, match="got 0 members"):
        label([], alike(0), cpv_labels=CPV, others=PhraseStatistics())
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        label(DRONES, alike(2), cpv_labels=CPV, others=PhraseStatistics())


def test_a_hostile_text_is_read_for_addresses_in_no_time() -> None:
    """One repeated piece, as long as a description may be, takes no longer than any other text (ReDoS)."""
    begun = time.process_time()
    _ADDRESS.findall("a" * 20_000)
    assert time.process_time() - begun < 0.3
