"""PostgreSQL is restarted in the middle of runs, once as after a crash and once in order: everything goes on by itself.
The server is a copy of that of the tests."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import psutil
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.automations.models import Attempt, Automation, Month, Run, RunStep, Work
from app.automations.runs.operations import begin_run
from app.cli.embedded import EmbeddedPostgres, _binaries
from app.core.audit import SYSTEM
from app.core.tenancy import as_system
from app.extensions import db
from app.jobs import bells
from tests.automations.test_killed import Runners, Sink, eventually, is_running, over, parent, sink  # noqa: F401
from tests.conftest import on_database
from tests.database import TestServer, end, folder_for_databases
from tests.factories import make_user
from tests.factories.automations import make_automation
from tests.other_servers import run_as_server

pytestmark = [pytest.mark.committed]

RUNS, STEPS = 60, 4
DOWN = 1.0
"""Seconds that the server stays away."""


class CopiedServer(EmbeddedPostgres):
    """A server that can be restarted unnoticed by other tests. What it has acknowledged survives a crash of it."""

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "synchronous_commit": "on"}

    def copy(self, address: str) -> None:
        self._prepare_folders()
        options = ("--checkpoint=fast", "--no-sync", "--no-manifest")
        run_as_server(_binaries() / "pg_basebackup", "-d", address, "-D", str(self.folder), *options)
        for left in self.folder.glob(".s.PGSQL.*"):
            left.unlink()

    def address_of(self, database: str) -> str:
        return self._url_of(database)

    def go_away(self, how: signal.Signals) -> None:
        process = self.find_process()
        assert process is not None
        process.send_signal(how)
        process.wait(20)

    def come_back(self) -> None:
        self._launch()


@pytest.fixture
def copied(postgres: TestServer) -> Iterator[CopiedServer]:
    if os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("only the embedded server can be copied and restarted")
    folder = Path(tempfile.mkdtemp(prefix=f"diglit-test-{os.getpid()}-", dir=folder_for_databases()))
    copied = CopiedServer(folder)
    try:
        copied.copy(postgres.address)
        copied.start()
        yield copied
    finally:
        end(copied)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def committed_db(
    app: Flask, postgres: TestServer, copied: CopiedServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of a database on it, which the application of the test uses."""
    url = copied.address_of(postgres.template)
    with on_database(app, url, monkeypatch), app.app_context(), as_system("a test of the runner"):
        yield url


def cpu_of(processes: list[int]) -> float:
    return sum(sum(psutil.Process(one).cpu_times()[:2]) for one in processes)


def test_everything_goes_on_after_a_restart_of_the_database(
    app: Flask,
    api: Any,
    committed_db: str,
    copied: CopiedServer,
    parent: Any,  # noqa: F811
    sink: Sink,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bells, "TRIES_AGAIN_AFTER", 0.2)
    heard: Queue[str] = Queue()
    stopping = Event()
    ears = Thread(target=bells.hear, args=(app, stopping, heard.put), daemon=True)
    ears.start()
    staff = api(make_user(role="manager"))
    runs = begun(sink)
    runners = Runners(parent, committed_db)
    workers = [runners.start(idle=0.25) for _ in range(2)]
    try:
        for how, share in ((signal.SIGQUIT, RUNS // 4), (signal.SIGINT, RUNS // 2)):
            eventually(lambda share=share: over() >= share)
            copied.go_away(how)
            before = cpu_of(workers)
            assert_unavailable(staff)
            time.sleep(DOWN)
            assert cpu_of(workers) - before < 0.5 * DOWN, "somebody tries again and again without a pause"
            copied.come_back()
            db.session.remove()
            answer = staff.get("/api/ai-automation/runs?limit=1")
            assert (answer.status_code, len(answer.json)) == (200, 1)
            assert_heard(heard)
        eventually(lambda: over() == RUNS)
        assert all(is_running(one) for one in workers)
        assert_all_ended_right(runs, sink)
    finally:
        for one in workers:
            runners.kill(one)
        stopping.set()
        ears.join(10)
    assert not ears.is_alive()


def begun(sink: Sink) -> set[Any]:  # noqa: F811
    """Runs that call a service, one step after the other."""
    steps = [
        {
            "id": f"s{number}", "type": "http", "needs": [f"s{number - 1}"] if number else [],
            "with": {"method": "POST", "url": f"{sink.address}/{{{{ trigger.n * {STEPS} + {number} }}}}"},
        }
        for number in range(STEPS)
    ]  # fmt: skip
    made = set()
    for half in range(2):
        automation = db.session.get_one(Automation, make_automation(steps).id)
        for n in range(half * RUNS // 2, (half + 1) * RUNS // 2):
            made.add(begin_run(automation, trigger="manual", given={"n": n}, actor=SYSTEM)[0])
    db.session.commit()
    return made


def assert_unavailable(staff: Any) -> None:
    db.session.remove()
    began = time.monotonic()
    answer = staff.get("/api/ai-automation/runs?limit=1")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "Retry-After" in answer.headers
    assert time.monotonic() - began < 8


def assert_heard(heard: "Queue[str]") -> None:
    """Bells ring and are heard again."""

    def is_heard() -> bool:
        bells.ring_after_commit("back")
        db.session.execute(select(1))
        db.session.commit()
        time.sleep(0.05)
        return not heard.empty() and heard.get() == "back"

    eventually(is_heard, within=15)
    while not heard.empty():
        heard.get()


def assert_all_ended_right(runs: set[Any], sink: Sink) -> None:  # noqa: F811
    db.session.rollback()
    assert dict(db.session.execute(select(Run.id, Run.status)).all()) == dict.fromkeys(runs, "succeeded")
    assert db.session.scalars(select(Work)).all() == []
    assert db.session.scalar(select(func.sum(Month.runs))) == RUNS
    assert db.session.scalar(select(func.count()).where(RunStep.status == "succeeded")) == RUNS * STEPS
    assert sink.keys() == {f"/{path}": 1 for path in range(RUNS * STEPS)}, "one key for each step"
    last: dict[int, int] = {}
    for path in sink.order:
        assert path >= last.get(path // STEPS, 0), "a step was done again after one that needs it had begun"
        last[path // STEPS] = path
    tries = db.session.execute(
        select(Run.input["n"].as_integer() * STEPS + Attempt.position, func.count(), func.count(Attempt.error))
        .join(Run, Run.id == Attempt.run_id)
        .group_by(Run.id, Attempt.position)
    ).all()
    assert {f"/{path}": number - cut_off for path, number, cut_off in tries} == dict.fromkeys(sink.calls(), 1)
    assert all(sink.calls()[f"/{path}"] <= number for path, number, _ in tries), "each call was written down before"
