"""Figures for Prometheus at /metrics: requests, connections to the database, jobs.

Every process writes to the folder that `make run` names in PROMETHEUS_MULTIPROC_DIR, and any of them answers for all.
"""

import hmac
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from psutil import pid_exists
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from app.core.tenancy import as_system
from app.extensions import db
from app.jobs.queries import count_jobs, count_workers
from app.web.guards import public
from config import Settings

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("diglit_requests", "Answered requests.", ["endpoint", "method", "status"])
SECONDS = Histogram("diglit_request_seconds", "Time to the answer's headers.", ["endpoint"], buckets=BUCKETS)
CONNECTIONS = Gauge(
    "diglit_database_connections_in_use", "Connections taken from the pool.", multiprocess_mode="livesum"
)

bp = Blueprint("metrics", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    with app.app_context():
        event.listen(db.engine, "checkout", lambda *_: CONNECTIONS.inc())
        event.listen(db.engine, "checkin", lambda *_: CONNECTIONS.dec())


@lru_cache(maxsize=4096)
def _of(endpoint: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(endpoint, method, str(status)), SECONDS.labels(endpoint)


def count_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count an answered request. Paths and methods of nobody's go under one name, so that no caller makes up series."""
    known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
    counter, histogram = _of(endpoint or "none", known, status)
    counter.inc()
    histogram.observe(seconds)


@bp.get("/metrics")
@public
def metrics() -> Response:
    """For loopback, or with METRICS_TOKEN as a Bearer token."""
    settings: Settings = current_app.config["SETTINGS"]
    if not (_has_token(settings) or _is_loopback(settings)):
        abort(403)
    registry = REGISTRY
    if settings.prometheus_multiproc_dir is not None:
        registry = CollectorRegistry()
        forget_dead(settings.prometheus_multiproc_dir)
        MultiProcessCollector(registry, path=str(settings.prometheus_multiproc_dir))
    figures = generate_latest(registry) + generate_latest(_queue_registry())
    return Response(figures, content_type=CONTENT_TYPE_LATEST)


def forget_dead(folder: Path) -> None:
    """Drop what processes held that are gone: one that was killed gave nothing back. What they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        if not pid_exists(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)


def _has_token(settings: Settings) -> bool:
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.metrics_token}"
    return settings.metrics_token is not None and hmac.compare_digest(given.encode(), wanted.encode())


def _is_loopback(settings: Settings) -> bool:
    # A proxy on this machine that nobody told us of would make the whole world look like loopback.
    if not settings.trusted_proxies and {"X-Forwarded-For", "Forwarded", "X-Real-Ip"} & set(request.headers.keys()):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Queue(Collector):
    def collect(self) -> Iterable[Metric]:
        try:
            with as_system("figures count jobs and connections of all"):
                yield from list(self._read())
        except SQLAlchemyError:
            db.session.rollback()

    def _read(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("diglit_jobs", "Jobs by state, counted up to 10,000.", labels=["state"])
        for state, number in count_jobs(db.session).items():
            jobs.add_metric([state], number)
        workers: Any = GaugeMetricFamily("diglit_workers", "Workers that are alive.", value=count_workers(db.session))
        yield from (jobs, workers)


def _queue_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Queue())
    return registry
