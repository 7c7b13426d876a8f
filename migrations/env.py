"""Runs migrations on the application's database, with the rights of its owner; each in a transaction of its own."""

from typing import Any

import psycopg
from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from app.cli import embedded
from app.core.own_login import APPLICATION, direct_url, own_login, set_password
from app.core.poolers import SharedSessions, require_own_sessions
from app.extensions import db
from config import Settings, sqlalchemy_url

MISSING_RIGHTS = (
    "The user of DATABASE_URL may not make roles. Let an administrator of the server run, once:"
    " create role diglit_staff; create role diglit_tenant; create role diglit_app login noinherit;"
    " grant diglit_staff, diglit_tenant to diglit_app; grant diglit_staff, diglit_tenant to {user};"
    " and set the password of diglit_app to what `flask --app wsgi database-password` prints."
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
    embedded.attend(engine, settings)
    try:
        if settings.database_url is not None:
            require_own_sessions(settings.database_url, settings.database_direct_url)
        _migrate(engine)
        _let_the_application_in(engine, own_login(app).password)
    except SharedSessions as error:
        raise CommandError(str(error)) from None
    finally:
        engine.dispose()


def _in_utc(driver: Any, _record: Any) -> None:
    driver.execute("set timezone = 'UTC'")
    driver.commit()


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege) and "role" in str(error.orig):
                raise CommandError(MISSING_RIGHTS.format(user=engine.url.username or "its user")) from None
            raise


def _let_the_application_in(engine: Engine, password: str) -> None:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = True
        if driver.execute("select from pg_roles where rolname = %s", [APPLICATION]).rowcount:
            set_password(driver, password)


run()
