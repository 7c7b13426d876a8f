"""/healthz: this process lives. /readyz: it can answer requests, or which part keeps it from that."""

import time
from typing import Any

import psycopg
import structlog
from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.driver import driver_of
from app.core.rls_upkeep import find_bypasses, find_missing
from app.core.schema_version import is_current
from app.core.tenancy import as_system
from app.core.zones import VERSION
from app.extensions import db
from app.jobs.queries import count_workers
from app.web.guards import public

bp = Blueprint("health", __name__)
log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.after_request
def _never_cached(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/healthz")
@public
def healthz() -> Response:
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """503 names the parts that don't answer. Workers are told of, and keep no request from being answered."""
    parts: dict[str, dict[str, Any]] = {"database": {"ok": False}, "migrations": {"ok": False}}
    began = time.perf_counter()
    try:
        with as_system("migrations and policies are checked by staff's rights"), db.engine.connect() as connection:
            connection.execute(text("set local statement_timeout = '2s'"))
            parts["database"] = {"ok": True, "ms": round((time.perf_counter() - began) * 1000, 1)}
            parts["migrations"]["ok"] = current = is_current(connection)
            if current:
                parts["walls"] = {"ok": _is_rls_whole(driver_of(connection))}
                parts["workers"] = {"alive": count_workers(db.session)}
    except (SQLAlchemyError, psycopg.Error):
        db.session.rollback()
    missing = [name for name, part in parts.items() if part.get("ok") is False]
    if not parts["database"]["ok"]:
        missing = ["database"]
    parts["time_zones"] = {"version": VERSION}
    status = "ready" if not missing else f"not ready: {', '.join(missing)}"
    return jsonify(status=status, parts=parts), 503 if missing else 200


def _is_rls_whole(driver: psycopg.Connection[Any]) -> bool:
    """Whether companies are kept apart. Which part is missing is for the log; strangers read this page."""
    faults = [*find_missing(driver), *find_bypasses(driver)]
    if faults:
        log.error("row-level security is incomplete", missing=len(faults), first=faults[:5])
    return not faults
