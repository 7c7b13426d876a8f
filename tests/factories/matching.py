"""Requests and candidates as plain values, as matching takes them; nothing of it is in a database."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from app.assistants.matching.facts import Booking, Candidate, Slot, Wanted
from app.core.fitting.skills import Kinship, WantedSkill

TUESDAY = date(2026, 12, 1)
_NAMESPACE = UUID(int=4)


def skill_id(name: str) -> UUID:
    """The id of the skill of that name: the same name, the same skill."""
    return uuid5(_NAMESPACE, name)


def a_skill(name: str, *, known: bool = True) -> WantedSkill:
    return WantedSkill(name, skill_id(name) if known else None, name)


def a_week(begins: int, ends: int, days: Sequence[int] = range(5)) -> tuple[Slot, ...]:
    """The same hours, counted from midnight, on each of the days: Monday to Friday, unless others are given."""
    return tuple(Slot(day, begins * 60, ends * 60) for day in days)


def a_request(*skills: str, hours: str | Decimal = "20", **values: Any) -> Wanted:
    asked = tuple(a_skill(name) for name in skills or ("Excel",))
    return Wanted(**{"skills": asked, "hours_per_week": Decimal(hours), "start": TUESDAY} | values)


def a_candidate(levels: Mapping[str, int] | None = None, *, stars: Sequence[int] = (), **values: Any) -> Candidate:
    """Somebody with 40 hours a week for 30.00 EUR, whose skills are given by name."""
    rating = round(Decimal(sum(stars)) / len(stars), 2) if stars else None
    usual = {
        "id": UUID(int=1),
        "name": "Anna",
        "rate": Decimal(30),
        "currency": "EUR",
        "zone": "UTC",
        "weekly_hours": Decimal(40),
        "week": a_week(9, 17),
        "available_from": None,
        "levels": {skill_id(name): level for name, level in (levels or {"Excel": 3}).items()},
        "rating_sum": sum(stars),
        "reviews_count": len(stars),
        "rating": rating,
    }
    return Candidate(**usual | values)


def a_booking(hours: str, starts: date = date(2026, 1, 1), ends: date | None = None) -> Booking:
    return Booking(starts, ends, Decimal(hours))


def kinship_of(**near: tuple[str, float]) -> Kinship:
    """`DATEV=("Lexware", 0.6)`: Lexware counts 0.6 where DATEV is asked for."""
    return Kinship(
        {skill_id(asked): {skill_id(other): closeness} for asked, (other, closeness) in near.items()},
        {skill_id(name): name for asked, (other, _) in near.items() for name in (asked, other)},
    )


NO_KIN = Kinship()
