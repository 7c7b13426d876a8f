"""Running a draft, or a step of it, in memory: conditions, values and texts are computed as in a real run, and nothing
leaves. What a real run would send, or change, is said instead (`would`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.automations.definitions.schemas import StepInput, WorkflowInput
from app.automations.definitions.types import STEP_TYPES
from app.automations.editor.models import Draft
from app.automations.models import ADVANCE, WHOLE, Run
from app.automations.runs.advancing import Begun, Look, look_at
from app.automations.runs.engine import Definition, Ended
from app.automations.runs.values import secrets_of
from app.core.clock import now
from app.core.ids import new_id
from app.identity.identities import Identity

MOST_LOOKS = 4
"""A look ends after a second; what isn't done after so many is left."""
LEFT = {"message": "The rehearsal of a draft stops here: this step needs a worker or takes too long."}


@dataclass
class Tried:
    """How a step went. `would` has what the real one would send, one for each item of a loop."""

    step: StepInput
    status: str
    input: Any = None
    output: Any = None
    error: Mapping[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    would: list[Any] = field(default_factory=list)
    items: int = 0

    @property
    def label(self) -> str:
        kind = STEP_TYPES.get(self.step.type)
        return kind.label if kind else self.step.type

    @property
    def does(self) -> str:
        """What it would do; a loop does what the step inside of it does."""
        inner = self.step.with_.get("step")
        kind = STEP_TYPES.get(str(inner.get("type"))) if isinstance(inner, dict) else None
        return kind.label if kind else self.label

    @property
    def icon(self) -> str:
        kind = STEP_TYPES.get(self.step.type)
        return kind.icon if kind else "help"

    @property
    def title(self) -> str:
        return self.step.name or self.step.id


@dataclass(frozen=True)
class Rehearsal:
    """A draft that was rehearsed: its steps as they would go, and how the run would end."""

    steps: list[Tried]
    status: str
    output: Any

    @property
    def effects(self) -> list[Tried]:
        return [step for step in self.steps if step.would]

    @property
    def states(self) -> dict[str, str]:
        return {step.step.id: step.status for step in self.steps}


def rehearse(draft: Draft, workflow: WorkflowInput, given: Mapping[str, Any], *, actor: Identity) -> Rehearsal:
    """Go through the whole workflow with this input."""
    tries = _Tries(draft, Definition(workflow), given, actor)
    look = tries.go({})
    steps = [tries.found[step.id] for step in workflow.steps if step.id in tries.found]
    return Rehearsal(steps, str(look.run_values.get("status", "waiting")), look.run_values.get("output"))


def try_step(
    draft: Draft,
    workflow: WorkflowInput,
    step_id: str,
    given: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    actor: Identity,
) -> Tried:
    """Try one step, with what the trigger and the steps before it gave; a step that isn't among the outputs gave its
    example. Its own condition decides whether it is done."""
    ended = {
        step.id: Ended("succeeded", outputs.get(step.id, step.example)) for step in workflow.steps if step.id != step_id
    }
    tries = _Tries(draft, Definition(workflow), given, actor)
    tries.go(ended)
    return tries.found[step_id]


class _Tries:
    def __init__(self, draft: Draft, definition: Definition, given: Mapping[str, Any], actor: Identity) -> None:
        self.definition = definition
        self.secrets = secrets_of(draft.client_id)
        self.found: dict[str, Tried] = {}
        self.run = Run(
            id=new_id(), client_id=draft.client_id, version_number=(draft.base_number or 0) + 1, dry_run=True, depth=0,
            status="queued", trigger=definition.workflow.trigger.type, input=dict(given), created_at=now(),
            started_at=now(), actor_id=actor.id, actor_name=actor.username,
        )  # fmt: skip

    def go(self, ended: dict[str, Ended]) -> Look:
        """Look at the run until nothing comes next. What reads from the database is read, and nothing is kept of it."""
        begun: dict[str, Begun] = {}
        for _ in range(MOST_LOOKS):
            look = Look(self.run, self.definition, ended, begun, self.secrets)
            look_at(look)
            self._keep(look)
            if not any(one["position"] == ADVANCE for one in look.work):
                break
        return look

    def _keep(self, look: Look) -> None:
        for row in look.steps:
            step = self.definition.steps[row["step_id"]]
            if row["item"] != WHOLE:
                tried = self.found.setdefault(step.id, Tried(step, "running"))
                tried.items += 1
                tried.would += [row["would"]] if row["would"] is not None else []
                continue
            before = self.found.get(step.id, Tried(step, row["status"]))
            would = [row["would"]] if row["would"] is not None else before.would
            error = row["error"] if row["finished_at"] is not None else LEFT
            self.found[step.id] = Tried(
                step, row["status"], row["input"], row["output"], error, row["notes"] or [], would, before.items
            )
