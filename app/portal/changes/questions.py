"""What the preview of an import asks once for the whole file: the currency of its amounts, and what a column of whole
thousands, or of days such as 03/11/2026, means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.amounts import Ambiguous, Mark, read_amount
from app.core.changes.columns import choices_of, days_of
from app.core.changes.files.plan import Way
from app.core.changes.models import ChangeSet, State
from app.core.changes.money import CURRENCY
from app.core.changes.wording import day_in_words, label_of
from app.core.dates import AmbiguousDay, read_day
from app.core.resources import Resource

_MARK = "mark-"


@dataclass(frozen=True)
class Unclear:
    """A column whose cells could be read in two ways: an example, and each way by how the column is then written."""

    control: str
    label: str
    example: str
    ways: tuple[tuple[Way, str, str], ...]


@dataclass(frozen=True)
class Questions:
    columns: tuple[Unclear, ...] = ()
    without_currency: int = 0
    currencies: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns or self.without_currency)


def questions_of(change_set: ChangeSet, resource: Resource | None) -> Questions:
    """What there is to ask; nothing once the import is applied."""
    asked: Mapping[str, Any] = change_set.params.get("questions") or {}
    if resource is None or change_set.state != State.PREVIEWED or not asked:
        return Questions()
    columns = (_unclear(resource, name, example) for name, example in asked["marks"].items())
    known = tuple(choices_of(resource.input, CURRENCY).values()) if asked["currency"] else ()
    return Questions(tuple(found for found in columns if found), asked["currency"], known)


def _unclear(resource: Resource, name: str, example: str) -> Unclear | None:
    if name in days_of(resource.input):
        return _unclear_day(resource, name, example)
    read = read_amount(example)
    if not isinstance(read, Ambiguous):
        return None
    thousands: Mark = "." if "." in example else ","
    decimal: Mark = "," if thousands == "." else "."
    sign = "point" if thousands == "." else "comma"
    ways = (
        (decimal, read.whole, f"the {sign} separates thousands"),
        (thousands, read.decimal, f"the {sign} separates decimals"),
    )
    return Unclear(f"{_MARK}{name}", label_of(resource, name), example, ways)


def _unclear_day(resource: Resource, name: str, example: str) -> Unclear | None:
    day = read_day(example)
    if not isinstance(day, AmbiguousDay):
        return None
    ways: tuple[tuple[Way, str, str], ...] = (
        ("dmy", day_in_words(day.day_first), "the day comes first"),
        ("mdy", day_in_words(day.month_first), "the month comes first"),
    )
    return Unclear(f"{_MARK}{name}", label_of(resource, name), example, ways)


def read_answers(
    change_set: ChangeSet, resource: Resource, form: Mapping[str, str]
) -> tuple[str | None, dict[str, Way]]:
    """The currency and the decimal marks by field that a form answers with, as far as they were asked for."""
    asked = questions_of(change_set, resource)
    currency = form.get(CURRENCY, "")
    marks: dict[str, Way] = {}
    for column in asked.columns:
        for mark, *_ in column.ways:
            if form.get(column.control) == mark:
                marks[column.control.removeprefix(_MARK)] = mark
    return currency if currency in asked.currencies else None, marks
