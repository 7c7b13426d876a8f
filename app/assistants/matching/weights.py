"""What each part of a score counts, and the fixed numbers of its formulas; those that teams share: `core/fitting`.
`docs/matching.md` works an example out."""

from decimal import Decimal
from typing import Final

WEIGHTS: Final = {
    "skills": 0.40,
    "rate": 0.15,
    "overlap": 0.15,
    "availability": 0.10,
    "rating": 0.15,
    "load": 0.05,
}
"""They sum to 1. Skills weigh most, as nothing makes up for them. Rate, times of the day and rating weigh the same:
each decides between people of like skills, and no two of them outweigh the skills. Load only decides between equals."""


RATE_OF_NOTHING: Final = Decimal(100)
"""Without a maximum, a rate counts 1 - rate / 100: the hour that costs nothing in full, and one of 100 or more not."""

OFFICE_HOURS: Final = (9 * 60, 17 * 60)
"""What is wanted of the day, in minutes, where a zone is named without times."""

OVERLAP_UNKNOWN: Final = 0.5
"""For somebody who doesn't say when: as likely as not."""

WEEKS_AHEAD: Final = 13
"""How far calendars are looked at: a quarter of a year. What is further off changes before it comes."""

LEAST_PRESENCE: Final = 0.8
"""Whoever is away for more than a fifth of the hours asked can't do the work."""
