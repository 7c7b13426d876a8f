"""What the pages of a match draw: the parts of the score, and the weeks of an engagement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.assistants.calendars.queries import monday_of
from app.assistants.calendars.working_week import shares_of
from app.assistants.models import Match, TimeOff
from app.core.clock import today_here
from app.core.numbers import rounded
from app.core.tenancy import as_system
from app.extensions import db

WEEKS_SHOWN = 13

PART_NAMES: Mapping[str, tuple[str, str]] = {
    "skills": ("Skills", "How well the skills that you asked for are mastered; related ones count in part."),
    "rate": ("Rate", "In full at half of your maximum or less, nothing at the maximum."),
    "overlap": ("Hours of the day", "The share of your hours that falls into the times that you asked for."),
    "availability": ("Presence", "The share of your hours that can be given over the whole time."),
    "rating": ("Reviews", "The mean of all stars; a few reviews count less than many."),
    "load": ("Free week", "The share of the week that is still free: of equals, whoever has less work comes first."),
}


@dataclass(frozen=True)
class PartBar:
    """One part of a score, to be drawn as a bar. `counts` is score · weight."""

    key: str
    name: str
    meaning: str
    score: float
    weight: float
    reasons: Sequence[str]

    @property
    def counts(self) -> float:
        return self.score * self.weight


@dataclass(frozen=True)
class MatchWeek:
    """A week of an engagement: the hours that fall into it, and those of them that time off takes."""

    monday: date
    hours: Decimal
    away: Decimal

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def parts_of(explanation: Mapping[str, Any]) -> list[PartBar]:
    """The parts of a kept explanation, in their order by weight. One that this code doesn't know is told by its key."""
    known = [key for key in PART_NAMES if key in explanation]
    others = sorted(key for key in explanation if key not in PART_NAMES)
    return [_part(key, explanation[key]) for key in (*known, *others)]


def _part(key: str, part: Mapping[str, Any]) -> PartBar:
    name, meaning = PART_NAMES.get(key, (key.capitalize(), ""))
    return PartBar(
        key, name, meaning, float(part.get("score", 0)), float(part.get("weight", 0)), part.get("reasons", ())
    )


def weeks_of_match(match: Match) -> list[MatchWeek]:
    """The engagement's own weeks, from this one or its first on: what the company sees of the calendar."""
    last = match.ended_on - timedelta(days=1) if match.ended_on else match.ends_on
    first_monday = monday_of(max(match.starts_on, today_here()))
    mondays = [first_monday + timedelta(days=7 * number) for number in range(WEEKS_SHOWN)]
    shown = [monday for monday in mondays if last is None or monday <= last]
    if not shown:
        return []
    off = _time_off(match, shown[0], shown[-1] + timedelta(days=6))
    return [_week(match, monday, last, off) for monday in shown]


def _time_off(match: Match, first: date, last: date) -> Sequence[Any]:
    query = select(TimeOff.starts_on, TimeOff.ends_on).where(
        TimeOff.assistant_id == match.assistant_id, TimeOff.starts_on <= last, TimeOff.ends_on >= first
    )
    with as_system("a company sees when those are away who work for it"):
        return db.session.execute(query).all()


def _week(match: Match, monday: date, last: date | None, off: Sequence[Any]) -> MatchWeek:
    asked = _bits(monday, match.starts_on, last)
    away = 0
    for starts_on, ends_on in off:
        away |= _bits(monday, starts_on, ends_on)
    shares = shares_of(match.assistant.weekly)
    hours = shares.part(asked, match.hours_per_week)
    return MatchWeek(monday, _cents(hours), _cents(shares.part(asked & away, match.hours_per_week)))


def _bits(monday: date, first: date, last: date | None) -> int:
    """The days of the week that lie between the two, bit 0 being Monday."""
    days = (monday + timedelta(days=number) for number in range(7))
    return sum(1 << bit for bit, day in enumerate(days) if first <= day and (last is None or day <= last))


def _cents(hours: Decimal) -> Decimal:
    return rounded(hours).normalize()
