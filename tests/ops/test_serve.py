"""The process manager: what `make run` starts, keeps running, and stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from app.cli.embedded import EmbeddedPostgres, NotStarted
from app.cli.preparation import CannotServe, check_port, claim
from app.cli.processes import Child
from app.cli.serve import Manager
from config import ROOT, Settings, environment_for
from tests.database import folder_for_databases

STARTS_WITHIN = 300.0
"""A first start, with demo data, needs 20 s of processor time. What hangs is found all the same."""


class Portal:
    """One installation in a folder of its own, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder.with_suffix(".log")
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        given = {"DATA_DIR": str(self.folder), "PORT": str(self.port), "WEB_CONCURRENCY": "1"}
        environment = environment_for(**given, DEMO_PASSWORD="correct horse battery", **more)
        for name in ("DATABASE_URL", "SECRET_KEY", "APP_ENV"):
            if name not in more:
                environment.pop(name, None)
        command = [sys.executable, "-m", "app.cli.serve"]
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def answers(self) -> bool:
        with (
            suppress(URLError, OSError, HTTPException),
            urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as a,
        ):
            return bool(a.status == 200)
        return False

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until_up(self) -> None:
        self.wait(self.answers)
        self.wait(lambda: "Ctrl-C" in self.said())

    def wait(self, until: Callable[[], object]) -> None:
        end = time.monotonic() + STARTS_WITHIN
        while not until():
            assert time.monotonic() < end, "\n".join([*map(str, self.children()), self.said()])
            assert self.processes[-1].poll() is None, self.said()
            time.sleep(0.05)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.processes[-1].pid).children(recursive=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach; pytest closes its own to all but the one who runs it. In memory where
    there is room: a first start writes a thousand files, for which a busy disk takes minutes."""
    with TemporaryDirectory(prefix="diglit-serve-", dir=folder_for_databases(), ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def portal(folder: Path) -> Iterator[Portal]:
    found = Portal(folder / "data")
    yield found
    for process in found.processes:
        if process.poll() is None:
            process.terminate()
            process.wait(15)
    EmbeddedPostgres(found.folder).stop()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_it_starts_stops_and_keeps_what_was_written_through_a_kill(portal: Portal) -> None:
    first = portal.start()
    portal.wait_until_up()
    assert f"http://127.0.0.1:{portal.port}" in portal.said()
    assert "manager@diglit.test" in portal.said()
    assert sum(memory_of(process) for process in [psutil.Process(first.pid), *portal.children()]) < 225
    with urlopen(f"http://127.0.0.1:{portal.port}/metrics") as figures:
        assert b'diglit_requests_total{endpoint="health.healthz"' in figures.read()
    server = EmbeddedPostgres(portal.folder)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table kept (what text)")
        connection.execute("insert into kept values ('acknowledged')")

    # A second one on the same folder says so and leaves.
    second = Portal(portal.folder)
    second.log = portal.folder.with_name("second.log")
    assert second.start().wait(90) == 1
    assert second.said().startswith("Another `make run` serves from")
    assert len(second.said().splitlines()) == 1

    # A web process or a worker that dies is started again.
    before = portal.children()
    for process in before:
        process.kill()
    portal.wait(lambda: len(alive(portal.children())) >= 3 and portal.answers())

    # Killed with everything that it runs, it comes back with what was written.
    everything = [*portal.children(), *_processes_of(server)]
    first.kill()
    for process in everything:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    first.wait()
    third = portal.start()
    portal.wait_until_up()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("select what from kept").fetchall() == [("acknowledged",)]

    # Killed alone, it leaves the database behind, which the next one goes on with; the rest ends with it.
    children = portal.children()
    third.kill()
    third.wait()
    assert psutil.wait_procs(children, timeout=30)[1] == []
    assert server.find_process() is not None
    fourth = portal.start()
    portal.wait_until_up()
    assert "left behind" in portal.said()

    began = time.monotonic()
    children = portal.children()
    fourth.send_signal(signal.SIGINT)
    assert fourth.wait(15) == 0
    assert time.monotonic() - began < 10
    assert alive(children) == []
    assert server.find_process() is None


def memory_of(process: psutil.Process) -> float:
    """Its memory in MiB; what it shares with others counts to equal parts for each."""
    return float(process.memory_full_info().pss) / 1024**2


def _processes_of(server: EmbeddedPostgres) -> list[psutil.Process]:
    process = server.find_process()
    assert process is not None
    return [process, *process.children()]


SLOW = """
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
time.sleep({seconds})
class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_words):
        pass
HTTPServer(("127.0.0.1", {port}), Answers).serve_forever()
"""


def test_a_slow_web_server_is_waited_for_as_long_as_it_lives(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It takes eighty seconds by the clock of its manager, for whom time passes twenty times as fast."""
    began = time.monotonic()
    fast = SimpleNamespace(monotonic=lambda: (time.monotonic() - began) * 20, sleep=time.sleep)
    monkeypatch.setattr("app.cli.serve.time", fast)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings.from_environment({"DATA_DIR": str(folder), "PORT": str(port)})
    manager = Manager(settings, reload=False)
    manager.postgres = None
    program = [sys.executable, "-c", SLOW.format(seconds=4, port=port)]
    web = Child("The web server", partial(os.execv, sys.executable, program), {})
    try:
        manager._add(web)
        first = web.process
        manager._wait_until_it_answers()
        assert web.process is first
        assert web.is_running
        told = capfd.readouterr().out.splitlines()
        assert len(told) >= 2
        assert all(line.startswith("· Still waiting for the web server to answer, ") for line in told)
    finally:
        web.stop(0)


def test_a_port_in_use_is_one_line(portal: Portal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", portal.port))
        other.listen()
        assert portal.start().wait(90) == 1
    assert portal.said().startswith(f"Port {portal.port} is in use")
    assert len(portal.said().splitlines()) == 1


def test_production_does_not_start_without_its_settings(portal: Portal) -> None:
    assert portal.start(APP_ENV="production").wait(90) == 1
    assert "SECRET_KEY" in portal.said()
    assert "DATABASE_URL" in portal.said()
    assert "Traceback" not in portal.said()


def test_a_database_that_does_not_answer_is_one_line(portal: Portal) -> None:
    assert portal.start(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").wait(90) == 1
    assert "The database doesn't answer" in portal.said()
    assert "Traceback" not in portal.said()


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotServe, match="can't be written to"):
        claim(tmp_path / "file" / "data")
    with pytest.raises(NotStarted, match="can't be written to"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_a_free_port_is_no_hindrance() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port("127.0.0.1", port)
    with pytest.raises(CannotServe, match="can't be listened on"):
        check_port("192.0.2.1", port)


def test_data_of_another_version_are_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(NotStarted, match="holds data of PostgreSQL 12"):
        EmbeddedPostgres(folder).start()


def test_a_stale_process_file_does_not_hinder(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    try:
        assert server.start()
        server.stop()
        # By now another process may have the number: this one, say.
        (server.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{server.folder}\n")
        assert server.start()
        assert not server.start(), "a running server is gone on with"
    finally:
        server.stop()


def test_a_long_folder_name_still_has_room_for_the_socket(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("x" * 120))
    assert len(str(server.socket_folder)) < 90
    assert str(server.socket_folder) in server.url


def test_a_child_that_keeps_ending_is_started_with_growing_pauses() -> None:
    said: list[str] = []
    child = Child("It", partial(sys.exit, 3), {})
    child.start()
    assert child.process is not None
    for _ in range(2):
        child.process.join()
        child.watch(said.append)
        time.sleep(1.1)
        child.watch(said.append)
    child.stop(time.monotonic())
    assert said == [
        "It ended (exit code 3); starting it again in 0.5 s",
        "It ended (exit code 3); starting it again in 1 s",
    ]
