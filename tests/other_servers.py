"""PostgreSQL servers of other versions than the embedded one, from the programs that Debian installs, or from those in
a folder like Debian's that `TEST_POSTGRESQL` names (`16/bin`, `17/bin`)."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from app.cli.embedded import _binaries, _system_user
from app.cli.preparation import OLDEST_SERVER
from tests.database import folder_for_databases

FOLDERS = [Path("/usr/lib/postgresql"), *map(Path, filter(None, [os.environ.get("TEST_POSTGRESQL")]))]


def programs_of(version: int) -> Path | None:
    """Where the programs of that version are, or None where it isn't installed."""
    found = (folder / str(version) / "bin" for folder in FOLDERS)
    return next((programs for programs in found if (programs / "postgres").exists()), None)


OTHERS = [version for version in range(OLDEST_SERVER, 30) if programs_of(version)] or [OLDEST_SERVER]
"""The versions to test on; the oldest that is served at least, so that it is missed where it isn't installed."""


def program_for(version: int, name: str) -> Path:
    """One of the programs that talk to a server: its own, or else the embedded one's, which is newer."""
    own = (programs_of(version) or _binaries()) / name
    return own if own.exists() else _binaries() / name


def run_as_server(program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as a user whom it accepts: it refuses root."""
    user = _system_user()
    as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        [str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        check=False,
        **as_user,
    )
    assert done.returncode == 0, done.stderr.decode()


@contextmanager
def other_server(programs: Path) -> Iterator[str]:
    """A server of its own in a temporary folder, reached by its socket; the address of its superuser."""
    folder = Path(tempfile.mkdtemp(prefix=f"diglit-pg-{os.getpid()}-", dir=folder_for_databases()))
    data = folder / "data"
    try:
        if user := _system_user():
            os.chown(folder, user.pw_uid, user.pw_gid)
        run_as_server(
            programs / "initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"
        )
        faster = "-c fsync=off -c full_page_writes=off -c autovacuum=off"
        options = f"-c listen_addresses= -c unix_socket_directories={folder} {faster}"
        run_as_server(programs / "pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            if (data / "postmaster.pid").exists():
                run_as_server(programs / "pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_installation(server: str, database: str, owner: str, rights: str = "createrole") -> str:
    """A database for an owner who is no superuser, as a hosted PostgreSQL gives it; its `DATABASE_URL`."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create role {owner} login {rights}")
        connection.execute(f"create database {database} owner {owner}")
    return address_of(server, database, owner)


def address_of(server: str, database: str, user: str) -> str:
    """The address of another database on the same server, for another user."""
    parts = urlsplit(server)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}", path=f"/{database}"))
