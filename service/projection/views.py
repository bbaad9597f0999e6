"""What is computed of a whole audience: clusters, candidates, the market; each worker has the same ids.

The ids of clusters last because each run follows the one before. The chain of runs is kept in the database
and moved on by one worker at a time, so that all workers and all restarts give the same ids. It is made
beside the requests: a large audience is shown its last state meanwhile, without what has changed since.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from threading import Semaphore
from typing import Any

from sqlalchemy import func, select

from matcher.cycle import Cycle
from matcher.engine import Engine
from matcher.errors import ClusterUnknown
from matcher.filters import Filter
from matcher.identity import Cluster, Identities
from matcher.joint import JointCandidate, NotJoint
from matcher.market.market import Market
from matcher.phrases import phrase
from matcher.records import Kind, Need, Record
from matcher.review import Review
from service.confidentiality.audience import Audience
from service.problems import Problem
from service.projection.attendance import Attendance
from service.projection.catalogue import Catalogue
from service.projection.findings import Findings
from service.projection.places import Place, Places
from service.projection.running import Running
from service.projection.shown import Shown, load, save
from service.store.database import Database
from service.store.tables import EditRow, ProjectionRow, now

MANY = 500
"""Needs from which an audience is not kept waiting."""
SHORT_S = 2.0
"""How long a request of such an audience waits for the present state."""
REST = 9.0
"""Such an audience is grouped anew in a tenth of the time at most."""
LONG_S = 60.0
"""How long any request waits for what it cannot do without."""
FIRST_S = 150.0
"""The same where there is nothing yet to show meanwhile."""
WAITING = 16
"""Requests that wait for the market at once: the others are told to come again."""
EARLIER = -1
"""The number of records and edits of what another process made."""
ATTEMPTS = 20
"""How often the chain of ids is tried to be moved on, where other workers move it too."""


@dataclass(frozen=True, slots=True)
class State:
    """What a view was made of: it is as fresh as these."""

    records: int
    edits: int
    day: date


@dataclass(frozen=True, slots=True)
class Cooperation:
    """Groups and candidates of one audience at one state."""

    state: State
    clusters: tuple[Cluster, ...]
    candidates: tuple[JointCandidate, ...]
    not_joint: tuple[NotJoint, ...]
    identities: Identities = field(default_factory=Identities)

    def candidate(self, candidate_id: str) -> JointCandidate:
        """The candidate of an id, or of the one that it leads to. Raises `ClusterUnknown`."""
        present = self.identities.current(candidate_id)
        for candidate in self.candidates:
            if candidate.id == present:
                return candidate
        raise ClusterUnknown(candidate_id)

    def cluster(self, cluster_id: str) -> Cluster:
        """The cluster of an id, or of the one that it leads to. Raises `ClusterUnknown`."""
        present = self.identities.current(cluster_id)
        for cluster in self.clusters:
            if cluster.id == present:
                return cluster
        raise ClusterUnknown(cluster_id)

    def of_need(self, need_id: str) -> JointCandidate | None:
        """The candidate that a need is in, as member or bystander."""
        for candidate in self.candidates:
            if any(need.id == need_id for need in everybody(candidate)):
                return candidate
        return None


def everybody(candidate: JointCandidate) -> tuple[Need, ...]:
    """Members, observers, and those who said no."""
    return (*candidate.members, *candidate.observers, *candidate.declined)


def _file(audience: Audience) -> str:
    return f"shown-{audience.value}.bin"


def sight(audience: Audience) -> Filter:
    """All that is in an audience's engine: the engine holds nothing else."""
    return Filter(open_to=audience.open_to)


class Views:
    """Computed views of all audiences, each made once for each state."""

    def __init__(
        self,
        catalogue: Catalogue,
        database: Database,
        catch_up: Callable[[], object] = lambda: None,
        attendance: Attendance | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._database = database
        self._catch_up = catch_up
        self._cooperation: dict[Audience, Running[State, Cooperation]] = {
            one: Running(f"candidates-{one.value}", attendance) for one in Audience
        }
        self._markets: dict[Audience, Running[State, tuple[int, Market]]] = {
            one: Running(f"market-{one.value}", attendance) for one in Audience
        }
        self.findings: dict[Audience, Findings[dict[str, Any]]] = {one: Findings() for one in Audience}
        """What was found out about each audience's market, as plain values."""
        self._places = {one: Places(f"places-{one.value}", attendance) for one in Audience}
        self._shown: dict[Audience, tuple[Cooperation, tuple[int, int], Cooperation]] = {}
        """The last view, with the records that it was held against, and what of it still stands."""
        self._kept_view: dict[Audience, Cooperation] = {}
        """What is on disk."""
        self._waiting = Semaphore(WAITING)
        self._edits: dict[Audience, tuple[int, Review]] = {}

    def cooperation(self, audience: Audience, day: date) -> Cooperation:
        """Groups and candidates as of now; of a large audience those last made, if that takes longer.

        Of these everything is left out that names a record which has changed. `state.day` is their day.
        """
        large = len(self._catalogue.engines[audience].needs) > MANY
        found = self._made(audience, day, SHORT_S if large else LONG_S)
        # the first time there is nothing else to show
        found = found or self._made(audience, day, LONG_S)
        if found is None:
            raise _busy()
        return found

    def begin(self, day: date) -> None:
        """Group the needs of large audiences before anybody asks, one after the other."""
        for audience in self._large():
            self._made(audience, day, FIRST_S)
            self._cooperation[audience].join(FIRST_S)  # who has something to show was not kept waiting

    def take_up(self, folder: Path, audience: Audience) -> None:
        """Show a large audience, until it is grouped, what `keep` wrote of it, as far as it still stands."""
        if audience in self._large() and self._cooperation[audience].known is None:
            self._take_up(audience, folder / _file(audience))

    def _large(self) -> list[Audience]:
        return [one for one in reversed(Audience) if len(self._catalogue.engines[one].needs) > MANY]

    def keep(self, folder: Path) -> None:
        """Write what large audiences were last shown into a folder, where it is not there yet."""
        for audience in Audience:
            known = self._cooperation[audience].known
            large = len(self._catalogue.engines[audience].needs) > MANY
            if not large:
                (folder / _file(audience)).unlink(missing_ok=True)  # nothing stays that is not kept up
            if not large or known is None:
                continue
            # only what still stands: nothing that was erased or hidden since stays on disk
            view, versions = self._still(audience, known[1]), self._catalogue.engines[audience].versions
            if self._kept_view.get(audience) is not view:
                kept = Shown(view.state.day, view.clusters, view.candidates, view.not_joint)
                save(folder / _file(audience), kept, versions)
                self._kept_view[audience] = view

    def _take_up(self, audience: Audience, path: Path) -> None:
        engine = self._catalogue.engines[audience]

        def find(kind: str, id_: str) -> Record | None:
            held = engine.collections[Kind(kind)]
            with held.reading():  # for each by itself: nobody waits with a write until all are looked up
                return held.record(held.row(id_)) if id_ in held else None

        found = load(path, find, engine.versions)
        if found is not None:
            state = State(EARLIER, EARLIER, found.day)
            identities = self._chain(audience)[2]
            self._cooperation[audience].begin_from(
                state, Cooperation(state, found.clusters, found.candidates, found.not_joint, identities)
            )

    def known(self, audience: Audience, day: date) -> Cooperation | None:
        """The same without any waiting; None where nothing is made yet."""
        return self._made(audience, day, 0.0)

    def market(self, audience: Audience, day: date) -> Market:
        """The audience's needs, solutions and how well they fit, for analyses.

        Of a large audience that last made, if it takes longer, unless something has left the audience's
        sight since. Raises 503.
        """
        if not self._waiting.acquire(blocking=False):
            raise _busy()
        try:
            shown = self._shown_market(audience) is not None
            found = self._markets[audience].get(
                lambda: self._state(audience, day),
                lambda: self._marketed(audience, day),
                patience=SHORT_S if shown else FIRST_S,
                rest=REST if shown else 0.0,
            )
        finally:
            self._waiting.release()
        if found is None or found[1][0] != self._catalogue.narrowed[audience]:
            raise _busy()
        return found[1][1]

    def _shown_market(self, audience: Audience) -> Market | None:
        """What is made and may be shown, if the audience is large."""
        known = self._markets[audience].known
        large = len(self._catalogue.engines[audience].needs) > MANY
        if not large or known is None or known[1][0] != self._catalogue.narrowed[audience]:
            return None
        return known[1][1]

    def cycle(self, audience: Audience, day: date) -> Cycle:
        """The state of the audience, to be kept and compared."""
        self.cooperation(audience, day)
        return self._catalogue.engines[audience].snapshot(sight(audience), day=day)

    def review(self, audience: Audience) -> Review:
        """What analysts changed of the audience's groups, whole."""
        return self._review(audience)[1]

    def places(self, audience: Audience) -> Mapping[str, Place] | None:
        """Where each need of the audience lies on the map of needs; None while that is being made.

        Of a large audience it may be the map as it was before the last changes.
        """
        needs = self._catalogue.engines[audience].needs
        return self._places[audience].get(needs, lambda: self._catalogue.stamps[audience])

    def likeness(self, audience: Audience, need_ids: Sequence[str]) -> list[list[float]]:
        """The probability that each pair of needs asks for the same. Raises `RecordUnknown`."""
        found = self._catalogue.engines[audience].likeness(need_ids, sight(audience))
        return [[round(float(value), 4) for value in row] for row in found]

    def named(self, audience: Audience, candidate: JointCandidate) -> JointCandidate:
        """The candidate with the phrases that set it apart among what the audience sees."""
        return self._catalogue.engines[audience].named(candidate, sight(audience))

    def stop(self) -> None:
        """Wait a while for what is being made."""
        for audience in Audience:
            self._cooperation[audience].join(10)
            self._markets[audience].join(10)
            self._places[audience].join(10)

    # -- inside -------------------------------------------------------------------------------

    def _state(self, audience: Audience, day: date) -> State:
        return State(self._catalogue.stamps[audience], self._review(audience)[0], day)

    def _made(self, audience: Audience, day: date, patience: float) -> Cooperation | None:
        large = len(self._catalogue.engines[audience].needs) > MANY
        found = self._cooperation[audience].get(
            lambda: self._state(audience, day),
            lambda: self._computed(audience, day),
            patience=patience,
            rest=REST if large else 0.0,
        )
        if found is None or found[0] == self._state(audience, day):
            return found[1] if found else None
        return self._still(audience, found[1])

    def _still(self, audience: Audience, view: Cooperation) -> Cooperation:
        """What of an earlier view still stands; looked through again only where records changed."""
        engine = self._catalogue.engines[audience]
        changes = (engine.needs.changes, engine.solutions.changes)
        known = self._shown.get(audience)
        if known is None or known[0] is not view or known[1] != changes:
            known = self._shown[audience] = view, changes, _standing(view, engine)
        return known[2]

    def _review(self, audience: Audience) -> tuple[int, Review]:
        own = EditRow.audience == audience.value
        with self._database.read() as session:
            number = session.scalar(select(func.max(EditRow.number)).where(own)) or 0
            known = self._edits.get(audience)
            if known is None or known[0] != number:
                kept = session.scalars(select(EditRow.edit).where(own).order_by(EditRow.number))
                lines = "\n".join(json.dumps(edit, ensure_ascii=False) for edit in kept)
                known = self._edits[audience] = number, Review.from_jsonl(lines)
        return known

    def _computed(self, audience: Audience, day: date) -> tuple[State, Cooperation]:
        where = sight(audience)
        for _ in range(ATTEMPTS):
            edits, review = self._review(audience)
            engine = self._catalogue.engines[audience]
            version, reached, before = self._chain(audience)
            if self._catalogue.sequence < reached:
                # another worker is ahead: to follow it with an older state would undo what it did
                self._catch_up()
            engine.cooperation.review = review
            engine.resume(before, where)
            # what takes long is done before the records are held still
            engine.clusters(where, day=day)
            engine.candidates(where, day=day)
            group = engine.cooperation
            # first the turn, which may be long in coming: nobody waits with a write meanwhile
            with group.alone(), self._catalogue.changing, group.steady():
                sequence, records = self._catalogue.sequence, self._catalogue.stamps[audience]
                state = State(records, edits, day)
                clusters = tuple(engine.clusters(where, day=day))
                candidates = tuple(engine.candidates(where, day=day))
                others = tuple(engine.not_joint(where, day=day))
                after = engine.identities(where, day=day)
            for candidate in candidates[:1]:
                engine.named(candidate, where)  # phrases are counted now, not by who opens a candidate
            made = Cooperation(state, clusters, candidates, others, after)
            if after == before or self._kept(audience, version, sequence, after):
                return state, made
        # what others keep moving is shown as it is here, and not kept
        return state, made

    def _marketed(self, audience: Audience, day: date) -> tuple[State, tuple[int, Market]]:
        state, narrowed = self._state(audience, day), self._catalogue.narrowed[audience]
        self._made(audience, day, LONG_S)  # its clusters then have ids that are kept
        market = self._catalogue.engines[audience].market(sight(audience), day=day)
        return state, (narrowed, market)

    def _chain(self, audience: Audience) -> tuple[int, int, Identities]:
        """The version of the ids that are kept, the change up to which they are made, and the ids."""
        with self._database.read() as session:
            row = session.get(ProjectionRow, audience.value)
            if row is None:
                return 0, 0, Identities()
            return row.version, row.identities["sequence"], Identities.from_json(row.identities["ids"])

    def _kept(self, audience: Audience, version: int, sequence: int, identities: Identities) -> bool:
        """Whether the chain was moved on; not, where another worker was first, or is ahead."""
        with self._database.write() as session:
            row = session.get(ProjectionRow, audience.value, with_for_update=True)
            if (row.version if row else 0) != version:
                return False
            if row is None:
                row = ProjectionRow(audience=audience.value, version=0, identities={"sequence": 0})
                session.add(row)
            if sequence < row.identities["sequence"]:
                return False
            row.version = version + 1
            row.identities = {"sequence": sequence, "ids": identities.as_json()}
            row.updated_at = now()
            return True


def _standing(view: Cooperation, engine: Engine) -> Cooperation:
    """What of an earlier view names only records that are still as they were."""
    with engine.needs.reading(), engine.solutions.reading():
        return replace(
            view,
            clusters=tuple(one for one in view.clusters if all(n in engine.needs for n in one.members)),
            candidates=tuple(
                one
                for one in view.candidates
                if _stand(_named(one), engine) and all(copy in engine.needs for copy, _ in one.copies)
            ),
            not_joint=tuple(one for one in view.not_joint if _stand(one.members, engine)),
        )


def _named(candidate: JointCandidate) -> tuple[Record, ...]:
    """Every record that a candidate says anything of."""
    offered = candidate.offers.solutions if candidate.offers else ()
    return (*everybody(candidate), *offered, *(one.solution for one in candidate.solutions))


def _stand(records: Iterable[Record], engine: Engine) -> bool:
    for record in records:
        collection = engine.collections[record.kind]
        if record.id not in collection:
            return False
        present = collection.record(collection.row(record.id))
        # mostly the very same: then nothing needs comparing field by field
        if present is not record and present != record:
            return False
    return True


def _busy() -> Problem:
    return Problem(
        503, "busy", phrase("This is being computed. Ask again in a moment."), headers={"Retry-After": "5"}
    )
