"""What the preview of an import asks once for the whole file: the currency of its amounts, what a column of whole
thousands, or of days such as 03/11/2026, means, what to do with numbers that are finer than their field, and what new
records get for empty cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.amounts import Ambiguous, Mark, read_amount
from app.core.changes.columns import amounts_of, choices_of, days_of, numbers_of
from app.core.changes.files.plan import Way
from app.core.changes.models import ChangeSet, State
from app.core.changes.money import CURRENCY
from app.core.changes.staging import Answers
from app.core.changes.wording import label_of
from app.core.dates import AmbiguousDay, day_in_words, read_day
from app.core.kinds import Filing
from app.core.numbers import rounded

_MARK, _ROUND, _FILL = "mark-", "round-", "fill-"
_ROUNDED = {"round": True, "keep": False}
_LONGEST = 200


@dataclass(frozen=True)
class Unclear:
    """A column whose cells could be read in two ways: an example, and each way by how the column is then written."""

    control: str
    label: str
    example: str
    ways: tuple[tuple[Way, str, str], ...]


@dataclass(frozen=True)
class TooFine:
    """A column of numbers with more decimals than are kept: in how many rows, an example, and what it is rounded to."""

    control: str
    label: str
    rows: int
    example: str
    rounded: str
    decimals: int
    is_money: bool


@dataclass(frozen=True)
class Lacking:
    """A field that is needed, and that so many new rows don't have."""

    control: str
    label: str
    rows: int


@dataclass(frozen=True)
class Questions:
    columns: tuple[Unclear, ...] = ()
    too_fine: tuple[TooFine, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    without_currency: int = 0
    currencies: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns or self.too_fine or self.lacking or self.without_currency)


def questions_of(change_set: ChangeSet, filing: Filing | None) -> Questions:
    """What there is to ask; nothing once the import is applied."""
    asked: Mapping[str, Any] = change_set.params.get("questions") or {}
    if filing is None or change_set.state != State.PREVIEWED or not asked:
        return Questions()
    columns = (_unclear(filing, name, example) for name, example in asked.get("marks", {}).items())
    return Questions(
        columns=tuple(found for found in columns if found),
        too_fine=tuple(_too_fine(filing, name, *found) for name, found in asked.get("too_fine", {}).items()),
        lacking=tuple(
            Lacking(f"{_FILL}{name}", label_of(filing.kind, name), rows)
            for name, rows in asked.get("lacking", {}).items()
        ),
        without_currency=asked.get("currency", 0),
        currencies=tuple(choices_of(filing.input, CURRENCY).values()) if asked.get("currency") else (),
    )


def _unclear(filing: Filing, name: str, example: str) -> Unclear | None:
    if name in days_of(filing.input):
        return _unclear_day(filing, name, example)
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
    return Unclear(f"{_MARK}{name}", label_of(filing.kind, name), example, ways)


def _unclear_day(filing: Filing, name: str, example: str) -> Unclear | None:
    day = read_day(example)
    if not isinstance(day, AmbiguousDay):
        return None
    ways: tuple[tuple[Way, str, str], ...] = (
        ("dmy", day_in_words(day.day_first), "the day comes first"),
        ("mdy", day_in_words(day.month_first), "the month comes first"),
    )
    return Unclear(f"{_MARK}{name}", label_of(filing.kind, name), example, ways)


def _too_fine(filing: Filing, name: str, rows: int, example: str) -> TooFine:
    decimals = numbers_of(filing.input)[name]
    return TooFine(
        control=f"{_ROUND}{name}",
        label=label_of(filing.kind, name),
        rows=rows,
        example=example,
        rounded=str(rounded(Decimal(example), decimals)),
        decimals=decimals,
        is_money=name in amounts_of(filing.input),
    )


def read_answers(change_set: ChangeSet, filing: Filing, form: Mapping[str, str]) -> Answers:
    """What a form answers with, as far as it was asked for."""
    asked = questions_of(change_set, filing)
    currency = form.get(CURRENCY, "")
    marks: dict[str, Way] = {}
    for column in asked.columns:
        for mark, *_ in column.ways:
            if form.get(column.control) == mark:
                marks[column.control.removeprefix(_MARK)] = mark
    said = {
        column.control.removeprefix(_ROUND): _ROUNDED[text]
        for column in asked.too_fine
        if (text := form.get(column.control, "")) in _ROUNDED
    }
    filled = {
        lack.control.removeprefix(_FILL): text
        for lack in asked.lacking
        if (text := form.get(lack.control, "").strip()[:_LONGEST])
    }
    return Answers(currency if currency in asked.currencies else "", marks, said, filled)
