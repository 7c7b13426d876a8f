"""How processes come in to the database: as a role of the application's own, which owns no table and is subject to
row-level security.

`DATABASE_URL` names whoever owns the schema; with those rights it is migrated, and nothing else. The password of
that role follows from SECRET_KEY; `flask db upgrade` and `make run` set it. Where the role can't come in (the server
lets only one user in, or a process with another SECRET_KEY set another password), the owner comes in and steps down to
the restricted roles: row-level security holds all the same, but the log says that something is to be put right.
"""

import time
from typing import Any, cast

import psycopg
import structlog
from flask import Flask
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import Dialect, Engine, event

from app.core import roles
from app.core.sealing import derived_key
from config import Settings, libpq_url

EXTENSION = "database_login"
TRIES = 5

log = structlog.get_logger(__name__)


class DatabaseLogin:
    """The application's name and password at the database."""

    def __init__(self, settings: Settings) -> None:
        self.password = derived_key(settings.secret_key, "database-role").hex()
        self._warned = False

    def register_engine_events(self, engine: Engine) -> None:
        """Have the connections of this engine come in as the application."""
        event.listen(engine, "do_connect", self._connect)

    def connect(self, url: str, **options: Any) -> psycopg.Connection[Any]:
        """A connection of one's own to the database at that address; nothing is prepared on it, for poolers' sake."""
        options = {"prepare_threshold": None} | options
        try:
            return psycopg.connect(libpq_url(url), **options | self._credentials)
        except psycopg.OperationalError as error:
            self._go_on_after(error)
        return psycopg.connect(libpq_url(url), **options)

    def can_come_in(self, url: str) -> bool:
        """Whether the server lets the application in by its own name."""
        try:
            psycopg.connect(libpq_url(url), connect_timeout=5, **self._credentials).close()
        except psycopg.OperationalError:
            return False
        return True

    def address(self, url: str) -> str:
        """What another library is to connect with. It has to take a role before anything else."""
        with self.connect(url, connect_timeout=5) as connection:
            credentials = self._credentials if connection.info.user == roles.own().application else {}
        return make_conninfo(libpq_url(url), **credentials)

    def verifier(self, connection: psycopg.Connection[Any]) -> str:
        """What the server keeps of the password. Made here, so that no log of the server's ever holds the password."""
        role = roles.own().application.encode()
        return connection.pgconn.encrypt_password(self.password.encode(), role, b"scram-sha-256").decode()

    def set_password(self, owner: psycopg.Connection[Any], url: str) -> None:
        """Give the application's role its password. `owner` is in autocommit; logs a warning if it may not, and the
        password isn't the right one already."""
        statement = sql.SQL("alter role {} login password {}").format(
            sql.Identifier(roles.own().application), sql.Literal(self.verifier(owner))
        )
        for attempt in range(1, TRIES + 1):
            try:
                owner.execute(statement)
            except psycopg.errors.InternalError_:  # another process writes the same role at this moment
                if attempt == TRIES:
                    raise
                time.sleep(0.1 * attempt)
            except psycopg.errors.InsufficientPrivilege as error:
                if not self.can_come_in(url):
                    reason = error.diag.message_primary
                    log.warning("the password of the application's role can't be set", reason=reason)
                return
            else:
                return

    @property
    def _credentials(self) -> dict[str, Any]:
        return {"user": roles.own().application, "password": self.password}

    def _connect(self, dialect: Dialect, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        try:
            return dialect.connect(*arguments, **options | self._credentials)
        except psycopg.OperationalError as error:
            self._go_on_after(error)
        return None  # SQLAlchemy takes the address as it was given.

    def _go_on_after(self, error: psycopg.OperationalError) -> None:
        """Go on as the owner if the server refused the application's role; else raise the error."""
        # The name stands in every refusal of the server's, in whatever language it speaks; poolers leave it out.
        if roles.own().application not in str(error) and "authentication failed" not in str(error):
            raise error
        if not self._warned:
            self._warned = True
            log.warning(
                "the application can't come in to the database as its own role, and steps down from the owner's;"
                " `flask --app wsgi db upgrade` sets the role's password",
                role=roles.own().application,
                reason=str(error).strip().splitlines()[-1],
            )


def database_login(app: Flask) -> DatabaseLogin:
    return cast("DatabaseLogin", app.extensions[EXTENSION])


def direct_url(app: Flask) -> str:
    """Where a session is one's own for as long as it lasts: past the pooler, where there is one."""
    settings: Settings = app.config["SETTINGS"]
    return settings.database_direct_url or str(app.config["SQLALCHEMY_DATABASE_URI"])


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.extensions[EXTENSION] = DatabaseLogin(settings)
