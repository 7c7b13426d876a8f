"""What a run has to come to, computed plainly: one step after the other, with no database, no clock and no workers.

A `Plan` is a workflow together with what its surroundings will do: what services answer at each try, how people
decide. Nothing here imports the runner; the definition that it is given is made from the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

TRIES_OF = {"ok": "succeeded", "down": "again", "broken": "again", "refused": "failed"}
"""What an answer of a service means: `refused` can't go better another time."""


class Wrong(Exception):
    """The value can't be computed."""


@dataclass(frozen=True)
class Term:
    """A number and `plus`: that of the input, of a step's output, or a loop's item."""

    of: str
    plus: int = 0

    @property
    def source(self) -> str:
        known = {"trigger": "trigger.n", "item": "item", "index": "index"}
        return f"{known.get(self.of) or f'steps.{self.of}.output.v'} + {self.plus}"

    def value(self, seen: "Seen") -> int:
        found = seen.number(self.of)
        if not isinstance(found, int):
            raise Wrong
        return found + self.plus


@dataclass(frozen=True)
class Over:
    """Whether a number is above a limit."""

    term: Term
    limit: int

    @property
    def source(self) -> str:
        return f"{self.term.source} > {self.limit}"

    def holds(self, seen: "Seen") -> bool:
        return self.term.value(seen) > self.limit


@dataclass(frozen=True)
class HasStatus:
    """Whether a step ended so."""

    step: str
    status: str

    @property
    def source(self) -> str:
        return f'steps.{self.step}.status == "{self.status}"'

    def holds(self, seen: "Seen") -> bool:
        return seen.done[self.step].status == self.status


Condition = Over | HasStatus


@dataclass(frozen=True)
class Step:
    """`value` is what it computes or sends, `answers` what its service says at each try (the last one again and again),
    of a loop for each item; `decision` what people say; `calls` the plan of another workflow."""

    id: str
    type: str
    needs: tuple[str, ...] = ()
    only_if: Condition | None = None
    goes_on: bool = False
    tries: int = 1
    value: Term = Term("trigger")
    limit: int = 0
    answers: tuple[tuple[str, ...], ...] = (("ok",),)
    seconds: int = 0
    decision: str = "approve"
    items: tuple[Any, ...] = ()
    inner: str = "transform"
    inner_if: Condition | None = None
    concurrency: int = 4
    calls: "Plan | None" = None


@dataclass(frozen=True)
class Plan:
    """`steps` are in an order in which they can be done; `order` is that of the definition."""

    steps: tuple[Step, ...]
    order: tuple[int, ...]

    @property
    def written(self) -> list[Step]:
        return [self.steps[place] for place in self.order]

    def step(self, step_id: str) -> Step:
        return next(step for step in self.steps if step.id == step_id)


@dataclass
class Done:
    """How a step or an item of a loop ended. `tries`: how many came to an end of their own."""

    status: str
    output: Any = None
    tries: int = 0
    items: "list[Done]" = field(default_factory=list)
    run: "Outcome | None" = None


@dataclass
class Outcome:
    status: str
    steps: dict[str, Done]
    output: dict[str, Any]
    failed_at: str | None


@dataclass
class Seen:
    """What expressions of a step see."""

    n: int
    done: dict[str, Done]
    item: Any = None
    index: Any = None

    def number(self, name: str) -> Any:
        match name:
            case "trigger":
                return self.n
            case "item":
                return self.item
            case "index":
                return self.index
        output = self.done[name].output
        return output.get("v") if isinstance(output, dict) else None


def play(plan: Plan, n: int) -> Outcome:
    """The outcome of a run with that number as its input."""
    done: dict[str, Done] = {}
    for step in plan.steps:
        done[step.id] = _do(step, plan, Seen(n, done))
    wrong = [step.id for step in plan.written if done[step.id].status == "failed" and not step.goes_on]
    needed = {need for step in plan.steps for need in step.needs}
    output = {one: end.output for one, end in done.items() if one not in needed and end.status == "succeeded"}
    return Outcome("failed" if wrong else "succeeded", done, output, wrong[0] if wrong else None)


def _do(step: Step, plan: Plan, seen: Seen) -> Done:
    for need in step.needs:
        before = seen.done[need]
        if before.status == "skipped" or (before.status == "failed" and not plan.step(need).goes_on):
            return Done("skipped")
    try:
        if step.only_if is not None and not step.only_if.holds(seen):
            return Done("skipped")
        return _DO[step.type](step, seen)
    except Wrong:
        return Done("failed")


def _transform(step: Step, seen: Seen) -> Done:
    return Done("succeeded", {"v": step.value.value(seen)})


def _condition(step: Step, seen: Seen) -> Done:
    return Done("succeeded", {"result": step.value.value(seen) > step.limit})


def _delay(step: Step, _seen: Seen) -> Done:
    return Done("succeeded", {"seconds": step.seconds})


def _approval(step: Step, _seen: Seen) -> Done:
    if step.decision == "expire":
        return Done("failed")
    return Done("succeeded" if step.decision == "approve" else "failed", {"decision": step.decision})


def _http(step: Step, seen: Seen) -> Done:
    return _ask(step, step.value.value(seen), step.answers[0])


def _ask(step: Step, value: int, answers: Sequence[str]) -> Done:
    for number in range(1, step.tries + 1):
        meant = TRIES_OF[answers[min(number, len(answers)) - 1]]
        if meant == "succeeded":
            return Done("succeeded", {"v": value + 1}, number)
        if meant == "failed":
            return Done("failed", None, number)
    return Done("failed", None, step.tries)


def _loop(step: Step, seen: Seen) -> Done:
    ends = [_item(step, Seen(seen.n, seen.done, item, index), index) for index, item in enumerate(step.items)]
    counts = {one: sum(end.status == one for end in ends) for one in ("succeeded", "failed")}
    output = {"items": [end.output for end in ends], **counts}
    return Done("failed" if counts["failed"] else "succeeded", output, items=ends)


def _item(step: Step, seen: Seen, index: int) -> Done:
    try:
        if step.inner_if is not None and not step.inner_if.holds(seen):
            return Done("skipped")
        value = step.value.value(seen)
    except Wrong:
        return Done("failed")
    match step.inner:
        case "transform":
            return Done("succeeded", {"v": value})
        case "condition":
            return Done("succeeded", {"result": value > step.limit})
    return _ask(step, value, step.answers[index])


def _call(step: Step, seen: Seen) -> Done:
    assert step.calls is not None
    run = play(step.calls, step.value.value(seen))
    return Done(run.status, {"status": run.status, "output": run.output}, run=run)


_DO = {
    "transform": _transform, "condition": _condition, "delay": _delay, "approval": _approval, "http": _http,
    "for_each": _loop, "workflow": _call,
}  # fmt: skip
