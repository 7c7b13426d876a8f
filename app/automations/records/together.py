"""Rows that several runs add at once: one statement writes them, each by the rights and in the name of its own run."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.automations.definitions.types import RecordWith
from app.automations.effects import TOGETHER, StepFailed, Together
from app.automations.models import Run
from app.automations.records.acting import acting_within, owner_of, require
from app.automations.records.rows import ROW, answer, key_of, table_of, values_of
from app.automations.tables import operations
from app.core.errors import DomainError
from app.core.tenancy import TenantContext, tenant_context
from app.identity.identities import Identity


def is_new_row(form: RecordWith) -> bool:
    return form.kind == ROW and form.action == "create"


def add_new_rows(given: Sequence[tuple[RecordWith, Run]]) -> list[Any]:
    """The rows as they were added; in place of one that can't be, why."""
    outcomes: list[Any] = [None] * len(given)
    groups: dict[Any, list[tuple[int, Identity, operations.NewRow]]] = defaultdict(list)
    for place, (form, run) in enumerate(given):
        try:
            owner = owner_of(run)
            row = _new_row(form, run, owner)
        except (StepFailed, DomainError) as error:
            outcomes[place] = error
        else:
            groups[run.client_id, owner.id, owner.application_id].append((place, owner, row))
    for (client_id, *_), group in groups.items():
        owner = group[0][1]
        with acting_within(client_id, owner):
            written = operations.write_rows([row for _, _, row in group], actor=owner)
        for (place, _, _), outcome in zip(group, written, strict=True):
            outcomes[place] = outcome if isinstance(outcome, DomainError) else answer(outcome)
    return outcomes


def _new_row(form: RecordWith, run: Run, owner: Identity) -> operations.NewRow:
    require(owner, "automations:write", "create rows")
    with tenant_context(TenantContext(client_id=run.client_id, user_id=owner.id)):
        table = table_of(run, form)
    return operations.NewRow(table, key_of(form) if form.key else None, values_of(form), str(run.id))


TOGETHER["record"] = Together(is_new_row, add_new_rows)
