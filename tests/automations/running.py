"""Driving runs in a test's own session, without threads."""

from typing import Any

from sqlalchemy import select

from app.automations.models import ADVANCE, Run, RunStep
from app.automations.runs import work
from app.automations.runs.runner import advance, do_step
from app.extensions import db


def drain(most: int = 500) -> int:
    """Do everything that is ready, one thing after the other; how many things."""
    done = 0
    while done < most:
        work.wake()
        claims = work.claim_looks(20) + work.claim_steps(20)
        db.session.commit()
        if not claims:
            return done
        for claim in claims:
            if claim.position == ADVANCE:
                advance([claim])
                db.session.commit()
            else:
                do_step(claim)
            done += 1
    raise AssertionError("this never ends")


def steps_of(run: Run) -> dict[str, RunStep]:
    query = select(RunStep).where(RunStep.run_id == run.id, RunStep.item == -1).order_by(RunStep.position)
    return {step.step_id: step for step in db.session.scalars(query)}


def states(run: Run) -> dict[str, Any]:
    db.session.expire_all()
    return {one: step.status for one, step in steps_of(run).items()}


def statuses(run: Run) -> str:
    """The state of a run, as it is now."""
    db.session.refresh(run)
    return run.status
