"""Runs migrations on the application's database, with the rights of its owner; each in a transaction of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool

from app.cli import embedded
from app.core import rls_upkeep, roles
from app.core.audit import SYSTEM
from app.core.database_login import DatabaseLogin, database_login, direct_url
from app.core.poolers import SharedSessions, require_own_sessions
from app.extensions import db
from config import Settings, sqlalchemy_url

MISSING_RIGHTS = (
    "The owner of the schema may not make roles. Let an administrator of the server run this once, and start again:\n{}"
)


def run() -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    settings: Settings = app.config["SETTINGS"]
    engine = create_engine(
        sqlalchemy_url(direct_url(app)),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"application_name": "diglit migration", "connect_timeout": 10, "prepare_threshold": None},
    )
    event.listen(engine, "connect", _in_utc)
    event.listen(engine, "connect", _attribute)
    event.listen(engine, "before_cursor_execute", _name_roles, retval=True)
    embedded.register_engine_events(engine, settings)
    try:
        if settings.database_url is not None:
            require_own_sessions(settings.database_url, settings.database_direct_url)
        _prepare_rls(engine, database_login(app))
        _migrate(engine)
        with _as_owner(engine) as owner:
            rls_upkeep.keep(owner)
            database_login(app).set_password(owner, app.config["SQLALCHEMY_DATABASE_URI"])
    except SharedSessions as error:
        raise CommandError(str(error)) from None
    finally:
        engine.dispose()


def _prepare_rls(engine: Engine, login: DatabaseLogin) -> None:
    with _as_owner(engine) as owner:
        try:
            rls_upkeep.prepare(owner)
        except rls_upkeep.MayNotMakeRoles:
            statements = rls_upkeep.roles_to_make(owner, login.verifier(owner))
            raise CommandError(MISSING_RIGHTS.format("\n".join(statements))) from None
        except rls_upkeep.BypassesRls as error:
            raise CommandError(str(error)) from None


def _in_utc(driver: Any, _record: Any) -> None:
    driver.execute("set timezone = 'UTC'")
    driver.commit()


def _attribute(driver: Any, _record: Any) -> None:
    """Whatever rows a migration changes, nobody did it in person."""
    driver.execute(f"set audit.context = '(,,,,{SYSTEM.username},,,cli,,migrate)'")
    driver.commit()


def _name_roles(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> tuple[str, Any]:
    return roles.own().named(statement), parameters


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _as_owner(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = True
        yield driver


run()
