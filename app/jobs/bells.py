"""Waking workers at once, instead of when they next look: `NOTIFY`, in a transaction of its own after the commit.

PostgreSQL commits transactions that notify one at a time for the whole server, so one that writes never does. Nothing
rests on a bell: whoever waits for one looks by itself as well, if less often.
"""

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import psycopg
import structlog
from flask import Flask
from sqlalchemy import event

from app.core.database_login import database_login, direct_url
from app.core.driver import driver_of
from app.core.sessions import plain
from app.extensions import db

CHANNEL = "bells"
QUIET_FOR = 0.003
"""Seconds after a ring in which another one of this process is left out: who was woken then is looking now."""
TRIES_AGAIN_AFTER = 5.0
_RINGING = "bells to ring"

_rung: dict[str, float] = {}
log = structlog.get_logger(__name__)


def ring_after_commit(name: str) -> None:
    """Wake whoever waits for the bell of that name, once the session's transaction has committed."""
    plain(db.session).info.setdefault(_RINGING, set()).add(name)


@event.listens_for(db.session.session_factory, "after_commit")
def _ring(session: Any) -> None:
    for name in session.info.pop(_RINGING, ()):
        moment = time.monotonic()
        if moment - _rung.get(name, 0.0) < QUIET_FOR:
            continue
        _rung[name] = moment
        try:
            with db.engine.connect() as connection:
                driver_of(connection).pgconn.exec_(f"notify {CHANNEL}, '{name}'".encode())
        except Exception as error:  # noqa: BLE001 - the commit has happened, and must not look as if it hadn't
            log.info("a bell could not be rung", bell=name, error=str(error))


def hear(app: Flask, stopping: Event, on_bell: Callable[[str], None]) -> None:
    """Call the function with the name of each bell that rings, until told to stop."""
    while not stopping.is_set():
        try:
            with psycopg.connect(
                database_login(app).address(direct_url(app)),
                autocommit=True,
                connect_timeout=5,
                application_name="diglit bells",
            ) as connection:
                connection.execute(f"listen {CHANNEL}")
                while not stopping.is_set():
                    for notice in connection.notifies(timeout=1.0):
                        on_bell(notice.payload)
        except (psycopg.Error, OSError) as error:
            log.warning("not hearing bells", reason=str(error).strip())
            stopping.wait(TRIES_AGAIN_AFTER)
