"""From JSON as it was sent to a workflow that can be deployed, with every problem told at once, each at its place."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from app.automations.definitions.checking import Surroundings, problems_of
from app.automations.definitions.places import problems_of_form
from app.automations.definitions.schemas import LARGEST_DEFINITION, WorkflowInput
from app.automations.errors import BadWorkflow, NotStorable
from app.core.errors import FieldError
from app.core.validation import pointer

_NOT_KEPT = re.compile("[\0\ud800-\udfff]")


def read_workflow(sent: Any, around: Surroundings, at: str = "/workflow") -> WorkflowInput:
    """The workflow that the JSON describes. Raises `BadWorkflow` with all that is wrong with it; `at` is where it
    stands in what was sent."""
    problems = list(problems_of_json(sent, at))
    if not problems and len(json.dumps(sent, ensure_ascii=False).encode()) > LARGEST_DEFINITION:
        message = f"A workflow can have at most {LARGEST_DEFINITION >> 10} KiB."
        problems = [FieldError(at, message, "definition-too-large")]
    if problems:
        raise BadWorkflow(errors=problems)
    try:
        workflow = WorkflowInput.model_validate(sent)
    except ValidationError as error:
        raise BadWorkflow(errors=problems_of_form(error, sent, at)) from None
    if problems := problems_of(workflow, around, at):
        raise BadWorkflow(errors=problems)
    return workflow


def require_storable(value: Any, at: str) -> None:
    """Raises `NotStorable` for JSON that the database doesn't take."""
    if problems := list(problems_of_json(value, at)):
        raise NotStorable(errors=problems)


def problems_of_json(value: Any, at: str) -> Iterator[FieldError]:
    """What can't be kept of a JSON value: the database takes neither NUL nor halves of surrogate pairs in a
    text, and no number that is none."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        place, one = waiting.pop()
        match one:
            case str() if (found := _NOT_KEPT.search(one)) is not None:
                message = "Control characters" if found[0] == "\0" else "Halves of surrogate pairs"
                yield FieldError(at + pointer(place), f"{message} are not allowed.", "control_character")
            case float() if not math.isfinite(one):
                yield FieldError(at + pointer(place), "This number is too large.", "number-too-large")
            case list():
                waiting += [((*place, index), item) for index, item in enumerate(one)]
            case dict():
                waiting += [((*place, name), item) for name, item in one.items()]
                waiting += [((*place, name), name) for name in one if _NOT_KEPT.search(name)]
