"""What keeps somebody out of the answer, however well the rest may fit. Limits are never broken."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.assistants.matching.facts import Candidate, Wanted
from app.assistants.matching.parts import Availability
from app.assistants.matching.skills import Skills
from app.assistants.matching.weights import LEAST_PRESENCE
from app.core.dates import day_in_words
from app.core.fitting.wording import hours, percent, plain


@dataclass(frozen=True, slots=True)
class Excluded:
    """A limit that keeps somebody out: its `code` (archived, skills, currency, rate, start, hours, away), and the
    `sentence` that says it to people."""

    code: str
    sentence: str


def limits_broken(
    wanted: Wanted, candidate: Candidate, skills: Skills, taken: Decimal, availability: Availability
) -> Iterator[Excluded]:
    """Every limit that keeps the candidate out, in a fixed order. `taken` is the most that is taken of the candidate's
    week on any day of the period."""
    name = candidate.name
    if candidate.is_archived:
        yield Excluded("archived", f"{name} takes no more work.")
    if not any(credit.amount for credit in skills.credits):
        yield Excluded("skills", f"{name} has none of the skills asked for, nor one like them.")
    if wanted.currency is not None and wanted.currency != candidate.currency:
        yield Excluded("currency", f"{name} works for {candidate.currency}, not for {wanted.currency}.")
    if wanted.max_rate is not None and candidate.rate > wanted.max_rate:
        asks = f"{name} asks for {candidate.rate:.2f} {candidate.currency} an hour"
        yield Excluded("rate", f"{asks}, and {wanted.max_rate:.2f} are the most.")
    if candidate.available_from is not None and candidate.available_from > wanted.start:
        yield Excluded("start", f"{name} is not available before {day_in_words(candidate.available_from)}.")
    free = candidate.weekly_hours - taken
    if free < wanted.hours_per_week:
        left = f"{name} has {plain(max(free, Decimal(0)))} of {hours(candidate.weekly_hours)} a week left in that time"
        yield Excluded("hours", f"{left}, and {plain(wanted.hours_per_week)} are asked for.")
    if availability.presence.share < LEAST_PRESENCE:
        yield Excluded("away", _away(name, availability))


def _away(name: str, availability: Availability) -> str:
    if not availability.presence.asked:
        return f"{name} works on none of the days asked for."
    there = f"{name} can be there for {plain(availability.given)} of the {hours(availability.asked)} asked for"
    return f"{there} until {day_in_words(availability.last)}; {percent(LEAST_PRESENCE)} are the least."
