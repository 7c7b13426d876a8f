"""How this process talks to PostgreSQL: the size of its pool, and limits that no request may hold."""

import selectors
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError

from app.core import database_login, rls, roles
from app.core.database_errors import forget_rows
from app.core.driver import driver_of
from app.core.poolers import is_alone
from app.extensions import db
from config import Settings

BLOCKING_THREADS = 4
"""Threads of a web process. A thread holds one connection, and a second one while it streams an export."""

RUNNER_CONNECTIONS = 6
"""For the steps of automations that a worker does beside its jobs. They hold one only while they read and write."""

REQUEST_LIMITS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "5min",
}

PREPARES_AFTER = 5
"""Uses of a statement after which a connection that no pooler shares has it prepared."""


def engine_options(settings: Settings) -> dict[str, Any]:
    """What Flask-SQLAlchemy creates the engine with."""
    threads = settings.worker_concurrency if settings.is_command else BLOCKING_THREADS
    return {
        "pool_size": 2 * threads + (RUNNER_CONNECTIONS if settings.is_command else 0),
        "max_overflow": 2,
        "pool_timeout": 10,
        "pool_use_lifo": True,
        "hide_parameters": True,
        "connect_args": connect_arguments(settings),
    }


def connect_arguments(settings: Settings) -> dict[str, Any]:
    """What every connection of an engine begins with. Poolers refuse more than that at the start of a session."""
    return {
        "application_name": "diglit command" if settings.is_command else "diglit web",
        "connect_timeout": 5,
        "prepare_threshold": None,
    }


def transaction_settings(settings: Settings) -> dict[str, str]:
    """What every transaction is told as it begins. Commands and workers may take their time; requests may not."""
    return {"timezone": "UTC"} | ({} if settings.is_command else REQUEST_LIMITS)


def init_app(app: Flask) -> None:
    roles.init_app(app)
    database_login.init_app(app)
    with app.app_context():
        register_engine_events(db.engine, app)


def register_engine_events(engine: Engine, app: Flask) -> None:
    """Have an engine's connections come in as the application, and its transactions be for whom the work stands; let
    its pool put aside those that the server has closed, so that its restart fails no request."""
    database_login.database_login(app).register_engine_events(engine)
    rls.register_engine_events(engine, transaction_settings(app.config["SETTINGS"]))
    event.listen(engine, "connect", _prepare_in_own_session)
    event.listen(engine, "checkout", _check_alive)
    _roll_back_what_is_there(engine)
    event.listen(engine, "handle_error", _recognise_lost_one)
    event.listen(engine, "handle_error", forget_rows)


def _prepare_in_own_session(driver: psycopg.Connection[Any], _record: Any) -> None:
    """Prepared statements belong to a session, which a pooler may give to somebody else between two transactions."""
    driver.prepare_threshold = PREPARES_AFTER if is_alone(driver) else None


def _check_alive(driver_connection: Any, _record: Any, _proxy: Any) -> None:
    # An idle connection has nothing to read, unless the server said goodbye; looking costs no round trip.
    if driver_connection.closed or _has_something_to_read(driver_connection.fileno()):
        raise DisconnectionError("the server has closed this connection")


def _roll_back_what_is_there(engine: Engine) -> None:
    """What was being done on a lost connection is undone already, and whoever has an answer by then may give it."""
    roll_back = engine.dialect.do_rollback

    def do_rollback(driver: Any) -> None:
        try:
            roll_back(driver)
        except psycopg.Error:
            if not driver.closed:
                raise

    engine.dialect.do_rollback = do_rollback  # type: ignore[method-assign, assignment]


def _recognise_lost_one(context: ExceptionContext) -> None:
    # The driver says "received 2 results" where a pooler adds a word of its own to the server's last.
    if context.connection is not None and not context.connection.invalidated:
        context.is_disconnect |= driver_of(context.connection).closed


def _has_something_to_read(descriptor: int) -> bool:
    with selectors.PollSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(0))
