"""Figures of projects in words."""

from datetime import date

_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_in_words(day: date) -> str:
    """`22 Nov 2026`."""
    return f"{day.day} {_MONTHS[day.month]} {day.year}"


def minutes_in_words(minutes: int) -> str:
    """`7 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{rest} min"] if rest or not hours else parts)
