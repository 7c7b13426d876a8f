"""What can be told of a record step before it runs: the kind, the action, and the values that are no expressions."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.automations.definitions.types import RecordWith
from app.automations.records.declared import DECLARED, READS, Declared
from app.automations.records.rows import ROW, problems_of_row
from app.automations.records.wording import code_of, has_expressions, message_of, place_of, unknown
from app.core.errors import FieldError
from app.core.ids import is_id
from app.core.kinds import listing_of
from app.core.lists import query_schema
from app.core.schemas import partial


def problems_of_record(form: RecordWith, tables: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with the `with` of a record step, with pointers into it. `tables` has the columns of the company's
    data tables by name."""
    declared = DECLARED.get(form.kind)
    if form.kind == ROW:
        yield from problems_of_row(form, tables)
    elif declared is None:
        yield FieldError("/kind", unknown("kind of record", form.kind, [*DECLARED, ROW]), "unknown-kind")
    elif form.action not in declared.actions:
        message = unknown(f"action of a {declared.kind.singular}", form.action, declared.actions)
        yield FieldError("/action", f"{message} There are {', '.join(declared.actions)}.", "unknown-action")
    else:
        yield from _of_members(declared, form)


def _of_members(declared: Declared, form: RecordWith) -> Iterator[FieldError]:
    if form.action in ("find", "list"):
        schema = query_schema(listing_of(declared.kind).spec)
        known = [name for name in schema.model_fields if name not in ("cursor", "limit")]
        yield from _of_values(form.where, schema, known, "/where")
        return
    if form.action != "create" and not form.id:
        yield FieldError("/id", f"Enter the ID of the {declared.kind.singular}.", "missing")
    if form.id and not declared.kind.has_slug and not has_expressions(form.id) and not is_id(form.id):
        yield FieldError("/id", f"The ID of a {declared.kind.singular} must be a UUID or an expression.", "bad-id")
    if form.action in READS or not isinstance(form.values, Mapping):
        return
    fields = declared.fields_for(form.action)
    for name, is_needed in fields.items():
        if is_needed and name not in form.values:
            yield FieldError("/values", f"{name} is missing.", "missing")
    body = declared.input_for(form.action)
    if body is not None:
        yield from _of_values(form.values, partial(body), fields, "/values")
    elif form.values:
        yield FieldError("/values", f"{form.action} takes no values.", "unknown-field")


def _of_values(
    given: Mapping[str, Any], schema: type[BaseModel], known: Collection[str], at: str
) -> Iterator[FieldError]:
    """The members that don't exist, and the values that can be told to be wrong: those without expressions."""
    for name in given:
        if name not in known:
            yield FieldError(f"{at}/{name}", unknown("field", name, known), "unknown-field")
    plain = {name: value for name, value in given.items() if name in known and not has_expressions(value)}
    try:
        schema.model_validate(plain)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            yield FieldError(at + place_of(one), message_of(one), code_of(one))
