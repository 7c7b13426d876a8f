"""Finding out what comes next in a run, and doing at once what needs nobody outside.

Steps that only compute (and all steps of a rehearsal) are done here, one after the other, and written together with
what follows from them, in one transaction: a crash before its commit leaves nothing, and they are computed again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from app.automations.definitions.schemas import StepInput
from app.automations.expressions.errors import ExpressionError
from app.automations.expressions.evaluation import Scope
from app.automations.models import ADVANCE, WHOLE, Run
from app.automations.runs.engine import OVER, Definition, Ended
from app.automations.runs.outputs import answer_of, left_out, read_outputs
from app.automations.runs.quick import QUICK, Done, compute, failed, is_rehearsed, not_now, rehearse
from app.automations.runs.values import masked_names, scope_of, size_of
from app.core.clock import now, now_after
from app.core.ids import new_id

LONGEST_LOOK = 1.0
"""Seconds of computing after which a look ends, and the next one goes on: the others of its transaction wait for it."""
MOST_KEPT = 4 << 20
"""About so much of what steps took and gave is written by one look; the next one goes on."""


@dataclass
class Begun:
    """A step that has begun and isn't over, as its row says."""

    step_id: str
    status: str


class Wrong(Exception):
    """The step fails, with this message."""


@dataclass
class Look:
    """One look at a run: what is known, and what follows. The lists hold the values of rows to be written."""

    run: Run
    definition: Definition
    ended: dict[str, Ended]
    begun: dict[str, Begun]
    secrets: Mapping[str, str]
    """For rehearsals, whose steps show what they would send; else empty."""
    at: datetime = field(default_factory=now)
    until: float = field(default_factory=lambda: monotonic() + LONGEST_LOOK)
    steps: list[dict[str, Any]] = field(default_factory=list)
    work: list[dict[str, Any]] = field(default_factory=list)
    run_values: dict[str, Any] = field(default_factory=dict)
    began: datetime | None = None
    """When the step began that is being done."""
    waiting: tuple[StepInput, datetime, Any] | None = None
    """The step that is done together with those of other runs, when it began, and what is to be done."""
    kept: int = 0
    """About how large the values are that are to be written."""
    lacks_outputs: bool = field(init=False)
    """Whether outputs were too large to be read before they are needed."""

    def __post_init__(self) -> None:
        self.lacks_outputs = bool(left_out(self.ended))

    @property
    def is_long(self) -> bool:
        return monotonic() > self.until or self.kept > MOST_KEPT

    def scope(self, *, secrets: Mapping[str, str] | None = None, **more: Any) -> Scope:
        return scope_of(self.run, self.definition, self.ended, self.at, secrets=secrets, **more)

    def row(self, step: StepInput, status: str, **values: Any) -> None:
        """Have a row written for the step, or for an item of it."""
        row = {
            "run_id": self.run.id, "position": self.definition.position[step.id], "item": WHOLE,
            "client_id": self.run.client_id, "step_id": step.id, "type": step.type, "status": status, "attempts": 0,
            "key": new_id(), "input": None, "output": None, "would": None, "error": None, "notes": None, "due_at": None,
            "started_at": self.began, "finished_at": now_after(self.began) if status in OVER else None,
        }  # fmt: skip
        row.update(values)
        self.kept += sum(size_of(row[part]) for part in ("input", "output", "would"))
        self.steps.append(row)

    def add_work(self, position: int, item: int = WHOLE, due_at: datetime | None = None) -> None:
        self.work.append(
            {
                "run_id": self.run.id, "position": position, "item": item, "client_id": self.run.client_id,
                "automation_id": self.run.automation_id, "state": "ready" if due_at is None else "later",
                "due_at": due_at, "fence": 0,
            }
        )  # fmt: skip

    def end(self, step: StepInput, done: Done, **values: Any) -> None:
        """The step is over."""
        self.ended[step.id] = done.ended
        self.begun.pop(step.id, None)
        self.row(step, done.ended.status, **outcome(done), **values)

    def wait_for_others(self, step: StepInput, task: Any) -> None:
        """The step is done together with those of other runs; before that, nothing else of this one."""
        assert self.began is not None
        self.waiting = (step, self.began, task)

    def take_waiting(self) -> tuple[StepInput, datetime, Any]:
        assert self.waiting is not None
        taken, self.waiting = self.waiting, None
        return taken

    def begin(self, step: StepInput, status: str, **values: Any) -> None:
        """The step has begun, and ends another time."""
        self.begun[step.id] = Begun(step.id, status)
        self.row(step, status, **values)


def outcome(done: Done) -> dict[str, Any]:
    """What a step's row keeps of how it ended."""
    ended = done.ended
    return {
        "input": done.input, "output": ended.output, "error": ended.error, "would": done.would, "notes": done.notes,
        "attempts": done.attempts,
    }  # fmt: skip


Beginning = Callable[[Look, StepInput], None]
BEGINNINGS: dict[str, Beginning] = {}
"""How steps begin that need the database, and nobody outside. A type that isn't here is done by a try of its own."""


def begins(step_type: str) -> Callable[[Beginning], Beginning]:
    """Register how steps of a type begin, within the transaction that looks at their run. The function calls `look.end`
    or `look.begin`, or raises `Wrong`."""

    def register(function: Beginning) -> Beginning:
        BEGINNINGS[step_type] = function
        return function

    return register


def look_at(look: Look) -> None:
    """Find out what comes next in the run, as rows to be written."""
    if look.run.started_at is None:
        look.run_values["started_at"] = look.at
        set_committed_value(look.run, "started_at", look.at)  # It is written with the rest.
    while steps := list(look.definition.ready(look.ended, look.begun)):
        for step in steps:
            if look.is_long:
                look.add_work(ADVANCE)
                look.run_values["status"] = "running"
                return
            look.began = now()
            _begin(look, step)
            if look.waiting is not None:
                return
    _conclude(look)


def _conclude(look: Look) -> None:
    """The run's state, after its steps."""
    outcome = look.definition.outcome(look.ended)
    if outcome is None:
        busy = any(one.status in ("queued", "running") for one in look.begun.values())
        look.run_values["status"] = "running" if busy else "waiting"
        return
    look.run_values |= {
        "status": outcome, "finished_at": now_after(look.run.started_at),
        "output": answer_of(look.run.id, look.ended, look.definition.answering(look.ended)),
    }  # fmt: skip
    if outcome == "failed":
        step_id, error = look.definition.first_failure(look.ended) or ("", {})
        look.run_values["error"] = {"step": step_id, **error}
        look.run_values["fingerprint"] = fingerprint(look.run.automation_id, step_id, error)


_NUMBERS = re.compile(r"(?=[0-9a-f-]*[0-9])[0-9a-f]{8}[0-9a-f-]*|[0-9]+(?:[.,:][0-9]+)*", re.IGNORECASE)


def fingerprint(automation_id: UUID, step_id: str, error: Mapping[str, Any]) -> str:
    """What failures of one cause have in common: the automation, the step and the message, whatever numbers and ids
    are in it."""
    message = _NUMBERS.sub("0", str(error.get("message", ""))[:2_000])
    return sha256(f"{automation_id} {step_id} {message[:300]}".encode()).hexdigest()[:16]


def _is_done_here(look: Look, step: StepInput) -> bool:
    """Whether looking at the run does the step, or begins it, so that its expressions are evaluated now."""
    return step.type in QUICK or step.type in BEGINNINGS or (look.run.dry_run and is_rehearsed(step))


def _begin(look: Look, step: StepInput) -> None:
    if (reason := look.definition.must_skip(step, look.ended)) is not None:
        look.end(step, Done(Ended("skipped", error={"message": reason})), started_at=None)
        return
    if look.lacks_outputs and (step.if_ is not None or _is_done_here(look, step)):
        read_outputs(look.run.id, look.ended, look.definition.reads(step))
    if (ended := not_now(step, look.scope())) is not None:
        look.end(step, Done(ended), **({"started_at": None} if ended.status == "skipped" else {}))
    elif look.run.dry_run and is_rehearsed(step):
        look.end(step, rehearse(step, look.scope(secrets=masked_names(look.secrets)), look.secrets))
    elif step.type in QUICK:
        look.end(step, compute(step, look.scope()))
    elif (beginning := BEGINNINGS.get(step.type)) is not None:
        _within(look, step, beginning)
    else:
        look.begin(step, "queued", started_at=None)
        look.add_work(look.definition.position[step.id])


def _within(look: Look, step: StepInput, beginning: Beginning) -> None:
    try:
        beginning(look, step)
    except Wrong as error:
        look.end(step, Done(failed(str(error)), step.with_))
    except ExpressionError as error:
        look.end(step, Done(failed(error.message, "with", at=error.at), step.with_))
