"""Fields that hold a list whose order matters: records picked from a list, and rows with fields of their own.

Their buttons (add, remove, up, down, find) submit the form under the name `_do`, and work without JavaScript.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from wtforms.utils import unset_value

from app.core.ids import as_uuid
from app.core.schemas import ui_of
from app.web.forms.fields import Place, SchemaField

MOST_ROWS = 300
"""Rows that one form takes; a schema's own limit is far below."""


def _rearrange(items: list[Any], verb: str, argument: str) -> None:
    """Move or remove the item at a position; a position that isn't there is left alone."""
    at = int(argument) if re.fullmatch(r"[0-9]{1,6}", argument) else len(items)
    if at >= len(items):
        return
    if verb == "remove":
        del items[at]
    elif verb == "up" and at > 0:
        items[at - 1], items[at] = items[at], items[at - 1]
    elif verb == "down" and at + 1 < len(items):
        items[at + 1], items[at] = items[at], items[at + 1]


@dataclass(frozen=True)
class Pick:
    """A record that can be picked: its id as it was sent, and what to call it; no label where there is none."""

    id: str
    label: str | None
    note: str = ""
    archived: bool = False


class PicksField(SchemaField):
    """Records of another resource, by id: `product_ids` are picked from the resource `products`.

    `chosen` and `found` are filled in by whoever draws the form: no query happens here.
    """

    kind = "picks"
    is_single = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.resource_key = self.short_name.removesuffix("_ids") + "s"
        self.query = self.asked = ""
        self.chosen: Sequence[Pick] = ()
        self.found: Sequence[Pick] | None = None
        self.item_errors: dict[int, str] = {}

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        if formdata is not None:
            self.query = formdata.get(f"{self.name}-query", "")
            self.asked = formdata.get(f"{self.name}-asked", "")

    def process_data(self, value: Any) -> None:
        self.data = [str(item) for item in value or ()]

    def process_formdata(self, values: list[str]) -> None:
        """A blank value says that the field is there although nothing is chosen."""
        if values:
            self.data = [value for value in values if value.strip()]

    @property
    def ids(self) -> list[UUID]:
        """Those of the chosen values that are ids at all."""
        return [found for value in self.data if (found := as_uuid(value))]

    @property
    def is_asking(self) -> bool:
        """Whether the search box holds a question that hasn't been answered yet."""
        return bool(self.query.strip()) and self.query != self.asked

    def act(self, verb: str, argument: str) -> None:
        if verb != "add":
            _rearrange(self.data, verb, argument)
        elif as_uuid(argument) and argument not in self.data:
            self.data.append(argument)

    def add_error(self, place: Place, message: str) -> None:
        if place and isinstance(place[0], int):
            self.item_errors[place[0]] = message
        super().add_error((), message)


class PickField(PicksField):
    """One record of another resource, by its id; choosing another takes its place."""

    is_single = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.resource_key = ui_of(self.info)["x-resource"]

    def process_data(self, value: Any) -> None:
        super().process_data(() if value is None else (value,))

    def process_formdata(self, values: list[str]) -> None:
        if values:
            self.data = [value for value in values if value.strip()][-1:]

    def act(self, verb: str, argument: str) -> None:
        if verb == "add" and as_uuid(argument):
            self.data = []
            self.query = ""
        super().act(verb, argument)

    def value(self) -> Any:
        return self.data[0] if self.data else None


@dataclass(frozen=True)
class Row:
    """One row: its fields by name, whose ids and names bear its position."""

    fields: dict[str, SchemaField]

    def is_blank(self, blank: "Row") -> bool:
        """Whether nothing was typed into a new row beyond what such a row starts with."""
        return all(f.data == blank.fields[name].data or not str(f.data).strip() for name, f in self.fields.items())

    @property
    def title(self) -> str:
        """What the row is called: its name, or the record that it is about."""
        picked = (pick.label or "" for f in self.fields.values() if isinstance(f, PicksField) for pick in f.chosen)
        named = (str(self.fields[name].data) for name in ("name", "title") if name in self.fields)
        return next((text for text in (*named, *picked) if text), "")


class RowsField(SchemaField):
    """Rows of a schema of their own, named `offerings-0-name`. A new row that was left as it came is not sent on."""

    kind = "rows"

    def __init__(self, *, row_schema: type[BaseModel], columns: dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.row_schema = row_schema
        self.columns = columns
        self.rows: list[Row] = []
        self.fresh: int | None = None
        self._sent: list[Row] = []
        self._pattern = re.compile(rf"{re.escape(self.name)}-([0-9]{{1,6}})-(\w+)", re.ASCII)

    @property
    def singular(self) -> str:
        """What one row is called: an “offering”."""
        return str(self.label.text).lower().removesuffix("s")

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        numbers = self._numbers(formdata) if formdata is not None else []
        self.raw_data = [*formdata.getlist(self.name), *numbers] if formdata is not None else None
        if self.is_given:
            self.rows = [self._row(number, formdata, {}) for number in numbers[:MOST_ROWS]]
            self._renumber()
        else:
            items = [] if data is unset_value else data or []
            self.rows = [self._row(number, None, item) for number, item in enumerate(items)]

    def _numbers(self, formdata: Any) -> list[int]:
        matches = (self._pattern.fullmatch(key) for key in formdata)
        return sorted({int(match[1]) for match in matches if match and match[2] in self.columns})

    def _row(self, number: int, formdata: Any, item: Any) -> Row:
        values = item if isinstance(item, dict) else {name: getattr(item, name) for name in self.columns}
        fields = {}
        for name, unbound in self.columns.items():
            bound = unbound.bind(form=self._form, name=f"{self.name}-{number}-{name}")
            bound.process(formdata, values.get(name, unset_value))
            fields[name] = bound
        return Row(fields)

    def _renumber(self) -> None:
        for number, row in enumerate(self.rows):
            for name, bound in row.fields.items():
                bound.name = bound.id = bound.label.field_id = f"{self.name}-{number}-{name}"

    def value(self) -> list[dict[str, Any]]:
        blank = self._row(0, None, {})
        self._sent = [row for row in self.rows if not row.is_blank(blank)]
        return [{name: bound.value() for name, bound in row.fields.items()} for row in self._sent]

    def act(self, verb: str, argument: str) -> None:
        if verb == "add":
            self.fresh = len(self.rows)
            self.rows.append(self._row(self.fresh, None, {}))
        else:
            _rearrange(self.rows, verb, argument)
            self._renumber()

    def add_error(self, place: Place, message: str) -> None:
        rows = self._sent or self.rows
        match place:
            case (int(at), str(name), *rest) if at < len(rows) and name in rows[at].fields:
                rows[at].fields[name].add_error(tuple(rest), message)
            case (int(at), *_):
                super().add_error((), f"Row {at + 1}: {message}")
            case _:
                super().add_error((), message)

    def problems(self) -> Iterable[tuple[str, str, str]]:
        yield from super().problems()
        for number, row in enumerate(self.rows, 1):
            for bound in row.fields.values():
                for control, label, message in bound.problems():
                    yield control, f"{self.label.text} {number}, {label.lower()}", message
