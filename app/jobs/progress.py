"""How far a job is, told to those who wait for it while its own transaction is still open."""

import time

from sqlalchemy.dialects.postgresql import insert

from app.core.clock import now
from app.core.tenancy import as_system
from app.extensions import db
from app.jobs.current import current_job
from app.jobs.models import JobReport

INTERVAL = 0.25
"""Seconds between two writes; reports that come faster are left out, except the last."""


def report(done: int, total: int | None = None, note: str | None = None) -> None:
    """Show how far the present job is, at once and whatever becomes of its transaction.

    Also the place where a job stops that was cancelled or whose worker has to end: then it raises, and the job's
    transaction is rolled back. Outside a job it does nothing.
    """
    job = current_job()
    if job is None:
        return
    job.stop_if_unwanted()
    moment = time.monotonic()
    if moment - job.reported < INTERVAL and done != total:
        return
    job.reported = moment
    write_report(job.id, done=done, total=total, note=note, reported_at=now())


def write_report(job_id: int, **values: object) -> None:
    """Write in a transaction of its own, whatever becomes of the job's."""
    statement = insert(JobReport).values(job_id=job_id, **values)
    statement = statement.on_conflict_do_update(index_elements=[JobReport.job_id], set_=values)
    with as_system("reports of jobs have no tenant"), db.engine.begin() as connection:
        connection.execute(statement)
