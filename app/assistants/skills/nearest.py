"""What to offer for a term that no skill is called by."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.assistants.models import Skill, SkillTerm
from app.extensions import db

OFFERED = 3
LEAST_ALIKE = 0.2
SEVERAL: Mapping[str, Sequence[str]] = {
    "ad": ("Active Directory", "Paid search"),
    "ae": ("After Effects", "Account management"),
    "ai": ("Machine learning", "AI prompting", "Illustrator"),
    "ar": ("Accounts receivable", "Arabic"),
    "cs": ("Customer support", "Customer success"),
    "cv": ("Computer vision", "Recruiting"),
    "da": ("Data analysis", "Danish"),
    "de": ("German", "Data engineering"),
    "es": ("Elasticsearch", "Spanish"),
    "gtm": ("Marketing strategy", "Google Tag Manager"),
    "pl": ("Financial analysis", "Polish"),
    "pm": ("Project management", "Product management"),
    "pr": ("Press relations", "Code review"),
    "ps": ("Photoshop", "PowerShell"),
    "sm": ("Scrum Master", "Social media management"),
}
"""Abbreviations that mean more than one thing: the first is what is taken, all are offered."""
WIDE: Mapping[str, Sequence[str]] = {
    "b2b": ("Sales", "Lead generation", "Account management"),
    "cms": ("WordPress", "TYPO3", "Drupal"),
    "db": ("Database administration", "SQL", "Data modelling"),
    "erp": ("SAP", "Microsoft Dynamics 365", "Odoo"),
    "it": ("Technical support", "System administration", "Italian"),
    "kpi": ("Dashboards", "Management reporting", "OKR"),
}
"""Abbreviations that are no skill of their own, but stand for several: these are offered, and none is taken."""
_BETWEEN = re.compile(r"\s*[/,;+|]\s*|\s+(?:&|and)\s+")


def several_of(term: str) -> list[str]:
    """The skills that the term may mean, if these are several."""
    return list(SEVERAL.get(term.strip().casefold(), ()))


def nearest_to(term: str) -> list[str]:
    """The names of the skills to offer for a term: those that its parts mean (`AR/AP`), else those whose spellings are
    most like it, most alike first; perhaps none."""
    return _meant_by_parts(term) or _spelled_like(term)


def _meant_by_parts(term: str) -> list[str]:
    parts = [part for part in _BETWEEN.split(term) if part.strip()]
    if len(parts) < 2:
        return []
    keys = [func.skill_key(part) for part in parts[:OFFERED]]
    query = (
        select(Skill.name)
        .join(SkillTerm, SkillTerm.skill_id == Skill.id)
        .where(SkillTerm.term_key.in_(keys), Skill.status == "approved", Skill.archived_at.is_(None))
        .distinct()
        .order_by(Skill.name)
    )
    return list(db.session.scalars(query))


def _spelled_like(term: str) -> list[str]:
    key = func.skill_key(term)
    spelled = SkillTerm.term_key
    alike = func.max(func.greatest(func.similarity(spelled, key), func.word_similarity(key, spelled)))
    query = (
        select(Skill.name)
        .join(SkillTerm, SkillTerm.skill_id == Skill.id)
        .where(Skill.status == "approved", Skill.archived_at.is_(None))
        .group_by(Skill.id)
        .having(alike >= LEAST_ALIKE)
        .order_by(alike.desc(), Skill.name)
        .limit(OFFERED)
    )
    return list(db.session.scalars(query))


def not_understood(skills: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the skills of a kept request (`asked`, `skill_id`, `name`), the terms that nobody knows or that may mean
    several skills, each with what is nearest."""
    ids = [UUID(skill["skill_id"]) for skill in skills if skill["skill_id"]]
    waiting = set(db.session.scalars(select(Skill.id).where(Skill.id.in_(ids), Skill.status != "approved")))
    return unclear(
        (skill["asked"], skill["skill_id"] is not None and UUID(skill["skill_id"]) not in waiting) for skill in skills
    )


def unclear(terms: Iterable[tuple[str, bool]]) -> list[dict[str, Any]]:
    """The same of terms, each with whether a skill that stands is known by it."""
    found = []
    for term, is_known in terms:
        if not is_known:
            found.append(unknown(term))
        elif several := several_of(term):
            found.append({"term": term, "nearest": several})
    return found


def unknown(term: str) -> dict[str, Any]:
    wide = WIDE.get(term.strip().casefold())
    return {"term": term, "nearest": list(wide) if wide else nearest_to(term)}
