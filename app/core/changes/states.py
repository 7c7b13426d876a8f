"""What a record was at an earlier version: the present rows, and the audit entries since then walked backwards."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import RelationshipProperty, Session

from app.core.audit import AuditEntry
from app.core.kinds import Kind

Fields = dict[str, Any]


def entries_since(session: Session, kind: Kind, record_id: UUID, version: int) -> Sequence[AuditEntry]:
    """The entries of a record and its parts that made its versions after that one, newest first."""
    own = (AuditEntry.table_name == kind.table) & (AuditEntry.record_id == record_id)
    parts = (AuditEntry.parent_id == record_id) & AuditEntry.table_name.in_(kind.children)
    query = select(AuditEntry).where(or_(own, parts), AuditEntry.version > version).order_by(AuditEntry.id.desc())
    return session.scalars(query).all()


def state_at(session: Session, kind: Kind, record: Any, version: int) -> Any:
    """The record as it was at that version: an object of its model that belongs to no session, parts included."""
    return rewind(kind, record, entries_since(session, kind, record.id, version))


def rewind(kind: Kind, record: Any, entries: Iterable[AuditEntry]) -> Any:
    """The record before the changes that these entries (newest first) tell of, as an object of no session."""
    own = columns_of(record)
    parts = {name: {row.id: columns_of(row) for row in getattr(record, name)} for name in part_names(kind)}
    name_of = {_model_of(kind, name).__tablename__: name for name in parts}
    for entry in entries:
        if entry.table_name == kind.table:
            own.update(typed(kind.model, entry.before or {}))
        else:
            name = name_of[entry.table_name]
            _rewind_part(parts[name], entry, _model_of(kind, name))
    return _build(kind, own, parts)


def part_names(kind: Kind) -> tuple[str, ...]:
    """The relationships that hold a record's parts."""
    relationships = inspect(kind.model).relationships
    return tuple(r.key for r in relationships if r.mapper.local_table.name in kind.children)


def columns_of(row: Any) -> Fields:
    return {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}


def typed(model: Any, fields: Mapping[str, Any]) -> Fields:
    """Audited values as the model's attributes hold them: ids, amounts and times out of JSON."""
    adapters = _adapters(model)
    return {name: adapters[name].validate_python(value) for name, value in fields.items() if name in adapters}


@cache
def _adapters(model: Any) -> dict[str, TypeAdapter[Any]]:
    return {
        attribute.key: TypeAdapter(attribute.columns[0].type.python_type | None)
        for attribute in inspect(model).column_attrs
    }


def _rewind_part(rows: dict[UUID, Fields], entry: AuditEntry, model: Any) -> None:
    if entry.before is None:
        rows.pop(entry.record_id, None)
    else:
        rows.setdefault(entry.record_id, {}).update(typed(model, entry.before))


def _build(kind: Kind, own: Fields, parts: Mapping[str, Mapping[UUID, Fields]]) -> Any:
    record = kind.model(**own)
    for name, rows in parts.items():
        relationship = _relationship(kind, name)
        order = [str(column.key) for column in relationship.order_by or ()]
        model = _model_of(kind, name)
        ordered = sorted(rows.values(), key=lambda row: tuple(row[key] for key in order))
        setattr(record, name, [model(**row) for row in ordered])
    return record


def _relationship(kind: Kind, name: str) -> RelationshipProperty[Any]:
    return cast("RelationshipProperty[Any]", inspect(kind.model).relationships[name])


def _model_of(kind: Kind, name: str) -> Any:
    return _relationship(kind, name).mapper.class_
