"""Ending what fails by a mistake of ours each time that it is done, so that every run comes to an end."""

from sqlalchemy import select

from app.automations.models import ADVANCE, Run, RunStep
from app.automations.runs import work
from app.automations.runs.advancing import Look, fingerprint
from app.automations.runs.loading import lock_run, step_of
from app.automations.runs.stepping import Held, end_step
from app.automations.runs.versions import definition_of
from app.automations.runs.work import Claim
from app.automations.runs.writing import write
from app.core.clock import now
from app.extensions import db

SAYS = "This was tried many times, and each time something went wrong in the portal: it was given up."


def give_up(claim: Claim) -> None:
    """End the step, or the run where nobody can tell what comes next. Raises `LeaseLost`."""
    run = lock_run(claim.run_id)
    work.require_lease(claim)
    row = None if claim.position == ADVANCE else step_of(claim.run_id, claim.position, claim.item)
    if run is None or claim.position == ADVANCE:
        work.require(claim)
    if run is None:
        return
    if row is not None and row.finished_at is None:
        end_step(Held(claim, run, row), status="failed", error={"message": SAYS})
    else:
        _end_run(run)


def _end_run(run: Run) -> None:
    work.forget(run.id)
    for step in db.session.scalars(select(RunStep).where(RunStep.run_id == run.id, RunStep.finished_at.is_(None))):
        step.status, step.finished_at, step.due_at = "cancelled", now(), None
    db.session.flush()
    look = Look(run, definition_of(run.automation_id, run.version_number), {}, {}, {})
    error = {"message": SAYS}
    look.run_values = {
        "status": "failed", "started_at": run.started_at or look.at, "finished_at": now(),
        "error": {"step": "", **error}, "fingerprint": fingerprint("", error),
    }  # fmt: skip
    write([look])
