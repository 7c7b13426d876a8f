"""Whatever changes the taxonomy. Callers load the skill for update, check the permission, and commit."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.assistants.models import Skill, SkillRelation, SkillTerm
from app.assistants.skills.graph import look
from app.assistants.skills.meaning_operations import meanings
from app.assistants.skills.schemas import RelatedInput, SkillInput
from app.assistants.skills.words import words_changed
from app.core import records
from app.core.audit import Actor, audit_as
from app.core.errors import Conflict, FieldError, Invalid
from app.core.parts import reconcile
from app.core.rules import enforces
from app.extensions import db


class TermTaken(Conflict):
    """A name or another name that means another skill already."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].message, errors=errors)


@enforces("skill_relations_pair_key", says="Two skills are related only once.")
class UnknownRelated(Invalid):
    """A related skill that isn't there, is the skill itself, or is named twice."""

    code = "unknown-skill"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].message, errors=errors)


class WrongParent(Invalid):
    """A skill can't be part of that one."""

    at = "/parent_id"


class NotWaiting(Conflict):
    """Somebody has decided about the term already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” doesn’t wait any more: somebody has decided already.")


class NoSuchSkill(Invalid):
    """A term is to become another name of a skill that isn't there."""

    code, at, wrong = "unknown-skill", "/into", "unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no approved skill called “{name}”." if name else "Name the skill that it is.")


class TooManyNames(Conflict):
    """The skill has as many other names as one can have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” has as many other names as a skill can have.")


_NOT_COLUMNS = ("related",)


def create_skill(values: SkillInput, *, actor: Actor) -> Skill:
    """Add a skill to the taxonomy. Raises TermTaken where one of its names means another skill."""
    audit_as(db.session, actor=actor, action="create")
    require_free_terms(values.name, values.aliases)
    _require_parent(None, values.parent_id)
    fields = values.model_dump(exclude=set(_NOT_COLUMNS))
    skill: Skill = records.insert_records(Skill, [fields])[0]
    _replace_related(skill, values.related)
    db.session.flush()
    return skill


def update_skill(skill: Skill, changes: Mapping[str, Any], *, actor: Actor) -> Skill:
    """Change fields of a skill; `related` is the whole list. Assistants are found by the new names."""
    audit_as(db.session, actor=actor, action="update")
    name, aliases = changes.get("name", skill.name), changes.get("aliases", skill.aliases)
    renamed = (name, list(aliases)) != (skill.name, skill.aliases)
    if renamed:
        require_free_terms(name, aliases, own=skill.id)
    if changes.get("parent_id") not in (None, skill.parent_id):
        _require_parent(skill.id, changes["parent_id"])
    records.apply_changes(skill, {key: value for key, value in changes.items() if key not in _NOT_COLUMNS})
    if changes.get("related") is not None and _replace_related(skill, changes["related"]):
        records.touch(skill)
    db.session.flush()
    if renamed:
        words_changed(skill.id)
    return skill


def require_free_terms(name: str, aliases: Sequence[str], *, own: UUID | None = None) -> None:
    """No name may mean another skill already. Of two who take one at once, the database refuses the second."""
    terms = [name, *aliases]
    given = func.unnest(literal(terms, ARRAY(Text))).table_valued("term", with_ordinality="place").render_derived()
    taken = (
        select(given.c.place, Skill.name, Skill.status, Skill.archived_at)
        .join(SkillTerm, SkillTerm.term_key == func.skill_key(given.c.term))
        .join(Skill, Skill.id == SkillTerm.skill_id)
        .order_by(given.c.place)
    )
    errors = [
        FieldError("/name" if place == 1 else f"/aliases/{place - 2}", _taken(terms[place - 1], *row), "taken")
        for place, *row in db.session.execute(taken.where(Skill.id != own) if own else taken)
    ]
    if errors:
        raise TermTaken(errors)


def _taken(term: str, name: str, status: str, archived_at: Any) -> str:
    if status == "waiting" and archived_at is None:
        return f"“{term}” waits in the list of new terms. Decide about it there."
    called = f"the name of “{name}”" if term.casefold() == name.casefold() else f"another name of “{name}”"
    return f"“{term}” is {called} already{', which is archived' if archived_at else ''}."


def _require_parent(skill_id: UUID | None, parent_id: UUID | None) -> None:
    """The wider skill must be an approved one, and no part of this one. Of changes at once, each waits for the other,
    so that two can't close a circle; one whose parent is just being changed is told to try again."""
    if parent_id is None:
        return
    db.session.execute(text("select pg_advisory_xact_lock(hashtext('skills.parents'))"))
    db.session.execute(
        select(Skill.id).where(Skill.id == parent_id).with_for_update(read=True, key_share=True, nowait=True)
    )
    graph, _ = look()
    parent = graph.nodes.get(parent_id)
    if parent is None or parent.is_waiting:
        raise WrongParent("There is no such skill.")
    if skill_id == parent_id:
        raise WrongParent("A skill is no part of itself.")
    if skill_id is not None and parent_id in graph.descendants(skill_id):
        raise WrongParent(f"“{parent.name}” is a part of this skill itself.")


def _replace_related(skill: Skill, related: Sequence[RelatedInput]) -> bool:
    """Whether any came, went or changed."""
    there = {relation.related_id: relation for relation in skill.related}
    wanted = _resolved(skill, related).items()
    given = [(key, {"related_id": key, "weight": values.weight}) for key, values in wanted]
    skill.related, changed = reconcile(there, given, SkillRelation, ordered=False)
    return changed


def _resolved(skill: Skill, related: Sequence[RelatedInput]) -> dict[UUID, RelatedInput]:
    """The related skills by id. Each is an approved one, once, and doesn't name this skill itself."""
    naming = dict(
        db.session.execute(
            select(SkillRelation.skill_id, SkillRelation.weight).where(SkillRelation.related_id == skill.id)
        ).all()
    )
    found: dict[UUID, RelatedInput] = {}
    errors = []
    for place, meaning in enumerate(meanings([values.name for values in related], keep_unknown=False)):
        problem = ""
        if meaning.skill_id is None or meaning.how in ("similar", "unknown"):
            problem = f"There is no skill called “{meaning.asked}”."
        elif meaning.skill_id == skill.id:
            problem = "A skill isn’t related to itself."
        elif meaning.skill_id in found:
            problem = f"“{meaning.name}” is named twice."
        elif meaning.skill_id in naming:
            problem = f"“{meaning.name}” names this skill already, with {naming[meaning.skill_id]}. Change it there."
        else:
            found[meaning.skill_id] = related[place]
        if problem:
            errors.append(FieldError(f"/related/{place}/name", problem, "unknown"))
    if errors:
        raise UnknownRelated(errors)
    return found
