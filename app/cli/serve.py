"""The process manager behind `make run`: the embedded database, the web server and the worker as one thing.

It says what it does, starts again what dies, and stops everything within 10 seconds of SIGINT, SIGTERM or SIGHUP.
"""

import argparse
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from app.cli.embedded import EmbeddedPostgres, NotStarted
from app.cli.parts import AS_WORKER, load_application, run_anew, serve_web, work
from app.cli.preparation import CannotServe, build_static, check_port, claim, prepare_database
from app.cli.processes import HANDLED, Child, end_left_behind, remember
from config import ROOT, BadSettings, Settings

TICK = 0.2
CHILDREN_STOP_WITHIN = 6.5
TELLS_EVERY = 30.0


class Manager:
    """Holds what runs. `run` returns when all of it has ended."""

    def __init__(self, settings: Settings, *, reload: bool) -> None:
        self.settings = settings
        self.reload = reload
        self.postgres = None if settings.database_url else EmbeddedPostgres(settings.data_dir)
        self.url = settings.database_url or EmbeddedPostgres(settings.data_dir).url
        self.children: list[Child] = []
        self.asked = 0
        self.parent = _make()
        self.began = time.monotonic()

    @property
    def address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.settings.host, self.settings.host)  # noqa: S104
        return f"http://{host}:{self.settings.port}"

    def run(self) -> None:
        for number in HANDLED:
            signal.signal(number, self._ask)
        lock = claim(self.settings.data_dir)
        try:
            self._prepare()
            self._start(lock.close)
            self._watch()
        except Interrupted:
            pass
        finally:
            self._stop()
            lock.close()

    def _ask(self, number: int, _frame: object) -> None:
        self.asked += 1
        if self.asked == 1 and not self.children:
            raise Interrupted

    def _prepare(self) -> None:
        if left := end_left_behind(self._notes):
            say(f"Ended {left} processes that a killed run had left behind")
        check_port(self.settings.host, self.settings.port)
        self._clear_figures()
        self._prepare_data()
        if not self.reload:
            # Not at the same time: what the others give up again would lie between what stays, and be shared no more.
            load_application(self.url)

    def _prepare_data(self) -> None:
        build_static(say)
        if self.postgres is not None:
            say("Starting PostgreSQL")
            if not self.postgres.start():
                say("It was running already, left behind by a killed run; going on with it")
        prepare_database(self.url, self.settings, say)

    def _clear_figures(self) -> None:
        figures = self.settings.data_dir / "metrics"
        shutil.rmtree(figures, ignore_errors=True)
        figures.mkdir()
        # Whether figures are kept for all processes is decided as the package is imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(figures)

    def _start(self, release: Callable[[], object]) -> None:
        def child(name: str, part: Callable[[], object], **environment: str) -> Child:
            def run() -> None:
                release()
                run_anew(part) if self.reload else part()

            return Child(name, run, {"DATABASE_URL": self.url, "PYTHONUNBUFFERED": "1", **environment})

        say("Starting the web server and the worker")
        web = child("The web server", serve_web)
        worker = child("The worker", work, **AS_WORKER)
        # The web server alone at first: somebody waits for its first page, nobody for the first job.
        self._add(web)
        self._wait_until_it_answers()
        self._add(worker)
        self._greet()

    def _add(self, child: Child) -> None:
        self.children.append(child)
        child.start()
        remember(self._notes, self.children)

    def _wait_until_it_answers(self) -> None:
        """Wait as long as it lives: a slow machine is slower still where it is started over and over."""
        tell_at = time.monotonic() + TELLS_EVERY
        while not self.asked and not self._answers():
            time.sleep(0.05)
            self._tend()
            if time.monotonic() > tell_at:
                say(
                    f"Still waiting for the web server to answer, {time.monotonic() - self.began:.0f} s after the start"
                )
                tell_at = time.monotonic() + TELLS_EVERY

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _greet(self) -> None:
        if self.asked:
            return
        say(f"DIG|LIT answers at {self.address} after {time.monotonic() - self.began:.1f} s")
        secret = self.settings.data_dir / "demo-credentials.txt"
        if self.settings.is_production:
            say("Make the first administrator with: flask --app wsgi create-admin")
        elif self.settings.demo_password:
            say(f"Sign in at {self.address}/login as manager@diglit.test with the password in DEMO_PASSWORD")
        elif secret.exists():
            say(f"Sign in at {self.address}/login as manager@diglit.test; the password is in {_short(secret)}")
        say("Ctrl-C stops everything")

    def _watch(self) -> None:
        sources = _newest_source() if self.reload else 0.0
        while not self.asked and not self._parent_has_ended():
            time.sleep(TICK)
            self._tend()
            if self.reload and (newest := _newest_source()) > sources:
                sources = newest
                say("The code has changed; starting again")
                for child in self.children:
                    child.restart()
                remember(self._notes, self.children)

    def _tend(self) -> None:
        if self.postgres is not None and not self.asked and self.postgres.find_process() is None:
            say("PostgreSQL ended; starting it again")
            self.postgres.start()
        started = [child.watch(say) for child in self.children if not self.asked]
        if any(started):
            remember(self._notes, self.children)

    def _stop(self) -> None:
        began = time.monotonic()
        deadline = began + CHILDREN_STOP_WITHIN
        if self.children:
            say("Stopping")
        for child in self.children:
            child.ask_to_stop()
        while any(child.is_running for child in self.children) and time.monotonic() < deadline and self.asked < 2:
            time.sleep(0.02)
        for child in self.children:
            child.stop(time.monotonic())
        self._notes.unlink(missing_ok=True)
        if self.postgres is not None:
            self.postgres.stop()
        if self.children:
            say(f"Stopped after {time.monotonic() - began:.1f} s")

    @property
    def _notes(self) -> Path:
        return self.settings.data_dir / "processes.json"

    def _parent_has_ended(self) -> bool:
        """Whether the `make` that started this is gone, or has been told to stop and can't pass it on.

        On SIGINT to itself alone, make waits inside its signal handler, with the signal blocked, for a child that
        nobody told.
        """
        if self.parent is None:
            return False
        return os.getppid() != self.parent.pid or _is_handling_a_signal(self.parent.pid)


class Interrupted(Exception):
    """Told to stop while still preparing."""


def _make() -> psutil.Process | None:
    try:
        parent = psutil.Process(os.getppid())
        return parent if parent.name() in ("make", "gmake") else None
    except psutil.Error:
        return None


def _is_handling_a_signal(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    blocked = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:")), 0)
    return any(blocked & (1 << (number - 1)) for number in (signal.SIGINT, signal.SIGHUP))


def _newest_source() -> float:
    return max(path.stat().st_mtime for path in _sources())


def _sources() -> Iterator[Path]:
    for folder in ("app", "templates", "static/css", "static/js"):
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".html", ".css", ".js"))
    yield ROOT / "config.py"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def say(what: str) -> None:
    print(f"· {what}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="serve", description="Serve the portal, the API and the worker.")
    parser.add_argument("--reload", action="store_true", help="start again when the code changes")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    try:
        Manager(Settings.from_environment(), reload=arguments.reload).run()
    except (BadSettings, CannotServe, NotStarted) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
