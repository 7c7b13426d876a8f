"""What is different between two definitions, member by member: for programs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_ABSENT = object()
Difference = Mapping[str, Any]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The steps that were added and removed, by id; and each member that changed of the others and of the trigger, as
    `{"pointer", "from", "to"}`, with null for what isn't there. Pointers lead from the trigger, or the step."""
    old = {step["id"]: step for step in before["steps"]}
    new = {step["id"]: step for step in after["steps"]}
    both = [one for one in new if one in old]
    changed = ({"id": one, "changes": list(_differences(old[one], new[one]))} for one in both)
    return {
        "trigger": list(_differences(before["trigger"], after["trigger"])),
        "added": [one for one in new if one not in old],
        "removed": [one for one in old if one not in new],
        "changed": [one for one in changed if one["changes"]],
        "reordered": both != [one for one in old if one in new],
    }


def _differences(before: Any, after: Any, at: str = "") -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            below = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), below)
    elif not _same(before, after):
        yield {"pointer": at, "from": _told(before), "to": _told(after)}


def _same(before: Any, after: Any) -> bool:
    """As JSON: 1 and true are two values."""
    if before is _ABSENT or after is _ABSENT:
        return before is after
    return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)


def _told(value: Any) -> Any:
    return None if value is _ABSENT else value
