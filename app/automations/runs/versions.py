"""Definitions of versions, prepared once in each process: a version never changes."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.definitions.schemas import WorkflowInput
from app.automations.models import Version
from app.automations.runs.engine import Definition
from app.extensions import db

_KEPT = 512
_definitions: dict[tuple[UUID, int], Definition] = {}


def definition_of(automation_id: UUID, number: int) -> Definition:
    """The definition of a version that is there."""
    return definitions_of([(automation_id, number)])[automation_id, number]


def definitions_of(wanted: list[tuple[UUID, int]]) -> dict[tuple[UUID, int], Definition]:
    """The definitions of versions, by automation and number."""
    missing = {one for one in wanted if one not in _definitions}
    if missing:
        ids = {automation_id for automation_id, _ in missing}
        query = select(Version.automation_id, Version.number, Version.workflow).where(
            Version.automation_id.in_(ids), Version.number.in_({number for _, number in missing})
        )
        for automation_id, number, workflow in db.session.execute(query):
            if (automation_id, number) in missing:
                _keep((automation_id, number), workflow)
    return {one: _definitions[one] for one in wanted}


def _keep(key: tuple[UUID, int], workflow: dict[str, Any]) -> None:
    while len(_definitions) >= _KEPT:
        _definitions.pop(next(iter(_definitions)), None)
    _definitions[key] = Definition(WorkflowInput.model_validate(workflow))
