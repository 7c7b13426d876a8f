"""How far somebody masters what is asked for, or something like it. The scores of assistants and of teams rest on it: a
change here changes both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WantedSkill:
    """A skill that is asked for: the words of the request, and the skill that they mean; None where nobody knows."""

    asked: str
    skill_id: UUID | None
    name: str


@dataclass(frozen=True, slots=True)
class Kinship:
    """How much having one skill counts where another is asked for: `closeness[asked][mastered]`, in (0, 1)."""

    closeness: Mapping[UUID, Mapping[UUID, float]] = field(default_factory=dict)
    names: Mapping[UUID, str] = field(default_factory=dict)
    """What skills are called, for the reasons."""


LEAST_STRENGTH: Final = 0.5
STRENGTH_PER_LEVEL: Final = 0.1
"""A skill at level 1 to 5 counts 0.5 + 0.1 · level: an expert's in full, a beginner's 0.6, as knowing a little is far
more than knowing nothing."""


class Skilled(Protocol):
    """Somebody with skills. `levels` gives the level (1 to 5) of each that is mastered."""

    @property
    def levels(self) -> Mapping[UUID, int]: ...


class Credit(NamedTuple):
    """What an asked skill is credited with: by the skill `mastered` at `level`, which is as good as the asked one to
    the extent of `closeness` (1: it is the same one). `mastered` None: by nothing."""

    mastered: UUID | None
    level: int
    closeness: float
    amount: float


NO_CREDIT = Credit(None, 0, 0.0, 0.0)


def credit_for(asked: WantedSkill, candidate: Skilled, kinship: Kinship) -> Credit:
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
