"""What an audience was shown before a restart is shown after it, as far as it still stands."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from matcher.phrases import Phrase
from matcher.records import JointInterest, Need, Solution, Visibility
from service.confidentiality.audience import Audience
from service.projection import views as module
from service.projection.shown import Shown, load, save
from service.projection.views import Cooperation, Views
from tests.house import House, opened

DAY = date(2026, 12, 1)
VEST = Need(
    id="", title="Ballistic vests for dog handlers", description="Washable, of class four.", language="en",
    visibility=Visibility.NETWORK, joint_interest=JointInterest.YES, standards=("EN 1063",),
)  # fmt: skip
PUMP = replace(VEST, title="Mobile flood pump for cellars", description="Diesel, 2000 litres a minute.")
MADE = {"model": "one"}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A service with two groups of needs and an offer; its audience counts as large."""
    monkeypatch.setattr(module, "MANY", 0)
    with opened(tmp_path) as found:
        for who, country in (("ana", "EE"), ("eero", "FI")):
            for need in (VEST, PUMP):
                found.enter(who, replace(need, country=country))
        found.enter("ivo", Solution(id="", name=VEST.title, language="en", visibility=Visibility.PUBLIC))
        yield found


def again(house: House) -> Views:
    """The views of a process that has just started."""
    return Views(house.held.catalogue, house.held.database, house.held.follower.catch_up)


def taken_up(house: House, folder: Path) -> Cooperation | None:
    """What is shown after a restart before anything is grouped."""
    views = again(house)
    views.take_up(folder, Audience.NETWORK)
    known = views._cooperation[Audience.NETWORK].known
    return None if known is None else views._still(Audience.NETWORK, known[1])


@pytest.fixture
def kept(house: House, tmp_path: Path) -> tuple[Cooperation, Path]:
    """What was shown, and the folder that it is kept in."""
    folder = tmp_path / "kept"
    folder.mkdir()
    made = house.held.views.cooperation(Audience.NETWORK, DAY)
    assert len(made.candidates) == 2
    house.held.views.keep(folder)
    return made, folder


def test_what_was_shown_is_shown_again_at_once(house, kept):
    """Clusters, candidates with every figure and sentence, and ids; sentences can be said in any language."""
    made, folder = kept
    found = taken_up(house, folder)
    assert found is not None
    assert (found.clusters, found.candidates, found.not_joint) == (
        made.clusters,
        made.candidates,
        made.not_joint,
    )
    assert found.identities.homes == made.identities.homes
    for one, other in zip(found.candidates, made.candidates, strict=True):
        assert (one.likeness == other.likeness).all()
        assert repr(one) == repr(other)
        said, before = (each.score.factors[0].sentence for each in (one, other))
        assert isinstance(said, Phrase)
        assert (said.template, said.values) == (before.template, before.values)
        assert one.members[0] is house.held.catalogue.engines[Audience.NETWORK].needs.record(
            house.held.catalogue.engines[Audience.NETWORK].needs.row(one.members[0].id)
        )


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "private"},
        {"status": "withdrawn"},
        {"redactions": [{"field": "country", "reason_code": "law-enf", "reason": "x", "until": None}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_names_a_record_that_changed_since_is_left_out(house, kept, change):
    """Whether it was hidden, withdrawn or altered while nobody was shown anything."""
    made, folder = kept
    changed = made.candidates[0].members[0].id
    house.change(changed, **change)
    found = taken_up(house, folder)
    assert found is not None
    assert [one.id for one in found.candidates] == [made.candidates[1].id]


def test_a_new_state_takes_the_place_of_what_was_kept(house, kept):
    """It is grouped as if nothing had been kept, with the same ids."""
    made, folder = kept
    views = again(house)
    views.take_up(folder, Audience.NETWORK)
    views.begin(DAY)
    found = views.cooperation(Audience.NETWORK, DAY)
    assert found.state.records >= 0
    assert [one.id for one in found.candidates] == [one.id for one in made.candidates]


def test_what_was_erased_is_not_on_disk_after_the_next_keeping(house, kept):
    """Even where nobody has asked for candidates since."""
    made, folder = kept
    file = folder / "shown-network.bin"
    title = made.candidates[0].members[0].title.encode()
    assert title in file.read_bytes()
    for need in made.candidates[0].members:
        house.change(need.id, visibility="private")
    house.held.views.keep(folder)
    assert title not in file.read_bytes()
    assert made.candidates[1].members[0].title.encode() in file.read_bytes()


def test_what_did_not_change_is_not_written_again(house, kept):
    """It may be tens of megabytes."""
    _, folder = kept
    file = folder / "shown-network.bin"
    before = file.stat().st_mtime_ns
    house.held.views.keep(folder)
    assert file.stat().st_mtime_ns == before


def test_nothing_stays_of_an_audience_that_is_no_longer_large(house, kept, monkeypatch):
    """It is grouped at once, and what is not kept up would go on telling of erased needs."""
    _, folder = kept
    monkeypatch.setattr(module, "MANY", 500)
    house.held.views.keep(folder)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("way", ["absent", "cut", "altered", "no header", "other model", "other shape"])
def test_a_file_that_cannot_be_trusted_is_not_read(tmp_path, monkeypatch, way):
    """Then everything is made anew, as without a file."""
    path = tmp_path / "shown.bin"
    shown = Shown(DAY, (), (), ())
    save(path, shown, MADE)
    assert load(path, lambda *_: None, MADE) == shown
    body = path.read_bytes()
    match way:
        case "absent":
            path.unlink()
        case "cut":
            path.write_bytes(body[:-3])
        case "altered":
            path.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
        case "no header":
            path.write_bytes(b"\x80\n" + body)
        case "other shape":
            monkeypatch.setattr("service.projection.shown._shape", lambda: "another")
    assert load(path, lambda *_: None, MADE if way != "other model" else {"model": "two"}) is None
    assert len(list(tmp_path.iterdir())) == (way != "absent")


def test_a_file_cannot_have_anything_called(tmp_path, monkeypatch):
    """Even one with a right checksum: only values of candidates are made out of it."""
    path = tmp_path / "shown.bin"

    class Evil:
        def __reduce__(self):
            return exec, (f"open({str(mark)!r}, 'w')",)

    mark = tmp_path / "called"
    monkeypatch.setattr("service.projection.shown._written", lambda part, known: pickle.dumps(Evil()))
    save(path, Shown(DAY, (), (), ()), MADE)
    assert load(path, lambda *_: None, MADE) is None
    assert not mark.exists()
