"""Loading, creating and changing records of any kind: what the domains' operations are made of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Text, TypeDecorator, Uuid, any_, bindparam, case, inspect, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, set_committed_value

from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.errors import Conflict, DomainError, NotFound
from app.core.exact_json import ExactJson, dumps
from app.core.ids import is_id, new_id, reference
from app.core.kinds import Kind, editing_of, name_of
from app.core.names import in_ascii
from app.core.recordsets import recordset
from app.core.rls import rows_of
from app.core.sides import STAFF
from app.core.steps import steps_of
from app.extensions import db

R = TypeVar("R")
SLUG_LENGTH = 140


class SlugTaken(Conflict):
    at, wrong = "/slug", "taken"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The slug “{slug}” is taken. Choose another, or leave it empty to have one made from the name."
        )


class AlreadyArchived(Conflict):
    def __init__(self, record: Any) -> None:
        super().__init__(f"“{name_of(record)}” is archived already.")


class NotArchived(Conflict):
    def __init__(self, record: Any) -> None:
        super().__init__(f"“{name_of(record)}” is not archived.")


class IsArchived(Conflict):
    """What is archived isn't changed."""

    code = "archived"

    def __init__(self, record: Any) -> None:
        super().__init__(f"“{name_of(record)}” is archived. Restore it before you change it.")


def get_record(
    kind: Kind,
    ref: str | UUID,
    *,
    for_update: bool = False,
    archived: bool = True,
    seen_by: Any = None,
    below: Any = None,
) -> Any:
    """The record of that id or slug, with what its answers need loaded; what `seen_by` may not see isn't there, nor
    what lies below another record than `below`.

    `for_update` locks its row until the transaction ends, and reads it afresh. `archived=False` hides archived ones,
    which customers' pages never show.
    """
    model = kind.model
    key = reference(ref) if isinstance(ref, str) else ref
    if isinstance(key, str) and ("\0" in key or not kind.has_slug):
        raise NotFound(f"There is no such {kind.singular}.")
    found = model.id == key if isinstance(key, UUID) else model.slug == key
    query = select(model).where(found, *kind.conditions_for(seen_by, below)).options(*kind.load_options)
    if kind.is_archivable and not (archived and kind.audience == STAFF):
        query = query.where(model.archived_at.is_(None))
    if for_update:
        query = query.with_for_update(of=model).execution_options(populate_existing=True)
    record = db.session.scalar(query)
    if record is None:
        raise NotFound(f"There is no such {kind.singular}.")
    return record


def slug_of(name: str) -> str:
    """The slug that a name makes: small ASCII letters and digits between single hyphens. Letters of other scripts are
    transliterated (`Данные` makes `dannye`), signs and emoji left out; a name of nothing else makes `item`."""
    slug = re.sub(r"[^a-z0-9]+", "-", in_ascii(name).lower()).strip("-")[: SLUG_LENGTH - 10].strip("-") or "item"
    return f"item-{slug}" if is_id(slug) else slug


def insert_records(model: Any, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert rows of a model that has a slug, and give the records in the same order, as the database has them.

    A row with no `slug` gets one made from its `name`, with `-2`, `-3` … where that is taken; two writers who arrive
    at once each get their own. A row that names its slug raises `SlugTaken` when it is in use. All rows must have the
    same fields.
    """
    moment = now()
    waiting = {new_id(): {"created_at": moment, "updated_at": moment, "slug": None, **row} for row in rows}
    order, named = list(waiting), {key: row["slug"] for key, row in waiting.items() if row["slug"]}
    if reserved := _reserved_slugs(model).intersection(named.values()):
        raise SlugTaken(min(reserved))
    made: dict[UUID, Any] = {}
    db.session.flush()
    while waiting:
        batch = [{**row, "id": key, "slug": row["slug"] or slug_of(row["name"])} for key, row in waiting.items()]
        for record in _inserted(model, batch, list(named)):
            made[record.id] = record
            del waiting[record.id]
        if taken := next((slug for key, slug in named.items() if key in waiting), None):
            raise SlugTaken(taken)
    return [made[key] for key in order]


def _inserted(model: Any, batch: Sequence[Mapping[str, Any]], named: Sequence[UUID]) -> Iterator[Any]:
    """The records of the rows whose slugs were free. The session has no part in the writing: it would take longer than
    the rest."""
    statement, names = _insertion(model, tuple(batch[0]))
    for row in rows_of(db.session.connection(), statement, {"rows": dumps(batch), "named": named}):
        record = inspect(model).class_manager.new_instance()
        instance_dict(record).update(zip(names, row, strict=True))
        make_transient_to_detached(record)
        db.session.add(record)
        yield record


@cache
def _insertion(model: Any, names: tuple[str, ...]) -> tuple[str, Sequence[str]]:
    """One statement for any number of rows, as one document: with a parameter for each value it would take as long to
    be put together as to be run. Rows that aren't among the `named` have for a slug what their name makes. Gives its
    text, and the names of what it returns."""
    table = model.__table__
    given = recordset(table, bindparam("rows", type_=ExactJson))
    is_named = given.c.id == any_(bindparam("named", type_=ARRAY(Uuid)))
    slug = case((is_named, given.c.slug), else_=literal_column(_free_slug(model), Text))
    rows = select(*(slug if name == "slug" else given.c[name] for name in names)).order_by(given.c.id)
    statement = (
        insert(table).from_select(names, rows, include_defaults=False).on_conflict_do_nothing(index_elements=["slug"])
    )
    columns = ((column, inspect(model).get_property_by_column(column)) for column in table.c)
    returned = {of.key: column for column, of in columns if not of.deferred}
    if others := [column for column in returned.values() if isinstance(column.type, TypeDecorator)]:
        raise TypeError(f"the driver doesn't read {others} as their types do")
    compiled = statement.returning(*returned.values()).compile(dialect=PGDialect_psycopg())
    return str(compiled), list(returned)


# A number whose slug is free while the one before it is taken, 1 being the base alone. The search doubles its steps,
# then halves them, so that the thousandth of a name costs little more than the second. The next row of the same name
# takes the next number.
_FREE_SLUG = """
    given.slug || coalesce('-' || nullif(row_number() over (partition by given.slug order by given.id) - 1 + (
        with recursive step (taken, free) as (
            select 0::bigint, null::bigint
            union all
            select case when is_taken then n else taken end, case when is_taken then free else n end
              from step
             cross join lateral (select coalesce((taken + free) / 2, greatest(taken * 2, 1)) as n) next
             cross join lateral (select given.slug || coalesce('-' || nullif(n, 1), '') as slug) tried
             cross join lateral (
                   select tried.slug = any ('{reserved}')
                       or exists (select from {table} there where there.slug = tried.slug) as is_taken
                   offset 0) looked
             where free is null or free - taken > 1)
        select free from step where free - taken = 1), 1), '')
"""


def _free_slug(model: Any) -> str:
    reserved = "{" + ",".join(sorted(_reserved_slugs(model))) + "}"
    return _FREE_SLUG.replace("{reserved}", reserved).replace("{table}", model.__tablename__)


def update_obstacle(kind: Kind, record: Any) -> DomainError | None:
    """Why the record can't be changed now: it is archived, or its state doesn't allow the step that `update` is."""
    if record.is_archived:
        return IsArchived(record)
    steps = steps_of(kind.table)
    if steps is None or not (verbs := steps.taken_by(editing_of(kind).update)):
        return None
    return steps.obstacle(record, verbs[0])


def apply_changes(record: Any, changes: Mapping[str, Any]) -> None:
    """Write changed fields to a record that is locked for update; equal values are left alone.

    A slug of None leaves the slug as it is: a new name does not move it.
    """
    if record.is_archived:
        raise IsArchived(record)
    changes = {name: value for name, value in changes.items() if not (name == "slug" and value is None)}
    slug = changes.get("slug")
    if slug is not None and slug != record.slug:
        _require_free_slug(record, slug)
    for name, value in changes.items():
        if getattr(record, name) != value:
            setattr(record, name, value)


def _reserved_slugs(model: Any) -> frozenset[str]:
    """Slugs that no record may have, since other things are at those addresses: the model's `reserved_slugs`."""
    return getattr(model, "reserved_slugs", frozenset())


def _require_free_slug(record: Any, slug: str) -> None:
    model = type(record)
    taken = select(model.id).where(model.slug == slug, model.id != record.id)
    if slug in _reserved_slugs(model) or db.session.scalar(taken):
        raise SlugTaken(slug)


def write_many(records: Sequence[Any]) -> None:
    """Write the pending changes of many records of one model: what a flush does, but in few statements.

    Only the columns of the records themselves; what else is pending stays so.
    """
    by_fields: dict[tuple[str, ...], list[tuple[Any, dict[str, Any]]]] = {}
    for record in records:
        state = inspect(record)
        columns = state.mapper.column_attrs.keys()
        pending = {name: getattr(record, name) for name in columns if state.attrs[name].history.has_changes()}
        if pending:
            by_fields.setdefault(tuple(sorted(pending)), []).append((record, pending))
    for group in by_fields.values():
        _write_group(group)


def _write_group(group: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    table = type(group[0][0]).__table__
    moment = now()
    docs = [{"id": record.id, **pending, "updated_at": moment} for record, pending in group]
    given = recordset(table, docs)
    names = [name for name in docs[0] if name != "id"]
    statement = table.update().where(table.c.id == given.c.id).values({name: given.c[name] for name in names})
    with db.session.no_autoflush:
        versions = dict(db.session.execute(statement.returning(table.c.id, table.c.version)).all())
    for record, pending in group:
        for name, value in {**pending, "updated_at": moment, "version": versions[record.id]}.items():
            set_committed_value(record, name, value)


def archive(record: R, *, actor: Actor) -> R:
    """Take a record off the lists; what names it keeps it."""
    archive_many([record], actor=actor)
    return record


def restore(record: R, *, actor: Actor) -> R:
    restore_many([record], actor=actor)
    return record


def archive_many(several: Sequence[Any], *, actor: Actor) -> None:
    """Archive records of one kind, in few statements."""
    audit_as(db.session, actor=actor, action="archive")
    for record in several:
        archive_record(record)
    write_many(several)


def restore_many(several: Sequence[Any], *, actor: Actor) -> None:
    """Restore records of one kind, in few statements."""
    audit_as(db.session, actor=actor, action="restore")
    for record in several:
        if not record.is_archived:
            raise NotArchived(record)
        record.archived_at = None
    write_many(several)


def archive_record(record: Any) -> None:
    if record.is_archived:
        raise AlreadyArchived(record)
    record.archived_at = now()


def touch(record: Any) -> None:
    """Move the record's version although only its parts changed, so that whoever reads it sees that it did."""
    record.updated_at = now()
