"""Which column of a file holds which field of a record, by whatever a person calls it."""

from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from itertools import chain
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.core.changes.files.headings import fold
from app.core.changes.wording import label_of, schemas_in
from app.core.kinds import Filing, listing_of
from app.core.money import Amount, SignedAmount
from app.core.numbers import Number
from app.core.schemas import Input, Line, is_required

ID = "id"


def importable_fields(filing: Filing) -> list[str]:
    """The fields that a cell can hold: those without records inside, and those of which the filing says how."""
    fields, cells = filing.input.model_fields, filing.editing.cells
    return [name for name, info in fields.items() if name in cells or not any(schemas_in(info.annotation))]


def known_names(filing: Filing) -> dict[str, str]:
    """Fields by what the portal itself calls their columns, folded."""
    names = {ID: ID, **(filing.rules.called if filing.rules else {})}
    for field in importable_fields(filing):
        names[fold(label_of(filing.kind, field))] = field
        names[fold(field)] = field
    return names


def lacking(filing: Filing, found: Collection[str]) -> list[str]:
    """The fields that new records need and that are not among those found; none where the records are named by id or
    slug, so that the rows may all be of records that are there."""
    if not set(found).isdisjoint({ID, "slug"}):
        return []
    return [name for name, info in filing.input.model_fields.items() if is_required(info) and name not in found]


def about_left_out(filing: Filing, header: str) -> str:
    ours = {fold(column.name) for column in listing_of(filing.kind).spec.columns}
    if fold(header) in ours | {fold(name) for name in listing_of(filing.kind).output.model_fields}:
        return f"The column “{header}” was ignored: the portal sets this itself."
    return f"The column “{header}” was ignored: {filing.kind.plural} have no such field."


@cache
def numbers_of(schema: type[Input]) -> Mapping[str, int]:
    """The fields that hold numbers, and how many decimals each keeps."""
    found = {name: _number_in(info) for name, info in schema.model_fields.items()}
    return {name: kind.decimals for name, kind in found.items() if kind}


@cache
def amounts_of(schema: type[Input]) -> frozenset[str]:
    """The fields that hold amounts of money."""
    return frozenset(
        name for name, info in schema.model_fields.items() if isinstance(_number_in(info), Amount | SignedAmount)
    )


def _number_in(info: FieldInfo) -> Amount | Number | None:
    """What says which numbers a field takes, be it one that may be left blank."""
    blank = (get_args(part)[1:] for part in get_args(info.annotation) if get_origin(part) is Annotated)
    return next((kind for kind in chain(info.metadata, *blank) if isinstance(kind, (Amount, Number))), None)


@cache
def lists_of(schema: type[Input]) -> frozenset[str]:
    return frozenset(name for name, info in schema.model_fields.items() if _is(info, list))


@cache
def single_lines_of(schema: type[Input]) -> frozenset[str]:
    """The fields that hold one line of text."""
    return frozenset(
        name for name, info in schema.model_fields.items() if any(isinstance(kind, Line) for kind in info.metadata)
    )


@cache
def days_of(schema: type[Input]) -> frozenset[str]:
    return frozenset(name for name, info in schema.model_fields.items() if _is(info, date))


@cache
def choices_of(schema: type[Input], field: str) -> Mapping[str, str]:
    """The values that a field may have, by how they may be written; empty where it may have any."""
    annotation = schema.model_fields[field].annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    return {str(choice).casefold(): choice for choice in choices}


def _is(info: FieldInfo, kind: type[Any]) -> bool:
    annotation = info.annotation
    return annotation is kind or get_origin(annotation) is kind
