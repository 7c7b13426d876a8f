from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import func, select

from app.assistants.models import Assistant, AssistantSkill, Skill, SkillRelation, SkillTerm, TimeOff
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now
from app.core.records import slug_of
from app.extensions import db

_numbers = count(1)


def _saved(record: Any) -> Any:
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(record)
    db.session.commit()
    return record


def find_skill(name: str) -> Skill | None:
    """The skill that has that name or alias."""
    known = select(SkillTerm.skill_id).where(SkillTerm.term_key == func.skill_key(name))
    return db.session.scalar(select(Skill).where(Skill.id.in_(known)))


def make_skill(name: str = "", *, related: Mapping[Skill, str] | None = None, **values: Any) -> Skill:
    """A skill of that name; the one that is there already, unless more is said of it. `related` gives weights."""
    name = name or f"Skill {next(_numbers)}"
    there = find_skill(name)
    if there is not None and not values and not related:
        return there
    values = {"slug": f"{slug_of(name)}-{next(_numbers)}", "category": "Office"} | values
    skill: Skill = _saved(Skill(name=name, **values))
    for other, weight in (related or {}).items():
        _saved(SkillRelation(skill_id=skill.id, related_id=other.id, weight=Decimal(weight)))
    return skill


def make_assistant(
    *,
    skills: Sequence[str | Skill | tuple[str | Skill, int]] = (),
    rate: str | Decimal = "30.00",
    time_off: Sequence[tuple[Any, Any]] = (),
    archived: bool = False,
    **values: Any,
) -> Assistant:
    """An assistant with skills by name, record, or a pair of either and a level. Skills that are new are made."""
    values = {"name": f"Assistant {next(_numbers)}", "hourly_rate": Decimal(rate), "weekly_hours": 40} | values
    if archived:
        values.setdefault("archived_at", now())
    assistant = Assistant(**values)
    for position, given in enumerate(skills):
        asked, level = given if isinstance(given, tuple) else (given, 3)
        skill = make_skill(asked) if isinstance(asked, str) else asked
        assistant.skill_links.append(AssistantSkill(skill_id=skill.id, level=level, position=position))
    assistant.time_off = [TimeOff(starts_on=first, ends_on=last) for first, last in time_off]
    saved: Assistant = _saved(assistant)
    return saved
