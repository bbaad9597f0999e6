"""Users on a whole service: `python -m service.measure.load` writes docs/load.md and docs/load.json.

It makes a data folder with as many needs and solutions as are asked for (once, then kept), starts
`needmatch serve` on a copy of it as anybody would, lets users work with it for a while, and reads what they
wrote after a restart.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher.records import Need, Record, Solution
from service.cli import screen
from service.measure import overview
from service.measure.capacity import figures_of, summary, write
from service.measure.machine import load_average, machine
from service.measure.performance import terminal_row
from service.measure.traffic import MIX, THINK_S, Person, User, World
from service.measure.workload import fingerprint, made_solutions, query_needs, recombined
from service.settings import ServerSettings, Settings

if TYPE_CHECKING:
    from service.store.database import Database

SEED = 20_260
"""That of `service.measure.bench`: solutions that it has embedded are not embedded again."""
ORGANISATIONS = 20
NEW = 1_000
"""Texts to search for, and needs to enter, that are not stored."""
AT_ONCE = 500
READY_S = 900.0
"""How long a service may take to start before it is given up."""
LEAVE_S = 120.0
SHARES = ("network", "network", "network", "network_industry", "public")
"""Visibilities of the needs in turn."""
WORLD = "world.json"
Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is stored, and how many ask for how long."""

    needs: int = 10_000
    solutions: int = 10_000
    users: int = 20
    seconds: float = 120.0
    workers: int = 1
    think_s: float = THINK_S


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write load.md and load.json into the folder `--out`."""
    parser = argparse.ArgumentParser(prog="python -m service.measure.load", description=__doc__)
    usual = Plan()
    for name, of in (
        ("needs", "needs stored"),
        ("solutions", "solutions stored"),
        ("users", "users at once"),
        ("workers", "processes of the service"),
    ):
        parser.add_argument(f"--{name}", type=_some, default=getattr(usual, name), help=f"{of} [%(default)s]")
    parser.add_argument("--minutes", type=float, default=usual.seconds / 60, help="how long [%(default)s]")
    parser.add_argument(
        "--think", type=float, default=THINK_S, help="mean seconds between requests of a user"
    )
    parser.add_argument("--data", type=Path, help="folder that keeps the records made [in the cache]")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of the page [docs]")
    chosen = parser.parse_args(arguments)
    if chosen.minutes <= 0 or chosen.think <= 0:
        parser.error("--minutes and --think are longer than 0")
    plan = Plan(
        chosen.needs, chosen.solutions, chosen.users, 60 * chosen.minutes, chosen.workers, chosen.think
    )
    settings = Settings()
    facts = machine(settings)
    kept = prepare(plan, settings, chosen.data or settings.cache / "load")
    facts |= measure(plan, settings, kept)
    facts |= {"plan": asdict(plan), "organisations": ORGANISATIONS, "load_after": load_average()}
    figures = figures_of(facts)
    for file in (*write(figures, facts, chosen.out), overview.write(chosen.out)):
        screen.errors().print(f"Written to {file}")
    screen.table(screen.console(), ["figure", "value", "bar", "met"], [terminal_row(f) for f in figures])


def _some(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number of 1 or more, got {text}")
    return number


# -- data -------------------------------------------------------------------------------------


def prepare(plan: Plan, settings: Settings, home: Path) -> Path:
    """A data folder with the records and their index; made now, unless it is there for this very code."""
    from matcher.embed import SqliteCache
    from service.backend import open_backend
    from service.confidentiality.audience import Audience

    needs, solutions = query_needs(plan.needs, SEED), made_solutions(plan.solutions, SEED)
    key = fingerprint([*needs, *solutions], settings.model, settings.engine)
    path = home / f"{plan.needs}-{plan.solutions}-{key}"
    if (path / WORLD).exists():
        return path
    screen.errors().print(f"Making {plan.needs} needs and {plan.solutions} solutions in {path} (once)")
    shutil.rmtree(path, ignore_errors=True)
    held = open_backend(ServerSettings(**{**settings.model_dump(), "data": path, "database": ""}))
    # vectors of texts that nobody wrote are kept apart from the users' own
    held.embedder.cache = SqliteCache(settings.cache / "bench" / "vectors.db")
    try:
        world = enter(held.database, needs, solutions)
        held.start()
        # as of a service that was used before: what its users are shown and compare is kept on disk
        held.views.begin(held.today)
        held.views.market(Audience.NETWORK, held.today)
    finally:
        held.stop()
    (path / WORLD).write_text(json.dumps(world), encoding="utf-8")
    return path


def enter(database: "Database", needs: Sequence[Need], solutions: Sequence[Solution]) -> Found:
    """Buyers and suppliers with a user each, and their records; ids and tokens of what was made."""
    from service.rights.viewer import ANONYMOUS
    from service.store import migrate, records
    from service.store.records import RecordDraft
    from service.store.rows import body_of

    migrate.up(database)
    secrets = _network(database, sorted({need.country for need in needs if need.country}))
    stored: list[tuple[int, Record]] = [*enumerate(needs), *enumerate(solutions)]
    drafts = [
        RecordDraft(
            kind=record.kind.value,
            organisation_id=f"{record.kind.value}s-{at % ORGANISATIONS}",
            body=body_of(record),
            status="open",
            visibility=SHARES[at % len(SHARES)] if isinstance(record, Need) else "public",
        )
        for at, record in stored
    ]
    for start in range(0, len(drafts), AT_ONCE):
        with database.write() as session:
            records.create_all(session, drafts[start : start + AT_ONCE], ANONYMOUS)
    ids = [draft.id for draft in drafts]
    owned = [ids[at : len(needs) : ORGANISATIONS] for at in range(ORGANISATIONS)]
    return {"tokens": secrets, "owned": owned, "solutions": ids[len(needs) :]}


def _network(database: "Database", countries: Sequence[str]) -> list[str]:
    """Make organisations (`needs-0` buys, `solutions-0` sells) and buyers' users; the users' tokens."""
    from service.rights.policy import Role, Scope
    from service.security import tokens
    from service.store.tables import OrganisationRow, UserRow, now

    secrets = []
    with database.write() as session:
        for at in range(ORGANISATIONS):
            for stem, kind in (("needs", "contracting_authority"), ("solutions", "supplier")):
                country = countries[at % len(countries)]
                id_, name = f"{stem}-{at}", f"{kind} {at}"
                session.add(OrganisationRow(id=id_, name=name, kind=kind, country=country, vetting="vetted"))
            session.flush()
            user = UserRow(
                organisation_id=f"needs-{at}", email=f"buyer-{at}@load.example", role=Role.PROCURER.value
            )
            session.add(user)
            session.flush()
            scopes = (Scope.READ, Scope.WRITE)
            secrets.append(tokens.create(session, user, name="load", scopes=scopes, now=now())[1])
    return secrets


def world_of(kept: Path) -> tuple[World, list[Person]]:
    """What there is to ask for, and who asks, of a folder that was made."""
    stored = json.loads((kept / WORLD).read_text(encoding="utf-8"))
    patterns = query_needs(160, SEED)
    new = recombined(patterns, patterns, 2 * NEW, SEED + 7)
    world = World(
        need_ids=tuple(one for own in stored["owned"] for one in own),
        solution_ids=tuple(stored["solutions"]),
        texts=tuple(need.text for need in new[:NEW]),
        needs=tuple(new[NEW:]),
    )
    return world, [Person(*one) for one in zip(stored["tokens"], map(tuple, stored["owned"]), strict=True)]


# -- the service and its users ----------------------------------------------------------------


def measure(plan: Plan, settings: Settings, kept: Path) -> Found:
    """What users met with, on a service that runs on a copy of a folder."""
    world, who = world_of(kept)
    with tempfile.TemporaryDirectory(prefix="needmatch-load-") as scratch:
        data = Path(scratch) / "data"
        shutil.copytree(kept, data)
        with served(data, plan, settings) as service:
            users = [
                User(who[at % len(who)], world, service.port, SEED + at, plan.think_s)
                for at in range(plan.users)
            ]
            seconds = _live(users, plan.seconds, service)
        with served(data, plan, settings) as again:
            lost = [one for user in users for one in user.check(again.port)]
    asked = [one for user in users for one in user.asked]
    errors = Counter(f"{one.kind}: {one.error}" for one in asked if one.error)
    return {
        "ready_s": service.ready_s,
        "again_s": again.ready_s,
        "idle_gb": service.idle_gb,
        "peak_gb": service.peak_gb,
        "seconds": seconds,
        "requests": len(asked),
        "per_second": len(asked) / seconds,
        "kinds": {kind: summary([one for one in asked if one.kind == kind]) for kind in MIX},
        "failed": errors.total(),
        "errors": dict(errors.most_common(20)),
        "written": sum(len(user.written) for user in users),
        "lost_number": len(lost),
        "lost": lost[:20],
    }


def _live(users: Sequence[User], seconds: float, service: "Service") -> float:
    """Let users work so long; how long it was until the last had its answer."""
    over = threading.Event()
    began = time.perf_counter()
    threads = [threading.Thread(target=user.use, args=(began, over)) for user in users]
    for thread in threads:
        thread.start()
    try:
        with screen.progress("Users at work", max(1, round(seconds))) as done:
            while (left := began + seconds - time.perf_counter()) > 0:
                service.weigh()
                time.sleep(min(1.0, left))
                done(min(round(time.perf_counter() - began), max(1, round(seconds))))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return time.perf_counter() - began


@dataclass
class Service:
    """A service that runs."""

    process: "subprocess.Popen[str]"
    port: int
    ready_s: float
    idle_gb: float | None = None
    peak_gb: float | None = None

    def weigh(self) -> None:
        """Take note of the memory of all processes, where the system tells."""
        if (now := resident_gb(self.process.pid)) is not None:
            self.idle_gb = now if self.idle_gb is None else self.idle_gb
            self.peak_gb = max(now, self.peak_gb or 0.0)


@contextmanager
def served(data: Path, plan: Plan, settings: Settings) -> Iterator[Service]:
    """`needmatch serve` on a folder, once it is ready; ended after. Exits where it does not start."""
    given = {
        f"NEEDMATCH_{name.upper()}": str(getattr(settings, name)) for name in ("model", "engine", "cache")
    }
    env = os.environ | given | {"NEEDMATCH_DATABASE": "", "NEEDMATCH_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", "0"]
    log = data.with_suffix(".log")
    started = time.perf_counter()
    with log.open("a", encoding="utf-8") as said:
        process = subprocess.Popen(
            [*command, "--data", str(data), "--workers", str(plan.workers)],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=env,
        )
    with process:
        try:
            port = _ready_port(process, log)
            service = Service(process, port, time.perf_counter() - started)
            service.weigh()
            yield service
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(LEAVE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready_port(process: "subprocess.Popen[str]", log: Path) -> int:
    late = threading.Timer(READY_S, process.kill)
    late.start()
    try:
        for line in process.stdout or ():
            if "is ready on" in line:
                return int(line.rstrip().rpartition(":")[2])
    finally:
        late.cancel()
    told = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
    raise SystemExit(f"The service did not start. It said:\n{told}")


def resident_gb(pid: int) -> float | None:
    """What a process and all below it have resident, in 10^9 bytes; None where the system does not tell."""
    kilobytes, waiting = 0, [pid]
    while waiting:
        home = Path("/proc") / str(waiting.pop())
        try:
            told = (home / "status").read_text()
            for task in (home / "task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:  # it has ended, or there is no /proc
            continue
        kilobytes += sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmRSS:"))
    return round(kilobytes * 1024 / 1e9, 3) if kilobytes else None


if __name__ == "__main__":
    main()
