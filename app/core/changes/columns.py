"""Which column of a file holds which field of a record, by whatever a person calls it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.core.amounts import Mark
from app.core.changes.csv_reader import Unreadable
from app.core.changes.wording import label_of, schemas_in
from app.core.resources import Resource
from app.core.schemas import Input, is_required

ID = "id"


@dataclass(frozen=True)
class Layout:
    """Field by column position, and what is to be told about the columns that are passed over."""

    fields: Mapping[int, str]
    notes: tuple[str, ...]


def importable_fields(resource: Resource) -> list[str]:
    """The fields that a cell can hold: those without records inside, and those of which the resource says how."""
    fields = resource.input.model_fields
    return [name for name, info in fields.items() if name in resource.cells or not any(schemas_in(info.annotation))]


def lay_out(resource: Resource, headers: Sequence[str]) -> Layout:
    """Find each column's field. Raises `Unreadable` where that makes no table of such records."""
    known = _names(resource)
    fields: dict[int, str] = {}
    notes = []
    for at, header in enumerate(headers):
        field = known.get(_fold(header))
        if field is None:
            notes.append(_about_unknown(resource, header))
        elif field in fields.values():
            raise Unreadable(f"Two columns are called “{header}”. Keep one of them.")
        else:
            fields[at] = field
    _require_enough(resource, set(fields.values()))
    return Layout(fields, tuple(note for note in notes if note))


def _require_enough(resource: Resource, found: set[str]) -> None:
    if not found - {ID}:
        names = ", ".join([ID, *importable_fields(resource)])
        raise Unreadable(f"The first row names no column of {resource.plural}. The columns are: {names}.")
    if found.isdisjoint({ID, "slug"}):
        missing = [
            name for name, info in resource.input.model_fields.items() if is_required(info) and name not in found
        ]
        if missing:
            raise Unreadable(
                f"There is no column for {_and(missing)}, which a new {resource.singular} needs. Add it, or add the "
                "column id or slug to change those that are there."
            )


def _and(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def _names(resource: Resource) -> dict[str, str]:
    names = {ID: ID}
    for field in importable_fields(resource):
        names[_fold(label_of(resource, field))] = field
        names[_fold(field)] = field
    return names


def _about_unknown(resource: Resource, header: str) -> str:
    ours = {_fold(column.name) for column in resource.listing.columns}
    if _fold(header) in ours | {_fold(name) for name in resource.output.model_fields}:
        return f"The column “{header}” is passed over: only the portal sets it."
    return f"The column “{header}” is passed over: {resource.plural} have no such field."


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


@cache
def amounts_of(schema: type[Input]) -> frozenset[str]:
    return frozenset(name for name, info in schema.model_fields.items() if _is(info, Decimal))


@cache
def lists_of(schema: type[Input]) -> frozenset[str]:
    return frozenset(name for name, info in schema.model_fields.items() if _is(info, list))


@cache
def choices_of(schema: type[Input], field: str) -> Mapping[str, str]:
    """The values that a field may have, by how they may be written; empty where it may have any."""
    annotation = schema.model_fields[field].annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    return {str(choice).casefold(): choice for choice in choices}


def _is(info: FieldInfo, kind: type[Any]) -> bool:
    annotation = info.annotation
    return annotation is kind or get_origin(annotation) is kind


Marks = Mapping[str, Mark]
"""By field, the decimal mark that its column gave away."""
