"""Functions of dates and times. Days and moments are texts in ISO 8601, as they travel in JSON."""

from datetime import date, datetime, timedelta
from typing import Any

from babel.core import UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime

from app.automations.expressions.errors import EvaluationFailed
from app.automations.expressions.registry import Work, function
from app.automations.expressions.values import Value, to_decimal, to_number
from app.core.clock import zone_of

MOST_DAYS = 400_000
LONGEST_PATTERN = 60


@function(returns="text", says="The moment at which the step began, in UTC.", example=("now()", "2026-11-30T08:30:00Z"))
def _now(work: Work) -> str:
    return _written(work.scope.at)


@function(
    "text?", returns="text", says="The day on which the step began, in the workflow's time zone or that one.",
    example=("today('Asia/Tokyo')", "2026-11-30"),
)  # fmt: skip
def _today(work: Work, zone: str = "") -> str:
    return str(work.scope.at.astimezone(_zone(zone or work.scope.zone)).date().isoformat())


@function(
    "text", "number", returns="text", says="So many days later; the time of the day stays.",
    example=("add_days('2026-11-30', 14)", "2026-12-14"),
)  # fmt: skip
def _add_days(_work: Work, text: str, days: Value) -> str:
    if not isinstance(days, int) and len(text) == 10:
        raise EvaluationFailed("add_days() moves a day by whole days.")
    return _moved(text, timedelta(days=_bounded(days, MOST_DAYS)))


@function(
    "text", "number", returns="text", says="So many hours later.",
    example=("add_hours('2026-11-30T23:00:00Z', 2)", "2026-12-01T01:00:00Z"),
)  # fmt: skip
def _add_hours(_work: Work, text: str, hours: Value) -> str:
    moment = _read(text)
    if not isinstance(moment, datetime):
        raise EvaluationFailed("add_hours() needs a time, and this is a day.")
    return _moved(text, timedelta(hours=_bounded(hours, 24 * MOST_DAYS)))


@function(
    "text", "text", returns="number", says="How many days the second is after the first.",
    example=("days_between('2026-11-30', '2026-12-14')", 14),
)  # fmt: skip
def _days_between(_work: Work, first: str, second: str) -> int | float:
    a, b = _read(first), _read(second)
    if isinstance(a, datetime) is not isinstance(b, datetime):
        a, b = _day(a), _day(b)
    try:
        return to_number(round(to_decimal((b - a).total_seconds() / 86400), 6))
    except TypeError:
        raise EvaluationFailed("One of these times has a time zone, and the other has none.") from None


@function(
    "text", returns="number", says="The day of the week, from 1 for Monday to 7.", example=("weekday('2026-11-30')", 1),
)  # fmt: skip
def _weekday(_work: Work, text: str) -> int:
    return _read(text).isoweekday()


@function(
    "text", "text", "text?", "text?", returns="text",
    says="Written by a pattern (dd.MM.yyyy HH:mm), in a language and a time zone.",
    example=("format_date('2026-11-30', 'd MMMM yyyy', 'de')", "30 November 2026"),
)  # fmt: skip
def _format_date(work: Work, text: str, pattern: str, language: str = "en", zone: str = "") -> str:
    if len(pattern) > LONGEST_PATTERN:
        raise EvaluationFailed(f"A pattern has at most {LONGEST_PATTERN} characters.")
    moment = _read(text)
    try:
        if isinstance(moment, datetime):
            return str(babel_datetime(moment, pattern, tzinfo=_zone(zone or work.scope.zone), locale=language))
        return str(babel_date(moment, pattern, locale=language))
    except (ValueError, LookupError, AttributeError, OverflowError, UnknownLocaleError):
        raise EvaluationFailed("This pattern or language isn't known.") from None


def _read(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise EvaluationFailed("This isn't a date like 2026-11-30 or a time like 2026-11-30T08:30:00Z.") from None


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _moved(text: str, by: timedelta) -> str:
    try:
        return _written(_read(text) + by)
    except OverflowError:
        raise EvaluationFailed("This date lies outside of the years 1 to 9999.") from None


def _written(moment: date | datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _bounded(value: Value, most: int) -> float:
    number = to_decimal(value)
    if abs(number) > most:
        raise EvaluationFailed(f"At most {most:,} are possible there.")
    return float(number)


def _zone(name: str) -> Any:
    zone = zone_of(name)
    if zone is None:
        raise EvaluationFailed(f"There is no time zone {name}.")
    return zone
