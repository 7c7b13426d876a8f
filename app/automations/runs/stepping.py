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
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select, update

from app.automations.definitions.schemas import Retry, StepInput
from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import STEP_TYPES
from app.automations.effects import EFFECTS, WITHIN, Call, StepFailed
from app.automations.effects.answers import storable
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import Scope
from app.automations.expressions.templates import render
from app.automations.models import WHOLE, Attempt, Run, RunStep
from app.automations.outbox.recording import Outgoing, begin_outgoing, end_outgoing
from app.automations.runs import work
from app.automations.runs.advancing import Wrong, outcome
from app.automations.runs.engine import OVER, Definition
from app.automations.runs.inside import call_workflow, rendered
from app.automations.runs.loading import lock_run, step_of, steps_of
from app.automations.runs.loops import end_item, inner_step
from app.automations.runs.outputs import read_outputs
from app.automations.runs.quick import (
    QUICK,
    AnyStep,
    Done,
    compute,
    failed,
    first_problem,
    is_rehearsed,
    not_now,
    rehearse,
)  # fmt: skip
from app.automations.runs.values import Masking, cut, masked_names, scope_of, secrets_of
from app.automations.runs.versions import definition_of
from app.automations.runs.within import do_within
from app.automations.runs.work import MOST_CLAIMS, Claim, LeaseLost
from app.core.clock import now, now_after
from app.core.schemas import Input
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
    form: Input | None = None
    outgoing: Outgoing | None = None
    refused: StepFailed | None = None
    """Why it isn't called at all."""


@dataclass
class Held:
    """A step, or an item, that this worker has the lease of; it holds the run as well."""

    claim: Claim
    run: Run
    row: RunStep


def begin_try(claim: Claim) -> Try | None:
    """Write down that a try begins. None if the step needs none: it has waited, or can't be done."""
    work.bound()
    run = lock_run(claim.run_id)
    work.require_lease(claim)
    row = step_of(claim.run_id, claim.position, claim.item)
    if run is None or row is None or row.status in OVER:
        work.require(claim)
        return None
    held = Held(claim, run, row)
    definition = definition_of(run.automation_id, run.version_number)
    step = definition.workflow.steps[claim.position]
    inner: AnyStep = step if claim.item == WHOLE else inner_step(step)
    if row.status == "waiting" and inner.type in _WAITED:
        end_step(held, **_WAITED[inner.type](row))
        return None
    seen = _seen(held, definition)
    if claim.item != WHOLE and (done := _without_a_try(held, inner, seen)) is not None:
        end_step(held, status=done.ended.status, **outcome(done))
        return None
    if row.status == "waiting" and row.finished_at is None and inner.type == "workflow":
        work.require(claim)  # It waits for the run that it has just called.
        return None
    return _prepare(held, step, inner, seen)


def _waited(row: RunStep) -> dict[str, Any]:
    return {"status": "succeeded", "output": row.input}


def _expired(_row: RunStep) -> dict[str, Any]:
    return {"status": "failed", "error": {"message": "The approval expired."}}


def _called(row: RunStep) -> dict[str, Any]:
    """The run that the step called is over."""
    called = db.session.get_one(Run, UUID((row.input or {})["run_id"]), populate_existing=True)
    output = {"run_id": str(called.id), "status": called.status, "output": cut(called.output)}
    if called.status == "succeeded":
        return {"status": "succeeded", "output": output}
    what = "failed" if called.status == "failed" else "was cancelled"
    return {"status": "failed", "output": output, "error": {"message": f"The called workflow {what}."}}


_WAITED = {"delay": _waited, "approval": _expired, "workflow": _called}


@dataclass
class Seen:
    """What the expressions of a step see: once with its secrets, once with what may be shown of them."""

    secrets: Mapping[str, str]
    real: Scope
    shown: Scope


def _seen(held: Held, definition: Definition) -> Seen:
    claim, run, row = held.claim, held.run, held.row
    secrets = secrets_of(run.client_id)
    ended, _ = steps_of([run.id])[run.id]
    read_outputs(run.id, ended, definition.reads(definition.workflow.steps[claim.position]))
    more = {} if claim.item == WHOLE else {"item": _item(claim), "index": claim.item}
    real, shown = (
        scope_of(run, definition, ended, row.started_at or now(), secrets=one, **more)
        for one in (secrets, masked_names(secrets))
    )
    return Seen(secrets, real, shown)


def _item(claim: Claim) -> Any:
    query = select(RunStep.input["items"][claim.item]).where(
        RunStep.run_id == claim.run_id, RunStep.position == claim.position, RunStep.item == WHOLE
    )
    return db.session.scalar(query)


def _without_a_try(held: Held, inner: AnyStep, seen: Seen) -> Done | None:
    """How an item ends that needs nobody outside; None if it has to be tried, or has begun to wait."""
    if (ended := not_now(inner, seen.real)) is not None:
        return Done(ended)
    if inner.type in QUICK:
        return compute(inner, seen.real)
    if held.run.dry_run and is_rehearsed(inner):
        return rehearse(inner, seen.shown, seen.secrets)
    if inner.type in WITHIN:
        return do_within(held.run, inner, seen.real)
    if inner.type == "workflow":
        row = held.row
        try:
            row.input = call_workflow(held.run, held.claim.position, held.claim.item, rendered(inner, seen.real))
        except (Wrong, ExpressionError) as error:
            return Done(failed(str(error)), inner.with_)
        row.status, row.started_at = "waiting", now()
        db.session.flush()
    return None


def _shown(inner: AnyStep, seen: Seen) -> Any:
    """What is kept of `with`: rendered with masked secrets, so that even short ones don't show; where that can't be
    computed with (a secret that is JSON), as it was written."""
    try:
        return render(inner.with_, seen.shown)
    except ExpressionError:
        return inner.with_


def _prepare(held: Held, step: StepInput, inner: AnyStep, seen: Seen) -> Try | None:
    claim, run, row = held.claim, held.run, held.row
    at = row.started_at or now()
    mask = Masking(seen.secrets.values())
    try:
        given = render(inner.with_, seen.real)
    except ExpressionError as error:
        end_step(held, status="failed", error=mask(failed(error.message, "with", at=error.at).error))
        return None
    kept = mask(_shown(inner, seen))
    if claim.fence > MOST_CLAIMS and row.attempts - _tries(row) >= MOST_CLAIMS:
        message = "This step was given up because it repeatedly crashed its worker."
        end_step(held, status="failed", error={"message": message}, input=kept)
        return None
    number = _open_attempt(row, at)
    row.status, row.attempts, row.input, row.notes = "running", number, kept, seen.real.missing or None
    row.started_at = at
    db.session.flush()
    seconds = step.timeout_seconds or STEP_TYPES[inner.type].seconds
    attempt = Try(claim, run, step, inner.type, given, row.key, number, step.retry, seconds, mask)
    try:
        attempt.form = _form_of(attempt)
        attempt.outgoing = begin_outgoing(run, row, inner.type, attempt.form, kept)
    except StepFailed as refusal:
        attempt.refused = refusal
    return attempt


def _open_attempt(row: RunStep, at: datetime) -> int:
    """The number of the try that begins. One that is still open was cut off when its worker ended."""
    cut_off = {"message": "The worker stopped during this attempt.", "cut_off": True}
    here = (Attempt.run_id == row.run_id, Attempt.position == row.position, Attempt.item == row.item)
    db.session.execute(
        update(Attempt)
        .where(*here, Attempt.finished_at.is_(None))
        .values(finished_at=func.greatest(now(), Attempt.started_at), error=cut_off)
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
    """What the step answers with. Raises `StepFailed`."""
    if attempt.refused is not None:
        raise attempt.refused
    run = attempt.run
    call = Call(run.id, run.client_id, attempt.step.id, attempt.key, attempt.seconds, run.depth, attempt.mask)
    return EFFECTS[attempt.type](attempt.form, call)


def _form_of(attempt: Try) -> Input:
    form = STEP_TYPES[attempt.type].form
    if form is None or attempt.type not in EFFECTS:
        raise StepFailed(f"Steps of type {attempt.type} can’t run here.", again=False)
    try:
        return form.model_validate(attempt.given, context={RENDERED: True})
    except ValidationError as error:
        raise StepFailed(first_problem(error), again=False) from None


def finish_try(attempt: Try, output: Any, error: StepFailed | None) -> None:
    """Keep what came of a try. Raises `LeaseLost` if it isn't ours to keep."""
    claim, run = attempt.claim, attempt.run
    work.bound()
    if lock_run(run.id) is None:
        raise LeaseLost
    work.require_lease(claim)
    row = step_of(claim.run_id, claim.position, claim.item)
    if row is None or row.status in OVER:
        raise LeaseLost
    held = Held(claim, run, row)
    moment = now()
    wrong = None
    if error is not None:
        wrong = attempt.mask(storable({"message": error.message[:2_000], **error.detail}))
    db.session.execute(
        update(Attempt)
        .where(Attempt.run_id == row.run_id, Attempt.position == row.position, Attempt.item == row.item)
        .where(Attempt.number == attempt.number)
        .values(finished_at=func.greatest(moment, Attempt.started_at), error=wrong)
    )
    end_outgoing(attempt.outgoing, attempt.mask, output, error)
    if error is not None and error.again and _tries(row) < attempt.retry.max_attempts:
        due = moment + timedelta(seconds=max(pause(attempt.retry, _tries(row)), error.wait or 0.0))
        row.status, row.error, row.due_at = "waiting", wrong, due
        db.session.flush()
        work.put_off(claim, due)
        return
    if error is not None:
        end_step(held, status="failed", error=wrong)
    else:
        end_step(held, status="succeeded", output=cut(attempt.mask(storable(output))), error=None)


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


def end_step(held: Held, *, status: str, **values: Any) -> None:
    """End the step, and have somebody look at what comes next."""
    claim, run, row = held.claim, held.run, held.row
    work.require(claim)
    row.status, row.finished_at, row.due_at = status, now_after(row.started_at), None
    row.started_at = row.started_at or row.finished_at
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    if claim.item == WHOLE:
        work.advance(run.id, run.client_id, run.automation_id)
    else:
        end_item(run, row)
