"""Ending runs that don't end by themselves."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.automations.models import Run, RunStep
from app.automations.runs import work
from app.automations.runs.advancing import fingerprint
from app.automations.runs.figures import count_ends
from app.automations.runs.limits import give_back
from app.automations.runs.loading import lock_runs
from app.automations.runs.writing import tell_caller
from app.core.clock import now, now_after
from app.extensions import db

LONGEST_RUN = timedelta(days=30)


def close(run: Run, status: str, error: dict[str, Any] | None = None) -> None:
    """End the run as it is: no further step begins, and the result of a try under way isn't kept. Callers hold the
    run."""
    moment = now_after(run.started_at)
    run.status, run.finished_at, run.error = status, moment, error
    if status == "failed" and error is not None:
        run.fingerprint = fingerprint(run.automation_id, error["step"], error)
    work.forget(run.id)
    for step in db.session.scalars(select(RunStep).where(RunStep.run_id == run.id, RunStep.finished_at.is_(None))):
        step.status, step.finished_at, step.due_at = "cancelled", now_after(step.started_at), None
    db.session.flush()
    tell_caller(run)
    work.ring()
    give_back({run.automation_id})
    count_ends([(run, status, moment)])


def end_overdue(most: int = 100) -> int:
    """End runs that have gone on for 30 days, as failed; how many."""
    query = select(Run.id).where(Run.finished_at.is_(None), Run.created_at < now() - LONGEST_RUN)
    overdue = lock_runs(db.session.scalars(query.order_by(Run.id).limit(most)).all())
    for run in overdue.values():
        message = f"The run was stopped because it took longer than {LONGEST_RUN.days} days."
        close(run, "failed", {"step": "", "message": message})
    return len(overdue)
