"""The fields that a schema is drawn with. They keep what was typed, to the letter; the schema alone judges it."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar, get_args

from markupsafe import Markup
from pydantic.fields import FieldInfo
from wtforms import Field
from wtforms.widgets import CheckboxInput, DateInput, HiddenInput, PasswordInput, TextArea, TextInput, html_params

from app.core.amounts import as_typed, currencies_of
from app.core.changes.wording import choice_in_words
from app.core.schemas import is_required, ui_of

_LINE_END = re.compile(r"\r\n|\r|\n")
Place = tuple[str | int, ...]


class SchemaField(Field):  # type: ignore[misc]
    """A field of the form for one field of the schema. `kind` names the template macro that draws it."""

    kind: ClassVar[str] = "line"
    widget = TextInput()

    def __init__(self, *, info: FieldInfo, **options: Any) -> None:
        ui = ui_of(info)
        super().__init__(label=info.title, description=ui.get("x-help") or info.description or "", **options)
        self.info = info
        self.suggest: str | None = ui.get("x-suggest")
        self.suggestions: Sequence[str] = ()
        self.conflict: Any = None
        self.acted = ""
        self.errors: list[str] = []
        if is_required(info):
            self.flags.required = True
        if ui.get("x-example"):
            self.render_kw = {"placeholder": ui["x-example"]}

    @property
    def is_given(self) -> bool:
        """Whether the submitted form had the field at all."""
        return bool(self.raw_data)

    def _value(self) -> str:
        return str(self.data)

    def value(self) -> Any:
        """What the schema is given to judge."""
        return self.data

    def add_error(self, place: Place, message: str) -> None:
        """Take an error at this field; `place` leads on to a part of its value."""
        if message not in self.errors:
            self.errors.append(message)

    def act(self, verb: str, argument: str) -> None:
        """Do what a helper button of the field says; one that makes no sense does nothing."""

    def problems(self) -> Iterable[tuple[str, str, str]]:
        """Each error as the id of its control, its label and its message, for the summary above the form."""
        for message in self.errors:
            yield self.id, self.label.text, message


class LineField(SchemaField):
    """A text of one line. An optional one that is left blank stands for None."""

    def process_data(self, value: Any) -> None:
        self.data = "" if value is None else str(value)

    def value(self) -> Any:
        return None if self.info.default is None and not self.data.strip() else self.data


class ProseField(LineField):
    kind = "prose"
    widget = TextArea()


class NumbersField(LineField):
    """What holds a number. `takes_currency` says that it is money, which may be typed with its currency."""

    takes_currency = False

    def refuse_another(self, currency: str | None) -> bool:
        """Whether what was typed names a currency that isn't the amount's, and is refused for that."""
        named = currencies_of(self.data)
        own = currency if self.takes_currency else None
        if not named or named == {own}:
            return False
        said = " and ".join(sorted(named))
        self.add_error((), f"This says {said}, but {f'the currency is {own}' if own else 'this field takes none'}.")
        return True


class AmountField(NumbersField):
    """Money as people write it. What could be two amounts goes on as it is, for the schema to ask."""

    kind = "amount"
    takes_currency = True

    def process_data(self, value: Any) -> None:
        decimals = ui_of(self.info).get("x-decimals", 2)
        super().process_data(f"{value:.{decimals}f}" if isinstance(value, Decimal) else value)

    def value(self) -> Any:
        given = super().value()
        return None if given is None else as_typed(given)


class DayField(LineField):
    """A date, as browsers write it: 2026-12-01."""

    kind = "day"
    widget = DateInput()

    def value(self) -> Any:
        return self.data.strip() or None

    def _value(self) -> str:
        return str(self.data)


class NumberField(NumbersField):
    kind = "number"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.takes_currency = bool(ui_of(self.info).get("x-money"))
        self.unit = ui_of(self.info).get("x-unit", "")
        self.render_kw = {"inputmode": "decimal", "autocomplete": "off", **(self.render_kw or {})}

    def process_data(self, value: Any) -> None:
        super().process_data(f"{value.normalize():f}" if isinstance(value, Decimal) else value)

    def value(self) -> Any:
        return as_typed(self.data) or None


class FlagField(SchemaField):
    """Yes or no. A browser sends nothing for no; a hidden blank value says that the field was there."""

    kind = "flag"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.type = "BooleanField"

    @staticmethod
    def widget(field: Any, **attributes: Any) -> Markup:
        box = CheckboxInput()(field, **({"checked": True} if field.data else {}), **attributes)
        return Markup('<input type="hidden" name="{}" value="">{}').format(field.name, box)

    def _value(self) -> str:
        return "yes"

    def process_data(self, value: Any) -> None:
        self.data = bool(value)

    def process_formdata(self, values: list[str]) -> None:
        if values:
            self.data = any(values)


class PasswordField(LineField):
    """What is typed here is never given back."""

    kind = "password"
    widget = PasswordInput()


class HiddenField(LineField):
    kind = "hidden"
    widget = HiddenInput()


class ChoiceField(LineField):
    """One of a few values. A value that is none of them stays in view, so that it can be put right."""

    kind = "choice"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.type = "SelectField"

    @staticmethod
    def widget(field: Any, **attributes: Any) -> Markup:
        options = Markup("").join(
            Markup('<option value="{}"{}>{}</option>').format(
                choice, Markup(" selected") if choice == field.data else "", choice_in_words(choice)
            )
            for choice in field.choices
        )
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(id=field.id, name=field.name, **attributes)),  # noqa: S704 - html_params escapes
            options,
        )

    @property
    def choices(self) -> list[str]:
        known = [str(value) for value in get_args(self.info.annotation)]
        return known if self.data in known or not self.data else [*known, self.data]


class TagsField(SchemaField):
    """A list of short texts, one a line; a parameter that is sent more than once adds lines."""

    kind = "tags"
    widget = TextArea()

    def process_data(self, value: Any) -> None:
        self.data = "\n".join(value or ())

    def process_formdata(self, values: list[str]) -> None:
        if values:
            self.data = "\n".join(values)

    def value(self) -> list[str]:
        return [line for _, line in self._lines()]

    def _lines(self) -> list[tuple[int, str]]:
        return [(number, line) for number, line in enumerate(_LINE_END.split(self.data), 1) if line.strip()]

    def add_error(self, place: Place, message: str) -> None:
        lines = self._lines()
        if place and isinstance(place[0], int) and place[0] < len(lines):
            message = f"Line {lines[place[0]][0]}: {message}"
        super().add_error((), message)


class ChoicesField(TagsField):
    """Some of a few values, each a box to tick; a list of them stands for the boxes that are ticked."""

    kind = "choices"

    @property
    def choices(self) -> list[str]:
        """All values, and what was sent besides, so that it can be put right."""
        known = [str(value) for value in get_args(get_args(self.info.annotation)[0])]
        return known + [value for value in self.chosen if value not in known]

    @property
    def chosen(self) -> list[str]:
        return self.value()
