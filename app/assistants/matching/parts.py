"""The parts of a score, but for that of the skills. Each is made of a few numbers, follows from them by one formula,
and says so in words.

Scores of parts are rounded to six decimals, so that what is shown is what was counted.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, ClassVar

from app.assistants.calendars.working_week import clock_of
from app.assistants.matching.hours import Together, mean_share
from app.assistants.matching.period import Presence
from app.assistants.matching.skills import Skills
from app.assistants.matching.weights import OVERLAP_UNKNOWN, RATE_OF_NOTHING, WEIGHTS
from app.core.dates import day_in_words
from app.core.fitting.rating import Rating
from app.core.fitting.wording import hours, listed, many, percent, plain

Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rate:
    """1 at half of the maximum or less, 0 at the maximum, even in between; without a maximum 1 - rate / 100."""

    key: ClassVar = "rate"
    rate: Decimal
    currency: str
    most: Decimal | None

    @property
    def score(self) -> float:
        if self.most is None:
            return round(float(max(1 - self.rate / RATE_OF_NOTHING, Decimal(0))), 6)
        if self.rate <= self.most / 2:
            return 1.0
        return round(float(max(2 * (1 - self.rate / self.most), Decimal(0))), 6)

    def explained(self) -> Numbers:
        asks = f"Asks for {self.rate:.2f} {self.currency} an hour"
        if self.most is None:
            reason = f"{asks}. No maximum was named: the lower, the better."
        elif self.rate <= self.most / 2:
            reason = f"{asks}, no more than half of the {self.most:.2f} that are the most."
        else:
            reason = f"{asks}, where {self.most:.2f} are the most."
        return {
            "reasons": [reason],
            "hourly_rate": f"{self.rate:.2f}",
            "currency": self.currency,
            "max_hourly_rate": None if self.most is None else f"{self.most:.2f}",
        }


@dataclass(frozen=True, slots=True)
class Overlap:
    """The share of the hours asked that fall into the wanted times, on average over the weeks: the hours of a week that
    are both, by those asked, or by the wanted ones where these are fewer; at most 1.

    `weeks` None: somebody doesn't say when, which counts 0.5. `wanted` None: any time will do, which counts 1.
    """

    key: ClassVar = "overlap"
    asked: Decimal
    wanted: tuple[str, tuple[int, int]] | None
    monday: date
    weeks: tuple[Together, ...] | None

    @property
    def score(self) -> float:
        if self.wanted is None:
            return 1.0
        if self.weeks is None:
            return OVERLAP_UNKNOWN
        return round(mean_share(self.weeks, self.asked), 6)

    def explained(self) -> Numbers:
        if self.wanted is None:
            return {"reasons": ["Any time of the day will do."], "timezone": None, "window": None, "weeks": []}
        zone, window = self.wanted
        return {
            "reasons": self._reasons(zone, window),
            "timezone": zone,
            "window": [clock_of(minute) for minute in window],
            "weeks": [
                {
                    "from": (self.monday + timedelta(days=7 * first)).isoformat(),
                    "weeks": count,
                    "hours": round(week.common / 60, 4),
                    "of": round(min(float(self.asked), week.wanted / 60), 4),
                    "share": round(week.share(self.asked), 6),
                }
                for first, count, week in self._runs()
            ],
        }

    def _runs(self) -> list[tuple[int, int, Together]]:
        """Weeks that are alike, together: the number of the first, how many they are, and one of them."""
        runs, first = [], 0
        for week, alike in groupby(self.weeks or ()):
            count = len(list(alike))
            runs.append((first, count, week))
            first += count
        return runs

    def _reasons(self, zone: str, window: tuple[int, int]) -> list[str]:
        times = f"between {clock_of(window[0])} and {clock_of(window[1])} in {zone}"
        if self.weeks is None:
            return [f"Doesn't say when the working hours are: {times} is as likely as not."]
        runs = self._runs()
        if len(runs) == 1:
            return [f"Works {hours(runs[0][2].common / 60)} a week {times}."]
        spells = [f"{hours(week.common / 60)} a week for {many(count, 'week')}" for _, count, week in runs]
        return [f"Works {listed(spells)} {times}, as clocks change."]


@dataclass(frozen=True, slots=True)
class Availability:
    """The hours that somebody can be there for, by the hours asked, over the days looked at.

    `office` are the weeks of a request that names a time zone and no hours of the day: how much of the working day
    there somebody works. The share of it counts, too.
    """

    key: ClassVar = "availability"
    presence: Presence
    hours_per_week: Decimal
    first: date
    last: date
    office: tuple[Together, ...] | None = None
    zone: str | None = None

    @property
    def score(self) -> float:
        return round(self.presence.share * self.within, 6)

    @property
    def within(self) -> float:
        """What part of the hours asked falls into the working day of the company; all where none is meant."""
        return 1.0 if self.office is None else mean_share(self.office, self.hours_per_week)

    @property
    def asked(self) -> float:
        return float(self.hours_per_week) * self.presence.asked / self.presence.whole

    @property
    def given(self) -> float:
        return float(self.hours_per_week) * (self.presence.asked - self.presence.away) / self.presence.whole

    def explained(self) -> Numbers:
        until = f"from {day_in_words(self.first)} to {day_in_words(self.last)}"
        if self.presence.away:
            reason = f"Away for some of it: {plain(self.given)} of {hours(self.asked)} {until} can be given."
        else:
            reason = f"There for all {hours(self.asked)} {until}."
        reasons = [reason]
        if self.office is not None:
            reasons.append(f"{percent(self.within)} of it in the working day in {self.zone}, 09:00 to 17:00.")
        return {
            "reasons": reasons,
            "from": self.first.isoformat(),
            "until": self.last.isoformat(),
            "asked_hours": round(self.asked, 4),
            "given_hours": round(self.given, 4),
            "within_working_day": None if self.office is None else round(self.within, 6),
        }


@dataclass(frozen=True, slots=True)
class Load:
    """The share of the weekly hours that is still free where they are taken the most."""

    key: ClassVar = "load"
    weekly_hours: Decimal
    taken: Decimal

    @property
    def score(self) -> float:
        if self.weekly_hours <= 0:
            return 0.0
        return round(float(max(1 - self.taken / self.weekly_hours, Decimal(0))), 6)

    def explained(self) -> Numbers:
        left = max(self.weekly_hours - self.taken, Decimal(0))
        return {
            "reasons": [f"{plain(left)} of {hours(self.weekly_hours)} a week are still free."],
            "weekly_hours": float(self.weekly_hours),
            "reserved_hours": float(self.taken),
        }


Part = Skills | Rate | Overlap | Availability | Rating | Load


def explained(part: Part) -> Numbers:
    """The part as it is kept and answered: its score, its weight, the reasons, and the numbers that they rest on."""
    return {"score": part.score, "weight": WEIGHTS[part.key], **part.explained()}
