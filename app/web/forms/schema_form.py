"""A form made from a pydantic schema: Flask-WTF draws it and carries the CSRF token, the schema decides, and each
error goes back to its field."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin
from uuid import UUID

from flask_wtf import FlaskForm
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.core.errors import DomainError, FieldError
from app.core.schemas import Input, changes_of, partial, ui_of
from app.core.validation import field_errors
from app.web.forms.fields import (
    AmountField,
    ChoiceField,
    ChoicesField,
    DayField,
    FlagField,
    HiddenField,
    LineField,
    NumberField,
    NumbersField,
    PasswordField,
    Place,
    ProseField,
    SchemaField,
    TagsField,
)
from app.web.forms.lists import PickField, PicksField, RowsField
from app.web.forms.parts import PartsField, WeekField

I = TypeVar("I", bound=Input)  # noqa: E741
_WIDGETS: dict[str, type[SchemaField]] = {
    "line": LineField,
    "prose": ProseField,
    "amount": AmountField,
    "password": PasswordField,
    "day": DayField,
    "number": NumberField,
    "pick": PickField,
    "week": WeekField,
    "hidden": HiddenField,
}


class SchemaForm(FlaskForm):  # type: ignore[misc]
    """The form of a schema. Bind it to a record's values with `data=`, or to none for a new one."""

    schema: type[Input]
    currency: str | None = None
    """What amounts are in where the form doesn't ask for it."""

    @property
    def fields(self) -> dict[str, SchemaField]:
        return {name: self._fields[name] for name in self.schema.model_fields}

    @property
    def every_field(self) -> Iterator[SchemaField]:
        """The fields, and the fields in their parts and rows."""
        for field in self.fields.values():
            yield field
            yield from getattr(field, "parts", {}).values()
            for row in getattr(field, "rows", ()):
                yield from row.fields.values()

    def new_values(self) -> Input | None:
        """What was submitted, as the schema has it; None where it is wrong, and then the fields say why."""
        return self._judged(self.schema)

    def changed_values(self) -> dict[str, Any] | None:
        """The fields that were submitted, each judged. One that the form left out is left alone, and so is a slug that
        was cleared: every record has one."""
        patch = self._judged(partial(self.schema))
        changes = {} if patch is None else changes_of(patch)
        if changes.get("slug", "") is None:
            del changes["slug"]
        return None if patch is None else changes

    def _judged(self, schema: type[I]) -> I | None:
        if not self.validate():
            return None
        given = {name: field.value() for name, field in self.fields.items() if field.is_given}
        takes_currencies = self._takes_currencies(self.fields, self.currency)
        try:
            values = schema.model_validate(given)
        except ValidationError as error:
            self.refuse(field_errors(error))
            return None
        return values if takes_currencies else None

    def _takes_currencies(self, fields: Mapping[str, SchemaField], currency: str | None) -> bool:
        """Whether each amount that names a currency names its own, and not another one."""
        if "currency" in fields:
            currency = fields["currency"].data
        taken = True
        for field in fields.values():
            if isinstance(field, NumbersField) and field.refuse_another(currency):
                taken = False
            for part in (getattr(field, "parts", {}), *(row.fields for row in getattr(field, "rows", ()))):
                taken = self._takes_currencies(part, currency) and taken
        return taken

    def refuse(self, errors: Iterable[FieldError]) -> None:
        """Show each error at the field that its pointer begins with, or above the form where there is none."""
        for error in errors:
            place = _place(error.pointer)
            field = self.fields.get(str(place[0])) if place else None
            if field is None:
                self.form_errors.append(error.message)
            else:
                field.add_error(place[1:], error.message)

    def refuse_because(self, error: DomainError) -> None:
        """Show what an operation refused, at the fields that it names."""
        self.refuse(error.errors or [FieldError("", error.message, error.code)])

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Every error as (id of its control, label, message); no id where it belongs to no field."""
        token = self.csrf_token.errors if "csrf_token" in self else ()
        general = [("", "", str(message)) for message in (*self.form_errors, *token)]
        return general + [problem for field in self.fields.values() for problem in field.problems()]

    def act(self, command: str) -> bool:
        """Do what a helper button says (`offerings:up:2`). False if it was none, and the form is to be saved."""
        if command == "enter":
            return any(isinstance(field, PicksField) and field.is_asking for field in self.every_field)
        name, _, rest = command.partition(":")
        verb, _, argument = rest.partition(":")
        field = self.named(name)
        if field is None or not verb:
            return False
        field.acted = verb
        field.act(verb, argument)
        return True

    def named(self, name: str) -> SchemaField | None:
        """The field of that name, or the one in a row: `members-2-assistant_id`."""
        return next((field for field in self.every_field if field.name == name), None)


@cache
def form_class(schema: type[Input]) -> type[SchemaForm]:
    """The form of a schema; its fields bear the schema's names."""
    body = {name: _field(name, info) for name, info in schema.model_fields.items()}
    return type(f"{schema.__name__}Form", (SchemaForm,), {"schema": schema, **body})


def _field(name: str, info: FieldInfo) -> Any:
    default = info.get_default(call_default_factory=True, validated_data={})
    options: dict[str, Any] = {"info": info, "default": None if default is PydanticUndefined else default}
    if get_origin(info.annotation) is list:
        return _list_field(get_args(info.annotation)[0], options)
    if get_origin(info.annotation) is Literal:
        return ChoiceField(**options)
    if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
        columns = {part: _field(part, about) for part, about in info.annotation.model_fields.items()}
        return PartsField(columns=columns, **options)
    if name == "id":
        return HiddenField(**options)
    if info.annotation is bool:
        return FlagField(**options)
    return _WIDGETS[ui_of(info).get("x-widget", "line")](**options)


def _list_field(item: Any, options: Mapping[str, Any]) -> Any:
    if item is UUID:
        return PicksField(**options)
    if isinstance(item, type) and issubclass(item, BaseModel):
        columns = {name: _field(name, info) for name, info in item.model_fields.items()}
        return RowsField(row_schema=item, columns=columns, **options)
    if get_origin(item) is Literal:
        return ChoicesField(**options)
    return TagsField(**options)


def _place(pointer: str) -> Place:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return tuple(int(part) if part.isdecimal() else part for part in parts)
