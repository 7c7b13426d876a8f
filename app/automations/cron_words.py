"""A schedule in words, where it is one of those that most are. What isn't certain isn't said."""

import calendar
import re
from collections.abc import Sequence

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES = {name[:3].upper(): str(number) for number, name in enumerate(_DAYS[:7])}
_MONTHS = {name[:3].upper(): str(number) for number, name in enumerate(calendar.month_name) if name}
_STEP = re.compile(r"\*/(\d{1,2})").fullmatch
MOST_TIMES = 4


def words_of(cron: str) -> str | None:
    """“Every Monday at 06:00”, or None. `cron` is a schedule that comes due."""
    fields = cron.upper().split()
    if len(fields) != 5:
        return None
    minute, hour, *days = fields
    if days == ["*", "*", "*"] and (often := _often(minute, hour)):
        return often
    when, times = _on(*days), _times(minute, hour)
    return f"{when} at {times}" if when and times else None


def _often(minute: str, hour: str) -> str | None:
    if hour == "*":
        if (every := _every(minute, 60)) is not None:
            return "Every minute" if every == 1 else f"Every {every} minutes"
        at = _numbers(minute)
        if at is not None and len(at) == 1:
            return "Every hour" if at[0] == 0 else f"Every hour at {at[0]} minutes past"
    every = _every(hour, 24)
    if minute == "0" and every is not None and every > 1:
        return f"Every {every} hours"
    return None


def _every(field: str, whole: int) -> int | None:
    """The step of a field that leaves equal pauses."""
    step = "1" if field == "*" else found[1] if (found := _STEP(field)) else "0"
    return int(step) if int(step) and whole % int(step) == 0 else None


def _times(minute: str, hour: str) -> str | None:
    minutes, hours = _numbers(minute), _numbers(hour)
    if not minutes or not hours or len(minutes) * len(hours) > MOST_TIMES:
        return None
    return _joined([f"{one:02}:{other:02}" for one in hours for other in minutes])


def _on(day: str, month: str, weekday: str) -> str | None:
    if day == "*" and month == "*":
        return "Every day" if weekday == "*" else _weekdays(weekday)
    if weekday != "*":
        return None
    days = _numbers(day)
    if month == "*":
        if day == "L":
            return "On the last day of each month"
        return f"On day {_joined([str(one) for one in days])} of each month" if days else None
    months = _numbers(_MONTHS.get(month, month))
    if not days or not months or len(days) * len(months) > 1:
        return None
    return f"Every year on {days[0]} {calendar.month_name[months[0]]}"


def _weekdays(field: str) -> str | None:
    for name, number in _NAMES.items():
        field = field.replace(name, number)
    if re.fullmatch(r"[1-6]-[1-7]", field):
        return f"{_DAYS[int(field[0])]} to {_DAYS[int(field[2])]}"
    numbers = _numbers(field)
    if not numbers:
        return None
    return f"Every {_joined([_DAYS[one] for one in sorted({number % 7 or 7 for number in numbers})])}"


def _numbers(field: str) -> list[int] | None:
    return sorted({int(one) for one in field.split(",")}) if re.fullmatch(r"\d{1,2}(,\d{1,2})*", field) else None


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
