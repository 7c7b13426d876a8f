"""The worker: takes jobs out of the queue and runs their tasks, until it is told to stop.

It ends within `HARD_STOP` seconds of SIGTERM. A job that is still running then is asked to stop at its next report; one
that doesn't is cut off with its transaction, and taken up by the next worker.
"""

import asyncio
import gc
import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Timer
from typing import Any

import psycopg
import structlog
from flask import Flask
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy
from sqlalchemy import update

from app.core import roles
from app.core.clock import now
from app.core.database_login import database_login, direct_url
from app.core.errors import DomainError
from app.core.log_context import log_context
from app.core.sessions import CommitRefused
from app.core.tenancy import NOBODY, as_system, tenant_context
from app.extensions import db
from app.jobs import rescue
from app.jobs.caller import Caller
from app.jobs.current import CurrentJob, set_current_job
from app.jobs.models import jobs
from app.jobs.progress import write_report
from app.jobs.queue import CALLER
from app.jobs.tasks import NoTenant, Repeated, Service, Task, list_repeated, list_services, list_tasks

HEARTBEAT = 3.0
POLLING = 2.0
SOFT_STOP = 3.0
HARD_STOP = 6.0
LONGEST_WAIT = 3600.0
SHARE = 10
ERROR_LENGTH = 2000

log = structlog.get_logger(__name__)


class Backoff(BaseRetryStrategy):
    """Tries again after 2, 4, 8 … seconds, with some scatter; never what a domain refused, what has no tenant, or what
    commits for its caller."""

    def __init__(self, max_attempts: int) -> None:
        self.max_attempts = max_attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, JobAborted):
            return RetryDecision(retry_at=now())
        if isinstance(exception, DomainError | NoTenant | CommitRefused) or job.attempts + 1 >= self.max_attempts:
            return None
        wait = min(LONGEST_WAIT, 2.0 ** (job.attempts + 1)) * random.uniform(0.9, 1.1)  # noqa: S311
        return RetryDecision(retry_in={"milliseconds": int(wait * 1000)})


def run_worker(app: Flask) -> None:
    """Work until SIGINT or SIGTERM."""
    # Modules, mappings and schemas stay until the end: searching them for garbage took a third of an import's CPU time.
    # Nothing of a job is alive yet, so no garbage of one is kept.
    gc.collect()
    gc.freeze()
    with tenant_context(NOBODY):  # each job gets its own
        asyncio.run(_work(app))


async def _work(app: Flask) -> None:
    concurrency = app.config["SETTINGS"].worker_concurrency
    loop = asyncio.get_running_loop()
    threads = concurrency + len(list_repeated()) + len(list_services()) + 1
    loop.set_default_executor(ThreadPoolExecutor(threads, thread_name_prefix="job"))
    queue = _queue(app)
    async with queue.open_async():
        worker = asyncio.create_task(
            queue.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=POLLING,
                abort_job_polling_interval=POLLING,
                shutdown_graceful_timeout=SOFT_STOP,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=rescue.DEAD_AFTER.total_seconds(),
                install_signal_handlers=False,
            )
        )
        beside = [asyncio.create_task(_repeat(app, one)) for one in list_repeated()]
        stopping = Event()
        services = [asyncio.create_task(asyncio.to_thread(_serve, app, one, stopping)) for one in list_services()]
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stopper(worker))
        log.info("worker started", tasks=len(queue.tasks), concurrency=concurrency)
        try:
            with suppress(asyncio.CancelledError):
                await worker
        finally:
            stopping.set()
            for one in beside:
                one.cancel()
            await asyncio.wait(services, timeout=SOFT_STOP) if services else None
    log.info("worker stopped")
    if not worker.cancelled():
        # It gave up by itself, for it lost the database; whoever watches over it is to start it again.
        raise SystemExit(1)


async def _repeat(app: Flask, one: Repeated) -> None:
    """Do it until the worker ends, also where the database is away for a while. It never takes more than a part of the
    worker's time: what lasts longer, say while an old transaction keeps dead rows alive, comes less often."""
    while True:
        began = time.monotonic()
        await asyncio.to_thread(_once, app, one)
        await asyncio.sleep(max(one.seconds, SHARE * (time.monotonic() - began)))


def _serve(app: Flask, one: Service, stopping: Event) -> None:
    while not stopping.is_set():
        try:
            one.run(app, stopping)
        except Exception as error:  # noqa: BLE001 - it is begun anew in a moment
            log.warning("a service failed", service=one.name, error=f"{type(error).__name__}: {error}")
            stopping.wait(1.0)


def _once(app: Flask, one: Repeated) -> None:
    with app.app_context(), log_context(repeated=one.name), one.context():
        try:
            one.function()
            db.session.commit()
        except Exception as error:  # noqa: BLE001 - it is tried again in a moment
            log.warning("repeated work failed", error=str(error))


def _stopper(worker: asyncio.Task[None]) -> Callable[[], None]:
    def stop() -> None:
        timer = Timer(HARD_STOP, os._exit, (1,))
        timer.daemon = True
        timer.start()
        worker.cancel()

    return stop


def _queue(app: Flask) -> App:
    connector = PsycopgConnector(
        conninfo=database_login(app).address(direct_url(app)),
        kwargs={"application_name": "diglit worker", "connect_timeout": 5},
        configure=_as_staff,
        min_size=2,
        max_size=4,
    )
    queue = App(connector=connector)
    for task in list_tasks():
        options: dict[str, Any] = {"queueing_lock": task.name} if task.cron else {}
        added = queue.task(name=task.name, pass_context=True, retry=Backoff(task.max_attempts), **options)(
            _runner(app, task)
        )
        if task.cron:
            queue.periodic(cron=task.cron)(added)
    return queue


async def _as_staff(connection: psycopg.AsyncConnection[Any]) -> None:
    """The queue's own package tells no transaction for whom it is; its connections are for the queue alone."""
    await connection.execute(f"set role {roles.own().staff}")
    await connection.commit()


def _runner(app: Flask, task: Task) -> Callable[..., None]:
    def run(context: JobContext, timestamp: int | None = None, **arguments: Any) -> None:
        caller = Caller.from_json(arguments.pop(CALLER, None) or {})
        job_id = context.job.id
        assert job_id is not None
        job = CurrentJob(job_id, task.name, context.job.attempts + 1, context.should_abort, caller.actor)
        set_current_job(job)
        known = {"job_id": job_id, "task": task.name, "attempt": job.attempt, "request_id": caller.request_id}
        with app.app_context(), log_context(**known), caller.resumed():
            _release_place(context.job)
            _attempt(task, job, caller, arguments)

    return run


def _release_place(job: Job) -> None:
    """Give up the `queueing_lock`: it guards the waiting one's place, and would be in the way of a second attempt."""
    if job.queueing_lock is not None:
        with as_system("the queue has no tenant"):
            db.session.execute(update(jobs).where(jobs.c.id == job.id).values(queueing_lock=None))
            db.session.commit()


def _attempt(task: Task, job: CurrentJob, caller: Caller, arguments: dict[str, Any]) -> None:
    try:
        task.require_tenant(caller.tenant)
        task.run(**arguments)
    except JobAborted:
        db.session.rollback()
        log.info("job stopped")
        raise
    except Exception as error:
        db.session.rollback()
        refused = isinstance(error, DomainError)
        log.warning("job failed", error=str(error)) if refused else log.exception("job failed")
        text = str(error) if refused else f"{type(error).__name__}: {error}"
        write_report(job.id, error=text[:ERROR_LENGTH], failed_at=now())
        raise
    if job.attempt > 1:
        write_report(job.id, error=None, failed_at=None)
