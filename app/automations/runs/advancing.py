"""Finding out what comes next in a run, and doing at once what needs nobody outside.

Steps that only compute (and all steps of a rehearsal) are done here, one after the other, and written together with
what follows from them, in one transaction: a crash before its commit leaves nothing, and they are computed again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.types import STEP_TYPES
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import Scope, evaluate, is_true
from app.automations.expressions.templates import render
from app.automations.models import WHOLE, Run
from app.automations.runs.engine import OVER, Definition, Ended
from app.automations.runs.values import Masking, masked_names, scope_of
from app.core.clock import now
from app.core.ids import new_id


@dataclass
class Begun:
    """A step that has begun and isn't over, as its row says."""

    step_id: str
    status: str


@dataclass
class Look:
    """One look at a run: what is known, and what follows. The lists hold the values of rows to be written."""

    run: Run
    definition: Definition
    ended: dict[str, Ended]
    begun: dict[str, Begun]
    secrets: Mapping[str, str]
    at: datetime
    steps: list[dict[str, Any]] = field(default_factory=list)
    work: list[dict[str, Any]] = field(default_factory=list)
    run_values: dict[str, Any] = field(default_factory=dict)
    later: list[tuple[StepInput, dict[str, Any]]] = field(default_factory=list)
    """Steps that are done inside of the transaction, by functions of `INSIDE`: they need a session of their own."""

    def scope(self, *, secrets: Mapping[str, str] | None = None) -> Scope:
        return scope_of(self.run, self.definition, self.ended, self.at, secrets=secrets)

    def row(self, step: StepInput, status: str, **values: Any) -> dict[str, Any]:
        row = {
            "run_id": self.run.id, "position": self.definition.position[step.id], "item": WHOLE,
            "client_id": self.run.client_id, "step_id": step.id, "type": step.type, "status": status, "attempts": 0,
            "key": new_id(), "input": None, "output": None, "would": None, "error": None, "notes": None, "due_at": None,
            "started_at": self.at, "finished_at": self.at if status in OVER else None,
        }  # fmt: skip
        row.update(values)
        self.steps.append(row)
        return row

    def add_work(self, step: StepInput, due_at: datetime | None = None) -> None:
        self.work.append(
            {
                "run_id": self.run.id,
                "position": self.definition.position[step.id],
                "item": WHOLE,
                "client_id": self.run.client_id,
                "automation_id": self.run.automation_id,
                "state": "ready" if due_at is None else "later",
                "due_at": due_at,
                "fence": 0,
            }
        )

    def end(self, step: StepInput, ended: Ended, **values: Any) -> None:
        self.ended[step.id] = ended
        self.row(step, ended.status, output=ended.output, error=ended.error, **values)

    def begin(self, step: StepInput, status: str, **values: Any) -> None:
        self.begun[step.id] = Begun(step.id, status)
        self.row(step, status, **values)


def look_at(
    run: Run, definition: Definition, ended: dict[str, Ended], begun: dict[str, Begun], secrets: Mapping[str, str]
) -> Look:
    """What comes next in the run, as rows to be written."""
    at = now()
    look = Look(run, definition, ended, begun, secrets, at)
    if run.started_at is None:
        run.started_at = at
        look.run_values["started_at"] = at
    while steps := list(definition.ready(look.ended, look.begun)):
        for step in steps:
            _begin(look, step)
        if look.later:
            return look  # What they answer may decide what follows.
    conclude(look)
    return look


def conclude(look: Look) -> None:
    """The run's state, after its steps."""
    outcome = look.definition.outcome(look.ended)
    if outcome is None:
        busy = any(one.status in ("queued", "running") for one in look.begun.values())
        look.run_values["status"] = "running" if busy else "waiting"
        return
    look.run_values |= {"status": outcome, "finished_at": look.at, "output": look.definition.output(look.ended)}
    if outcome == "failed":
        step_id, error = look.definition.first_failure(look.ended) or ("", {})
        look.run_values["error"] = {"step": step_id, **error}
        look.run_values["fingerprint"] = fingerprint(step_id, error)


def fingerprint(step_id: str, error: Mapping[str, Any]) -> str:
    """What failures of one cause have in common: the step and the message, whatever numbers and ids are in it."""
    message = "".join("0" if character.isdigit() else character for character in str(error.get("message", "")))
    return sha256(f"{step_id} {message[:300]}".encode()).hexdigest()[:16]


def _begin(look: Look, step: StepInput) -> None:
    if (reason := look.definition.must_skip(step, look.ended)) is not None:
        look.end(step, Ended("skipped", error={"message": reason}), started_at=None)
        return
    if step.if_ is not None:
        try:
            passes = is_true(evaluate(step.if_, look.scope()))
        except ExpressionError as error:
            look.end(step, failed(error.message, "if", step.if_, error.at))
            return
        if not passes:
            look.end(step, Ended("skipped", error={"message": f"{step.if_} isn’t true."}), started_at=None)
            return
    kind = STEP_TYPES[step.type]
    if look.run.dry_run and (kind.has_effect(step.with_) or kind.waits):
        _rehearse(look, step)
    else:
        _BEGINNINGS.get(step.type, _hand_over)(look, step)


def failed(message: str, where: str = "", source: str = "", at: int | None = None, **more: Any) -> Ended:
    """A step that ended with an error. `where` is the member of `with`, or `if`, whose expression it is about."""
    error: dict[str, Any] = {"message": message, **more}
    if where:
        error |= {"where": where, "source": source[:500]}
    if at is not None:
        error["at"] = at
    return Ended("failed", error=error)


def _transform(look: Look, step: StepInput) -> None:
    scope = look.scope()
    try:
        output = render(step.with_, scope)
    except ExpressionError as error:
        look.end(step, failed(error.message, "with", at=error.at), input=step.with_)
        return
    look.end(step, Ended("succeeded", output), input=step.with_, notes=scope.missing or None, attempts=1)


def _condition(look: Look, step: StepInput) -> None:
    source = str(step.with_.get("if", ""))
    scope = look.scope()
    try:
        result = is_true(evaluate(source, scope))
    except ExpressionError as error:
        look.end(step, failed(error.message, "if", source, error.at), input=step.with_)
        return
    look.end(step, Ended("succeeded", {"result": result}), input=step.with_, notes=scope.missing or None, attempts=1)


def _delay(look: Look, step: StepInput) -> None:
    try:
        seconds = float(render(step.with_, look.scope())["seconds"])
    except (ExpressionError, TypeError, ValueError) as error:
        look.end(step, failed(f"The time to wait can’t be told: {error}"), input=step.with_)
        return
    due = look.at + timedelta(seconds=max(0.0, seconds))
    look.begin(step, "waiting", input={"seconds": seconds}, due_at=due)
    look.add_work(step, due)


def _hand_over(look: Look, step: StepInput) -> None:
    """Somebody else does it: it reaches outside."""
    look.begin(step, "queued", started_at=None)
    look.add_work(step)


def _inside(look: Look, step: StepInput) -> None:
    look.begun[step.id] = Begun(step.id, "running")
    look.later.append((step, {}))


def _rehearse(look: Look, step: StepInput) -> None:
    """Say what the step would do, and go on with the example that its author gave."""
    scope = look.scope(secrets=masked_names(look.secrets))
    try:
        would = Masking(look.secrets.values())(render(step.with_, scope))
    except ExpressionError as error:
        look.end(step, failed(error.message, "with", at=error.at), input=step.with_)
        return
    look.end(step, Ended("succeeded", step.example), input=would, would=would, notes=scope.missing or None)


_BEGINNINGS: Mapping[str, Callable[[Look, StepInput], None]] = {
    "transform": _transform,
    "condition": _condition,
    "delay": _delay,
    "approval": _inside,
    "workflow": _inside,
    "for_each": _inside,
    "record": _inside,
}
