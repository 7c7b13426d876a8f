"""Bringing together what two people made of the same definition: what only one of them changed is as that one wants it,
member by member; where both changed the same, ours stays, and it is told."""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.types import STEP_TYPES
from app.automations.editor.comparing import title_of
from app.automations.editor.fields import Form, label_of

_ABSENT = object()
_Steps = Mapping[str, dict[str, Any]]


def merge(
    base: Mapping[str, Any], theirs: Mapping[str, Any], ours: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The definition with the changes of both since `base`, and what both had changed, in words."""
    conflicts: list[str] = []
    trigger = _member(base["trigger"], theirs["trigger"], ours["trigger"], "Trigger", conflicts)
    was, there, here = (_by_id(one) for one in (base, theirs, ours))
    steps = [
        kept
        for step_id in _order(theirs, ours)
        if (kept := _step(step_id, was, there, here, conflicts)) is not None
    ]  # fmt: skip
    known = {step["id"] for step in steps}
    for step in steps:
        if needs := [one for one in step.get("needs", ()) if one in known or one not in was]:
            step["needs"] = needs
        else:
            step.pop("needs", None)
    return {"trigger": trigger, "steps": steps}, conflicts


def _by_id(workflow: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["id"]: deepcopy(step) for step in workflow["steps"]}


def _order(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Our order; what they have besides comes behind what it is behind of with them."""
    order = [step["id"] for step in ours["steps"]]
    before: str | None = None
    for step in theirs["steps"]:
        if step["id"] not in order:
            order.insert(order.index(before) + 1 if before is not None else 0, step["id"])
        before = step["id"]
    return order


def _step(step_id: str, was: _Steps, there: _Steps, here: _Steps, conflicts: list[str]) -> dict[str, Any] | None:
    old, their, our = was.get(step_id), there.get(step_id), here.get(step_id)
    if our is None:
        if old is None:
            return their
        if their is not None and not _same(old, their):
            conflicts.append(f"“{title_of(their)}” was changed, but you deleted it. It stays deleted.")
        return None
    if their is None:
        if old is not None and _same(old, our):
            return None
        if old is not None:
            conflicts.append(f"“{title_of(our)}” was deleted, but you changed it. Your step was kept.")
        return our
    return _merged(old or {}, their, our, title_of(our), conflicts)


def _merged(
    old: Mapping[str, Any],
    their: Mapping[str, Any],
    our: Mapping[str, Any],
    title: str,
    conflicts: list[str],
    *,
    form: Form | None = StepInput,
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in dict.fromkeys((*our, *their)):
        values = [one.get(name, _ABSENT) for one in (old, their, our)]
        if name == "with" and all(isinstance(value, dict) for value in values):
            kind = STEP_TYPES.get(str(our.get("type")))
            inner = kind.form if kind else None
            made[name] = _merged(values[0], values[1], values[2], title, conflicts, form=inner)
            continue
        value = _member(values[0], values[1], values[2], f"{label_of(form, name)} of “{title}”", conflicts)
        if value is not _ABSENT:
            made[name] = value
    return made


def _member(old: Any, their: Any, our: Any, what: str, conflicts: list[str]) -> Any:
    if _same(old, our):
        return deepcopy(their)
    if not _same(old, their) and not _same(their, our):
        conflicts.append(f"{what}: changed in both. Your value was kept.")
    return our


def _same(one: Any, other: Any) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
