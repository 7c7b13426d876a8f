"""How a project's money burns down over its weeks: planned, spent and earned value, for a chart and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from app.projects.money.earned_value import ZERO, Plan, earned_value, planned_value, values_of


@dataclass(frozen=True)
class Cost:
    """Approved time of one day."""

    on: date
    amount: Decimal


@dataclass(frozen=True)
class Point:
    """The burn chart on one day; what lies ahead has no `spent` and no `earned`."""

    on: date
    planned: Decimal
    spent: Decimal | None
    earned: Decimal | None


MOST_POINTS = 27


def burn_of(plan: Plan, costs: Sequence[Cost], on: date) -> list[Point]:
    """Planned, spent and earned by weeks (or several weeks, in a long project) from the start on, with today and the
    end among the days. Empty where the project has no dates."""
    if plan.start is None or plan.end is None:
        return []
    values = values_of(plan)
    first = min([plan.start, *(cost.on for cost in costs)])
    last = max(plan.end, min(plan.completed_on or on, on))
    return [
        Point(
            day,
            planned_value(plan, values, day),
            sum((cost.amount for cost in costs if cost.on <= day), ZERO) if day <= on else None,
            earned_value(plan, values, day) if day <= on else None,
        )
        for day in _days(first, last, {plan.end, min(on, last)})
    ]


def _days(first: date, last: date, marks: set[date]) -> list[date]:
    weeks = ceil(((last - first).days + 1) / 7)
    step = timedelta(weeks=max(1, ceil(weeks / (MOST_POINTS - 3))))
    days = {first, last, *(day for day in marks if first <= day <= last)}
    day = first
    while (day := day + step) < last:
        days.add(day)
    return sorted(days)
