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

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.core.own_login import APPLICATION
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
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 200
{more}
"""


@contextmanager
def pgbouncer(url: str, *, mode: str, size: int = 4, more: str = "") -> Iterator[str]:
    """The address of the same database through a PgBouncer, which has the settings that it comes with, its pool and its
    users aside."""
    parts = conninfo_to_dict(libpq_url(url))
    parts.pop("dbname")
    user = parts.pop("user", "postgres")
    with tempfile.TemporaryDirectory(prefix="diglit-pgbouncer-") as name, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        folder = Path(name)
        users = folder / "users.txt"
        users.write_text(f'"{user}" ""\n"{APPLICATION}" ""\n')
        settings = folder / "pgbouncer.ini"
        server = " ".join(f"{key}={value}" for key, value in parts.items())
        settings.write_text(SETTINGS.format(server=server, port=port, users=users, mode=mode, size=size, more=more))
        process = _start(folder, settings)
        try:
            address = f"postgresql://{user}@127.0.0.1:{port}/{conninfo_to_dict(libpq_url(url))['dbname']}"
            _wait_until_it_answers(process, address)
            yield address
        finally:
            process.kill()
            process.wait()


def _start(folder: Path, settings: Path) -> subprocess.Popen[bytes]:
    # It refuses to run as root, and the embedded server's socket is its user's alone.
    user = pwd.getpwnam("embedded_postgres") if os.geteuid() == 0 else None
    if user is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
    return subprocess.Popen(
        [str(PROGRAM), "-q", str(settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **({"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}),
    )


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            assert time.monotonic() < until, "PgBouncer doesn't answer"
            time.sleep(0.05)
        else:
            return
