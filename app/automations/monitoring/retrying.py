"""What a retry would do, before it is done."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from app.automations.definitions.types import STEP_TYPES
from app.automations.errors import NoSuchStep, RunSucceeded
from app.automations.models import WHOLE, Automation, Run, RunStep
from app.automations.runs.operations import done_again
from app.automations.runs.versions import definition_of
from app.core.errors import Invalid
from app.extensions import db

ALL = "*"
"""Stands in the place of a step where all steps are to be done again."""
LONGEST_INPUT = 1 << 20


class BadInput(Invalid):
    """What was typed is no JSON object."""

    at = "/input"


@dataclass(frozen=True)
class Planned:
    """A step of the version that would run, and whether its result is kept."""

    id: str
    name: str
    type: str
    kept: bool
    is_effect: bool


def steps_planned(run: Run, number: int, from_step: str, *, with_input: bool) -> Sequence[Planned]:
    """What a retry would do with each step. Raises `NoSuchStep`, and `RunSucceeded` where a step has to be named."""
    definition = definition_of(run.automation_id, number)
    everything = from_step == ALL or (with_input and not from_step) or run.data_removed_at is not None
    if from_step not in ("", ALL) and from_step not in definition.steps:
        raise NoSuchStep(f"Version {number} has no step {from_step}.")
    if run.status == "succeeded" and not from_step:
        raise RunSucceeded
    columns = (RunStep.step_id, RunStep.item, RunStep.status, RunStep.type)
    rows = db.session.execute(select(*columns).where(RunStep.run_id == run.id, RunStep.item == WHOLE)).all()
    again = set(definition.steps) if everything else done_again(rows, definition, from_step or None)
    return [
        Planned(one.id, one.name or one.id, one.type, one.id not in again, _has_effect(one.type))
        for one in definition.workflow.steps
    ]


def _has_effect(name: str) -> bool:
    return name in STEP_TYPES and STEP_TYPES[name].effect


def number_for(run: Run, automation: Automation, version: Literal["same", "current"]) -> int:
    return run.version_number if version == "same" else automation.version_number


def read_input(text: str) -> dict[str, Any]:
    """What was typed as the run's input. Raises `BadInput`."""
    try:
        value = json.loads(text) if len(text) <= LONGEST_INPUT else None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"This isn’t valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise BadInput("The input must be a JSON object, such as {}.")
    return value
