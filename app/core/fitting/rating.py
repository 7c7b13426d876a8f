"""What stars are worth. The scores of assistants and of teams rest on it: a change here changes both."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from app.core.fitting.wording import many, plain

PRIOR_RATING: Final = 3.5
PRIOR_REVIEWS: Final = 5
"""Everybody's reviews are counted with five more of 3.5 stars: a little above the middle of the scale, as most people
are good at what they offer, and below what a good record shows, so that it is worth having one. Five, because stars
differ by about one from review to review, and their mean says something from about five on."""


@dataclass(frozen=True, slots=True)
class Rating:
    """Where the mean of all stars lies from 1 to 5, five reviews of 3.5 being added to everybody's."""

    key: ClassVar = "rating"
    stars: int
    reviews: int

    @property
    def counted(self) -> float:
        return (self.stars + PRIOR_RATING * PRIOR_REVIEWS) / (self.reviews + PRIOR_REVIEWS)

    @property
    def score(self) -> float:
        return round((self.counted - 1) / 4, 6)

    def explained(self) -> dict[str, Any]:
        if self.reviews:
            mean = f"{plain(self.stars / self.reviews)} of 5 stars from {many(self.reviews, 'review')}"
            reason = f"{mean}, counted as {plain(self.counted)}: the more reviews, the closer."
        else:
            reason = f"No reviews yet, counted as {plain(self.counted)} of 5 stars."
        return {
            "reasons": [reason],
            "stars": self.stars,
            "reviews_count": self.reviews,
            "counted_as": round(self.counted, 6),
        }
