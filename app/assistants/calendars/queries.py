"""Hours by week: what somebody's calendar has room for, what is taken, what is left."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, null, or_, select, union_all

from app.assistants.calendars.working_week import ALL_DAYS, Shares, shares_of
from app.assistants.models import Assistant, Reservation, TimeOff
from app.core.numbers import rounded
from app.core.tenancy import as_system
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Week:
    """Hours of a week from its Monday to its Sunday. `capacity` is always `reserved + away + free`.

    `weekly_hours` are spread over the days of the week by the hours that the person works on them; equally from Monday
    to Friday where no hours are stated. `capacity` counts the days from `available_from` on; `away` is what of it falls
    on time off, `reserved` what is taken on the other days. Somebody archived has no capacity but what is reserved.
    """

    monday: date
    capacity: Decimal
    reserved: Decimal
    away: Decimal
    free: Decimal
    by_project: Mapping[UUID, Decimal] = field(default_factory=dict, compare=False)
    """What of `reserved` each project takes."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Days that are taken (`hours` a week, of a project or not) or off (None); `last` None is until further notice."""

    first: date
    last: date | None
    hours: Decimal | None
    project_id: UUID | None

    def days_in(self, monday: date) -> int:
        """Which days of the week it covers: bit 0 is Monday."""
        first = max((self.first - monday).days, 0)
        last = 6 if self.last is None else min((self.last - monday).days, 6)
        return (ALL_DAYS >> (6 - last)) & (ALL_DAYS << first) & ALL_DAYS if first <= last else 0


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def weeks_of(
    assistant_ids: Collection[UUID],
    first_monday: date,
    count: int,
    *,
    without_projects: Collection[UUID] = (),
    within: tuple[date, date] | None = None,
) -> dict[UUID, list[Week]]:
    """The calendars of those assistants for `count` weeks, each from the same Monday on. One whom nobody knows is left
    out. What is reserved for `without_projects` is not counted as taken. Only the days from the first to the last of
    `within` count, where it is given.

    Two queries, whatever the numbers. It looks across companies: hours come out of it, and never whose they are; the
    caller decides who may see them. Raises ValueError for a day that is no Monday.
    """
    if first_monday.weekday() != 0:
        raise ValueError(f"{first_monday} is no Monday")
    if not assistant_ids or count < 1:
        return {}
    ids = list(set(assistant_ids))
    last_day = first_monday + timedelta(days=7 * count - 1)
    with as_system("free hours depend on work for all companies; hours come out, never whose they are"):
        people = db.session.execute(_people(ids)).all()
        spans = _by_person(db.session.execute(_spans(ids, first_monday, last_day, without_projects)))
    mondays = [first_monday + timedelta(days=7 * number) for number in range(count)]
    first, last = within or (first_monday, last_day)
    days = _Span(first, last, None, None)
    return {person.id: _weeks(person, spans.get(person.id, ()), mondays, days) for person in people}


def _people(ids: Sequence[UUID]) -> Select[Any]:
    names = (Assistant.id, Assistant.weekly_hours, Assistant.weekly, Assistant.available_from, Assistant.archived_at)
    return select(*names).where(Assistant.id.in_(ids))


def _spans(ids: Sequence[UUID], first: date, last: date, without_projects: Collection[UUID]) -> Any:
    taken = select(
        Reservation.assistant_id,
        Reservation.starts_on,
        Reservation.ends_on,
        Reservation.hours_per_week,
        Reservation.project_id,
    ).where(
        Reservation.assistant_id.in_(ids),
        Reservation.starts_on <= last,
        or_(Reservation.ends_on.is_(None), Reservation.ends_on >= first),
    )
    if without_projects:
        others = Reservation.project_id.not_in(list(without_projects))
        taken = taken.where(or_(Reservation.project_id.is_(None), others))
    off = select(TimeOff.assistant_id, TimeOff.starts_on, TimeOff.ends_on, null(), null()).where(
        TimeOff.assistant_id.in_(ids), TimeOff.starts_on <= last, TimeOff.ends_on >= first
    )
    return union_all(taken, off)


def _by_person(rows: Iterable[Any]) -> dict[UUID, list[_Span]]:
    found: dict[UUID, list[_Span]] = {}
    for assistant_id, first, last, hours, project_id in rows:
        found.setdefault(assistant_id, []).append(_Span(first, last, hours, project_id))
    return found


def _weeks(person: Any, spans: Sequence[_Span], mondays: Sequence[date], days: _Span) -> list[Week]:
    shares = shares_of(person.weekly)
    there = _Span(person.available_from or mondays[0], None, None, None)
    return [_week(person, shares, monday, there.days_in(monday) & days.days_in(monday), spans) for monday in mondays]


def _week(person: Any, shares: Shares, monday: date, there: int, spans: Sequence[_Span]) -> Week:
    off = 0
    for span in spans:
        if span.hours is None:
            off |= span.days_in(monday)
    reserved, by_project = _taken(shares, monday, there & ~off, spans)
    if person.archived_at is not None:
        return Week(monday, reserved, reserved, Decimal("0.00"), Decimal("0.00"), by_project)
    capacity = rounded(shares.part(there, person.weekly_hours))
    away = rounded(shares.part(there & off, person.weekly_hours))
    free = max(capacity - away - reserved, Decimal("0.00"))
    return Week(monday, capacity, capacity - away - free, away, free, by_project)


def _taken(shares: Shares, monday: date, present: int, spans: Sequence[_Span]) -> tuple[Decimal, dict[UUID, Decimal]]:
    """The hours that are taken on those days, and what of them each project takes."""
    whole = Decimal(0)
    by_project: dict[UUID, Decimal] = {}
    for span in spans:
        days = 0 if span.hours is None else span.days_in(monday) & present
        if span.hours is None or not days:
            continue
        hours = shares.part(days, span.hours)
        whole += hours
        if span.project_id is not None:
            by_project[span.project_id] = by_project.get(span.project_id, Decimal(0)) + hours
    return rounded(whole), by_project
