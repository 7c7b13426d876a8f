"""Building blocks of the pydantic schemas. One schema validates an API body, a form and an import row alike."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain
from typing import Annotated, Any, ClassVar, get_args, get_origin

from annotated_types import GroupedMetadata, Len
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, PydanticUndefined

from app.core.ids import is_id
from app.core.money import CURRENCIES as CURRENCIES
from app.core.money import Amount as Amount
from app.core.money import Currency as Currency
from app.core.money import MoneyOut as MoneyOut
from app.core.names import tidy
from app.core.numbers import Number as Number
from app.core.numbers import NumberOut as NumberOut


class Input(BaseModel):
    """What comes from outside. Unknown fields are refused, and so is anything that only the server sets."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, validate_default=False)


class Output(BaseModel):
    """What an endpoint answers with; reads rows and objects by attribute."""

    model_config = ConfigDict(from_attributes=True)
    by_itself: ClassVar[frozenset[str]] = frozenset()
    """Members that change without anybody changing the object, such as counters: `If-Match` doesn't rest on them."""


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""With what is no character: XML, and so every workbook, refuses the last two."""


def _no_control_characters(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "Control characters are not allowed.")
    return value


def _unify_line_ends(value: Any) -> Any:
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _tidy_line(value: Any) -> Any:
    return tidy(_unify_line_ends(value)) if isinstance(value, str) else value


_BREAK = set("\n\t\u2028\u2029")


def _one_line(value: str) -> str:
    if not _BREAK.isdisjoint(value):
        raise PydanticCustomError("line_break", "Line breaks and tabs are not allowed here.")
    return value


class JsonSchemaExtra:
    """What the JSON schema says of a type, where a rule of ours is not in pydantic's own words."""

    def __init__(self, **more: Any) -> None:
        self._more = more

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), **self._more}


_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]"
_LINE = f"^{_PRINTABLE}*$"
_FILLED_LINE = rf"^{_PRINTABLE}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTABLE}*$"
_PROSE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]*$"


@dataclass(frozen=True)
class Line(GroupedMetadata):
    """A text of one line: `Annotated[str, Line(120)]`, kept tidy (`core/names.py`).

    The form asks for `help`, `example`, and `suggest`, the name of a list of suggestions.
    """

    max_length: int
    min_length: int = 0
    help: str = ""
    example: str = ""
    suggest: str = ""
    widget: ClassVar[str] = "line"

    def __iter__(self) -> Iterator[object]:
        yield Len(self.min_length, self.max_length)
        yield BeforeValidator(_tidy_line)
        yield AfterValidator(_no_control_characters)
        yield AfterValidator(_one_line)
        yield JsonSchemaExtra(pattern=_FILLED_LINE if self.min_length else _LINE)


@dataclass(frozen=True)
class Prose(GroupedMetadata):
    """A text of many lines."""

    max_length: int
    help: str = ""
    widget: ClassVar[str] = "prose"

    def __iter__(self) -> Iterator[object]:
        yield Len(0, self.max_length)
        yield BeforeValidator(_unify_line_ends)
        yield AfterValidator(_no_control_characters)
        yield JsonSchemaExtra(pattern=_PROSE)


@dataclass(frozen=True)
class Password(GroupedMetadata):
    """A text that is taken to the letter and never shown again: `Annotated[str, Password(1024)]`."""

    max_length: int
    help: str = ""
    widget: ClassVar[str] = "password"

    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(min_length=1, max_length=self.max_length, strip_whitespace=False)
        yield JsonSchemaExtra(format="password", writeOnly=True)


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


TimeOut = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T09:30:00Z"]}),
]

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def _slug_form(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise PydanticCustomError("slug", "Use small letters, digits and single hyphens, as in “invoice-intake”.")
    if is_id(value):
        raise PydanticCustomError("slug", "This has the form of an id. Choose another.")
    return value


Slug = Annotated[
    str,
    Field(min_length=1, max_length=140, title="Slug"),
    AfterValidator(_slug_form),
    JsonSchemaExtra(pattern=SLUG.pattern),
]


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
_IN_CALENDAR = r"^(19[7-9]|20[0-9]|21[0-9])[0-9]-[0-9]{2}-[0-9]{2}$"


def _exact_day(value: Any) -> Any:
    """Only a date as it is written; a number would be taken for seconds, a time for its day."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
        raise PydanticCustomError("day", "Give a date as in 2026-12-01.")
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise PydanticCustomError("day", "There is no such day.") from None


def _in_calendar(value: date | None) -> date | None:
    if value is not None and not FIRST_DAY <= value <= LAST_DAY:
        raise PydanticCustomError(
            "day", "Give a day from {first} to {last}.", {"first": str(FIRST_DAY), "last": str(LAST_DAY)}
        )
    return value


@dataclass(frozen=True)
class Day(GroupedMetadata):
    """A day of the calendar: `Annotated[date, Day()]`."""

    help: str = ""
    widget: ClassVar[str] = "day"

    def __iter__(self) -> Iterator[object]:
        yield BeforeValidator(_exact_day)
        yield AfterValidator(_in_calendar)
        yield WithJsonSchema(
            {"type": "string", "format": "date", "pattern": _IN_CALENDAR, "examples": ["2026-12-01"]},
        )


@dataclass(frozen=True)
class Picked:
    """A record of another resource, by its id: `Annotated[UUID, Picked("clients")]`. The form finds it by its name."""

    resource: str
    help: str = ""
    widget: ClassVar[str] = "pick"


@dataclass(frozen=True)
class Week:
    """Hours by day of the week. The form takes each day as people write it: 09:00–12:00, 13:00–17:00."""

    help: str = ""
    widget: ClassVar[str] = "week"


@dataclass(frozen=True)
class Hidden:
    """A value that a form carries along, and shows nobody."""

    widget: ClassVar[str] = "hidden"


Control = Line | Prose | Amount | Password | Day | Number | Picked | Week | Hidden


def control_of(field: FieldInfo) -> Control | None:
    """What kind of control the form draws for a field, where its type, or the one that it may have besides None, says
    it."""
    inner = (getattr(part, "__metadata__", ()) for part in get_args(field.annotation))
    return next((item for item in (*field.metadata, *chain.from_iterable(inner)) if isinstance(item, Control)), None)


def ui_of(field: FieldInfo) -> dict[str, Any]:
    """What the form wants to know of a field: `x-widget`, `x-help`, …; empty where nothing was said."""
    control = control_of(field)
    if control is None:
        return {}
    return {"x-widget": control.widget, **{f"x-{name}": value for name, value in vars(control).items() if value}}


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


def row_of(info: FieldInfo) -> type[BaseModel] | None:
    """The schema of the rows, where the field is a list of records."""
    item = get_args(info.annotation)[0] if get_origin(info.annotation) is list else None
    return item if isinstance(item, type) and issubclass(item, BaseModel) else None
