"""Evaluating expressions in tests, at half past eight on Monday, 30 November 2026."""

from datetime import UTC, datetime
from typing import Any

from app.automations.expressions.evaluation import Scope, evaluate

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)


def scope(zone: str = "UTC", at: datetime = AT, **values: Any) -> Scope:
    return Scope(values, at, zone)


def value_of(source: str, zone: str = "UTC", at: datetime = AT, **values: Any) -> Any:
    return evaluate(source, scope(zone, at, **values))
