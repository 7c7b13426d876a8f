"""The queue: with the change that causes it or not at all, tried again, rescued, shown, cancelled."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.catalog.kinds import products
from app.changes import running
from app.core import audit, roles
from app.core.audit import NamedActor
from app.core.changes import staging
from app.core.changes.models import State
from app.core.errors import Conflict, NotFound
from app.core.tenancy import NOBODY, TenantContext, as_system, tenant_context
from app.jobs.caller import Caller
from app.jobs.operations import cancel_job, retry_job
from app.jobs.progress import report
from app.jobs.queries import Job, count_jobs, count_workers, get_job, list_jobs, list_task_names
from app.jobs.queue import enqueue
from app.jobs.rescue import rescue_jobs
from app.jobs.tasks import NoTenant, get_task, task
from config import ROOT
from tests.factories import make_client_company, make_product, make_user
from tests.ops.example_jobs import TABLE

Db = scoped_session[Session]


@pytest.fixture
def marks(committed_db: str, db_session: Db) -> Callable[[], list[str]]:
    with psycopg.connect(committed_db) as owner:
        owner.execute(TABLE)
        owner.execute(f"grant all on marks to {roles.own().staff}, {roles.own().tenant}")

    def marks() -> list[str]:
        db_session.rollback()
        return list(db_session.scalars(text("select mark from marks order by at")))

    return marks


@contextmanager
def worker(url: str, tmp: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that has started, however long that took on a busy machine."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "SECRET_KEY": "s" * 40,
        "DATA_DIR": str(tmp),
        "FLASK_RUN_FROM_CLI": "true",
    }
    path = tmp / "worker.log"
    with path.open("ab") as log:
        before = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ops.example_jobs"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        eventually(lambda: b"worker started" in path.read_bytes()[before:] or process.poll() is not None, within=90)
        yield process
    finally:
        process.terminate()
        process.wait(15)


def eventually(what: Callable[[], object], within: float = 20.0) -> None:
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_a_job_is_there_with_its_transaction_or_not_at_all(committed_db: str, db_session: Db) -> None:
    enqueue(db_session, "examples.mark", what="a")
    db_session.rollback()
    assert list_jobs(db_session).jobs == []
    job_id = enqueue(db_session, "examples.mark", what="b")
    db_session.commit()
    assert [job.id for job in list_jobs(db_session).jobs] == [job_id]


def test_a_job_of_an_unknown_task_is_refused(db_session: Db) -> None:
    with pytest.raises(LookupError):
        enqueue(db_session, "no.such.task")


def test_two_tasks_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two tasks"):
        task("examples.mark")(lambda: None)
    assert get_task("examples.mark").max_attempts == 5


def test_of_jobs_with_one_queueing_lock_one_waits(db_session: Db) -> None:
    first = enqueue(db_session, "examples.mark", queueing_lock="only", what="a")
    assert enqueue(db_session, "examples.mark", queueing_lock="only", what="b") == first
    assert enqueue(db_session, "examples.mark", queueing_lock="other", what="c") != first
    assert count_jobs(db_session)["todo"] == 2


def test_the_list_shows_jobs_newest_first_in_pages_without_secrets(db_session: Db) -> None:
    ids = [enqueue(db_session, "examples.mark", what=str(n), api_token="t0psecret") for n in range(5)]
    enqueue(db_session, "examples.fail")
    page = list_jobs(db_session, task="examples.mark", limit=3)
    assert [job.id for job in page.jobs] == ids[:1:-1]
    assert [job.id for job in list_jobs(db_session, task="examples.mark", before=page.older).jobs] == ids[1::-1]
    assert page.jobs[0].arguments == {"what": "4", "api_token": "…"}
    assert page.jobs[0].state == "todo"
    assert page.jobs[0].created_at is not None
    assert list_jobs(db_session, state="failed").jobs == []
    assert list_task_names(db_session) == ["examples.fail", "examples.mark"]


def test_a_waiting_job_can_be_cancelled_and_tried_again(db_session: Db) -> None:
    job_id = enqueue(db_session, "examples.mark", what="a")
    cancel_job(db_session, job_id)
    assert get_job(db_session, job_id).state == "cancelled"
    with pytest.raises(Conflict):
        cancel_job(db_session, job_id)
    retry_job(db_session, job_id)
    assert get_job(db_session, job_id).state == "todo"
    with pytest.raises(Conflict):
        retry_job(db_session, job_id)
    with pytest.raises(NotFound):
        cancel_job(db_session, job_id + 1)


def test_a_report_outside_a_job_does_nothing(db_session: Db) -> None:
    report(1, 2)


def test_a_job_without_a_living_worker_goes_back_into_the_queue(db_session: Db) -> None:
    job_id = enqueue(db_session, "examples.mark", what="a")
    db_session.execute(text("update procrastinate_jobs set status = 'doing' where id = :id"), {"id": job_id})
    assert [job.id for job in rescue_jobs(db_session)] == [job_id]
    job = get_job(db_session, job_id)
    assert (job.state, job.attempts) == ("todo", 1)
    assert "worker died" in str(job.error)
    assert rescue_jobs(db_session) == []


def test_a_job_that_takes_every_worker_down_is_given_up(db_session: Db) -> None:
    job_id = enqueue(db_session, "examples.mark", what="a")
    db_session.execute(text("update procrastinate_jobs set status = 'doing', attempts = 9"))
    rescue_jobs(db_session)
    assert get_job(db_session, job_id).state == "failed"


def test_a_worker_runs_jobs_and_keeps_their_origin(
    committed_db: str, db_session: Db, marks: Callable[[], list[str]], tmp_path: Any
) -> None:
    with audit.using_audit_context(via="portal", request_id="r-1"):
        job_id = enqueue(db_session, "examples.origin")
    failing = enqueue(db_session, "examples.fail")
    refused = enqueue(db_session, "examples.refuse")
    db_session.commit()
    with worker(committed_db, tmp_path):
        eventually(marks)
        assert marks() == ["job r-1"]
        assert count_workers(db_session) == 1
        eventually(lambda: _state(db_session, failing) == "failed")
    job = get_job(db_session, job_id)
    assert (job.state, job.request_id, job.attempts) == ("succeeded", "r-1", 1)
    assert job.ended_at is not None
    failed = get_job(db_session, failing)
    assert (failed.attempts, failed.error) == (2, "RuntimeError: the other end is down")
    assert (get_job(db_session, refused).attempts, get_job(db_session, refused).error) == (
        1,
        "It is too late for that.",
    )
    assert marks() == ["job r-1"], "a failed attempt leaves nothing"
    assert count_workers(db_session) == 0


def test_the_worker_commits_for_a_task_that_does_not_say_it_does(
    committed_db: str, db_session: Db, marks: Callable[[], list[str]], tmp_path: Any
) -> None:
    undeclared = enqueue(db_session, "examples.commit")
    db_session.commit()
    with worker(committed_db, tmp_path):
        eventually(lambda: _state(db_session, undeclared) == "failed")
        assert marks() == [], "nothing of it is kept"
        job = get_job(db_session, undeclared)
        assert job.attempts == 1, "it isn't tried again"
        assert "commits=True" in str(job.error)
        others = [enqueue(db_session, name) for name in ("examples.commit-declared", "examples.savepoint")]
        db_session.commit()
        eventually(lambda: [_state(db_session, one) for one in others] == ["succeeded", "succeeded"])
    assert sorted(marks()) == ["first", "in a savepoint", "in one within", "second"]


def test_a_job_sees_what_whoever_caused_it_sees_and_is_signed_by_them(
    committed_db: str, db_session: Db, marks: Callable[[], list[str]], tmp_path: Any
) -> None:
    one, _other = make_client_company(name="Alder Ltd"), make_client_company(name="Birch Ltd")
    user = make_user(role="client", client=one)
    db_session.commit()
    alder = TenantContext(client_id=one.id, user_id=user.id)
    audit.set_actor(user)
    try:
        with tenant_context(alder), audit.using_audit_context(request_id="r-2"):
            enqueue(db_session, "examples.companies")
            enqueue(db_session, "examples.own-companies")
            with as_system("a test"):
                enqueue(db_session, "examples.companies")
            enqueue(db_session, "examples.all-companies")
            enqueue(db_session, "examples.make")
    finally:
        audit.set_actor(audit.SYSTEM)
    enqueue(db_session, "examples.companies")
    with tenant_context(NOBODY):
        enqueue(db_session, "examples.all-companies")
        for task_name in ("examples.companies", "examples.own-companies"):
            with pytest.raises(NoTenant):
                enqueue(db_session, task_name)
    with pytest.raises(NoTenant):
        enqueue(db_session, "examples.own-companies")
    unsaid = "insert into procrastinate_jobs (queue_name, task_name, args) values ('default', :name, '{}') returning id"
    refused = [
        db_session.scalar(text(unsaid), {"name": name}) for name in ("examples.companies", "examples.own-companies")
    ]
    db_session.commit()
    with worker(committed_db, tmp_path):
        eventually(lambda: len(marks()) == 6)
        eventually(lambda: [_state(db_session, job) for job in refused] == ["failed", "failed"])
    assert sorted(marks()) == ["Alder Ltd"] * 3 + ["Alder Ltd Birch Ltd"] * 3
    assert [get_job(db_session, job).attempts for job in refused] == [1, 1], "it isn't tried again"
    assert "needs a tenant context" in str(get_job(db_session, refused[0]).error)
    signed = "select actor_id, actor_name, via, request_id from audit_entries where table_name = 'products'"
    assert db_session.execute(text(signed)).one() == (user.id, user.username, "job", "r-2")


def test_a_job_caused_through_anothers_eyes_says_so(db_session: Db) -> None:
    staff, customer = make_user(role="manager"), make_user(role="client")
    with audit.using_audit_context():
        audit.act_as(customer, impersonator=staff)
        caller = Caller.from_json(Caller.present().to_json())
    assert caller.actor == NamedActor(staff.username, staff.id)
    with caller.resumed():
        make_product()
        audit.audit_as(db_session, actor=audit.current_actor(), action="test")
        db_session.execute(text("update products set description = 'x'"))
    signed = "select actor_id, acting_as_id, via from audit_entries where action = 'test'"
    assert db_session.execute(text(signed)).one() == (staff.id, customer.id, "job")


def test_a_killed_workers_job_is_done_by_the_next_within_20_seconds(
    committed_db: str, db_session: Db, marks: Callable[[], list[str]], tmp_path: Any
) -> None:
    job_id = enqueue(db_session, "examples.slow", seconds=1)
    db_session.commit()
    with worker(committed_db, tmp_path) as first:
        eventually(lambda: marks() == ["running"])
        job = get_job(db_session, job_id)
        assert (job.state, job.percent, job.note) == ("doing", 50, "half way")
        first.send_signal(signal.SIGKILL)
        first.wait()
    with worker(committed_db, tmp_path):
        eventually(lambda: _state(db_session, job_id) == "succeeded", within=22)
    assert marks() == ["running", "begun", "running", "ended"] or sorted(marks()) == sorted(
        ["running", "begun", "running", "ended"]
    )


def test_a_running_job_stops_when_cancelled_and_goes_on_elsewhere_when_its_worker_ends(
    committed_db: str, db_session: Db, marks: Callable[[], list[str]], tmp_path: Any
) -> None:
    cancelled = enqueue(db_session, "examples.slow", seconds=60)
    db_session.commit()
    with worker(committed_db, tmp_path) as process:
        eventually(lambda: marks() == ["running"])
        cancel_job(db_session, cancelled)
        db_session.commit()
        eventually(lambda: _state(db_session, cancelled) == "aborted")
        interrupted = enqueue(db_session, "examples.slow", seconds=60)
        db_session.commit()
        eventually(lambda: marks() == ["running", "running"])
        began = time.monotonic()
        process.terminate()
        assert process.wait(15) == 0
        assert time.monotonic() - began < 7
    assert _state(db_session, interrupted) == "todo"
    assert marks() == ["running", "running"]


def _state(session: Db, job_id: int) -> str:
    session.rollback()
    return get_job(session, job_id).state


def test_the_worker_is_a_command(app: Flask) -> None:
    assert "worker" in app.cli.commands


def test_an_import_whose_worker_is_killed_is_written_once_by_the_next(
    committed_db: str, db_session: Db, tmp_path: Any
) -> None:
    rows = "".join(f"Shelf {n},Shelves,{n}.50\n" for n in range(4_000))
    content = f"Name,Category,Price (EUR)\n{rows}".encode()
    change_set = staging.stage_import(db_session, products, content, filename="shelves.csv", actor=audit.SYSTEM)
    running.preview(change_set)
    change_set.state = State.QUEUED
    job_id = change_set.job_id = enqueue(db_session, running.APPLY, change_set_id=change_set.id)
    db_session.commit()
    with worker(committed_db, tmp_path) as first:
        eventually(lambda: 0 < (_job(db_session, job_id).done or 0) < 4_000)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert _written(db_session) == (State.RUNNING, 0, 0)
    with worker(committed_db, tmp_path):
        eventually(lambda: _job(db_session, job_id).state == "succeeded", within=60)
    assert _written(db_session) == (State.APPLIED, 4_000, 4_000)


def _job(session: Db, job_id: int) -> Job:
    session.rollback()
    return get_job(session, job_id)


def _written(session: Db) -> tuple[str, int, int]:
    """The state of the only change set, how many products there are, and of how many the audit tells."""
    session.rollback()
    query = """select (select state from change_sets), (select count(*) from products),
                      (select count(*) from audit_entries where table_name = 'products')"""
    state, made, told = session.execute(text(query)).one()
    return state, made, told
