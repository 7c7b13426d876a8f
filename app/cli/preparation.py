"""What must hold before the portal is served: a free port, a database of the right version, its schema, static files,
and demo data the first time. Each step is taken only where it is needed."""

import errno
import fcntl
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import psutil
import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from app.assistants.skills.loading import is_loaded
from app.cli.migration_lock import alone
from app.core import rls, rls_upkeep, roles
from app.core.database_login import DatabaseLogin
from app.core.driver import driver_of
from app.core.engine import connect_arguments, transaction_settings
from app.core.poolers import SharedSessions, require_own_sessions
from app.core.schema_version import find_missing_tables, is_current
from config import ROOT, Settings, environment_for, libpq_url, sqlalchemy_url

Say = Callable[[str], None]

OLDEST_SERVER = 15
MANIFEST = ROOT / "static" / "build" / "manifest.json"


class CannotServe(Exception):
    """The portal can't be served; the message says why, and what would help, in one line."""


_DEMO_IS_WHOLE = text("""
    select exists (select from users)
       and (exists (select from projects) or not exists (select from users where email = 'expert@diglit.test'))
""")
"""Whether the database has demo data, or data of its own. Of the demo, the expert comes last of the people, and
projects last of all."""

_WHICH_DATABASE = text("select current_database(), pg_postmaster_start_time()")


def claim(data_dir: Path) -> IO[str]:
    """Make sure that one manager at a time serves from this data folder. Keep what is returned."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = (data_dir / "serve.lock").open("a+")
    except OSError as error:
        raise CannotServe(
            f"DATA_DIR {data_dir} can't be written to ({error.strerror}); set DATA_DIR to a folder that can."
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotServe(
            f"Another `make run` serves from {data_dir}. Stop it, or set another DATA_DIR and PORT."
        ) from None
    return handle


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotServe(
                    f"Port {port} is in use{_by(port)}. Choose another: PORT={_another(port)} make run"
                ) from None
            reason = error.strerror or error
            raise CannotServe(f"{host}:{port} can't be listened on ({reason}); set HOST and PORT.") from None


def _by(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return ""


def _another(port: int) -> int:
    return port + 1 if port < 65535 else port - 1


def prepare_database(url: str, settings: Settings, say: Say) -> None:
    """Check the server, bring the schema up to date, fill a new database with demo data outside production, and make
    sure that the web server will be let in. `url` is where requests go; the rest takes the direct address, if any."""
    engine = create_engine(
        sqlalchemy_url(settings.database_direct_url or url),
        connect_args={"connect_timeout": 10, "application_name": "diglit start", "prepare_threshold": None},
    )
    roles.use(roles.roles_of(settings))
    try:
        require_own_sessions(url, settings.database_direct_url)
        with engine.connect() as connection:
            _check_version(connection)
            _check_same_database(connection, url, settings)
            with alone(connection, say):
                _bring_up_to_date(connection, url, settings, say)
            _check_as_web(url, settings)
    except SharedSessions as error:
        raise CannotServe(str(error)) from None
    except (OperationalError, psycopg.OperationalError) as error:
        raise CannotServe(f"The database doesn't answer: {_reason(error)}") from None
    finally:
        engine.dispose()


def _bring_up_to_date(connection: Connection, url: str, settings: Settings, say: Say) -> None:
    must_migrate = not is_current(connection)
    if not must_migrate:
        _check_tables(connection)
    is_whole = must_migrate or rls_upkeep.is_whole(driver_of(connection))
    connection.rollback()  # an index that is built concurrently waits for every transaction that is open
    if must_migrate:
        say("Bringing the database's schema up to date")
        _run_flask(url, "db", "upgrade")
    elif not is_whole:
        say("Restoring row-level security")
        _run_flask(url, "db", "upgrade")
    _check_rls(connection)
    connection.rollback()
    _let_the_application_in(connection, url, settings)
    if not is_loaded(connection):
        connection.rollback()
        say("Adding skills")
        _run_flask(url, "load-skills")
    if not settings.is_production and not connection.scalar(_DEMO_IS_WHOLE):
        connection.rollback()
        say("Adding demo data")
        sys.stdout.write(_run_flask(url, "seed-demo"))
    connection.rollback()


def _check_same_database(connection: Connection, url: str, settings: Settings) -> None:
    """Before anything is written: find the same database by both addresses. Requests go to the one, migrations to the
    other."""
    if settings.database_direct_url is None:
        return
    with psycopg.connect(libpq_url(url), connect_timeout=10, prepare_threshold=None) as requests:
        if requests.execute(_WHICH_DATABASE.text).fetchone() != connection.execute(_WHICH_DATABASE).one():
            raise CannotServe("DATABASE_URL and DATABASE_DIRECT_URL lead to different databases.")
    connection.rollback()


def _check_tables(connection: Connection) -> None:
    if missing := find_missing_tables(connection):
        raise CannotServe(
            f"The database comes from a state of development that can't be migrated ({missing[0]} is missing)."
            " Start with an empty one: set another DATA_DIR, or another DATABASE_URL."
        )


def _check_as_web(url: str, settings: Settings) -> None:
    """Come in as the web server will."""
    engine = create_engine(sqlalchemy_url(url), connect_args=connect_arguments(settings))
    DatabaseLogin(settings).register_engine_events(engine)
    rls.register_engine_events(engine, transaction_settings(settings))
    try:
        engine.connect().close()
    except OperationalError as error:
        raise CannotServe(f"The web server can't come in to the database at DATABASE_URL: {_reason(error)}") from None
    finally:
        engine.dispose()


def _let_the_application_in(connection: Connection, url: str, settings: Settings) -> None:
    """Set the password of the application's role, if another SECRET_KEY set it."""
    login = DatabaseLogin(settings)
    if not login.can_come_in(url):
        driver = driver_of(connection)
        driver.autocommit = True
        login.set_password(driver, url)
        driver.autocommit = False


def _check_rls(connection: Connection) -> None:
    driver = driver_of(connection)
    if ways := rls_upkeep.find_bypasses(driver):
        raise CannotServe(f"Nothing is served while {ways[0]}: row-level security doesn't hold it.")
    missing = rls_upkeep.find_missing(driver)
    if missing:
        raise CannotServe(
            f"Row-level security is incomplete in this database ({len(missing)} parts are missing, as"
            f" {missing[0]}), and without them nothing is served. `flask --app wsgi db upgrade` builds them up."
        )


def _check_version(connection: Connection) -> None:
    version = int(connection.scalar(text("show server_version_num")) or 0) // 10_000
    if version < OLDEST_SERVER:
        raise CannotServe(f"DATABASE_URL names a PostgreSQL {version}; it must be {OLDEST_SERVER} or newer.")


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, OperationalError) else error
    return str(cause).strip().splitlines()[-1].strip()


def build_static(say: Say) -> None:
    """Build the static files unless those there are newer than all that they are made of."""
    sources = [ROOT / "package-lock.json", ROOT / "app" / "web" / "assets.py", *(ROOT / "static").glob("*/**/*")]
    made = MANIFEST.stat().st_mtime if MANIFEST.exists() else 0.0
    newest = max(path.stat().st_mtime for path in sources if path.is_file() and MANIFEST.parent not in path.parents)
    if newest > made:
        say("Building the static files")
        _run_flask(None, "build-static")


def _run_flask(url: str | None, *arguments: str) -> str:
    environment = environment_for(DATABASE_URL=url) if url else environment_for()
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        sys.stderr.write(result.stdout + result.stderr)
        raise CannotServe(f"`flask --app wsgi {' '.join(arguments)}` failed; its words are above.")
    return result.stdout
