"""Random plans, and the definitions that say the same to the runner."""

from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st

from tests.automations.reference import Condition, HasStatus, Over, Plan, Step, Term

SERVICE = "https://service.test"
NUMBERS = st.integers(-3, 3)
ANSWERS = st.lists(st.sampled_from(["ok", "ok", "down", "broken", "refused"]), min_size=1, max_size=4).map(tuple)
TYPES = ("transform", "http", "condition", "delay", "for_each", "http", "approval", "workflow")


@st.composite
def plans(draw: st.DrawFn, most: int = 7, depth: int = 1) -> Plan:
    """A workflow of a few steps, whose needs make any graph without a circle, written in any order."""
    steps: list[Step] = []
    before: dict[str, list[str]] = {}
    for number in range(draw(st.integers(1, most))):
        known = [step.id for step in steps]
        needs = draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else []
        seen = sorted({*needs, *(one for need in needs for one in before[need])})
        before[f"s{number}"] = seen
        steps.append(draw(_step(f"s{number}", tuple(needs), seen, depth)))
    return Plan(tuple(steps), tuple(draw(st.permutations(range(len(steps))))))


@st.composite
def _step(draw: st.DrawFn, step_id: str, needs: tuple[str, ...], seen: list[str], depth: int) -> Step:
    kind = draw(st.sampled_from(TYPES if depth else TYPES[:-1]))
    values: dict[str, Any] = {"id": step_id, "type": kind, "needs": needs, "value": draw(_terms(seen))}
    values["only_if"] = draw(st.none() | st.none() | _conditions(seen))
    values["goes_on"] = draw(st.booleans())
    values["limit"] = draw(NUMBERS)
    match kind:
        case "http":
            values |= {"tries": draw(st.integers(1, 4)), "answers": (draw(ANSWERS),)}
        case "delay":
            values["seconds"] = draw(st.integers(0, 500))
        case "approval":
            values["decision"] = draw(st.sampled_from(["approve", "reject", "expire"]))
        case "workflow":
            values["calls"] = draw(plans(3, depth - 1))
        case "for_each":
            values |= draw(_loop(seen))
    return Step(**values)


@st.composite
def _loop(draw: st.DrawFn, seen: list[str]) -> dict[str, Any]:
    items = draw(st.lists(NUMBERS | st.just("text"), max_size=5))
    of_items = st.builds(Term, st.sampled_from(["item", "index", *seen]), NUMBERS)
    return {
        "items": tuple(items),
        "inner": draw(st.sampled_from(["transform", "http", "condition"])),
        "value": draw(of_items),
        "inner_if": draw(st.none() | st.builds(Over, of_items, NUMBERS)),
        "concurrency": draw(st.integers(1, 3)),
        "tries": draw(st.integers(1, 3)),
        "answers": tuple(draw(ANSWERS) for _ in items),
    }


def _terms(seen: list[str]) -> st.SearchStrategy[Term]:
    return st.builds(Term, st.sampled_from(["trigger", *seen]), NUMBERS)


def _conditions(seen: list[str]) -> st.SearchStrategy[Condition]:
    over: st.SearchStrategy[Condition] = st.builds(Over, _terms(seen), NUMBERS)
    if not seen:
        return over
    return over | st.builds(HasStatus, st.sampled_from(seen), st.sampled_from(["succeeded", "failed"]))


def definition_of(plan: Plan, called: Mapping[str, str]) -> list[dict[str, Any]]:
    """The steps of the plan as they are deployed; `called` has the ids of the workflows that its steps call."""
    return [_definition_of(step, called) for step in plan.written]


def _definition_of(step: Step, called: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": step.id, "type": step.type, "needs": list(step.needs)}
    made["on_error"] = "continue" if step.goes_on else "fail"
    made["retry"] = {"max_attempts": step.tries, "backoff_seconds": 10}
    if step.only_if is not None:
        made["if"] = step.only_if.source
    match step.type:
        case "delay":
            made["with"] = {"seconds": step.seconds}
        case "approval":
            made["with"] = {"ask": "May it go on?"} | ({"expires_in_seconds": 60} if step.decision == "expire" else {})
        case "workflow":
            made["with"] = {"workflow_id": called[step.id], "input": {"n": f"{{{{ {step.value.source} }}}}"}}
        case "for_each":
            inner = {"type": step.inner, "with": _with(step, step.inner, "{{ index }}")}
            if step.inner_if is not None:
                inner["if"] = step.inner_if.source
            made["with"] = {"items": list(step.items), "concurrency": step.concurrency, "step": inner}
        case _:
            made["with"] = _with(step, step.type, "0")
    return made


def _with(step: Step, kind: str, item: str) -> dict[str, Any]:
    match kind:
        case "transform":
            return {"v": f"{{{{ {step.value.source} }}}}"}
        case "condition":
            return {"if": f"{step.value.source} > {step.limit}"}
    return {"url": f"{SERVICE}/{item}/{{{{ {step.value.source} }}}}"}
