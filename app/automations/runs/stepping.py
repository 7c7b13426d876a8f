"""Doing a step that reaches outside, or that has waited: one try of it.

Before the call, the try is written down and committed; the call is made outside of any transaction; what came of it is
kept if the lease is still ours. A worker that dies in between leaves the try open: the next one closes it as cut off,
and makes another under the same key.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select, update

from app.automations.definitions.schemas import Retry, StepInput
from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES, InnerStep
from app.automations.effects import EFFECTS, Call, StepFailed
from app.automations.effects.answers import storable
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import evaluate, is_true
from app.automations.expressions.templates import render
from app.automations.models import WHOLE, Attempt, Run, RunStep, Work
from app.automations.runs import work
from app.automations.runs.engine import OVER, Definition
from app.automations.runs.loading import locked_step, runs_by_id, steps_of
from app.automations.runs.values import Masking, cut, masked_names, scope_of, secrets_of
from app.automations.runs.versions import definition_of
from app.automations.runs.work import MOST_CLAIMS, Claim, LeaseLost
from app.core.clock import now
from app.extensions import db

LONGEST_PAUSE = 3600.0


@dataclass
class Try:
    """A try of a step: everything that the call needs, outside of a transaction."""

    claim: Claim
    run: Run
    step: StepInput
    type: str
    given: Mapping[str, Any]
    key: Any
    number: int
    retry: Retry
    seconds: float
    mask: Masking
    rehearsal: bool = False


def begin_try(claim: Claim) -> Try | None:
    """Write down that a try begins. None if the step needs none: it has waited, or can't be done."""
    require_lease(claim)
    run = runs_by_id([claim.run_id]).get(claim.run_id)
    row = locked_step(claim.run_id, claim.position, claim.item)
    if run is None or row is None or row.status in OVER:
        work.require(claim)
        return None
    definition = definition_of(run.automation_id, run.version_number)
    step = definition.workflow.steps[claim.position]
    if claim.item == WHOLE and step.type in _WAITED:
        _end(claim, run, row, definition, **_WAITED[step.type](row))
        return None
    return _prepare(claim, run, row, definition, step)


def _waited(row: RunStep) -> dict[str, Any]:
    return {"status": "succeeded", "output": row.input}


def _expired(_row: RunStep) -> dict[str, Any]:
    return {"status": "failed", "error": {"message": "Nobody answered in time."}}


_WAITED = {"delay": _waited, "approval": _expired}


def _prepare(claim: Claim, run: Run, row: RunStep, definition: Definition, step: StepInput) -> Try | None:
    inner: StepInput | InnerStep = step
    more: dict[str, Any] = {}
    if claim.item != WHOLE:
        inner = InnerStep.model_validate(step.with_["step"])
        items = _parent_input(claim)["items"]
        more = {"item": items[claim.item], "index": claim.item}
    secrets = secrets_of(run.client_id)
    mask = Masking(secrets.values())
    ended, _ = steps_of([run.id])[run.id]
    at = row.started_at or now()
    try:
        real, shown = (scope_of(run, definition, ended, at, secrets=one) for one in (secrets, masked_names(secrets)))
        for scope in (real, shown):
            scope.values = {**scope.values, **more}
        if claim.item != WHOLE and inner.if_ is not None and not is_true(evaluate(inner.if_, real)):
            _end(claim, run, row, definition, status="skipped", error={"message": f"{inner.if_} isn’t true."})
            return None
        given, kept = render(inner.with_, real), mask(render(inner.with_, shown))
    except ExpressionError as error:
        _end(claim, run, row, definition, status="failed", error={"message": error.message, "at": error.at})
        return None
    if inner.type in ("transform", "condition"):
        output = given if inner.type == "transform" else {"result": is_true(evaluate(str(given.get("if")), real))}
        _end(claim, run, row, definition, status="succeeded", output=output, input=kept)
        return None
    if claim.fence > MOST_CLAIMS:
        message = "Each worker that did this step died of it, so it was given up."
        _end(claim, run, row, definition, status="failed", error={"message": message}, input=kept)
        return None
    number = _open_attempt(row, at)
    row.status, row.attempts, row.input, row.notes = "running", number, kept, real.missing or None
    row.started_at = at
    db.session.flush()
    seconds = step.timeout_seconds or STEP_TYPES[inner.type].seconds
    return Try(claim, run, step, inner.type, given, row.key, number, step.retry, seconds, mask)


def _parent_input(claim: Claim) -> dict[str, Any]:
    query = select(RunStep.input).where(
        RunStep.run_id == claim.run_id, RunStep.position == claim.position, RunStep.item == WHOLE
    )
    return db.session.scalars(query).one() or {}


def _open_attempt(row: RunStep, at: datetime) -> int:
    """The number of the try that begins. One that is still open was cut off when its worker ended."""
    cut_off = {"message": "The worker ended in the middle of this try.", "cut_off": True}
    here = (Attempt.run_id == row.run_id, Attempt.position == row.position, Attempt.item == row.item)
    db.session.execute(
        update(Attempt).where(*here, Attempt.finished_at.is_(None)).values(finished_at=now(), error=cut_off)
    )
    number = row.attempts + 1
    begun = now() if row.attempts else at
    db.session.add(
        Attempt(
            run_id=row.run_id,
            position=row.position,
            item=row.item,
            number=number,
            client_id=row.client_id,
            started_at=begun,
        )
    )
    return number


def call(attempt: Try) -> Any:
    form = STEP_TYPES[attempt.type].form
    function = EFFECTS.get(attempt.type)
    if form is None or function is None:
        raise StepFailed(f"Steps of the type {attempt.type} can’t be done here.", again=False)
    try:
        given = form.model_validate(attempt.given, context={RENDERED: True})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StepFailed(f"{where}: {first['msg']}.", again=False) from None
    call = Call(attempt.run.id, attempt.run.client_id, attempt.step.id, attempt.key, attempt.seconds, attempt.mask)
    return function(given, call)


def finish_try(attempt: Try, output: Any, error: StepFailed | None) -> None:
    """Keep what came of a try. Raises `LeaseLost` if it isn't ours to keep."""
    claim, run = attempt.claim, attempt.run
    require_lease(claim)
    row = locked_step(claim.run_id, claim.position, claim.item)
    if row is None or row.status in OVER:
        raise LeaseLost
    moment = now()
    wrong = None
    if error is not None:
        wrong = attempt.mask(storable({"message": error.message[:2_000], **error.detail}))
    db.session.execute(
        update(Attempt)
        .where(Attempt.run_id == row.run_id, Attempt.position == row.position, Attempt.item == row.item)
        .where(Attempt.number == attempt.number)
        .values(finished_at=moment, error=wrong)
    )
    if error is not None and error.again and _tries(row) < attempt.retry.max_attempts:
        due = moment + timedelta(seconds=max(pause(attempt.retry, _tries(row)), error.wait or 0.0))
        row.status, row.error, row.due_at = "waiting", wrong, due
        db.session.flush()
        work.put_off(claim, due)
        return
    definition = definition_of(run.automation_id, run.version_number)
    if error is not None:
        _end(claim, run, row, definition, status="failed", error=wrong)
    else:
        _end(claim, run, row, definition, status="succeeded", output=cut(attempt.mask(storable(output))), error=None)


def _tries(row: RunStep) -> int:
    """How many tries came to an end of their own; one that a worker's end cut off doesn't count."""
    here = (Attempt.run_id == row.run_id, Attempt.position == row.position, Attempt.item == row.item)
    cut_off = Attempt.error["cut_off"].as_boolean().is_(True)
    query = select(func.count()).where(*here).where(Attempt.finished_at.is_not(None)).where(cut_off.is_not(True))
    return db.session.scalar(query) or 0


def pause(retry: Retry, tries: int) -> float:
    """Seconds until the next try: doubled each time, with some scatter so that many don't come at once."""
    longest = min(LONGEST_PAUSE, retry.backoff_seconds * 2.0 ** (tries - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311


def _end(claim: Claim, run: Run, row: RunStep, definition: Definition, *, status: str, **values: Any) -> None:
    """End the step, and have somebody look at what comes next."""
    work.require(claim)
    row.status, row.finished_at, row.due_at = status, now(), None
    row.started_at = row.started_at or row.finished_at
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    if claim.item == WHOLE:
        work.advance(run.id, run.client_id, run.automation_id)
    else:
        _end_item(run, row, definition)


def _end_item(run: Run, row: RunStep, definition: Definition) -> None:
    """Begin the loop's next item, or end the loop with the last one."""
    loop = locked_step(row.run_id, row.position, WHOLE)
    if loop is None or loop.status in OVER or loop.input is None:
        return
    here = (RunStep.run_id == row.run_id, RunStep.position == row.position, RunStep.item != WHOLE)
    begun = db.session.scalar(select(func.count()).where(*here)) or 0
    if begun < len(loop.input["items"]):
        values = {"run_id": row.run_id, "position": row.position, "item": begun, "client_id": row.client_id}
        db.session.add(RunStep(**values, step_id=row.step_id, type=row.type, status="queued"))
        db.session.flush()
        work.add(run, row.position, begun)
        return
    ends = list(db.session.execute(select(RunStep.status, RunStep.output).where(*here).order_by(RunStep.item)))
    if any(end.status not in OVER for end in ends):
        return
    failures = sum(end.status == "failed" for end in ends)
    loop.output = {
        "items": [end.output for end in ends],
        "succeeded": sum(end.status == "succeeded" for end in ends),
        "failed": failures,
    }
    loop.status = "failed" if failures else "succeeded"
    loop.error = {"message": f"{failures} of {len(ends)} items failed."} if failures else None
    loop.finished_at = now()
    db.session.flush()
    work.advance(run.id, run.client_id, run.automation_id)


def require_lease(claim: Claim) -> None:
    """Raises `LeaseLost`; else the lease can't be lost in this transaction."""
    query = select(Work.id).where(Work.id == claim.id, Work.fence == claim.fence).with_for_update()
    if db.session.scalar(query) is None:
        raise LeaseLost
