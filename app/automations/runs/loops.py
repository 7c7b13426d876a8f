"""Loops: a row for each item, a few at a time. Items that only compute are done at once, as far as time goes."""

import json
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Text, case, cast, func, select

from app.automations.definitions.schemas import MOST_ITEMS, StepInput
from app.automations.definitions.templated import RENDERED
from app.automations.definitions.types import ForEachWith, InnerStep
from app.automations.expressions.templates import render
from app.automations.models import WHOLE, Run, RunStep
from app.automations.runs import work
from app.automations.runs.advancing import Look, Wrong, begins, outcome
from app.automations.runs.engine import OVER, Ended
from app.automations.runs.inside import room_for_calls
from app.automations.runs.items_again import AGAIN, next_again
from app.automations.runs.loading import step_of
from app.automations.runs.quick import QUICK, Done, compute, first_problem, is_rehearsed, not_now, rehearse
from app.automations.runs.values import LARGEST_OUTPUT, masked_names
from app.core.clock import now, now_after
from app.extensions import db


def inner_step(step: StepInput) -> InnerStep:
    """The step that a loop does for each item."""
    return InnerStep.model_validate(step.with_["step"])


@begins("for_each")
def _for_each(look: Look, step: StepInput) -> None:
    form = _rendered(look, step)
    inner = inner_step(step)
    if inner.type == "workflow":
        room_for_calls(look.run, look.definition.position[step.id], WHOLE, len(form.items))
    shown = {"items": form.items, "concurrency": form.concurrency}
    ends: list[Ended] = []
    if inner.type in QUICK or (look.run.dry_run and is_rehearsed(inner)):
        ends = _done_at_once(look, step, inner, form.items)
    if len(ends) == len(form.items):
        look.end(step, Done(_together([(end.status, end.output) for end in ends]), shown))
        return
    look.begin(step, "running", input=shown)
    for item in range(len(ends), min(len(form.items), len(ends) + form.concurrency)):
        look.row(step, "queued", item=item, type=inner.type, started_at=None)
        look.add_work(look.definition.position[step.id], item)


def _rendered(look: Look, step: StepInput) -> ForEachWith:
    """The form of the loop; the step inside of it is rendered for each item."""
    given = render({name: value for name, value in step.with_.items() if name != "step"}, look.scope())
    items = given.get("items")
    if not isinstance(items, list):
        raise Wrong("items: This isn’t a list.")
    if len(items) > MOST_ITEMS:
        raise Wrong(f"items: These are {len(items):,} items; a loop takes {MOST_ITEMS:,} at most.")
    try:
        return ForEachWith.model_validate({**given, "step": step.with_["step"]}, context={RENDERED: False})
    except ValidationError as error:
        raise Wrong(first_problem(error)) from None


def _done_at_once(look: Look, step: StepInput, inner: InnerStep, items: list[Any]) -> list[Ended]:
    """Do items that need nobody outside, until the time of the look is over."""
    ends: list[Ended] = []
    for index, item in enumerate(items):
        if look.is_long:
            break
        began = now()
        done = item_done(look, inner, item, index)
        look.row(step, done.ended.status, item=index, type=inner.type, started_at=began, **outcome(done))
        ends.append(done.ended)
    return ends


def item_done(look: Look, inner: InnerStep, item: Any, index: int) -> Done:
    """Do an item that needs nobody outside."""
    scope = look.scope(item=item, index=index)
    if (ended := not_now(inner, scope)) is not None:
        return Done(ended)
    if inner.type in QUICK:
        return compute(inner, scope)
    masked = look.scope(secrets=masked_names(look.secrets), item=item, index=index)
    return rehearse(inner, masked, look.secrets)


def end_item(run: Run, row: RunStep) -> None:
    """Begin the loop's next item, or end the loop with the last one. Callers hold the run, and have ended the row."""
    here = (RunStep.run_id == row.run_id, RunStep.position == row.position)
    count = func.jsonb_array_length(RunStep.input["items"])
    loop = select(count, RunStep.input.has_key(AGAIN)).where(*here, RunStep.item == WHOLE)
    found = db.session.execute(loop.where(RunStep.finished_at.is_(None))).one_or_none()
    if found is None:
        return
    wanted, is_again = found
    if is_again and (queued := next_again(row.run_id, row.position)) is not None:
        work.add(run, row.position, queued)
        return
    items = (*here, RunStep.item != WHOLE)
    begun, open_ones = db.session.execute(
        select(func.count(), func.count().filter(RunStep.finished_at.is_(None))).where(*items)
    ).one()
    if begun < wanted:
        values = {"run_id": row.run_id, "position": row.position, "item": begun, "client_id": row.client_id}
        db.session.add(RunStep(**values, step_id=row.step_id, type=row.type, status="queued"))
        db.session.flush()
        work.add(run, row.position, begun)
    elif not open_ones:
        _end_loop(run, row)


def _end_loop(run: Run, row: RunStep) -> None:
    loop = step_of(row.run_id, row.position, WHOLE)
    if loop is None or loop.status in OVER:
        return
    here = (RunStep.run_id == row.run_id, RunStep.position == row.position, RunStep.item != WHOLE)
    # What a step may keep is added up by the database: all outputs of a loop can be a thousand times as much.
    size = func.sum(func.coalesce(func.octet_length(cast(RunStep.output, Text)), 4)).over(order_by=RunStep.item)
    sized = select(RunStep.item, RunStep.status, RunStep.output, size.label("size")).where(*here).subquery()
    kept = case((sized.c.size <= LARGEST_OUTPUT, sized.c.output))
    found = db.session.execute(select(sized.c.status, kept, sized.c.size).order_by(sized.c.item)).all()
    ended = _together([(status, output) for status, output, _ in found])
    if found[-1].size > LARGEST_OUTPUT:
        ended.output["truncated"] = True
    loop.status, loop.output, loop.error = ended.status, ended.output, ended.error
    loop.finished_at = now_after(loop.started_at)
    db.session.flush()
    work.advance(run.id, run.client_id, run.automation_id)


def _together(ends: list[tuple[str, Any]]) -> Ended:
    """How a loop ended whose items ended so. Outputs beyond what a step may keep are left out, and that is said."""
    failures = sum(status == "failed" for status, _ in ends)
    output: dict[str, Any] = {
        "items": [output for _, output in ends],
        "succeeded": sum(status == "succeeded" for status, _ in ends),
        "failed": failures,
    }
    room = LARGEST_OUTPUT
    for index, one in enumerate(output["items"]):
        room -= len(json.dumps(one, ensure_ascii=False, default=str))
        if room < 0:
            output["items"][index:] = [None] * (len(ends) - index)
            output["truncated"] = True
            break
    if not failures:
        return Ended("succeeded", output)
    return Ended("failed", output, {"message": f"{failures} of {len(ends)} items failed."})
