"""What each part of a score counts, and the fixed numbers of its formulas. `docs/matching.md` works an example out."""

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

LEAST_STRENGTH: Final = 0.5
STRENGTH_PER_LEVEL: Final = 0.1
"""A skill at level 1 to 5 counts 0.5 + 0.1 · level: an expert's in full, a beginner's 0.6, as knowing a little is far
more than knowing nothing."""

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

PRIOR_RATING: Final = 3.5
PRIOR_REVIEWS: Final = 5
"""Everybody's reviews are counted with five more of 3.5 stars: a little above the middle of the scale, as most people
are good at what they offer, and below what a good record shows, so that it is worth having one. Five, because stars
differ by about one from review to review, and their mean says something from about five on."""
