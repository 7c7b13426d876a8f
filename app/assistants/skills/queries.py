"""What the page of a skill tells besides its fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.assistants.models import Assistant, AssistantSkill, Skill
from app.assistants.skills.graph import look
from app.extensions import db

MOST_NEAR = 40
_WHY = {
    # by its relation, a part of the skill
    (True, True): "Related",
    (True, False): "Related",
    (False, True): "Part of it",
    (False, False): "It is part of this",
}


@dataclass(frozen=True)
class Near:
    """A skill that counts where another is asked for: how much, and why."""

    id: UUID
    name: str
    why: str
    counts: float


def near_to(skill: Skill) -> Sequence[Near]:
    """The skills that count most first, equals by name."""
    graph, _ = look()
    narrower = set(graph.descendants(skill.id))
    related = graph.relations.get(skill.id, {})
    found = []
    for key, counts in graph.closeness(skill.id).items():
        node = graph.nodes[key]
        if not node.is_archived:
            why = _WHY[related.get(key) == counts, key in narrower]
            found.append(Near(key, node.name, why, counts))
    return sorted(found, key=lambda near: (-near.counts, near.name.casefold()))[:MOST_NEAR]


def count_holders(skill_id: UUID) -> int:
    """How many assistants on the lists have the skill."""
    holders = select(func.count()).select_from(AssistantSkill).join(Assistant)
    return db.session.scalar(holders.where(AssistantSkill.skill_id == skill_id, Assistant.archived_at.is_(None))) or 0
