"""Building blocks of the pydantic schemas. One schema validates an API body, a form and an import row alike."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, PydanticUndefined


class Input(BaseModel):
    """What comes from outside. Unknown fields are refused, and so is anything that only the server sets."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, validate_default=False)


class Output(BaseModel):
    """What an endpoint answers with; reads rows and objects by attribute."""

    model_config = ConfigDict(from_attributes=True)


def _no_control_characters(value: str) -> str:
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise PydanticCustomError("control_character", "Control characters are not allowed.")
    return value


def _unify_line_ends(value: Any) -> Any:
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        raise PydanticCustomError("line_break", "Line breaks and tabs are not allowed here.")
    return value


def line(max_length: int, *, min_length: int = 0, title: str | None = None, **ui: Any) -> Any:
    """The type of a text of one line. `ui` goes to the form: `help`, `suggest` (name of a suggestion list), `example`."""
    return Annotated[
        str,
        BeforeValidator(_unify_line_ends),
        Field(min_length=min_length, max_length=max_length, title=title, json_schema_extra=_ui("line", ui)),
        AfterValidator(_no_control_characters),
        AfterValidator(_one_line),
    ]


def prose(max_length: int, *, title: str | None = None, **ui: Any) -> Any:
    """The type of a text of many lines."""
    return Annotated[
        str,
        BeforeValidator(_unify_line_ends),
        Field(max_length=max_length, title=title, json_schema_extra=_ui("prose", ui)),
        AfterValidator(_no_control_characters),
    ]


def _exact_amount(value: Any) -> Any:
    """Take a JSON number by its shortest decimal form, never by its binary value; refuse true and false."""
    if isinstance(value, bool):
        raise PydanticCustomError("decimal_type", "An amount is a number or a decimal string.")
    if isinstance(value, float):
        return repr(value)
    return value


def _amount_of(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))


def amount(*, title: str | None = None, **ui: Any) -> Any:
    """The type of an amount of money that is not negative: a decimal string or a JSON number, two decimals at most."""
    return Annotated[
        Decimal,
        BeforeValidator(_exact_amount),
        Field(ge=0, max_digits=12, decimal_places=2, title=title, json_schema_extra=_ui("amount", ui)),
        AfterValidator(_amount_of),
    ]


CURRENCIES = ("USD", "EUR", "GBP", "CHF")

MoneyOut = Annotated[
    Decimal,
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,10}\.\d{2}$", "examples": ["1499.00"]}),
]


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


TimeOut = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T09:30:00Z"]}),
]

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def _slug_form(value: str) -> str:
    if not SLUG.match(value):
        raise PydanticCustomError("slug", "Use small letters, digits and single hyphens, as in “invoice-intake”.")
    return value


Slug = Annotated[str, Field(min_length=1, max_length=140, title="Slug"), AfterValidator(_slug_form)]


def _ui(widget: str, extra: Mapping[str, Any]) -> Any:
    merged = {"x-widget": widget, **{f"x-{key}": value for key, value in extra.items()}}

    def add(schema: dict[str, Any]) -> None:
        schema.update(merged)

    add.ui = merged  # type: ignore[attr-defined]
    return add


def ui_of(field: FieldInfo) -> dict[str, Any]:
    """What the form wants to know of a field: `x-widget`, `x-help`, …; empty where nothing was said."""
    return dict(getattr(field.json_schema_extra, "ui", None) or {})


@cache
def partial(schema: type[Input]) -> type[Input]:
    """The schema of a PATCH: the same fields and rules, none required, none defaulted.

    Read the result with `changes_of`.
    """
    fields: dict[str, Any] = {}
    for name, info in schema.model_fields.items():
        optional = FieldInfo.merge_field_infos(info, default=None, annotation=info.annotation)
        optional.default_factory = None
        fields[name] = (info.annotation, optional)
    return create_model(f"{schema.__name__}Patch", __base__=schema, __doc__=schema.__doc__, **fields)


def changes_of(patch: BaseModel) -> dict[str, Any]:
    """The fields that the caller sent, by name."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}


def is_required(info: FieldInfo) -> bool:
    return info.default is PydanticUndefined and info.default_factory is None
