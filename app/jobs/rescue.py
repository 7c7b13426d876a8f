"""Jobs whose worker died go back into the queue. The queue itself leaves them as running for ever."""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session, scoped_session

from app.extensions import db
from app.jobs.operations import announce
from app.jobs.tasks import repeated

INTERVAL = 3.0
DEAD_AFTER = timedelta(seconds=12)
"""A worker whose heart has not beaten for so long is dead; hearts beat every 3 seconds."""
MAX_ATTEMPTS = 10
"""A job that takes its worker down with it every time is given up at last."""

log = structlog.get_logger(__name__)

RESCUE = text("""
    with stranded as (
        select job.id
          from procrastinate_jobs job
          left join procrastinate_workers worker on worker.id = job.worker_id
         where job.status = 'doing' and (worker.id is null or worker.last_heartbeat < now() - :dead_after)
           for update of job skip locked)
    update procrastinate_jobs job
       set status = (case when job.abort_requested then 'aborted'
                          when job.attempts + 1 >= :max_attempts then 'failed'
                          else 'todo' end)::procrastinate_job_status,
           attempts = job.attempts + 1, worker_id = null, abort_requested = false, scheduled_at = null,
           queueing_lock = null
      from stranded
     where job.id = stranded.id
    returning job.id, job.task_name as task, job.status, job.attempts
""")
EXPLAIN = text("""
    insert into job_reports (job_id, error, failed_at) values (:id, 'The worker died while it ran this job.', now())
    on conflict (job_id) do update set error = excluded.error, failed_at = excluded.failed_at
""")


def rescue_jobs(session: scoped_session[Any] | Session) -> list[Row[Any]]:
    """Put each job of a dead worker back into the queue; those jobs. The edge commits."""
    rescued = list(session.execute(RESCUE, {"dead_after": DEAD_AFTER, "max_attempts": MAX_ATTEMPTS}))
    for job in rescued:
        session.execute(EXPLAIN, {"id": job.id})
        if job.status == "todo":
            announce(session, job.id)
    return rescued


@repeated(INTERVAL, name="jobs.rescue", as_system="the queue has no tenant")
def rescue() -> None:
    """Look for stranded jobs every few seconds. Workers do it side by side; each job is rescued once."""
    rescued = rescue_jobs(db.session)
    db.session.commit()
    for job in rescued:
        log.warning("job of a dead worker", job_id=job.id, task=job.task, state=job.status, attempts=job.attempts)
