"""Projects with their parts, as far as a person sees them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.core.errors import NotFound
from app.extensions import db
from app.identity.identities import Identity
from app.projects.models import Deliverable, Project, ProjectReview
from app.projects.teams.models import TeamMember
from app.projects.visibility import get_project as find_project

WITH_PARTS = (
    selectinload(Project.milestones),
    selectinload(Project.deliverables),
    selectinload(Project.dependencies),
)
FOR_PAGES = (
    joinedload(Project.client),
    joinedload(Project.team),
    selectinload(Project.milestones),
    selectinload(Project.deliverables).joinedload(Deliverable.assistant),
    selectinload(Project.dependencies),
)


def get_project(ref: str | UUID, person: Identity, *, for_update: bool = False) -> Project:
    """The project with its parts, if the person sees it. `for_update` locks its row, and reads all of it afresh."""
    return find_project(ref, person, lock=for_update, load=WITH_PARTS)


def get_project_for_page(ref: str | UUID, person: Identity) -> Project:
    """The same with its company, its team, and who makes the deliverables."""
    return find_project(ref, person, load=FOR_PAGES)


def get_deliverable(project: Project, ref: str | UUID) -> Deliverable:
    """The deliverable of the project by its id."""
    found = next((one for one in project.deliverables if str(one.id) == str(ref).lower()), None)
    if found is None:
        raise NotFound("The project has no such deliverable.")
    return found


def find_review(project: Project) -> ProjectReview | None:
    query = select(ProjectReview).where(ProjectReview.project_id == project.id)
    found: ProjectReview | None = db.session.scalar(query)
    return found


def members_of(project: Project) -> Sequence[Any]:
    """The team's members: name, role, share, `assistant_id` and `user_id`."""
    if project.team_id is None:
        return ()
    columns = (TeamMember.name, TeamMember.role, TeamMember.share, TeamMember.assistant_id, TeamMember.user_id)
    query = select(*columns).where(TeamMember.team_id == project.team_id)
    return db.session.execute(query.order_by(TeamMember.position, TeamMember.id)).all()
