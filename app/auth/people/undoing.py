"""What can be undone of companies: their names. What opens or closes the way in has its own steps."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.auth.people.kinds import clients
from app.auth.people.operations import update_client
from app.core.audit import Actor
from app.core.changes.rules import UndoRules, declare
from app.core.records import get_record

_MADE = "A company isn’t deleted. Suspend it instead."
_ACCESS = (
    "Access can’t be undone here: sign-ins ended or began with it. Use the buttons on the company’s page to change it."
)


def _kept(_action: str, field: str | None) -> str:
    return _MADE if field is None else "" if field == "name" else _ACCESS


def _put_back(client_id: UUID, values: Mapping[str, Any], actor: Actor) -> None:
    update_client(get_record(clients, client_id, for_update=True), values, actor=actor)


declare("clients", UndoRules(permission=clients.write_permission, kept=_kept, write=_put_back))
