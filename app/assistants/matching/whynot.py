"""Why not: what kept somebody out of an answer. A limit, or a score below that of the last who was proposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.assistants.matching.facts import Candidate, Wanted
from app.assistants.matching.limits import Excluded
from app.assistants.matching.scoring import Scored, judge, limits_of, order_of
from app.core.fitting.skills import Kinship
from app.core.fitting.wording import listed

LOSSES_NAMED = 2


@dataclass(frozen=True, slots=True)
class Proposed:
    """Somebody who was proposed, as it was kept: the score, and the parts as in `Scored.explanation`."""

    id: UUID
    name: str
    score: float
    rating: Decimal | None
    explanation: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, scored: Scored) -> "Proposed":
        return cls(scored.id, scored.candidate.name, scored.score, scored.rating, scored.explanation)


@dataclass(frozen=True, slots=True)
class Beside:
    """One part of two scores: somebody's, and that of the last who was proposed."""

    part: str
    weight: float
    score: float
    last: float

    @property
    def loss(self) -> float:
        """How much of the score the part costs, compared with the last who was proposed; a gain is below 0."""
        return round(self.weight * (self.last - self.score), 9)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What to say of somebody who isn't among the proposed: the limits, else both scores and their parts."""

    sentence: str
    limits: tuple[Excluded, ...] = ()
    scored: Scored | None = None
    last: Proposed | None = None
    parts: tuple[Beside, ...] = ()

    def shown(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "sentence": self.sentence,
            "limits": [{"code": limit.code, "sentence": limit.sentence} for limit in self.limits],
            "score": self.scored.score if self.scored else None,
            "last_score": self.last.score if self.last else None,
            "parts": [
                {"part": row.part, "weight": row.weight, "score": row.score, "last": row.last, "loss": row.loss}
                for row in self.parts
            ],
        }


def why_not(wanted: Wanted, candidate: Candidate, kinship: Kinship, last: Proposed | None) -> WhyNot:
    """Why the candidate isn't proposed. `last` is the last of the proposed; None if fewer than asked for were found, so
    that the score can't be the reason. Whoever has become good enough since is said to be."""
    answer = judge(wanted, candidate, kinship)
    if isinstance(answer, Excluded):
        limits = tuple(limits_of(wanted, candidate, kinship))
        return WhyNot(" ".join(limit.sentence for limit in limits), limits)
    if last is None:
        return WhyNot(f"{candidate.name} fits, and would be proposed now.", scored=answer)
    parts = tuple(
        Beside(key, part["weight"], part["score"], last.explanation[key]["score"])
        for key, part in answer.explanation.items()
        if key in last.explanation
    )
    return WhyNot(_compared(answer, last, parts), scored=answer, last=last, parts=parts)


def _compared(answer: Scored, last: Proposed, parts: tuple[Beside, ...]) -> str:
    name = answer.candidate.name
    if order_of(answer.score, answer.rating, answer.id) <= order_of(last.score, last.rating, last.id):
        return f"{name} scores {answer.score:.3f}, and would be proposed now: something has changed since."
    if answer.score == last.score:
        by = "rating" if answer.rating != last.rating else "time of joining"
        return f"{name} scores {answer.score:.3f} like {last.name}, who comes first by {by}."
    beside = f"{name} scores {answer.score:.3f}; {last.name}, the last of the proposed, {last.score:.3f}."
    losses = sorted((row for row in parts if row.loss > 0), key=lambda row: (-row.loss, row.part))[:LOSSES_NAMED]
    named = [f"{row.part} ({row.loss:.3f})" for row in losses]
    return f"{beside} Most is lost by {listed(named)}." if named else beside
