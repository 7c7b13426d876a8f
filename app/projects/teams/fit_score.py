"""The parts of a team's score for a project. Each follows from a few numbers by one formula, and says so in words.

The score is the sum of weight times part. Parts are rounded to six decimals, so that what is shown is what was counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from app.core.fitting.rating import Rating
from app.core.fitting.skills import NO_CREDIT, Credit
from app.core.fitting.wording import hours, many, percent, plain
from app.projects.teams.capacity import NONE, TeamWeek
from app.projects.teams.text_similarity import nearest, words_of

WEIGHTS: Final[Mapping[str, float]] = {
    "specialization": 0.30,
    "skills": 0.30,
    "availability": 0.15,
    "rating": 0.10,
    "success": 0.10,
    "load": 0.05,
}
"""They sum to 1. What a team does and what its people know weigh most, and alike: the one is said by the team, the
other comes from profiles. What it did before (rating and success) weighs more than how soon it is through, and load
only decides between equals."""

IN_DESCRIPTION: Final = 0.5
"""A word that only the description has counts half: it may be there by the way."""

USUAL_HOURS: Final = Decimal(20)
"""Hours a week that are looked for where a project doesn't say how many: half of a full-time week."""

PRIOR_SUCCESS: Final = 0.75
PRIOR_PROJECTS: Final = 4
"""Everybody's finished projects are counted with four more, of which three succeeded: one success is no record yet."""

Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Specialization:
    """The mean, over the words asked for, of how alike the nearest word of the team's specialisation or name is; of its
    description half as much."""

    key: ClassVar = "specialization"
    asked: str
    words: Sequence[tuple[str, float, str]]

    @classmethod
    def of(cls, asked: str, specialization: str, name: str, description: str) -> "Specialization":
        said, told = words_of(f"{specialization} {name}"), words_of(description)
        found = []
        for word in words_of(asked):
            near, far = nearest(word, said), nearest(word, told)
            counted = max(near, (far[0] * IN_DESCRIPTION, far[1]), key=lambda one: one[0])
            found.append((word, *counted))
        return cls(asked, tuple(found))

    @property
    def score(self) -> float:
        return round(sum(like for _, like, _ in self.words) / len(self.words), 6) if self.words else 0.0

    def explained(self) -> Numbers:
        alike = [word if word == other else f"{word} ({other})" for word, like, other in self.words if like]
        if not alike:
            reason = f"Does other work than “{self.asked}”."
        elif len(alike) == len(self.words):
            reason = f"Does this kind of work: {', '.join(alike)}."
        else:
            reason = f"Does work like it: {', '.join(alike)}, of “{self.asked}”."
        items = [{"word": word, "likeness": round(like, 6), "found": other} for word, like, other in self.words]
        return {"reasons": [reason], "words": items}


@dataclass(frozen=True, slots=True)
class SkillOfTeam:
    """A skill that is asked for, and whoever of the team is credited with most of it."""

    name: str
    credit: Credit
    has: str
    who: str


@dataclass(frozen=True, slots=True)
class Skills:
    """The mean, over the skills asked for, of the most that a member is credited with, as in matching: closeness · (0.5
    + 0.1 · level). Where no skill is asked for, 1."""

    key: ClassVar = "skills"
    asked: Sequence[SkillOfTeam]

    @property
    def score(self) -> float:
        return round(sum(one.credit.amount for one in self.asked) / len(self.asked), 6) if self.asked else 1.0

    @property
    def is_empty(self) -> bool:
        """Whether skills are asked for, and nobody has one of them or a related one."""
        return bool(self.asked) and all(one.credit == NO_CREDIT for one in self.asked)

    def explained(self) -> Numbers:
        kinds: dict[str, list[str]] = {"matched": [], "related": [], "missing": []}
        for one in self.asked:
            kinds[_kind(one)].append(one.name)
        reasons = [_reason(one) for one in self.asked] or ["No skills were named."]
        items = [
            {
                "skill": one.name,
                "has": one.has or None,
                "who": one.who or None,
                "level": one.credit.level,
                "closeness": one.credit.closeness,
                "credit": round(one.credit.amount, 6),
            }
            for one in self.asked
        ]
        return {"reasons": reasons, **kinds, "items": items}


def _kind(one: SkillOfTeam) -> str:
    if one.credit == NO_CREDIT:
        return "missing"
    return "matched" if one.credit.closeness == 1 else "related"


def _reason(one: SkillOfTeam) -> str:
    match _kind(one):
        case "matched":
            return f"{one.name}: {one.who}, level {one.credit.level} of 5."
        case "related":
            near = f"{one.has} of {one.who} (level {one.credit.level} of 5) comes close"
            return f"{one.name}: {near}, and counts {percent(one.credit.closeness)} of it."
        case _:
            return f"{one.name}: nobody of the team."


@dataclass(frozen=True, slots=True)
class Availability:
    """The share of the hours asked that the team can give, week by week: no week gives more than is asked of it."""

    key: ClassVar = "availability"
    asked: Decimal | None
    weeks: Sequence[tuple[Decimal, TeamWeek]]
    """Each week with the part of it that lies in the dates."""

    @property
    def wanted(self) -> Decimal:
        return (self.asked or USUAL_HOURS) * sum((part for part, _ in self.weeks), Decimal(0))

    @property
    def given(self) -> Decimal:
        most = self.asked or USUAL_HOURS
        return sum((min(week.free, most * part) for part, week in self.weeks), NONE)

    @property
    def free(self) -> Decimal:
        return sum((week.free for _, week in self.weeks), NONE)

    @property
    def score(self) -> float:
        return round(float(self.given / self.wanted), 6) if self.wanted else 0.0

    def explained(self) -> Numbers:
        if self.asked is None:
            reason = f"{hours(self.free)} free in those dates."
        elif self.given >= self.wanted:
            reason = f"Has all of the {hours(self.asked)} a week, {hours(self.wanted)} in total."
        else:
            reason = f"Can give {plain(self.given)} of the {hours(self.wanted)} that are asked for."
        return {
            "reasons": [reason],
            "hours_per_week": float(self.asked or USUAL_HOURS),
            "asked_hours": float(round(self.wanted, 2)),
            "given_hours": float(round(self.given, 2)),
            "free_hours": float(self.free),
        }


@dataclass(frozen=True, slots=True)
class Success:
    """Of the finished projects, the share that were on time and within the budget, four more being added to everybody's
    of which three were."""

    key: ClassVar = "success"
    succeeded: int
    finished: int

    @property
    def score(self) -> float:
        return round((self.succeeded + PRIOR_SUCCESS * PRIOR_PROJECTS) / (self.finished + PRIOR_PROJECTS), 6)

    def explained(self) -> Numbers:
        if self.finished:
            done = f"{self.succeeded} of {many(self.finished, 'finished project')} on time and within the budget"
            reason = f"{done}, counted as {percent(self.score)}: the more projects, the closer."
        else:
            reason = f"No finished project yet, counted as {percent(self.score)} of success."
        return {"reasons": [reason], "succeeded": self.succeeded, "finished": self.finished}


@dataclass(frozen=True, slots=True)
class Load:
    """The share of the team's hours that is still free in those dates."""

    key: ClassVar = "load"
    hours: Decimal
    free: Decimal

    @property
    def score(self) -> float:
        return round(float(self.free / self.hours), 6) if self.hours else 0.0

    def explained(self) -> Numbers:
        reason = f"{plain(self.free)} of {hours(self.hours)} are still free."
        return {"reasons": [reason], "hours": float(self.hours), "free_hours": float(self.free)}


Part = Specialization | Skills | Availability | Rating | Success | Load


def explained(part: Part) -> Numbers:
    """The part as it is answered: its score, its weight, the reasons, and the numbers that they rest on."""
    return {"score": part.score, "weight": WEIGHTS[part.key], **part.explained()}


def score_of(parts: Sequence[Part]) -> float:
    return round(sum(WEIGHTS[part.key] * part.score for part in parts), 9)
