"""Projects as a person may see them: staff all, a client the company's, an expert those of the own teams."""

from uuid import UUID

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.auth.person import Identity
from app.auth.policy import is_staff
from app.core.errors import NotFound
from app.core.permissions import Role
from app.core.resources import reference
from app.extensions import db
from app.projects.models import Deliverable, Project, TeamMember

WITH_PARTS = (
    selectinload(Project.milestones),
    selectinload(Project.deliverables),
    selectinload(Project.dependencies),
)
FOR_PAGES = (*WITH_PARTS[::2], selectinload(Project.deliverables).joinedload(Deliverable.assistant))
NO_SUCH = "There is no such project."


def visible_to(person: Identity) -> ColumnElement[bool]:
    """Which projects the person may see."""
    if is_staff(person):
        return true()
    if person.role == Role.EXPERT:
        own = select(TeamMember.team_id).where(TeamMember.user_id == person.id)
        return Project.team_id.in_(own)
    return Project.client_id == person.client_id if person.client_id else false()


def get_project(ref: str | UUID, person: Identity, *, for_update: bool = False, for_page: bool = False) -> Project:
    """The project with its parts, if the person may see it. `for_update` locks its row, and reads all of it afresh;
    `for_page` also loads the company, the team and who makes the deliverables."""
    key = reference(ref) if isinstance(ref, str) else ref
    if not isinstance(key, UUID):
        raise NotFound(NO_SUCH)
    query = select(Project).where(Project.id == key, visible_to(person))
    if for_update:
        query = query.with_for_update(of=Project).execution_options(populate_existing=True)
    if for_page:
        query = query.options(*FOR_PAGES, joinedload(Project.client), joinedload(Project.team))
    else:
        query = query.options(*WITH_PARTS)
    project: Project | None = db.session.scalar(query)
    if project is None:
        raise NotFound(NO_SUCH)
    return project


def is_member(project: Project, person: Identity) -> bool:
    """Whether the person belongs to the project's team."""
    if person.id is None or project.team_id is None:
        return False
    query = select(TeamMember.id).where(TeamMember.team_id == project.team_id, TeamMember.user_id == person.id)
    return db.session.scalar(query) is not None
