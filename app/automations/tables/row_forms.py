"""The form of a row: a field for each column of its table, or one for all values where the table has no columns.

It is made for one request. Tables change their columns, so neither the form nor a schema of it is kept.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from app.automations.definitions.reading import problems_of_json
from app.automations.tables.schemas import Key, RowInput
from app.core.amounts import Ambiguous, read_amount
from app.core.errors import FieldError
from app.core.kinds import FieldGroup
from app.core.validation import field_errors
from app.web.forms import SchemaForm
from app.web.forms.fields import ChoiceField, DayField, LineField, NumberField, ProseField, SchemaField

ALL = "values"
"""The field for all values, of a table without columns."""
_PREFIX = "value_"
_LONG = 120
_HELP: Mapping[str, str] = {
    "time": "With UTC offset, such as 2026-12-01T09:30:00+01:00.",
    "json": "JSON, such as {\"colour\": \"red\"} or [1, 2].",
}  # fmt: skip
_FIELDS: Mapping[str, type[SchemaField]] = {
    "text": LineField, "number": NumberField, "boolean": ChoiceField, "date": DayField, "time": LineField,
    "json": ProseField,
}  # fmt: skip


def name_of(field: str) -> str:
    """The name of the value that a field is for."""
    return field.removeprefix(_PREFIX)


def field_of(column: str) -> str:
    """The name of the column’s field."""
    return f"{_PREFIX}{column}"


def at_field(error: FieldError) -> FieldError:
    """An error about `/values/amount` as one about the field of that column."""
    return FieldError(error.pointer.replace("/values/", f"/{_PREFIX}", 1), error.message, error.code)


class RowForm(SchemaForm):
    """`columns` are those of the table; `at_first` is what each field held when the row was opened."""

    schema = RowInput
    columns: ClassVar[Sequence[Mapping[str, Any]]] = ()
    at_first: ClassVar[Mapping[str, str]] = {}
    held: ClassVar[Mapping[str, Any]] = {}
    """The values of the row when it was opened."""
    typed_key: str | None = None
    """The key as `changed` has found it."""

    @property
    def fields(self) -> dict[str, SchemaField]:
        return {name: field for name, field in self._fields.items() if isinstance(field, SchemaField)}

    @property
    def groups(self) -> list[FieldGroup]:
        return [FieldGroup("Row", tuple(self.fields))]

    def new_values(self) -> RowInput | None:
        if not self.validate() or (values := self.changed()) is None:
            return None
        try:
            given = {name: value for name, value in values.items() if value is not None}
            return RowInput.model_validate({"key": self.typed_key, "values": given})
        except ValidationError as error:
            self.refuse(field_errors(error))
            return None

    def changed(self) -> dict[str, Any] | None:
        """The values of the fields that hold something else than at first, as they were typed; None if one of them is
        no JSON. A field that the form left out is left alone."""
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            if name == "key" or not field.is_given or _lines(str(field.data)) == self.at_first.get(name, ""):
                continue
            try:
                found.update(_typed(name, field, self))
            except ValueError as error:
                field.add_error((), str(error))
        try:
            self.typed_key = RowInput.model_validate({"key": self.key.value(), "values": {}}).key
        except ValidationError as error:
            self.refuse(field_errors(error))
        return None if any(field.errors for field in self.fields.values()) else found


def row_form(columns: Sequence[Mapping[str, Any]], key: str = "", values: Mapping[str, Any] | None = None) -> RowForm:
    """The form of a row with these values, or of a new one."""
    held = values or {}
    shown = {field_of(c["name"]): _lines(_shown(held.get(c["name"]), c["type"])) for c in columns}
    if not columns:
        shown = {ALL: in_lines(held) if held else ""}
    about = "" if values is not None else "Leave blank to use the row’s ID."
    # Forms have their fields in the order in which they are made.
    fields = {"key": LineField(info=_about_key(about), default="")}
    fields |= {field_of(column["name"]): _field(column, shown[field_of(column["name"])]) for column in columns}
    if not columns:
        info = FieldInfo(
            annotation=str, default="", title="Values", description="A JSON object, such as {\"supplier\": \"Acme\"}."
        )  # fmt: skip
        fields[ALL] = ProseField(info=info, default="")
    made = type("RowForm", (RowForm,), {"columns": columns, "at_first": shown, "held": held, **fields})
    form: RowForm = made(data={"key": key, **shown})
    return form


def _about_key(description: str) -> FieldInfo:
    return FieldInfo(annotation=Key | None, default=None, title="Key", description=description)


def _field(column: Mapping[str, Any], shown: str) -> Any:
    kind = column["type"]
    annotation: Any = Literal["", "yes", "no"] if kind == "boolean" else str
    default: dict[str, Any] = {} if column["required"] else {"default": None}
    info = FieldInfo(annotation=annotation, title=column["name"], description=_HELP.get(kind, ""), **default)
    field = _FIELDS[kind]
    if kind == "text" and ("\n" in shown or len(shown) > _LONG):
        field = ProseField
    return field(info=info, default="")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def in_lines(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _shown(value: Any, kind: str) -> str:
    """A value as its field holds it. What doesn’t fit its column any more stands there as JSON."""
    if value is None:
        return ""
    if kind == "boolean" and isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) and kind != "json" else in_lines(value)


def _typed(name: str, field: SchemaField, form: RowForm) -> dict[str, Any]:
    """The values that a field stands for; None for those that were taken out of an object. Raises ValueError, in
    words."""
    text = _lines(str(field.data))
    if name == ALL:
        value = _json(text) if text.strip() else {}
        if not isinstance(value, dict):
            raise ValueError("Enter a JSON object.")
        return {**dict.fromkeys(form.held), **value}
    column = next(one for one in form.columns if field_of(one["name"]) == name)
    if not text.strip():
        return {column["name"]: None}
    return {column["name"]: _value(column["type"], text)}


def _value(kind: str, text: str) -> Any:
    if kind == "json":
        return _json(text)
    if kind == "boolean":
        return {"yes": True, "no": False}.get(text, text)
    if kind == "number":
        number = read_amount(text)
        if isinstance(number, Ambiguous):
            raise ValueError(number.question)
        return number
    if "\0" in text:
        raise ValueError("Control characters are not allowed.")
    return text if kind == "text" else text.strip()


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"This isn’t valid JSON: {error}.") from None
    if problem := next(iter(problems_of_json(value, "")), None):
        raise ValueError(problem.message)
    return value
