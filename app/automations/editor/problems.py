"""What is wrong with a draft, at its places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.automations.definitions.checking import Surroundings
from app.automations.definitions.reading import read_workflow
from app.automations.errors import BadWorkflow
from app.core.errors import FieldError


@dataclass(frozen=True)
class Problems:
    """All problems of a definition, whose pointers begin at the definition itself: `/steps/2/with/url`."""

    all: Sequence[FieldError]

    def __bool__(self) -> bool:
        return bool(self.all)

    def of_trigger(self) -> list[FieldError]:
        return [one for one in self.all if one.pointer == "/trigger" or one.pointer.startswith("/trigger/")]

    def of_step(self, index: int) -> list[FieldError]:
        at = f"/steps/{index}"
        return [one for one in self.all if one.pointer == at or one.pointer.startswith(f"{at}/")]

    def of_whole(self) -> list[FieldError]:
        return [one for one in self.all if one.pointer in ("", "/steps")]

    def wrong_steps(self, workflow: Mapping[str, Any]) -> list[str]:
        return [step["id"] for index, step in enumerate(workflow["steps"]) if self.of_step(index)]


def problems_of_draft(workflow: Mapping[str, Any], around: Surroundings) -> Problems:
    """What keeps a draft from being deployed."""
    if not workflow["steps"]:
        return Problems([FieldError("/steps", "Add the first step.", "no-steps")])
    try:
        read_workflow(workflow, around, "")
    except BadWorkflow as error:
        return Problems(error.errors)
    return Problems(())
