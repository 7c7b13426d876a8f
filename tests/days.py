"""Days as tests give them: a module is imported long before its tests run, and midnight may lie between."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.core.clock import today


def from_today(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, each `timedelta` among them as the day that is so far from today."""
    days = {name: (today() + value).isoformat() for name, value in values.items() if isinstance(value, timedelta)}
    return {**values, **days}
