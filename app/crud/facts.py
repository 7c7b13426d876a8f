"""What the page of a record says of it: the fields of its form, with what they hold."""

from dataclasses import dataclass, replace
from typing import Any

from app.core.kinds import FieldGroup, Kind, editing_of
from app.web.forms import form_class
from app.web.forms.lists import PickField, RowsField


@dataclass(frozen=True)
class Fact:
    """A field and its value. `kind` says how to draw it; a list of rows has `columns`. Picked records, or the one
    `record` of a field that takes one, are of the kind `resource_key`."""

    name: str
    label: str
    kind: str
    value: Any
    columns: tuple["Fact", ...] = ()
    resource_key: str = ""


@dataclass(frozen=True)
class FactGroup:
    title: str
    facts: tuple[Fact, ...]


def groups_for(kind: Kind, person: Any) -> list[FieldGroup]:
    """The form, without the fields that are settled by who the person is, such as the company of its own people."""
    held = kind.held_to(person)
    known = [(group, tuple(name for name in group.fields if name not in held)) for group in editing_of(kind).form]
    return [replace(group, fields=fields) for group, fields in known if fields]


def facts_of(kind: Kind, record: Any, person: Any) -> list[FactGroup]:
    """The record as the person's form has it, group by group. An amount stands with its currency."""
    fields = form_class(editing_of(kind).input)(formdata=None).fields
    return [FactGroup(group.title, tuple(_facts(group, fields, record))) for group in groups_for(kind, person)]


def _facts(group: FieldGroup, fields: dict[str, Any], record: Any) -> list[Fact]:
    has_amount = any(fields[name].kind == "amount" for name in group.fields)
    shown = [fields[name] for name in group.fields if not (name == "currency" and has_amount)]
    return [
        Fact(f.name, f.label.text, _kind(f), _value(f, record), _columns(f), getattr(f, "resource_key", ""))
        for f in shown
    ]


def _kind(field: Any) -> str:
    return "record" if isinstance(field, PickField) else field.kind


def _value(field: Any, record: Any) -> Any:
    """Picked records are reached by the plural of the field's name: `product_ids` by `products`; one alone by the name
    without its `_id`: `team_id` by `team`."""
    if isinstance(field, PickField):
        return getattr(record, field.short_name.removesuffix("_id"))
    return getattr(record, field.resource_key if field.kind == "picks" else field.name)


def _columns(field: Any) -> tuple[Fact, ...]:
    if not isinstance(field, RowsField):
        return ()
    parts = [unbound.bind(form=None, name=name, _meta=field.meta) for name, unbound in field.columns.items()]
    return tuple(Fact(p.name, p.label.text, p.kind, None) for p in parts if p.kind != "hidden" and p.name != "currency")
