"""How processes come in to the database: as a role of the application's own, which owns no table and can't pass a wall.

`DATABASE_URL` names whoever owns the schema; with those rights it is migrated, and nothing else. The password of
`diglit_app` follows from SECRET_KEY; `flask db upgrade` and `make run` set it. Where the role can't come in (the server
lets only one user in, or a process with another SECRET_KEY set another password), the owner comes in and steps down to
the walled roles: the walls hold all the same, but the log says that something is to be put right.
"""

import time
from typing import Any, cast

import psycopg
import structlog
from flask import Flask
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import Dialect, Engine, event

from app.core.sealing import derived_key
from config import Settings, libpq_url

APPLICATION = "diglit_app"
EXTENSION = "own_login"
TRIES = 5

log = structlog.get_logger(__name__)


class OwnLogin:
    """The application's name and password at the database."""

    def __init__(self, secret_key: str) -> None:
        self.password = derived_key(secret_key, "database-role").hex()
        self._warned = False

    def attend(self, engine: Engine) -> None:
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
            credentials = self._credentials if connection.info.user == APPLICATION else {}
        return make_conninfo(libpq_url(url), **credentials)

    @property
    def _credentials(self) -> dict[str, Any]:
        return {"user": APPLICATION, "password": self.password}

    def _connect(self, dialect: Dialect, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        try:
            return dialect.connect(*arguments, **options | self._credentials)
        except psycopg.OperationalError as error:
            self._go_on_after(error)
        return None  # SQLAlchemy takes the address as it was given.

    def _go_on_after(self, error: psycopg.OperationalError) -> None:
        """Go on as the owner if the server refused the application's role; else raise the error."""
        # The name stands in every refusal of it, in whatever language the server speaks.
        if APPLICATION not in str(error):
            raise error
        if not self._warned:
            self._warned = True
            log.warning(
                "the application can't come in to the database as its own role, and steps down from the owner's;"
                " `flask --app wsgi db upgrade` sets the role's password",
                role=APPLICATION,
                reason=str(error).strip().splitlines()[-1],
            )


def own_login(app: Flask) -> OwnLogin:
    return cast("OwnLogin", app.extensions[EXTENSION])


def direct_url(app: Flask) -> str:
    """Where a session is one's own for as long as it lasts: past the pooler, where there is one."""
    settings: Settings = app.config["SETTINGS"]
    return settings.database_direct_url or str(app.config["SQLALCHEMY_DATABASE_URI"])


def set_password(owner: psycopg.Connection[Any], password: str) -> None:
    """Give the application's role its password. `owner` is in autocommit; logs a warning if it may not."""
    # Hashed here, so that no log of the server's ever holds it.
    verifier = owner.pgconn.encrypt_password(password.encode(), APPLICATION.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("alter role {} login password {}").format(sql.Identifier(APPLICATION), sql.Literal(verifier))
    for attempt in range(1, TRIES + 1):
        try:
            owner.execute(statement)
        except psycopg.errors.InternalError_:  # another database's migration writes the same role at this moment
            if attempt == TRIES:
                raise
            time.sleep(0.1 * attempt)
        except psycopg.errors.InsufficientPrivilege as error:
            log.warning("the password of the application's role can't be set", reason=error.diag.message_primary)
            return
        else:
            return


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.extensions[EXTENSION] = OwnLogin(settings.secret_key)
