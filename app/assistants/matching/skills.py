"""The first part of a score: how well somebody masters what is asked for, or something like it."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from app.assistants.matching.facts import Candidate, Kinship, WantedSkill
from app.assistants.matching.weights import LEAST_STRENGTH, STRENGTH_PER_LEVEL
from app.assistants.matching.wording import percent


class Credit(NamedTuple):
    """What an asked skill is credited with: by the skill `mastered` at `level`, which is as good as the asked one to
    the extent of `closeness` (1: it is the same one). `mastered` None: by nothing."""

    mastered: UUID | None
    level: int
    closeness: float
    amount: float


NO_CREDIT = Credit(None, 0, 0.0, 0.0)


def credit_for(asked: WantedSkill, candidate: Candidate, kinship: Kinship) -> Credit:
    """The best that the candidate has to offer for a skill: closeness · (0.5 + 0.1 · level) of the skill itself or of a
    related one. Of equals, the closer one counts, then the one with the lower id."""
    itself = asked.skill_id
    if itself is None:
        return NO_CREDIT
    near = kinship.closeness.get(itself, {})
    ways = [
        Credit(skill, level, closeness, closeness * (LEAST_STRENGTH + STRENGTH_PER_LEVEL * level))
        for skill, level in candidate.levels.items()
        if (closeness := 1.0 if skill == itself else near.get(skill, 0.0))
    ]
    return min(ways, key=lambda way: (-way.amount, -way.closeness, way.mastered), default=NO_CREDIT)


@dataclass(frozen=True, slots=True)
class Skills:
    """The mean of what the asked skills are credited with; `credits` has them in the order of `asked`."""

    key: ClassVar = "skills"
    asked: tuple[WantedSkill, ...]
    credits: tuple[Credit, ...]
    kinship: Kinship

    @property
    def score(self) -> float:
        return round(sum(credit.amount for credit in self.credits) / len(self.credits), 6) if self.credits else 0.0

    def explained(self) -> dict[str, Any]:
        items = [self._item(asked, credit) for asked, credit in zip(self.asked, self.credits, strict=True)]
        return {
            "reasons": [_reason(item) for item in items],
            "matched": [item["skill"] for item in items if item["closeness"] == 1],
            "related": [item["skill"] for item in items if 0 < item["closeness"] < 1],
            "missing": [item["skill"] for item in items if not item["closeness"]],
            "items": items,
        }

    def _item(self, asked: WantedSkill, credit: Credit) -> dict[str, Any]:
        other = None if credit.mastered is None else self.kinship.names.get(credit.mastered, "another skill")
        return {
            "skill": asked.name,
            "has": asked.name if credit.closeness == 1 else other,
            "level": credit.level,
            "closeness": credit.closeness,
            "credit": round(credit.amount, 6),
        }


def _reason(item: dict[str, Any]) -> str:
    if not item["closeness"]:
        return f"{item['skill']}: nothing like it."
    if item["closeness"] == 1:
        return f"{item['skill']}: level {item['level']} of 5."
    near = f"{item['has']} (level {item['level']} of 5) comes close"
    return f"{item['skill']}: {near}, and counts {percent(item['closeness'])} of it."
