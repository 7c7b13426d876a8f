"""Ending what fails by a mistake of ours each time that it is done, so that every run comes to an end."""

from app.automations.models import ADVANCE
from app.automations.runs import work
from app.automations.runs.ending import close
from app.automations.runs.loading import lock_run, step_of
from app.automations.runs.stepping import Held, end_step
from app.automations.runs.work import Claim

SAYS = "The portal failed repeatedly while processing this, so it was given up."


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
        close(run, "failed", {"step": "", "message": SAYS})
