"""`record`: reads or changes a business object, as the automation's owner could by hand."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from app.automations.definitions.types import RecordWith
from app.automations.effects import StepFailed, within
from app.automations.models import Run
from app.automations.records.acting import acting_for, owner_of, require
from app.automations.records.declared import COMPANY, DECLARED, READS, Declared
from app.automations.records.rows import ROW, use_row
from app.automations.records.wording import code_of, message_of, place_of
from app.core.errors import FieldError, Invalid
from app.core.ids import as_uuid
from app.core.kinds import listing_of
from app.core.lists import fetch, query_schema
from app.core.operations import required
from app.core.records import get_record
from app.core.schemas import Input, changes_of, partial
from app.core.withheld import refuse_what_is_withheld
from app.extensions import db
from app.identity.identities import Identity
from app.identity.policy import is_staff, side_of

MOST = 100


@within("record")
def use_record(form: RecordWith, run: Run) -> Any:
    """What the record is like, or the list of those that were asked for.

    Raises `StepFailed` where the owner may not do it, and whatever error the operation has for it.
    """
    if form.kind == ROW:
        return use_row(form, run)
    declared = DECLARED.get(form.kind)
    if declared is None or form.action not in declared.actions:
        raise StepFailed(f"Workflows can’t {form.action} records of kind {form.kind}.", again=False)
    owner = owner_of(run)
    with acting_for(run, owner):
        return _ACTIONS.get(form.action, _take_step)(declared, form, run, owner)


def _get(declared: Declared, form: RecordWith, _run: Run, owner: Identity) -> Any:
    require(owner, declared.kind.read_permission, f"read {declared.kind.plural}")
    return _answer(declared, declared.kind.hydrated(_found(declared, form, owner)), owner)


def _find(declared: Declared, form: RecordWith, _run: Run, owner: Identity) -> Any:
    items = _listed(declared, form, owner, limit=1)[0]
    return items[0] if items else None


def _list(declared: Declared, form: RecordWith, _run: Run, owner: Identity) -> Any:
    items, total, more = _listed(declared, form, owner, limit=form.limit)
    return {"items": items, "total": total, "more": more}


def _listed(declared: Declared, form: RecordWith, owner: Identity, *, limit: int) -> tuple[list[Any], int, bool]:
    kind = declared.kind
    require(owner, kind.read_permission, f"read {kind.plural}")
    listing = listing_of(kind)
    schema = query_schema(listing.spec)
    _refuse_unknown(form.where, schema, "where")
    query = _valid(schema, {**form.where, "limit": limit}, "where").model_copy(update=dict(kind.held_to(owner)))
    refuse_what_is_withheld(listing.output, query, _Reader(owner))
    page = fetch(db.session, listing.spec, query, staff=is_staff(owner), entities=True, options=kind.load_options)
    if kind.hydrate is not None:
        kind.hydrate(page.rows)
    return [_answer(declared, one, owner) for one in page.rows], page.total, page.next_cursor is not None


def _create(declared: Declared, form: RecordWith, run: Run, owner: Identity) -> Any:
    kind, editing = declared.kind, declared.editing
    require(owner, listing_of(kind).making_permission, f"make {kind.plural}")
    values = _input(declared, form, run, editing.input)
    return _written(declared, required(editing.create)(values, actor=owner), owner)


def _update(declared: Declared, form: RecordWith, run: Run, owner: Identity) -> Any:
    kind, editing = declared.kind, declared.editing
    schema: type[Input] = editing.input
    require(owner, kind.write_permission, f"change {kind.plural}")
    changes = changes_of(_input(declared, form, run, partial(schema)))
    record = _found(declared, form, owner, lock=True)
    required(editing.update)(record, changes, actor=owner)
    return _written(declared, record, owner)


def _take_step(declared: Declared, form: RecordWith, run: Run, owner: Identity) -> Any:
    step, steps, side = declared.step(form.action), declared.steps, side_of(owner)
    assert steps is not None
    what = f"{form.action} {declared.kind.plural}"
    if side not in step.by:
        raise StepFailed(f"{owner.username}, who owns this automation, may not {what}.", again=False)
    require(owner, step.by[side], what)
    values = _input(declared, form, run, step.body) if step.body is not None else None
    record = _found(declared, form, owner, lock=not declared.locks_itself)
    steps.take(record, form.action, values, actor=owner)
    return _written(declared, record, owner)


_Action = Callable[[Declared, RecordWith, Run, Identity], Any]
_ACTIONS: Mapping[str, _Action] = {"get": _get, "find": _find, "list": _list, "create": _create, "update": _update}
assert set(READS) < _ACTIONS.keys()


def _found(declared: Declared, form: RecordWith, owner: Identity, *, lock: bool = False) -> Any:
    """The record that the step names; the row of what it lies below is locked before its own."""
    kind = declared.kind
    if not form.id:
        raise Invalid(f"Enter the ID of the {kind.singular}.", at="/id", wrong="missing")
    if not lock or kind.parent is None:
        return get_record(kind, form.id, for_update=lock, archived=True, seen_by=owner)
    below = getattr(get_record(kind, form.id, seen_by=owner), f"{kind.parent.noun}_id")
    parent = get_record(kind.parent, below, for_update=True, seen_by=owner)
    return get_record(kind, form.id, for_update=True, seen_by=owner, below=parent)


def _input(declared: Declared, form: RecordWith, run: Run, schema: type[Input]) -> Any:
    """The values of the step, valid; of no other company."""
    given = dict(form.values) if isinstance(form.values, Mapping) else {}
    if COMPANY in schema.model_fields:
        if as_uuid(str(given.setdefault(COMPANY, str(run.client_id)))) != run.client_id:
            raise Invalid("An automation can only change records of its company.", at=f"/values/{COMPANY}")
        if form.action == "update":
            del given[COMPANY]
    for name in given.keys() & declared.without:
        raise Invalid(f"Workflows can’t set {name}.", at=f"/values/{name}")
    return _valid(schema, given, "values")


def _refuse_unknown(given: Mapping[str, Any], schema: type[BaseModel], member: str) -> None:
    for name in given:
        if name not in schema.model_fields or name in ("cursor", "limit"):
            raise Invalid(f"There is no filter {name}.", at=f"/{member}/{name}", wrong="unknown")


def _valid(schema: type[BaseModel], given: Mapping[str, Any], member: str) -> Any:
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        errors = [
            FieldError(f"/{member}{place_of(one)}", message_of(one), code_of(one))
            for one in error.errors(include_url=False)
        ]
        first = errors[0]
        raise Invalid(f"{first.pointer.removeprefix(f'/{member}/')}: {first.message}", errors=errors) from None


def _written(declared: Declared, record: Any, owner: Identity) -> Any:
    """The record as it is after the change, with its parts."""
    db.session.flush()
    kind = declared.kind
    if kind.load_options or kind.parts:
        record_id: UUID = record.id
        db.session.expire(record)
        record = get_record(kind, record_id)
    return _answer(declared, kind.hydrated(record), owner)


class _Reader:
    """Who reads the answer (`core/withheld.py`)."""

    def __init__(self, owner: Identity) -> None:
        self.side = side_of(owner)


@cache
def _adapter(output: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(output)


def _answer(declared: Declared, record: Any, owner: Identity) -> Any:
    """The record as the API answers it to the owner."""
    adapter = _adapter(listing_of(declared.kind).output)
    whole = adapter.validate_python(record, from_attributes=True)
    return adapter.dump_python(whole, mode="json", by_alias=True, context=_Reader(owner))
