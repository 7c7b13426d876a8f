"""Definitions from elsewhere: pasted, uploaded, suggested. What the editor can show becomes a draft, right or wrong."""

from collections.abc import Mapping
from typing import Any

from app.automations.definitions.schemas import MOST_STEPS
from app.automations.editor.edits import Workflow, is_step_id
from app.automations.editor.json_text import NotJson

_FIRST = ("trigger", "steps", "id", "type", "name", "needs", "if")


def in_order(workflow: Workflow) -> Workflow:
    """The definition with its members in the order in which people read them."""
    steps = [_sorted(step) for step in workflow["steps"]]
    return _sorted({**workflow, "trigger": _sorted(workflow["trigger"]), "steps": steps})


def _sorted(members: Mapping[str, Any]) -> dict[str, Any]:
    first = [name for name in _FIRST if name in members]
    return {name: members[name] for name in (*first, *(one for one in members if one not in first))}


def workflow_of(value: Any) -> Workflow:
    """A definition as drafts have them; also out of `{"name": …, "workflow": …}`, as the API takes it. Raises `NotJson`
    where it has no form at all; anything else that is wrong is told as a problem of the draft."""
    if isinstance(value, dict) and isinstance(value.get("workflow"), dict):
        value = value["workflow"]
    if not isinstance(value, dict) or not isinstance(value.get("trigger"), dict):
        raise NotJson('A workflow is an object such as {"trigger": {"type": "manual"}, "steps": []}.')
    steps = value.get("steps")
    if not isinstance(steps, list):
        raise NotJson("“steps” has to be a list.")
    if len(steps) > MOST_STEPS:
        raise NotJson(f"A workflow can have at most {MOST_STEPS} steps; this one has {len(steps)}.")
    known: set[str] = set()
    for at, step in enumerate(steps):
        _require_step(step, f"Step {at + 1}", known)
    return value


def _require_step(step: Any, name: str, known: set[str]) -> None:
    if not isinstance(step, dict) or not isinstance(step.get("type"), str):
        raise NotJson(f"{name} has to be an object with an id and a type.")
    step_id = step.get("id")
    if not isinstance(step_id, str) or not is_step_id(step_id):
        raise NotJson(f"{name} needs an id: a letter first, then letters, digits, _ and -, 40 characters at most.")
    if step_id in known:
        raise NotJson(f"Two steps have the ID {step_id}.")
    known.add(step_id)
    needs = step.get("needs", [])
    if not isinstance(needs, list) or not all(isinstance(one, str) for one in needs):
        raise NotJson(f"“needs” of {step_id} has to be a list of ids.")
