"""The steps that an event log shows, as an analysis takes them. What a log can’t tell, a person says, or is assumed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.automations.analysis.facts import MOST_STEPS, Assumptions, ProcessStep
from app.core.numbers import rounded

DAYS_A_MONTH = Decimal("30.4375")


def steps_from(
    figures: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]], assumed: Assumptions
) -> list[ProcessStep]:
    """A step for each activity, in the order in which cases usually go; `said` has by name what a person says of one,
    which counts before what the log shows."""
    months = months_of(figures)
    rows = {row["activity"]: row for row in figures["activities"]}
    return [_step(rows[name], said.get(name, {}), months, assumed) for name in in_order(figures)[:MOST_STEPS]]


def months_of(figures: Mapping[str, Any]) -> Decimal:
    """How many months the log covers; one at least, so that nothing is projected from a few days."""
    first, last = (datetime.fromisoformat(figures[name]) for name in ("first_at", "last_at"))
    days = Decimal((last - first).total_seconds()) / 86_400
    return max(rounded(days / DAYS_A_MONTH, 2), Decimal(1))


def in_order(figures: Mapping[str, Any]) -> Sequence[str]:
    """The activities by their mean place within a case."""
    rows = sorted(figures["activities"], key=lambda row: (row["place"], row["activity"]))
    return [row["activity"] for row in rows]


def _step(row: Mapping[str, Any], said: Mapping[str, Any], months: Decimal, assumed: Assumptions) -> ProcessStep:
    timed = row["timed"]
    minutes = rounded(Decimal(str(row["working"]["hours"])) * 60 / timed) if timed else assumed.unknown_minutes
    from_log = {
        "name": row["activity"],
        "minutes": minutes,
        "times_per_month": rounded(row["count"] / months),
        "exception_rate": rounded(Decimal(row["repeated_in_cases"]) / row["cases"], 4),
    }
    return ProcessStep(**{**from_log, **{name: value for name, value in said.items() if value is not None}})
