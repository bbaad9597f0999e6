"""Metrics for Prometheus; with several workers each writes into files of `PROMETHEUS_MULTIPROC_DIR`.

That variable must be set before this module is imported: the client library decides then how it counts.
"""

import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from matcher.records import Kind
from service.store import outbox
from service.store.tables import ChangeRow, JobRow

if TYPE_CHECKING:
    from service.backend import Backend

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REFRESH_S = 5.0

# a gauge more for each series, which nobody asks for
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "needmatch_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY
)
SECONDS = Histogram(
    "needmatch_request_seconds",
    "Time to the end of the answer.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.8, 1.5, 3, 8, 20),
    registry=REGISTRY,
)
LAG = Gauge(
    "needmatch_follower_lag_changes",
    "Changes of the database that the index lacks, in the worker that is furthest behind.",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
LAG_SECONDS = Gauge(
    "needmatch_follower_lag_seconds",
    "Age of the oldest change that the index lacks, in the worker that is furthest behind.",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
SEQUENCE = Gauge(
    "needmatch_index_sequence",
    "Number of the last change in the index, in the worker that is furthest behind.",
    multiprocess_mode="livemin",
    registry=REGISTRY,
)


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Note one answered request."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)


def lag(backend: "Backend") -> tuple[int, float]:
    """Changes that this process's index lacks, and the age of the oldest in seconds."""
    taken = backend.catalogue.sequence
    with backend.database.read() as session:
        missing = outbox.last(session) - taken
        if missing <= 0:
            return 0, 0.0
        oldest = session.scalar(
            select(ChangeRow.at).where(ChangeRow.sequence > taken).order_by(ChangeRow.sequence).limit(1)
        )
    age = (backend.clock() - oldest).total_seconds() if oldest is not None else 0.0
    return missing, max(0.0, age)


def refresh(backend: "Backend") -> None:
    """Note how far this process's index is."""
    changes, seconds = lag(backend)
    LAG.set(changes)
    LAG_SECONDS.set(seconds)
    SEQUENCE.set(backend.catalogue.sequence)


def keep_refreshed(backend: "Backend", stop: threading.Event) -> None:
    """`refresh` in a thread until the event: another worker may be asked for the numbers of all."""

    def work() -> None:
        while not stop.wait(REFRESH_S):
            try:
                refresh(backend)
            except SQLAlchemyError:
                # told by /health/ready; the numbers stay as they were
                continue

    threading.Thread(target=work, name="needmatch-metrics", daemon=True).start()


class _Stored(Collector):
    """What is counted in the database or in the index, when asked."""

    def __init__(self, backend: "Backend") -> None:
        self._backend = backend

    def collect(self) -> Iterable[Metric]:
        jobs = GaugeMetricFamily("needmatch_jobs", "Jobs by status.", labels=["status"])
        with self._backend.database.read() as session:
            counted = select(JobRow.status, func.count()).group_by(JobRow.status)
            found: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
        for status in ("queued", "running", "failed"):
            jobs.add_metric([status], found.get(status, 0))
        yield jobs
        records = GaugeMetricFamily("needmatch_records", "Records by kind.", labels=["kind"])
        kinds = [entry.kind for entry in list(self._backend.catalogue.entries.values())]
        for kind in Kind:
            records.add_metric([kind.value], kinds.count(kind))
        yield records


def exposed(backend: "Backend") -> bytes:
    """All metrics of the service in Prometheus' text form."""
    refresh(backend)
    registry = REGISTRY
    if os.environ.get(DIRECTORY):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    stored = CollectorRegistry()
    stored.register(_Stored(backend))
    return generate_latest(registry) + generate_latest(stored)
