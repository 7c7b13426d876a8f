"""What is different between two definitions, in words: for whoever is to deploy one, or looks back at versions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.types import STEP_TYPES, TRIGGER_TYPES
from app.automations.editor.fields import Form, label_of
from app.automations.editor.json_text import to_text

_ABSENT = object()
_LONGEST = 600


@dataclass(frozen=True)
class Member:
    """A member that changed. None is that it isn't there."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """What became of a step, or of the trigger (`step_id` is empty)."""

    kind: Literal["added", "removed", "changed", "moved"]
    step_id: str
    title: str
    type: str
    members: tuple[Member, ...] = ()

    @property
    def says(self) -> str:
        return f"{self.title}: {self.kind}"


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The changes that lead from one definition to the other: of the trigger, then of the steps as they are listed."""
    old = {step["id"]: step for step in before["steps"]}
    new = {step["id"]: step for step in after["steps"]}
    changes = [*_of_trigger(before["trigger"], after["trigger"])]
    for step_id, step in new.items():
        if step_id not in old:
            changes.append(_change("added", step))
        elif members := tuple(_members(old[step_id], step, StepInput)):
            changes.append(_change("changed", step, members))
    changes += [_change("removed", step) for step_id, step in old.items() if step_id not in new]
    kept_old, kept_new = [one for one in old if one in new], [one for one in new if one in old]
    touched = {change.step_id for change in changes}
    changes += [_change("moved", new[one]) for one in _moved(kept_old, kept_new) if one not in touched]
    return changes


def summary_of(changes: list[Change]) -> str:
    """“2 steps added, 1 changed.”"""
    if not changes:
        return "No changes."
    parts = ["trigger changed"] if any(not change.step_id for change in changes) else []
    noun = True
    for kind in ("added", "removed", "changed", "moved"):
        count = sum(change.kind == kind and bool(change.step_id) for change in changes)
        if count:
            parts.append(f"{count} {('step ' if count == 1 else 'steps ') if noun else ''}{kind}")
            noun = False
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def title_of(step: Mapping[str, Any]) -> str:
    return str(step.get("name") or step["id"])


def _change(kind: Any, step: Mapping[str, Any], members: tuple[Member, ...] = ()) -> Change:
    known = STEP_TYPES.get(str(step.get("type")))
    return Change(kind, step["id"], title_of(step), known.label if known else str(step.get("type")), members)


def _of_trigger(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    known = TRIGGER_TYPES.get(str(after.get("type")))
    if members := tuple(_members(before, after, known.form if known else None)):
        yield Change("changed", "", "Trigger", known.label if known else str(after.get("type")), members)


def _members(before: Mapping[str, Any], after: Mapping[str, Any], form: Form | None, at: str = "") -> Iterator[Member]:
    """What changed of what a form describes."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, _ABSENT), after.get(name, _ABSENT)
        if _same(old, new):
            continue
        if name == "with" and _is_open(old) and _is_open(new):
            known = STEP_TYPES.get(str(after.get("type")))
            yield from _members(_opened(old), _opened(new), known.form if known else None)
        elif name == "retry" and _is_open(old) and _is_open(new):
            yield from _members(_opened(old), _opened(new), form, "retry/")
        else:
            yield Member(label_of(form, f"{at}{name}"), _shown(old), _shown(new))


def _same(old: Any, new: Any) -> bool:
    """As JSON: 1 and true are two values."""
    return old is new or (
        old is not _ABSENT and new is not _ABSENT and json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    )


def _is_open(value: Any) -> bool:
    return value is _ABSENT or isinstance(value, Mapping)


def _opened(value: Any) -> Mapping[str, Any]:
    return {} if value is _ABSENT else value


def _shown(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "none"
    text = to_text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _moved(before: list[str], after: list[str]) -> list[str]:
    """The steps that have to move for one order to become the other: those outside of the longest part that keeps its
    order."""
    place = {one: at for at, one in enumerate(before)}
    best: list[
        tuple[int, int]
    ] = []  # for each step, the length of the longest rise that ends there, and what is before
    for at, one in enumerate(after):
        rises = [(best[i][0], i) for i in range(at) if place[after[i]] < place[one]]
        length, previous = max(rises, default=(0, -1))
        best.append((length + 1, previous))
    kept: set[int] = set()
    at = max(range(len(best)), key=lambda i: best[i][0], default=-1)
    while at >= 0:
        kept.add(at)
        at = best[at][1]
    return [one for at, one in enumerate(after) if at not in kept]
