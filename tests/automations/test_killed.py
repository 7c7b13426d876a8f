"""Runners as real processes, killed and frozen at each step in turn: a run ends right, once, and a service is
asked under one key for each step."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.automations.models import Attempt, Automation, Month, Run, RunStep, Work
from app.automations.runs.operations import begin_run
from app.core.audit import SYSTEM
from app.core.tenancy import as_system
from app.extensions import db
from config import ROOT, environment_for
from tests.automations.mortal_runner import PLACES
from tests.factories.automations import make_automation, make_run

pytestmark = [pytest.mark.committed]

_CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'diglit command'
"""
_BACK = text("update automation_work set due_at = now() where state = 'later' and due_at > now() + interval '1 minute'")


class Sink:
    """An outside service. `heard` has each path's keys, in order; `on_call` is called before it answers."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = defaultdict(list)
        self.order: list[int] = []
        self.on_call: Callable[[str], None] = lambda path: None
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sink.heard[self.path].append(self.headers["Idempotency-Key"])
                sink.order.append(int(self.path.strip("/")))
                sink.on_call(self.path)
                answer = json.dumps({"path": self.path}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Who asked was killed."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self) -> dict[str, int]:
        return {path: len(set(keys)) for path, keys in self.heard.items()}

    @property
    def went_back(self) -> bool:
        """Whether a step was done again after one that needs it had begun."""
        return self.order != sorted(self.order)

    def calls(self) -> dict[str, int]:
        return {path: len(keys) for path, keys in self.heard.items()}


class Runners:
    """Starts runners, each a process."""

    def __init__(self, parent: "subprocess.Popen[str]", database: str) -> None:
        self.parent = parent
        self.database = database
        self.alive: list[int] = []

    def start(self, **wish: Any) -> int:
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        print(json.dumps({"database": self.database, **wish}), file=self.parent.stdin, flush=True)
        self.alive.append(int(self.parent.stdout.readline()))
        return self.alive[-1]

    def kill(self, process: int) -> None:
        if process in self.alive:
            self.alive.remove(process)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.server.shutdown()
    sink.server.server_close()


@pytest.fixture(scope="module")
def parent(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator["subprocess.Popen[str]"]:
    """The process that forks runners."""
    folder = tmp_path_factory.mktemp("runners")
    environment = environment_for(
        DATABASE_URL=app.config["SETTINGS"].database_url,
        SECRET_KEY=str(app.secret_key),
        DATA_DIR=str(folder),
        AUTOMATION_PRIVATE_TARGETS="127.0.0.0/8",
        FLASK_RUN_FROM_CLI="true",
    )
    with (folder / "runners.log").open("wb") as log:
        parent = subprocess.Popen(
            [sys.executable, "-m", "tests.automations.mortal_runner"], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
    assert parent.stdout is not None
    while (line := parent.stdout.readline()) and line != "ready\n":
        pass
    yield parent
    parent.kill()
    parent.wait(10)


@pytest.fixture
def runners(parent: "subprocess.Popen[str]", committed_db: str, db_session: Any) -> Iterator[Runners]:
    found = Runners(parent, committed_db)
    with as_system("a test of the runner"):
        yield found
    for process in found.alive:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def eventually(what: Callable[[], Any], within: float = 60.0) -> Any:
    end = time.monotonic() + within
    while time.monotonic() < end:
        db.session.rollback()
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within} seconds")


def is_over(run: Run) -> bool:
    return db.session.scalar(select(Run.finished_at).where(Run.id == run.id)) is not None


def chain(sink: Sink, length: int = 20) -> list[dict[str, Any]]:
    """Steps that call a service, one after the other."""
    return [
        {
            "id": f"s{number}", "type": "http", "needs": [f"s{number - 1}"] if number else [],
            "with": {"method": "POST", "url": f"{sink.address}/{number}", "json": {"number": number}},
        }
        for number in range(length)
    ]  # fmt: skip


def everything() -> dict[str, list[Any]]:
    """All rows of all runs."""
    db.session.rollback()
    return {
        model.__tablename__: sorted(map(repr, db.session.execute(select(model.__table__)).all()))
        for model in (Run, RunStep, Attempt, Work, Month)
    }


def assert_it_ended_right(run: Run, length: int = 20) -> None:
    db.session.expire_all()
    db.session.refresh(run)
    assert (run.status, run.error) == ("succeeded", None)
    assert run.output[f"s{length - 1}"]["body"] == {"path": f"/{length - 1}"}
    steps = db.session.scalars(select(RunStep).where(RunStep.run_id == run.id).order_by(RunStep.position)).all()
    assert [step.status for step in steps] == ["succeeded"] * length
    assert db.session.scalars(select(Work)).all() == []
    assert db.session.scalar(select(Month.runs)) == 1


def test_a_runner_is_killed_in_the_middle_of_each_call(runners: Runners, sink: Sink) -> None:
    run = make_run(make_automation(chain(sink)))
    current: list[int] = []

    def kill(path: str) -> None:
        if len(sink.heard[path]) == 1:
            runners.kill(current[0])

    sink.on_call = kill
    while not is_over(run):
        current[:] = [runners.start()]
        eventually(lambda: current[0] not in runners.alive or is_over(run))

    assert_it_ended_right(run)
    assert sink.keys() == {f"/{number}": 1 for number in range(20)}
    assert not sink.went_back
    attempts = db.session.scalars(select(Attempt).order_by(Attempt.position, Attempt.number)).all()
    assert len(attempts) == sum(sink.calls().values()) >= 40
    last = {one.position: one for one in attempts}
    assert all(bool(one.error and one.error["cut_off"]) == (one is not last[one.position]) for one in attempts)


def test_a_runner_is_killed_at_every_other_place_of_each_step(runners: Runners, sink: Sink) -> None:
    """Each of them does one step, and dies at the next place in turn: what was committed is not done again."""
    run = make_run(make_automation(chain(sink, 3)))
    deaths = 0
    while not is_over(run):
        process = runners.start(dies=PLACES[deaths % len(PLACES)])
        eventually(lambda process=process: not is_running(process) or is_over(run))
        deaths += not is_running(process)
        runners.kill(process)

    assert deaths >= len(PLACES)
    assert_it_ended_right(run, 3)
    assert sink.keys() == {f"/{number}": 1 for number in range(3)}
    assert not sink.went_back


def test_a_frozen_runner_changes_nothing_when_it_wakes(runners: Runners, sink: Sink) -> None:
    run = make_run(make_automation(chain(sink, 3)))
    asked, answer = Event(), Event()

    def hold(path: str) -> None:
        if path == "/1" and len(sink.heard[path]) == 1:
            asked.set()
            answer.wait(60)

    sink.on_call = hold
    frozen = runners.start()
    assert asked.wait(60)
    os.kill(frozen, signal.SIGSTOP)
    answer.set()
    runners.start()
    eventually(lambda: is_over(run))
    assert_it_ended_right(run, 3)
    before = everything()

    os.kill(frozen, signal.SIGCONT)
    more = make_run(make_automation(chain(sink, 1)))
    eventually(lambda: is_over(more))
    time.sleep(1)

    after = everything()
    assert {name: [row for row in rows if row in before[name]] for name, rows in after.items()} == before
    assert sink.calls() == {"/0": 2, "/1": 2, "/2": 1}
    assert sink.keys() == {"/0": 2, "/1": 1, "/2": 1}  # /0 is a step of the other run as well.
    assert is_running(frozen)


@pytest.mark.parametrize("number", [2, 4])
def test_many_runners_at_once_lose_nothing_and_double_nothing(number: int, runners: Runners, sink: Sink) -> None:
    """A thousand runs each, some of which call a service; one of the runners is killed in the middle, and the
    connections of all are cut."""
    quick = [
        {"id": "a", "type": "transform", "with": {"n": "{{ trigger.n * 2 }}"}},
        {"id": "b", "type": "transform", "needs": ["a"], "with": {"n": "{{ steps.a.output.n + 1 }}"}},
    ]
    calling = [{"id": "a", "type": "http", "with": {"method": "POST", "url": f"{sink.address}/{{{{ trigger.n }}}}"}}]
    called = make_automation(calling).id
    wanted = {make_automation(quick).id: 400, make_automation(quick).id: 500, called: 100}
    for automation_id, many in wanted.items():
        automation = db.session.get_one(Automation, automation_id)
        for n in range(many):
            begin_run(automation, trigger="manual", given={"n": n}, actor=SYSTEM)
    db.session.commit()

    started = [runners.start() for _ in range(number)]
    eventually(lambda: over() > 100)
    runners.kill(started[0])
    runners.start()
    eventually(lambda: over() > 300)
    with psycopg.connect(runners.database) as owner:
        owner.execute(_CUT)
    eventually(lambda: over() == 1_000)

    assert db.session.execute(select(Run.status, func.count()).group_by(Run.status)).all() == [("succeeded", 1_000)]
    assert db.session.scalars(select(Work)).all() == []
    counted = select(Month.automation_id, func.sum(Month.runs)).group_by(Month.automation_id)
    assert dict(db.session.execute(counted).all()) == wanted
    right = Run.output["b"]["n"].as_integer() == Run.input["n"].as_integer() * 2 + 1
    assert db.session.scalars(select(Run.id).where(Run.automation_id != called, ~right)).all() == []
    assert db.session.scalar(select(func.count()).select_from(RunStep)) == 2 * 900 + 100
    assert sink.keys() == {f"/{n}": 1 for n in range(100)}


def over() -> int:
    return db.session.scalar(select(func.count()).where(Run.finished_at.is_not(None))) or 0


def test_a_run_ends_though_the_clock_is_set_back_in_the_middle(runners: Runners, sink: Sink) -> None:
    steps = chain(sink, 4)
    steps[2] |= {"type": "delay", "with": {"seconds": 1}}
    run = make_run(make_automation(steps))
    first = runners.start(clock=3600)
    eventually(lambda: "/1" in sink.heard)
    runners.kill(first)
    runners.start()
    eventually(lambda: is_over(run) or db.session.execute(_BACK).rowcount)
    db.session.commit()
    eventually(lambda: is_over(run))

    db.session.refresh(run)
    assert run.status == "succeeded"
    assert (db.session.scalar(select(Month.seconds)) or 0) >= 0
    for model in (Run, RunStep, Attempt):
        assert db.session.scalars(select(model).where(model.finished_at < model.started_at)).all() == []
