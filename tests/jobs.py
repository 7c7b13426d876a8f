"""What a worker would do, in the test's own transaction."""

from typing import Any

from sqlalchemy import select, update

from app.jobs.caller import Caller
from app.jobs.models import jobs
from app.jobs.queue import CALLER
from app.jobs.tasks import get_task


def run_jobs(session: Any, task_name: str) -> None:
    """Run the jobs of that name that wait, on behalf of whoever caused them."""
    waiting = select(jobs.c.id, jobs.c.args).where(jobs.c.task_name == task_name, jobs.c.status == "todo")
    for job_id, arguments in session.execute(waiting.order_by(jobs.c.id)).all():
        caller, task = Caller.from_json(arguments.pop(CALLER)), get_task(task_name)
        with caller.resumed():
            task.run(**arguments)
        session.execute(update(jobs).where(jobs.c.id == job_id).values(status="doing"))
    session.commit()
