"""What automations were worth, month by month: the figures that the runner counted, added up.

Each figure is a sum over runs that ended in a month (UTC), rehearsals left out, and `counts` says which list of runs
holds exactly those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.automations.models import Automation, Month
from app.core.clock import now
from app.extensions import db
from app.identity.models import Client

MONTHS = 12
MOST = 200
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Figures:
    """What runs came to. `minutes_saved` is what the automations said a run saves, when each of them ended."""

    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    minutes_saved: Decimal = _NOTHING
    minutes_lost: Decimal = _NOTHING
    """What the failed runs would have saved, by what a run saves now: people had to do that work after all."""
    seconds: Decimal = _NOTHING
    promised_hours: Decimal | None = None

    @property
    def hours_saved(self) -> Decimal:
        return self.minutes_saved / 60

    @property
    def hours_lost(self) -> Decimal:
        return self.minutes_lost / 60

    @property
    def kept(self) -> Decimal | None:
        """The part of what was promised that was measured; 1 is all of it."""
        return self.hours_saved / self.promised_hours if self.promised_hours else None


@dataclass(frozen=True)
class MonthOf:
    month: date
    figures: Figures

    @property
    def key(self) -> str:
        return f"{self.month:%Y-%m}"


@dataclass(frozen=True)
class Share:
    """An automation, or a company, and what it came to."""

    id: UUID
    name: str
    figures: Figures
    company: str = ""


def months_back(count: int = MONTHS, until: date | datetime | None = None) -> list[date]:
    """The first days of the last months by UTC, the present one last."""
    last = until or now()
    number = last.year * 12 + last.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(number - count + 1, number + 1)]


def _sums() -> list[Any]:
    return [
        func.coalesce(func.sum(column), 0)
        for column in (
            Month.runs, Month.succeeded, Month.failed, Month.cancelled, Month.minutes_saved,
            Month.failed * func.coalesce(Automation.minutes_saved, 0), Month.seconds,
        )
    ]  # fmt: skip


def _figures(values: Sequence[Any], promised: Decimal | None = None) -> Figures:
    runs, succeeded, failed, cancelled, saved, lost, seconds = values
    return Figures(
        int(runs), int(succeeded), int(failed), int(cancelled), Decimal(saved), Decimal(lost), Decimal(seconds),
        promised,
    )  # fmt: skip


def by_month(
    *, client_id: UUID | None = None, automation: Automation | None = None, months: Sequence[date]
) -> list[MonthOf]:
    """The figures of each of these months, of one automation, of a company or of all; also of months without runs."""
    query = (
        select(Month.month, *_sums())
        .join(Automation, Automation.id == Month.automation_id)
        .where(Month.month.in_(months))
        .group_by(Month.month)
    )
    if client_id is not None:
        query = query.where(Month.client_id == client_id)
    if automation is not None:
        query = query.where(Month.automation_id == automation.id)
    promised = _promised(client_id, automation)
    found = {row[0]: row[1:] for row in db.session.execute(query)}
    return [MonthOf(month, _figures(found.get(month, (0,) * 7), _in_month(promised, month))) for month in months]


def _promised(client_id: UUID | None, automation: Automation | None) -> Sequence[tuple[datetime, Decimal]]:
    """The months in which automations were made, and the hours a month that those of each promise together."""
    made = func.date_trunc("month", Automation.created_at, "UTC")
    query = select(made, func.sum(Automation.promised_hours)).where(Automation.promised_hours.is_not(None))
    if automation is not None:
        query = query.where(Automation.id == automation.id)
    elif client_id is not None:
        query = query.where(Automation.client_id == client_id, Automation.archived_at.is_(None))
    else:
        query = query.where(Automation.archived_at.is_(None))
    return [(row[0], row[1]) for row in db.session.execute(query.group_by(made))]


def _in_month(promised: Sequence[tuple[datetime, Decimal]], month: date) -> Decimal | None:
    """What is promised for the month: by the automations that were there."""
    there = [hours for made, hours in promised if (made.year, made.month) <= (month.year, month.month)]
    return sum(there, start=_NOTHING) if there else None


def by_automation(month: date, client_id: UUID | None) -> list[Share]:
    """What each automation came to in the month, the one that saved most first."""
    query = (
        select(Automation.id, Automation.name, Client.name, Automation.promised_hours, *_sums())
        .join(Automation, Automation.id == Month.automation_id)
        .join(Client, Client.id == Month.client_id)
        .where(Month.month == month)
        .group_by(Automation.id, Client.name)
        .order_by(func.sum(Month.minutes_saved).desc(), Automation.name, Automation.id)
        .limit(MOST)
    )
    if client_id is not None:
        query = query.where(Month.client_id == client_id)
    return [Share(row[0], row[1], _figures(row[4:], row[3]), row[2]) for row in db.session.execute(query)]


def by_company(month: date) -> list[Share]:
    """What the automations of each company came to in the month."""
    query = (
        select(Client.id, Client.name, *_sums())
        .join(Automation, Automation.id == Month.automation_id)
        .join(Client, Client.id == Month.client_id)
        .where(Month.month == month)
        .group_by(Client.id)
        .order_by(func.sum(Month.minutes_saved).desc(), Client.name)
        .limit(MOST)
    )
    return [Share(row[0], row[1], _figures(row[2:])) for row in db.session.execute(query)]


def total(parts: Sequence[Figures]) -> Figures:
    """The sum of several."""
    names = ("runs", "succeeded", "failed", "cancelled", "minutes_saved", "minutes_lost", "seconds")
    sums = {name: sum((getattr(part, name) for part in parts), start=0) for name in names}
    promised = [part.promised_hours for part in parts if part.promised_hours is not None]
    whole = sum(promised, start=_NOTHING) if promised else None
    return Figures(**{**sums, "promised_hours": whole})
