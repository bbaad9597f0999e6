"""Long work that gives way between its steps."""

import threading

from matcher.embed import Embedder
from matcher.engine import Engine
from matcher.pace import give_way, giving_way, hurrying
from matcher.records import Need, Record, Solution

RECORDS: list[Record] = [
    *(Need(id=f"P{i}", title="Floating fire pump", language="en") for i in range(3)),
    *(Need(id=f"X{i}", title=f"Thermal camera {i}", language="en") for i in range(3)),
    *(Solution(id=f"S{i}", name=f"Fire pump that floats {i}") for i in range(3)),
]


def test_only_who_was_asked_to_gives_way() -> None:
    """Inside, by the innermost word, and in no other thread."""
    said: list[str] = []
    give_way()
    with giving_way(lambda: said.append("outer")):
        with giving_way(lambda: said.append("inner")):
            give_way()
        with hurrying():
            give_way()
        other = threading.Thread(target=give_way)
        other.start()
        other.join()
        give_way()
    give_way()
    assert said == ["inner", "outer"]


def test_whoever_writes_gets_to_it_meanwhile(embedder: Embedder) -> None:
    """Nothing is held while others go first, and what they wrote is found."""
    known, asked = Engine(embedder), Engine(embedder)
    late = Need(id="W", title="Thermal camera 1", language="en")
    known.add([*RECORDS, late])
    asked.add(RECORDS)
    writers: list[threading.Thread] = []

    def pause() -> None:
        if not writers:
            writers.append(threading.Thread(target=asked.add, args=([late],)))
            writers[0].start()
        writers[0].join(20.0)
        assert not writers[0].is_alive()

    with giving_way(pause):
        groups = asked.groups()
    assert writers
    assert {frozenset(n.id for n in group) for group in groups} == {
        frozenset(n.id for n in group) for group in known.groups()
    }
