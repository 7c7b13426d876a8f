"""What if: the nearest change of a request that would bring more people, or better ones.

One thing is changed at a time, from the smallest step on, until a step matters. Whoever is found by the changed request
and whoever was found before are compared by the changed request: a softer yardstick alone makes nobody better.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any, Final

from app.assistants.calendars.working_week import clock_of
from app.assistants.matching.facts import Wanted
from app.assistants.matching.hours import DAY, window_length
from app.assistants.matching.scoring import Scored, judge
from app.assistants.matching.skills import Skills
from app.assistants.matching.weights import OFFICE_HOURS
from app.core.dates import day_in_words
from app.core.fitting.skills import Kinship
from app.core.fitting.wording import listed, many, plain

Find = Callable[[Wanted], Sequence[Scored]]
"""Finds the people for a request, best first, always up to the same number."""

GAIN_THAT_MATTERS: Final = 0.01
WEEKS_LATER: Final = (1, 4)
PARTS_OF_THE_HOURS: Final = (Decimal("0.75"), Decimal("0.5"))
HOURS_WIDER: Final = 2
SKILLS_TRIED: Final = 2
RATES_TRIED: Final = 3
NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """What a changed request would bring: `more` people than are found now (less than 0 if fewer), the `newcomers`
    among them, and by how much the mean score is `better`, place for place, than that of the people found now."""

    more: int
    better: float
    newcomers: tuple[Scored, ...]

    @property
    def matters(self) -> bool:
        return bool(self.newcomers) and (self.more > 0 or (self.more == 0 and self.better >= GAIN_THAT_MATTERS))

    def __str__(self) -> str:
        if self.more < 0:
            return f"{many(-self.more, 'person', 'people')} fewer"
        if not self.newcomers:
            return "nobody else"
        if self.more:
            return f"{many(self.more, 'more person', 'more people')}: {self._names()}"
        fit = "fits" if len(self.newcomers) == 1 else "fit"
        return f"{self._names()}, who {fit} {'better' if self.matters else 'hardly better'}"

    def _names(self) -> str:
        names = [scored.candidate.name for scored in self.newcomers[:NAMED]]
        others = len(self.newcomers) - len(names)
        return listed([*names, many(others, "other")] if others else names)


@dataclass(frozen=True, slots=True)
class Change:
    """A request with one thing changed. `what` is rate, hours, start, skills or times; `after` None: it is left out."""

    what: str
    before: str
    after: str | None
    words: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class WhatIf:
    change: Change
    effect: Effect

    @property
    def sentence(self) -> str:
        return f"{self.change.words}: {self.effect}."

    def shown(self) -> dict[str, Any]:
        """Ready for JSON."""
        people = self.effect.newcomers
        return {
            "change": self.change.what,
            "from": self.change.before,
            "to": self.change.after,
            "sentence": self.sentence,
            "more": self.effect.more,
            "better": self.effect.better,
            "people": [{"id": str(one.id), "name": one.candidate.name, "score": one.score} for one in people],
        }


def what_if(wanted: Wanted, found: Sequence[Scored], find: Find, kinship: Kinship) -> list[WhatIf]:
    """Of rate, hours, start, skills and times, each nearest change that matters. `found` is what `find(wanted)` gives;
    `find` is called eleven times at the most."""
    kinds = (_rates(wanted), _hours(wanted), _starts(wanted), _fewer_skills(wanted, found), _wider_times(wanted))
    answers = (_first_that_matters(changes, found, find, kinship) for changes in kinds)
    return [answer for answer in answers if answer is not None]


def if_rate_were(wanted: Wanted, rate: Decimal, found: Sequence[Scored], find: Find, kinship: Kinship) -> WhatIf:
    """What another maximum rate would bring, whether that matters or not."""
    change = _at_rate(wanted, rate)
    return WhatIf(change, effect_of(change.wanted, found, find, kinship))


def effect_of(changed: Wanted, found: Sequence[Scored], find: Find, kinship: Kinship) -> Effect:
    """What a request that was changed in any way would bring, to whom `found` are the people found now."""
    then = find(changed)
    present = {scored.id for scored in found}
    newcomers = tuple(scored for scored in then if scored.id not in present)
    answers = [judge(changed, scored.candidate, kinship) for scored in found]
    kept = sorted((answer.score for answer in answers if isinstance(answer, Scored)), reverse=True)
    places = min(len(kept), len(then))
    better = fmean(scored.score for scored in then[:places]) - fmean(kept[:places]) if places else 0.0
    return Effect(len(then) - len(found), round(better, 9), newcomers)


def _first_that_matters(
    changes: Iterator[Change], found: Sequence[Scored], find: Find, kinship: Kinship
) -> WhatIf | None:
    answers = (WhatIf(change, effect_of(change.wanted, found, find, kinship)) for change in changes)
    return next((answer for answer in answers if answer.effect.matters), None)


def _rates(wanted: Wanted) -> Iterator[Change]:
    """The next round rates above the maximum."""
    if wanted.max_rate is None:
        return
    step = _step_at(wanted.max_rate)
    for number in range(1, RATES_TRIED + 1):
        yield _at_rate(wanted, (wanted.max_rate // step + number) * step)


def _at_rate(wanted: Wanted, rate: Decimal) -> Change:
    before = "any rate" if wanted.max_rate is None else f"{wanted.max_rate:.2f}"
    words = f"At most {rate:.2f} an hour instead of {before}"
    return Change("rate", before, f"{rate:.2f}", words, replace(wanted, max_rate=rate))


def _step_at(rate: Decimal) -> Decimal:
    """What people round rates to: below 20 to one, below 100 to five, from there on to the second figure."""
    return Decimal(1 if rate < 20 else 5) if rate < 100 else Decimal(10) ** (rate.adjusted() - 1)


def _hours(wanted: Wanted) -> Iterator[Change]:
    """Three quarters and half of the hours, in whole ones."""
    before = plain(wanted.hours_per_week)
    fewer = dict.fromkeys(wanted.hours_per_week * part // 1 for part in PARTS_OF_THE_HOURS)
    for less in (less for less in fewer if less >= 1):
        words = f"{plain(less)} hours a week instead of {before}"
        yield Change("hours", before, plain(less), words, replace(wanted, hours_per_week=less))


def _starts(wanted: Wanted) -> Iterator[Change]:
    for weeks in WEEKS_LATER:
        start = wanted.start + timedelta(days=7 * weeks)
        if wanted.end is None or start <= wanted.end:
            words = f"From {day_in_words(start)}, {many(weeks, 'week')} later"
            yield Change("start", wanted.start.isoformat(), start.isoformat(), words, replace(wanted, start=start))


def _fewer_skills(wanted: Wanted, found: Sequence[Scored]) -> Iterator[Change]:
    """Without one of the skills: first without the one that the people found offer least of."""
    if len(wanted.skills) < 2:
        return
    offered = [
        [credit.amount for credit in part.credits] for one in found for part in one.parts if isinstance(part, Skills)
    ]
    sums = [sum(column) for column in zip(*offered, strict=True)] or [0.0] * len(wanted.skills)
    for place in sorted(range(len(wanted.skills)), key=lambda place: sums[place])[:SKILLS_TRIED]:
        name = wanted.skills[place].name
        rest = wanted.skills[:place] + wanted.skills[place + 1 :]
        yield Change("skills", name, None, f"Without {name}", replace(wanted, skills=rest))


def _wider_times(wanted: Wanted) -> Iterator[Change]:
    """Two hours earlier and later, and then at any time."""
    if wanted.zone is None:
        return
    begins, ends = wanted.window or OFFICE_HOURS
    before = f"{clock_of(begins)}-{clock_of(ends)}"
    if window_length((begins, ends)) + 120 * HOURS_WIDER < DAY:
        window = ((begins - 60 * HOURS_WIDER) % DAY, (ends + 60 * HOURS_WIDER - 1) % DAY + 1)
        after = f"{clock_of(window[0])}-{clock_of(window[1])}"
        yield Change("times", before, after, f"At {after} instead of {before}", replace(wanted, window=window))
    yield Change("times", before, None, "At any time of the day", replace(wanted, zone=None, window=None))
