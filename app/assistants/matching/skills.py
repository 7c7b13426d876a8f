"""The first part of a score: how well somebody masters what is asked for, or something like it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from app.core.fitting.skills import Credit, Kinship, WantedSkill
from app.core.fitting.wording import percent


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
