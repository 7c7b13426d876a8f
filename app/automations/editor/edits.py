"""Changes of a definition as JSON: each returns a new one, and leaves what it was given as it is.

They take definitions that can't be deployed yet; what is wrong with them is told elsewhere.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from app.automations.definitions.schemas import MOST_STEPS
from app.core.errors import Conflict, Invalid, NotFound

Workflow = dict[str, Any]
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_FIRST: Mapping[str, Mapping[str, Any]] = {
    "for_each": {"items": "", "step": {"type": "transform", "with": {}}},
    "workflow": {"workflow_id": "", "input": {}},
}


class NoSuchStep(NotFound):
    says = "Step not found. It may have been deleted in another window."


class TooManySteps(Conflict):
    says = f"A workflow can have at most {MOST_STEPS} steps."


class NotAStepId(Invalid):
    at = "/id"
    says = "Start with a letter, then use letters, digits, _ and -. At most 40 characters."


class StepIdTaken(Invalid):
    at = "/id"
    says = "Another step has this ID."


def blank() -> Workflow:
    return {"trigger": {"type": "manual"}, "steps": []}


def is_step_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def find_step(workflow: Mapping[str, Any], step_id: str) -> dict[str, Any]:
    found: dict[str, Any] = workflow["steps"][index_of(workflow, step_id)]
    return found


def index_of(workflow: Mapping[str, Any], step_id: str) -> int:
    for index, step in enumerate(workflow["steps"]):
        if step["id"] == step_id:
            return index
    raise NoSuchStep


def add_step(workflow: Workflow, step_type: str, after: str | None = None) -> tuple[Workflow, str]:
    """Put a new step behind another one, which it needs; without one, at the end. Also its id."""
    made = _copy_with_room(workflow)
    steps = made["steps"]
    at = index_of(made, after) + 1 if after else len(steps)
    step: dict[str, Any] = {"id": free_id(workflow, step_type), "type": step_type}
    if at:
        step["needs"] = [steps[at - 1]["id"]]
    if step_type in _FIRST:
        step["with"] = deepcopy(dict(_FIRST[step_type]))
    steps.insert(at, step)
    return made, step["id"]


def duplicate_step(workflow: Workflow, step_id: str) -> tuple[Workflow, str]:
    """Put a copy of a step behind it, which waits for the same steps. Also the id of the copy."""
    made = _copy_with_room(workflow)
    at = index_of(made, step_id)
    copy = {**deepcopy(made["steps"][at]), "id": free_id(workflow, step_id.rstrip("0123456789").rstrip("_") or "step")}
    made["steps"].insert(at + 1, copy)
    return made, copy["id"]


def move_step(workflow: Workflow, step_id: str, by: int) -> Workflow:
    """Change the order in which steps are listed; when they run follows from what they need."""
    made = deepcopy(workflow)
    at = index_of(made, step_id)
    to = min(max(at + by, 0), len(made["steps"]) - 1)
    made["steps"].insert(to, made["steps"].pop(at))
    return made


def delete_step(workflow: Workflow, step_id: str) -> Workflow:
    """Take a step out. What needed it needs what it needed; expressions that read it are left, and will be told of."""
    made = deepcopy(workflow)
    gone = made["steps"].pop(index_of(made, step_id))
    for step in made["steps"]:
        needs = step.get("needs") or []
        if step_id in needs:
            at = needs.index(step_id)
            new = needs[:at] + [one for one in gone.get("needs") or [] if one not in needs] + needs[at + 1 :]
            step["needs"] = new
            if not new:
                del step["needs"]
    return made


def replace_step(workflow: Workflow, step_id: str, step: Mapping[str, Any]) -> Workflow:
    """Put a step in place of one. With another id, all that refers to it follows. Raises for an id that can't be."""
    made = deepcopy(workflow)
    at = index_of(made, step_id)
    new = str(step["id"])
    made["steps"][at] = dict(step)
    if new != step_id:
        if not is_step_id(new):
            raise NotAStepId
        if any(one["id"] == new for one in workflow["steps"]):
            raise StepIdTaken
        made["steps"] = [_renamed(one, step_id, new) for one in made["steps"]]
    return made


def set_trigger(workflow: Workflow, trigger: Mapping[str, Any]) -> Workflow:
    return {**deepcopy(workflow), "trigger": dict(trigger)}


def free_id(workflow: Mapping[str, Any], like: str) -> str:
    taken = {step["id"] for step in workflow["steps"]}
    like = like[:36]
    names = (like, *(f"{like}_{number}" for number in range(2, MOST_STEPS + 2)))
    return next(name for name in names if name not in taken)


def _copy_with_room(workflow: Workflow) -> Workflow:
    if len(workflow["steps"]) >= MOST_STEPS:
        raise TooManySteps
    return deepcopy(workflow)


def _renamed(step: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The step with `old` called `new` in what it needs and in its expressions."""
    in_expressions = re.compile(
        rf"\bsteps\s*\.\s*{re.escape(old)}(?![\w-])|\bsteps\s*\[\s*(['\"]){re.escape(old)}\1\s*\]"
    )
    written = f"steps.{new}" if "-" not in new else f"steps['{new}']"
    changed = {
        **step,
        **({"needs": [new if one == old else one for one in step["needs"]]} if step.get("needs") else {}),
    }
    for name in ("with", "if"):
        if name in changed:
            changed[name] = _in_texts(changed[name], lambda text: in_expressions.sub(lambda _: written, text))
    return changed


def _in_texts(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_in_texts(one, change) for one in value]
        case dict():
            return {name: _in_texts(one, change) for name, one in value.items()}
    return value
