"""A PostgreSQL for one test run: started once, migrated once, cloned for whoever needs a database of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from app.cli.embedded import EmbeddedPostgres, NotStarted

FASTER = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "256MB",
}
MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000
_numbers = count(1)


class TestServer:
    """A server on which databases may be made. `prefix` keeps the runs that share one apart."""

    __test__ = False

    def __init__(self, address: str, prefix: str) -> None:
        self.address = address
        self.prefix = prefix

    @property
    def template(self) -> str:
        return f"{self.prefix}_template"

    def url_of(self, database: str) -> str:
        """The address of one of its databases, as `DATABASE_URL` takes it."""
        parts = conninfo_to_dict(self.address)
        host = str(parts.pop("host", "localhost"))
        user = parts.pop("user", "postgres")
        secret = f":{parts.pop('password')}" if "password" in parts else ""
        port = parts.pop("port", 5432)
        if host.startswith("/"):
            return f"postgresql://{user}{secret}@/{database}?host={host}&port={port}"
        return f"postgresql://{user}{secret}@{host}:{port}/{database}"

    def execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(SQL(statement).format(*map(Identifier, names)))

    def clone(self, suffix: str = "") -> str:
        """Make a copy of the migrated template; its name."""
        name = f"{self.prefix}_{suffix or f'{os.getpid()}_{next(_numbers)}'}"
        self.execute("create database {} template {} strategy file_copy", name, self.template)
        return name

    def drop(self, name: str) -> None:
        self.execute("drop database if exists {} with (force)", name)


@contextmanager
def server() -> Iterator[TestServer]:
    """`TEST_DATABASE_URL` if there is one (its user may create databases), else an embedded PostgreSQL."""
    prefix = f"test_{os.getpid()}"
    if given := os.environ.get("TEST_DATABASE_URL"):
        found = TestServer(given, prefix)
        try:
            yield found
        finally:
            drop_all(found)
        return
    with embedded() as address:
        yield TestServer(address, prefix)


def drop_all(found: TestServer) -> None:
    with psycopg.connect(found.address, autocommit=True) as connection:
        rows = connection.execute(
            "select datname from pg_database where starts_with(datname, %s)", [f"{found.prefix}_"]
        )
        for (name,) in rows.fetchall():
            found.drop(name)


def folder_for_databases() -> Path:
    """Where a run's databases lie: in memory where there is room, as a clone has 900 files, which take a disk's file
    system twenty times as long."""
    with suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
            return MEMORY
    return Path(tempfile.gettempdir())


@contextmanager
def embedded() -> Iterator[str]:
    """An embedded PostgreSQL that need not survive a crash; those that killed runs left behind are ended first."""
    parent = folder_for_databases()
    for left in parent.glob("diglit-test-*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            end(EmbeddedPostgres(left))
    running = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix=f"diglit-test-{os.getpid()}-", dir=parent)))
    try:
        running.start()
        with psycopg.connect(running.url, autocommit=True) as connection:
            for setting, value in FASTER.items():
                connection.execute(SQL("alter system set {} = {}").format(Identifier(setting), value))
            connection.execute("select pg_reload_conf()")
        yield running.url
    except NotStarted as error:
        raise pytest.UsageError(
            f"The tests' PostgreSQL did not start: {error} Give them another one with TEST_DATABASE_URL."
        ) from error
    finally:
        end(running)


def end(running: EmbeddedPostgres) -> None:
    with suppress(NotStarted, OSError):
        running.stop()
    shutil.rmtree(running.data_dir, ignore_errors=True)
