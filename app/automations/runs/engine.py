"""What comes next in a run, as a function of its definition and of the steps that are over. It touches nothing else.

A step begins when every step that it needs is over. It is skipped if one of those was skipped, or failed without
`on_error: continue`, or if its own `if` isn't true. A run is over when each of its steps is: it has failed if a step
failed that doesn't say `continue`, else it has succeeded. Steps that wait on nothing go on when another one fails.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.automations.definitions.schemas import StepInput, WorkflowInput
from app.automations.definitions.uses import outputs_read

StepStatus = Literal["pending", "queued", "running", "waiting", "succeeded", "failed", "skipped", "cancelled"]
OVER = frozenset({"succeeded", "failed", "skipped", "cancelled"})


@dataclass
class Ended:
    """How a step ended: what it answered, or what went wrong (`{"message": …}`)."""

    status: StepStatus
    output: Any = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Definition:
    """A version of a workflow, prepared once: steps by id, and those that need each."""

    workflow: WorkflowInput
    steps: Mapping[str, StepInput] = field(init=False)
    position: Mapping[str, int] = field(init=False)
    needed_by: Mapping[str, Sequence[str]] = field(init=False)
    _reads: dict[str, frozenset[str] | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        steps = {step.id: step for step in self.workflow.steps}
        needed_by: dict[str, list[str]] = {one: [] for one in steps}
        for step in self.workflow.steps:
            for need in step.needs:
                needed_by[need].append(step.id)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "position", {one: index for index, one in enumerate(steps)})
        object.__setattr__(self, "needed_by", needed_by)

    @property
    def zone(self) -> str:
        """The time zone of its days: that of its schedule, else UTC."""
        return getattr(self.workflow.trigger, "timezone", "UTC")

    def ready(self, ended: Mapping[str, Ended], begun: Mapping[str, Any]) -> Iterator[StepInput]:
        """The steps that can begin now, in the order of the definition; also those that are to be skipped."""
        for step in self.workflow.steps:
            if step.id not in ended and step.id not in begun and all(need in ended for need in step.needs):
                yield step

    def must_skip(self, step: StepInput, ended: Mapping[str, Ended]) -> str | None:
        """Why the step is skipped because of those before it, or None if its own `if` decides."""
        for need in step.needs:
            before = ended[need]
            if before.status == "skipped":
                return f"{need} was skipped."
            if before.status != "succeeded" and self.steps[need].on_error != "continue":
                return f"{need} {'was cancelled' if before.status == 'cancelled' else 'failed'}."
        return None

    def outcome(self, ended: Mapping[str, Ended]) -> Literal["succeeded", "failed"] | None:
        """How the run ended; None while a step isn't over."""
        if len(ended) < len(self.steps):
            return None
        failed = any(end.status == "failed" and self.steps[one].on_error != "continue" for one, end in ended.items())
        return "failed" if failed else "succeeded"

    def first_failure(self, ended: Mapping[str, Ended]) -> tuple[str, dict[str, Any]] | None:
        for step in self.workflow.steps:
            end = ended.get(step.id)
            if end is not None and end.status == "failed" and step.on_error != "continue":
                return step.id, end.error or {}
        return None

    def answering(self, ended: Mapping[str, Ended]) -> Sequence[str]:
        """The steps whose outputs are what the run answers: its last ones, which no other step needs."""
        last = (one for one in self.steps if not self.needed_by[one])
        return [one for one in last if one in ended and ended[one].status == "succeeded"]

    def reads(self, step: StepInput) -> frozenset[str] | None:
        """The steps whose outputs the step may read; None if it may be any."""
        if step.id not in self._reads:
            self._reads[step.id] = outputs_read({"type": step.type, "if": step.if_, "with": step.with_})
        return self._reads[step.id]

    def seen_by_expressions(self, ended: Mapping[str, Ended]) -> dict[str, Any]:
        """`steps` as expressions read it."""
        seen = {}
        for one in self.steps:
            end = ended.get(one)
            if end is None:
                continue
            seen[one] = {"status": end.status, "output": end.output, "error": end.error}
        return seen

    def after(self, step_id: str) -> frozenset[str]:
        """The step and whatever depends on it: what a retry from there does again."""
        found, waiting = {step_id}, [step_id]
        while waiting:
            for later in self.needed_by[waiting.pop()]:
                if later not in found:
                    found.add(later)
                    waiting.append(later)
        return frozenset(found)
