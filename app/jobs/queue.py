"""Putting jobs into the queue, inside the transaction of the change that causes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.core.driver import raise_if_lost
from app.core.rls import apply_tenant
from app.core.tenancy import as_system
from app.jobs.caller import Caller
from app.jobs.models import jobs
from app.jobs.tasks import get_task

CALLER = "_caller"
"""The argument in which a job keeps what caused it. The worker takes it out before the task is called."""

# An app without tasks, never opened: it writes on the caller's connection, in a web process and in a worker alike.
_writer = App(connector=SyncPsycopgConnector())


def enqueue(
    session: scoped_session[Any] | Session,
    task_name: str,
    *,
    queue: str = "default",
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
    **arguments: Any,
) -> int:
    """Add a job to the session's transaction; the id of the job. It runs after the commit, and never without it.

    Of jobs with the same `lock`, one runs at a time, in their order. That is for few: whenever a worker looks for a
    job, the database compares all that wait with the same lock (half a second for 10,000). Of jobs with the same
    `queueing_lock`, one waits at a time: while there is such a one, its id is the answer and no other is added.
    Arguments must be JSON; UUIDs are written as text.

    The job runs on behalf of whoever enqueues it: its changes are theirs, and it sees what their tenant context shows
    (that around an `as_system` block, inside of one). Raises `NoTenant` where that isn't enough for the task.
    """
    caller = Caller.present()
    get_task(task_name).require_tenant(caller.tenant)
    options: dict[str, Any] = {"queue": queue, "lock": lock, "queueing_lock": queueing_lock, "schedule_at": schedule_at}
    values = {name: str(value) if isinstance(value, UUID) else value for name, value in arguments.items()}
    values[CALLER] = caller.to_json()
    with as_system("the queue has no tenant: whoever may add to it sees nothing of it"):
        if queueing_lock is None:
            return _add(session, task_name, options, values)
        try:
            with session.begin_nested():
                return _add(session, task_name, options, values)
        except AlreadyEnqueued:
            waiting = select(jobs.c.id).where(jobs.c.queueing_lock == queueing_lock, jobs.c.status == "todo")
            return session.scalars(waiting).first() or enqueue(session, task_name, **options, **arguments)


def _add(
    session: scoped_session[Any] | Session, task_name: str, options: dict[str, Any], values: dict[str, Any]
) -> int:
    connection = session.connection()
    apply_tenant(connection)  # The queue's own package writes past SQLAlchemy.
    deferrer = _writer.configure_task(task_name, connection=connection.connection.driver_connection, **options)
    try:
        return deferrer.defer(**values)
    except ConnectorException as error:
        raise_if_lost(connection, failing="no job can be added", reason=str(error.__cause__))
        raise
