"""The terms that nobody knew: each is a skill of its own, another name of one, or none.

Until somebody decides, a term means itself: assistants who have it are found by it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.orm import aliased

from app.assistants.models import AssistantSkill, Skill, SkillTerm
from app.assistants.skills.meaning_operations import meanings
from app.assistants.skills.operations import NoSuchSkill, NotWaiting, TooManyNames, require_free_terms
from app.assistants.skills.schemas import MOST_ALIASES, ApprovalInput, OtherNameInput
from app.assistants.skills.steps import SKILL
from app.assistants.skills.words import words_changed
from app.core import records
from app.core.audit import Actor
from app.core.errors import Conflict
from app.core.ranking import has_in_name
from app.extensions import db

SHOWN = 50
NEAREST = 3
FAINTLY_ALIKE = 0.25
"""What is offered to a person may be less alike than what is taken without asking."""


@dataclass(frozen=True)
class WaitingTerm:
    """A term as the list shows it: how many assistants have it, and the approved skills that are most alike."""

    skill: Skill
    assistants: int
    nearest: Sequence[str]


def count_waiting() -> int:
    return db.session.scalar(select(func.count()).select_from(Skill).where(_waits())) or 0


def list_waiting(q: str = "", *, limit: int = SHOWN) -> list[WaitingTerm]:
    """Those that came most often first; with `q`, those that have it in their name."""
    query = select(Skill).where(_waits()).order_by(Skill.asked.desc(), Skill.created_at, Skill.id).limit(limit)
    if q.strip():
        part = func.strpos(func.plain(Skill.name), func.plain(q.strip())) > 0
        query = query.where(part | has_in_name(db.session, Skill.name, q))
    skills = db.session.scalars(query).all()
    ids = [skill.id for skill in skills]
    holders = select(AssistantSkill.skill_id, func.count()).where(AssistantSkill.skill_id.in_(ids))
    counts = dict(db.session.execute(holders.group_by(AssistantSkill.skill_id)).all())
    nearest = nearest_to(ids)
    return [WaitingTerm(skill, counts.get(skill.id, 0), nearest.get(skill.id, ())) for skill in skills]


def _waits() -> ColumnElement[bool]:
    return (Skill.status == "waiting") & Skill.archived_at.is_(None)


def nearest_to(ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The names of the approved skills that are most alike to each of these."""
    own, other, known = aliased(SkillTerm), aliased(SkillTerm), aliased(Skill)
    alike = func.max(func.similarity(own.term_key, other.term_key))
    found = (
        select(own.skill_id, known.name)
        .join(other, own.term_key.bool_op("%")(other.term_key))
        .join(known, known.id == other.skill_id)
        .where(own.skill_id.in_(ids), known.status == "approved", known.archived_at.is_(None))
        .group_by(own.skill_id, known.id)
        .having(alike >= FAINTLY_ALIKE)
        .order_by(own.skill_id, alike.desc(), known.name)
    )
    nearest: dict[UUID, list[str]] = {}
    for skill_id, name in db.session.execute(found):
        names = nearest.setdefault(skill_id, [])
        if len(names) < NEAREST:
            names.append(name)
    return nearest


def _off_the_list(skill: Skill) -> Conflict | None:
    return NotWaiting(skill.name) if skill.is_archived else None


_ONLY_WAITING: Any = {"unless": _off_the_list, "instead": lambda skill: NotWaiting(skill.name)}


@SKILL.does("approve", form=ApprovalInput, **_ONLY_WAITING)
def approve_term(skill: Skill, name: str, category: str, *, actor: Actor) -> Skill:
    """Make a waiting skill, locked for update, one of the taxonomy. Under a better name, it keeps the old one too."""
    SKILL.begin(skill, "approve", actor=actor)
    old = skill.name
    if name != old:
        require_free_terms(name, [], own=skill.id)
        skill.aliases = [*skill.aliases, old]
    skill.name, skill.category, skill.status = name, category, "approved"
    db.session.flush()
    if name != old:
        words_changed(skill.id)
    return skill


@SKILL.does("reject", **_ONLY_WAITING)
def reject_term(skill: Skill, *, actor: Actor) -> int:
    """Take a term that is no skill off all profiles, and out of the list for good; tells how many had it.

    Whoever writes it again finds nothing by it but itself, and it waits no more.
    """
    SKILL.begin(skill, "reject", actor=actor)
    had = db.session.execute(
        delete(AssistantSkill).where(AssistantSkill.skill_id == skill.id).returning(AssistantSkill.assistant_id)
    ).all()
    records.archive_record(skill)
    db.session.flush()
    return len(had)


@SKILL.does("same-as", form=OtherNameInput, **_ONLY_WAITING)
def make_other_name(skill: Skill, into: str, *, actor: Actor) -> Skill:
    """Make a waiting term, locked for update, another name of the approved skill called `into`; tells which that is.

    Assistants who have the term have that skill from now on, at the better level of the two, and open requests ask for
    it.
    """
    SKILL.begin(skill, "same-as", actor=actor)
    target = _target(into)
    names = [skill.name, *skill.aliases]
    if len(target.aliases) + len(names) > MOST_ALIASES:
        raise TooManyNames(target.name)
    _move_profiles(skill.id, target.id)
    _move_requests(skill.id, target)
    db.session.delete(skill)
    db.session.flush()
    target.aliases = [*target.aliases, *names]
    db.session.flush()
    words_changed(target.id)
    return target


def _target(name: str) -> Skill:
    """The approved skill of that name or other name, locked. Its spelling must be right: a slip isn't taken for it."""
    found = meanings([name], keep_unknown=False) if name.strip() else []
    if not found or found[0].how not in ("name", "alias"):
        raise NoSuchSkill(name.strip())
    live = (Skill.id == found[0].skill_id, Skill.status == "approved", Skill.archived_at.is_(None))
    target = db.session.scalar(
        select(Skill).where(*live).with_for_update(of=Skill).execution_options(populate_existing=True)
    )
    if target is None:
        raise NoSuchSkill(name.strip())
    return target


def _move_profiles(old: UUID, new: UUID) -> None:
    mine, theirs = aliased(AssistantSkill), aliased(AssistantSkill)
    both = select(theirs.id, mine.level).join(mine, mine.assistant_id == theirs.assistant_id)
    doubled = both.where(theirs.skill_id == new, mine.skill_id == old).subquery()
    better = update(AssistantSkill).where(AssistantSkill.id == doubled.c.id, AssistantSkill.level < doubled.c.level)
    quietly = {"synchronize_session": False}
    db.session.execute(better.values(level=doubled.c.level), execution_options=quietly)
    holders = select(theirs.assistant_id).where(theirs.skill_id == new)
    gone = delete(AssistantSkill).where(AssistantSkill.skill_id == old, AssistantSkill.assistant_id.in_(holders))
    db.session.execute(gone, execution_options=quietly)
    moved = update(AssistantSkill).where(AssistantSkill.skill_id == old)
    db.session.execute(moved.values(skill_id=new), execution_options=quietly)


_MOVE_REQUESTS = text("""
    update match_requests r
       set skills = (select jsonb_agg(case e ->> 'skill_id' when :old then e || cast(:new as jsonb) else e end
                                      order by place)
                       from jsonb_array_elements(r.skills) with ordinality s (e, place)
                      where e ->> 'skill_id' is distinct from :old or not r.skills @> cast(:there as jsonb))
     where status = 'open' and skills @> cast(:asking as jsonb)
""")


def _move_requests(old: UUID, target: Skill) -> None:
    """One that asks for both asks for the other skill once."""
    new = str(target.id)
    values = {
        "new": {"skill_id": new, "name": target.name},
        "there": [{"skill_id": new}],
        "asking": [{"skill_id": str(old)}],
    }
    db.session.execute(_MOVE_REQUESTS, {"old": str(old)} | {key: json.dumps(value) for key, value in values.items()})
