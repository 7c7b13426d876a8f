"""Rows of the company's data tables in workflows: found and written by their key."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.automations.definitions.types import RecordWith
from app.automations.effects import StepFailed
from app.automations.models import Run
from app.automations.records.acting import acting_for, once, owner_of, require
from app.automations.records.wording import has_expressions, unknown
from app.automations.tables import operations, queries
from app.automations.tables.errors import NoSuchRow
from app.automations.tables.models import LONGEST_KEY
from app.automations.tables.values import BadRow, fitted
from app.core.errors import FieldError, Invalid
from app.identity.identities import Identity

ROW = "row"


def use_row(form: RecordWith, run: Run) -> Any:
    """The row as it is afterwards, or those that were asked for."""
    action = _ACTIONS.get(form.action)
    if action is None:
        raise StepFailed(f"Workflows can’t {form.action} a row.", again=False)
    owner = owner_of(run)
    with acting_for(run, owner):
        require(owner, f"automations:{'read' if form.action in _READS else 'write'}", f"{form.action} rows")
        return action(table_of(run, form), form, owner)


def table_of(run: Run, form: RecordWith) -> Any:
    """The table that the step names, of the run's company. Raises `NoSuchTable`."""
    name = form.table or ""
    return once(("table", run.client_id, name), lambda: queries.table_named(run.client_id, name))


def _get(table: Any, form: RecordWith, _owner: Identity) -> Any:
    found = queries.row_with_key(table.id, key_of(form))
    if found is None:
        raise NoSuchRow
    return answer(found)


def _find(table: Any, form: RecordWith, _owner: Identity) -> Any:
    if form.key:
        found = queries.row_with_key(table.id, key_of(form))
        return None if found is None else answer(found)
    found_rows = queries.rows_with(table.id, form.where, limit=1)
    return answer(found_rows[0]) if found_rows else None


def _list(table: Any, form: RecordWith, _owner: Identity) -> Any:
    found = queries.rows_with(table.id, form.where, limit=form.limit)
    return {"items": [answer(one) for one in found[: form.limit]], "more": len(found) > form.limit}


def _create(table: Any, form: RecordWith, owner: Identity) -> Any:
    return answer(operations.write_row(table, key_of(form) if form.key else None, values_of(form), actor=owner))


def _upsert(table: Any, form: RecordWith, owner: Identity) -> Any:
    row, is_new = operations.upsert_row(table, key_of(form), values_of(form), actor=owner)
    return {**answer(row), "is_new": is_new}


def _update(table: Any, form: RecordWith, owner: Identity) -> Any:
    return answer(operations.change_row(table, key_of(form), values_of(form), actor=owner))


def _delete(table: Any, form: RecordWith, owner: Identity) -> Any:
    return answer(operations.remove_row(table, key_of(form), actor=owner))


_READS: Mapping[str, Callable[..., Any]] = {"get": _get, "find": _find, "list": _list}
_WRITES: Mapping[str, Callable[..., Any]] = {
    "create": _create, "upsert": _upsert, "update": _update, "delete": _delete,
}  # fmt: skip
_ACTIONS = {**_READS, **_WRITES}
ROW_ACTIONS = tuple(_ACTIONS)


def key_of(form: RecordWith) -> str:
    key = " ".join(str(form.key or "").split())
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise Invalid(f"The key must have 1 to {LONGEST_KEY} characters.", at="/key", wrong="missing")
    return key


def values_of(form: RecordWith) -> Mapping[str, Any]:
    if not isinstance(form.values, Mapping):
        raise Invalid("The values of a row must be an object.", at="/values")
    return form.values


def answer(row: operations.FoundRow) -> dict[str, Any]:
    return {
        "id": str(row.id), "key": row.key, "values": row.content, "created_at": _written(row.created_at),
        "updated_at": _written(row.updated_at),
    }  # fmt: skip


def _written(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")


def problems_of_row(form: RecordWith, tables: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with the `with` of a step for rows. `tables` has the columns of the company's tables by name."""
    if form.action not in ROW_ACTIONS:
        message = unknown("action of a row", form.action, ROW_ACTIONS)
        yield FieldError("/action", f"{message} There are {', '.join(ROW_ACTIONS)}.", "unknown-action")
        return
    if not form.key and form.action in ("get", "upsert", "update", "delete"):
        yield FieldError("/key", "Enter the key of the row.", "missing")
    if form.key and not has_expressions(form.key):
        yield from _of_key(form)
    if not form.table:
        yield FieldError("/table", "Enter the name of the table.", "missing")
    elif form.table not in tables:
        yield FieldError("/table", unknown("table", form.table, tables), "unknown-table")
    elif form.action in ("create", "upsert", "update") and isinstance(form.values, Mapping):
        yield from _of_values(form.values, tables[form.table])


def _of_key(form: RecordWith) -> Iterator[FieldError]:
    try:
        key_of(form)
    except Invalid as error:
        yield FieldError("/key", error.message, "bad-key")


def _of_values(values: Mapping[str, Any], columns: Any) -> Iterator[FieldError]:
    plain = {name: None if has_expressions(value) else value for name, value in values.items()}
    try:
        fitted(columns, plain, whole=False)
    except BadRow as error:
        yield from (one for one in error.errors if one.code != "missing")
