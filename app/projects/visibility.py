"""Whose projects somebody sees: staff all, a client those of its company, an expert those of their teams."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from app.core.errors import NotFound
from app.core.ids import as_uuid, new_id
from app.core.permissions import Role
from app.extensions import db
from app.identity.identities import Identity
from app.identity.policy import is_staff
from app.projects.models import Project
from app.projects.periods import worked_for
from app.projects.teams.models import TeamMember

NO_SUCH = "There is no such project."


def seen_by(person: Identity) -> ColumnElement[bool]:
    """What a project must be like for the person to see it. The policies in the database say the same."""
    if is_staff(person):
        return true()
    if person.role == Role.EXPERT:
        return Project.team_id.in_(select(TeamMember.team_id).where(TeamMember.user_id == person.id))
    return Project.client_id == person.client_id if person.client_id is not None else false()


def filters_for(person: Identity) -> dict[str, Any]:
    """The same as filters of the list."""
    if is_staff(person):
        return {}
    if person.role == Role.EXPERT:
        return {"member_id": person.id}
    return {"client_id": person.client_id or new_id()}


def get_project(project_id: UUID | str, person: Identity, *, lock: bool = False, load: tuple[Any, ...] = ()) -> Project:
    """The project, if the person sees it. `lock` reads it afresh, and keeps others from changing it until the
    transaction ends."""
    return _get(select(Project).where(seen_by(person)).options(*load), project_id, lock=lock)


def get_project_for_time(project_id: UUID | str, person: Identity, *, lock: bool = False) -> Project:
    """The project as far as time goes: whoever was in its team while it ran keeps sight of it for their own entries."""
    sees = seen_by(person)
    if person.role == Role.EXPERT and person.id is not None:
        sees = or_(sees, worked_for(person.id))
    return _get(select(Project).where(sees), project_id, lock=lock)


def _get(query: Select[Project], project_id: UUID | str, *, lock: bool) -> Project:
    query = query.where(Project.id == (as_uuid(project_id) if isinstance(project_id, str) else project_id))
    if lock:
        query = query.with_for_update(of=Project).execution_options(populate_existing=True)
    project = db.session.scalar(query)
    if project is None:
        raise NotFound(NO_SUCH)
    return project
