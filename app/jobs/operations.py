"""What staff may do with a job. Each locks its row; the edge commits."""

from typing import Any

from sqlalchemy import Row, Text, cast, func, select, update
from sqlalchemy.orm import Session, scoped_session

from app.core.errors import Conflict, NotFound
from app.jobs.models import jobs

AnySession = scoped_session[Any] | Session

CHANNEL = "procrastinate_any_queue_v1"


def retry_job(session: AnySession, job_id: int) -> None:
    """Let a job that failed or was cancelled run again, now. Raises Conflict for one in another state."""
    job = _lock(session, job_id)
    if job.status not in ("failed", "cancelled", "aborted"):
        raise Conflict("Only a job that failed or was cancelled can be tried again.")
    if job.queueing_lock and session.scalar(
        select(jobs.c.id).where(jobs.c.queueing_lock == job.queueing_lock, jobs.c.status == "todo").limit(1)
    ):
        raise Conflict("The same work is already waiting in the queue.")
    # Attempts start anew: a person has looked at it since.
    session.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(status="todo", attempts=0, scheduled_at=None, abort_requested=False, worker_id=None)
    )
    announce(session, job_id)


def cancel_job(session: AnySession, job_id: int) -> None:
    """Take a waiting job out of the queue, or ask a running one to stop at its next report.

    Raises Conflict for one that is over.
    """
    job = _lock(session, job_id)
    if job.status not in ("todo", "doing"):
        raise Conflict("This job is over.")
    values = {"abort_requested": True} if job.status == "doing" else {"status": "cancelled"}
    session.execute(update(jobs).where(jobs.c.id == job_id).values(**values))


def announce(session: AnySession, job_id: int) -> None:
    """Wake idle workers after the commit; the queue's own trigger does so for new jobs only."""
    payload = func.json_build_object("type", "job_inserted", "job_id", job_id)
    session.execute(select(func.pg_notify(CHANNEL, cast(payload, Text))))


def _lock(session: AnySession, job_id: int) -> Row[Any, Any]:
    found = session.execute(
        select(jobs.c.status, jobs.c.queueing_lock).where(jobs.c.id == job_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such job, or it ended more than 30 days ago.")
    return found
