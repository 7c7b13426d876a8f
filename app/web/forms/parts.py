"""Fields of a value that has parts: a record within the record, and hours by day of the week."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms.utils import unset_value

from app.core.hours import WEEKDAYS, hours_in_words, read_hours
from app.web.forms.fields import Place, SchemaField


class PartsField(SchemaField):
    """A schema within the schema, its fields named `availability-timezone`. One that the form leaves out is left out of
    the value."""

    kind = "parts"

    def __init__(self, *, columns: dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.columns = columns
        self.parts: dict[str, SchemaField] = {}

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        item = self.default if data is unset_value else data
        for name, unbound in self.columns.items():
            bound = unbound.bind(form=self._form, name=f"{self.name}-{name}")
            bound.process(formdata, _part(item, name))
            self.parts[name] = bound
        self.raw_data = None if formdata is None else [part for part in self.parts.values() if part.is_given]

    def value(self) -> dict[str, Any]:
        return {name: part.value() for name, part in self.parts.items() if part.is_given}

    def add_error(self, place: Place, message: str) -> None:
        if place and place[0] in self.parts:
            self.parts[str(place[0])].add_error(place[1:], message)
        else:
            super().add_error((), message)

    def problems(self) -> Iterable[tuple[str, str, str]]:
        yield from super().problems()
        for part in self.parts.values():
            yield from part.problems()

    def act(self, verb: str, argument: str) -> None:
        name, _, rest = argument.partition(":")
        if name in self.parts:
            self.parts[name].act(verb, rest)


def _part(item: Any, name: str) -> Any:
    if item is None:
        return unset_value
    return item.get(name, unset_value) if isinstance(item, Mapping) else getattr(item, name, unset_value)


class WeekField(SchemaField):
    """Hours by day, each day a line of text: `availability-weekly-mon` holds “09:00–12:00, 13:00–17:00”."""

    kind = "week"
    days = WEEKDAYS

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.day_errors: dict[str, str] = {}

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        sent = {day: formdata.getlist(f"{self.name}-{day}") for day in WEEKDAYS} if formdata is not None else {}
        self.raw_data = [values for values in sent.values() if values] if formdata is not None else None
        if self.is_given:
            self.data = {day: ", ".join(values) for day, values in sent.items()}
        else:
            stored = {} if data is unset_value else data or {}
            self.data = {day: hours_in_words(stored.get(day, ())) for day in WEEKDAYS}

    def value(self) -> dict[str, Any]:
        """By day what the text says; the text itself where it says nothing that can be understood."""
        read = {day: read_hours(text) for day, text in self.data.items()}
        return {day: self.data[day] if pairs is None else pairs for day, pairs in read.items() if pairs != []}

    def add_error(self, place: Place, message: str) -> None:
        if place and place[0] in WEEKDAYS:
            self.day_errors[str(place[0])] = message
        else:
            super().add_error((), message)

    def problems(self) -> Iterable[tuple[str, str, str]]:
        for message in self.errors:
            yield f"{self.id}-mon", self.label.text, message
        for day, message in self.day_errors.items():
            yield f"{self.id}-{day}", WEEKDAYS[day], message

    def act(self, verb: str, argument: str) -> None:
        """Give the days from Tuesday to Friday the hours of Monday."""
        if verb == "copy":
            self.data |= dict.fromkeys(("tue", "wed", "thu", "fri"), self.data["mon"])
