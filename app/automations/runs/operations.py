"""What people do with runs: begin one, cancel it, run it again, answer what it asks."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import case, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.automations.errors import (
    NoSuchItem,
    NoSuchStep,
    NotWaitingForApproval,
    RunDataIsGone,
    RunIsNotOver,
    RunIsOver,
    RunSucceeded,
    UnknownVersion,
)  # fmt: skip
from app.automations.models import ADVANCE, WHOLE, Automation, Run, RunStep, Version
from app.automations.runs import work
from app.automations.runs.ending import close
from app.automations.runs.engine import OVER, Definition
from app.automations.runs.items_again import Items, repeat_items
from app.automations.runs.loading import lock_run, lock_runs, step_of
from app.automations.runs.versions import definition_of
from app.automations.steps import RUN
from app.core.audit import Actor
from app.core.clock import now, now_after
from app.core.events import publish
from app.core.ids import new_id
from app.extensions import db


def begin_run(
    automation: Automation,
    *,
    trigger: str,
    given: Mapping[str, Any],
    actor: Actor,
    delivery: str | None = None,
    version: int | None = None,
    dry_run: bool = False,
    **more: Any,
) -> tuple[UUID, bool]:
    """Have a workflow run. The id of the run, and whether it is new: the same `delivery` never makes a second run, at
    whatever moment and however often it comes. Raises `UnknownVersion`."""
    number = version or automation.version_number
    if version is not None and not _has_version(automation, version):
        raise UnknownVersion
    values = {
        "id": new_id(), "client_id": automation.client_id, "automation_id": automation.id, "version_number": number,
        "status": "queued", "trigger": trigger, "delivery": delivery, "dry_run": dry_run, "depth": 0,
        "input": dict(given),
        "actor_id": actor.id, "actor_name": actor.username, "created_at": now(), **more,
    }  # fmt: skip
    statement = insert(Run).values(values)
    if delivery is not None:
        statement = statement.on_conflict_do_nothing(
            index_elements=["automation_id", "delivery"], index_where=Run.delivery.is_not(None)
        )
    made = db.session.scalar(statement.returning(Run.id))
    if made is None:
        query = select(Run.id).where(Run.automation_id == automation.id, Run.delivery == delivery)
        return db.session.scalars(query).one(), False
    work.advance(made, automation.client_id, automation.id)
    work.ring()
    return made, True


def _has_version(automation: Automation, number: int) -> bool:
    query = select(Version.id).where(Version.automation_id == automation.id, Version.number == number)
    return db.session.scalar(query) is not None


@RUN.does("cancel")
def cancel_run(run: Run, *, actor: Actor) -> Run:
    """End the run: no further step begins, and the result of a try under way isn't kept. Callers hold the row."""
    RUN.begin(run, "cancel", actor=actor)
    close(run, "cancelled", {"step": "", "message": f"Cancelled by {actor.username}."})
    children = select(Run.id).where(Run.parent_run_id == run.id, Run.called_by.is_not(None), Run.finished_at.is_(None))
    for child in lock_runs(db.session.scalars(children).all()).values():
        cancel_run(child, actor=actor)
    return run


def retry_run(
    run: Run,
    *,
    actor: Actor,
    from_step: str | None = None,
    given: Mapping[str, Any] | None = None,
    version: int | None = None,
    everything: bool = False,
    items: Items | None = None,
    edited: Mapping[int, Any] | None = None,
) -> Run:
    """Run it again, as a new run: from its first failed step, or from that one; steps that don't depend on it keep
    their results. With another input all steps run again, unless a step is named; with `everything` in any case. Of
    the loop `from_step`, only `items` are done again; `edited` has new values of some of them.

    A failed run counts as settled from then on. Raises `RunIsNotOver`, `RunSucceeded` without a step, `NoSuchStep`, and
    `RunDataIsGone` where its results and its input would be needed. Callers hold the row.
    """
    if run.finished_at is None:
        raise RunIsNotOver
    if run.status == "succeeded" and from_step is None and not everything:
        raise RunSucceeded
    if run.data_removed_at is not None and (given is None or from_step is not None):
        raise RunDataIsGone
    automation = db.session.get_one(Automation, run.automation_id)
    number = version or run.version_number
    definition = definition_of(run.automation_id, number)
    if from_step is not None and from_step not in definition.steps:
        raise NoSuchStep(f"Version {number} has no step {from_step}.")
    if items is not None and from_step is None:
        raise NoSuchItem("Set from_step to the loop whose items should run again.")
    again, _ = begin_run(
        automation, trigger=run.trigger, given=run.input or {} if given is None else given, actor=actor, version=number,
        dry_run=run.dry_run, parent_run_id=run.id, from_step=from_step,
    )  # fmt: skip
    _keep_results(run, again, number, from_step, all_again=everything or (given is not None and from_step is None))
    if run.status == "failed":
        run.settled_as = "retried"
    db.session.flush()
    made = db.session.get_one(Run, again)
    if items is not None and from_step is not None:
        repeat_items(run, made, definition, from_step, items, edited=edited or {})
    return made


def done_again(rows: Iterable[Any], definition: Definition, from_step: str | None) -> set[str]:
    """The steps that a retry does again: those from the named one on, and what didn’t succeed, with all that depends on
    it. `rows` are those of the run's steps, with their `item`; the others keep their results."""
    succeeded = {row.step_id: row.type for row in rows if row.item == WHOLE and row.status == "succeeded"}
    repeated: set[str] = set() if from_step is None else set(definition.after(from_step))
    for step in definition.workflow.steps:
        if succeeded.get(step.id) != step.type:
            repeated |= definition.after(step.id)
    return repeated


_KEPT = (
    "item", "client_id", "step_id", "type", "status", "attempts", "key", "input", "output", "notes", "started_at",
    "finished_at",
)  # fmt: skip
"""What a retry takes over of a step's row. The values stay in the database: together they may be large."""


def _keep_results(run: Run, again: UUID, number: int, from_step: str | None, *, all_again: bool) -> None:
    """Give the new run the results of the steps that aren't done again: they succeeded, and need nothing that is."""
    if all_again:
        return
    definition = definition_of(run.automation_id, number)
    of_run = (RunStep.run_id == run.id, RunStep.item == WHOLE)
    rows = db.session.execute(select(RunStep.step_id, RunStep.item, RunStep.status, RunStep.type).where(*of_run)).all()
    repeated = done_again(rows, definition, from_step)
    kept = {row.step_id for row in rows if row.step_id in definition.steps and row.step_id not in repeated}
    if kept:
        places = case({one: definition.position[one] for one in kept}, value=RunStep.step_id)
        source = select(literal(again), places, *(getattr(RunStep, name) for name in _KEPT))
        names = ["run_id", "position", *_KEPT]
        db.session.execute(insert(RunStep).from_select(names, source.where(*of_run, RunStep.step_id.in_(kept))))


def decide(run: Run, step_id: str, *, approve: bool, comment: str, actor: Actor) -> RunStep:
    """Answer a step that asks for approval: the run goes on, or the step fails. Raises `NotWaitingForApproval`, also
    where somebody else has answered in the meantime."""
    definition = definition_of(run.automation_id, run.version_number)
    position = definition.position.get(step_id, ADVANCE)
    if lock_run(run.id) is None:
        raise RunIsOver
    step = step_of(run.id, position, WHOLE)
    if step is None or step.type != "approval" or step.status in OVER:
        raise NotWaitingForApproval
    moment = now()
    answer = {
        "decision": "approve" if approve else "reject", "comment": comment, "by": actor.username,
        "at": moment.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    step.status, step.output = "succeeded" if approve else "failed", answer
    step.finished_at = now_after(step.started_at)
    if not approve:
        step.error = {"message": f"{actor.username} rejected it" + (f": {comment}" if comment else ".")}
    db.session.flush()
    work.drop(run.id, position)
    work.advance(run.id, run.client_id, run.automation_id)
    work.ring()
    automation = db.session.get_one(Automation, run.automation_id)
    publish(
        "automation.approval_answered", about=run, within=automation, label=automation.name, actor=actor,
        step=step_id, decision=answer["decision"],
        comment=comment, caused_by=run.id,
    )  # fmt: skip
    return step
