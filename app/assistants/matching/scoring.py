"""How well somebody fits a request: the limits first, then the weighted sum of six parts.

Nothing here asks a database, a clock or chance: the same values always give the same answer. `docs/matching.md` tells
the formulas and works one score out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from heapq import nsmallest
from typing import Any
from uuid import UUID

from app.assistants.matching.facts import Candidate, Wanted
from app.assistants.matching.hours import Times, Together, office_week, weeks_together
from app.assistants.matching.limits import Excluded, limits_broken
from app.assistants.matching.parts import Availability, Load, Overlap, Part, Rate, explained
from app.assistants.matching.period import last_day_looked_at, peak_of, presence_of, weeks_looked_at
from app.assistants.matching.skills import Skills
from app.assistants.matching.weights import WEIGHTS
from app.core.fitting.rating import Rating
from app.core.fitting.skills import Kinship, credit_for

__all__ = ["Excluded", "Scored", "best_first", "judge", "limits_of", "order_of", "rank"]


@dataclass(frozen=True, slots=True)
class Scored:
    """Somebody who keeps every limit, with the parts of the score in the order of their weights' table."""

    candidate: Candidate
    parts: tuple[Part, ...]
    score: float

    @property
    def id(self) -> UUID:
        return self.candidate.id

    @property
    def rating(self) -> Decimal | None:
        return self.candidate.rating

    @property
    def explanation(self) -> dict[str, dict[str, Any]]:
        """The parts by name, ready for JSON. The sum of score times weight over them is `score`."""
        return {part.key: explained(part) for part in self.parts}


def judge(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> Scored | Excluded:
    """The candidate's score with its parts, or the first limit that keeps the candidate out."""
    skills, taken, availability = _measured(wanted, candidate, kinship)
    excluded = next(limits_broken(wanted, candidate, skills, taken, availability), None)
    if excluded is not None:
        return excluded
    parts = (
        skills,
        Rate(candidate.rate, candidate.currency, wanted.max_rate),
        overlap_of(wanted, candidate),
        availability,
        Rating(candidate.rating_sum, candidate.reviews_count),
        Load(candidate.weekly_hours, taken),
    )
    return Scored(candidate, parts, round(sum(WEIGHTS[part.key] * part.score for part in parts), 9))


def limits_of(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> list[Excluded]:
    """Every limit that keeps the candidate out; none if the candidate can be proposed."""
    return list(limits_broken(wanted, candidate, *_measured(wanted, candidate, kinship)))


def rank(wanted: Wanted, candidates: Iterable[Candidate], kinship: Kinship, limit: int) -> list[Scored]:
    """The best of all candidates, each of whom is judged. Whatever finds them faster must find the same."""
    answers = (judge(wanted, candidate, kinship) for candidate in candidates)
    return nsmallest(limit, (answer for answer in answers if isinstance(answer, Scored)), key=best_first)


def best_first(scored: Scored) -> tuple[float, Decimal, UUID]:
    """The key by which answers are sorted."""
    return order_of(scored.score, scored.rating, scored.id)


def order_of(score: float, rating: Decimal | None, whose: UUID) -> tuple[float, Decimal, UUID]:
    """The order of answers: by score, then by rating (none comes last), then by id."""
    return -score, Decimal(1) if rating is None else -rating, whose


def _measured(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> tuple[Skills, Decimal, Availability]:
    """What limits and parts both rest on; the middle one is the most that is taken of the week on any day."""
    credited = tuple(credit_for(asked, candidate, kinship) for asked in wanted.skills)
    last_day = last_day_looked_at(wanted)
    presence = presence_of(candidate, wanted.start, last_day)
    return (
        Skills(wanted.skills, credited, kinship),
        peak_of(candidate.bookings, wanted.start, wanted.end),
        Availability(
            presence, wanted.hours_per_week, wanted.start, last_day, office_of(wanted, candidate), wanted.zone
        ),
    )


def office_of(wanted: Wanted, candidate: Candidate) -> tuple[Together, ...] | None:
    """How the candidate's week meets the working day of a request that names a time zone and no hours of the day; None
    for any other. Who doesn't say when is taken to work the same hours in their own time zone."""
    if wanted.window is not None or (times := Times.of(wanted)) is None:
        return None
    return weeks_together(candidate.zone, candidate.week or office_week(), times, *weeks_looked_at(wanted))


def overlap_of(wanted: Wanted, candidate: Candidate) -> Overlap:
    """How the candidate's week meets the wanted times, in the weeks looked at."""
    times = Times.of(wanted)
    monday, count = weeks_looked_at(wanted)
    if times is None:
        return Overlap(wanted.hours_per_week, None, monday, None)
    weeks = weeks_together(candidate.zone, candidate.week, times, monday, count) if candidate.week else None
    return Overlap(wanted.hours_per_week, (times.zone, times.window), monday, weeks)
