"""The pages of projects: staff's under /admin/projects, the company's and the team's under /dashboard/projects."""

from typing import Any

from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload

from app.core.sides import COMPANY
from app.crud import Presentation, pages
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.panel_pages import panels_of
from app.projects.plans import views as step_views
from app.projects.queries import get_project_for_page
from app.projects.record_pages import page_of
from app.projects.step_pages import PROJECT_STEPS


def _found(ref: str) -> Project:
    return get_project_for_page(ref, current_user)


def _shown(project: Project) -> dict[str, Any]:
    return {"project": project, "page": page_of(project, current_user), **panels_of(project, current_user)}


bp = pages(projects, presentation=Presentation(show="projects/show.html", find=_found, context=_shown))
step_views.add_to(bp, staff=True)
PROJECT_STEPS.add_to(bp)

# Experts see no money, so they neither sort by it nor get it as a file or in a history.
own = pages(
    projects,
    COMPANY,
    without=("export", "history"),
    presentation=Presentation(
        index="projects/index.html",
        results="projects/_own_results.html",
        show="projects/own.html",
        loads=(joinedload(Project.team), selectinload(Project.deliverables)),
        takes=("q", "status", "cursor"),
        usual={"limit": 24},
        find=_found,
        context=_shown,
    ),
)
step_views.add_to(own, staff=False)
blueprints = (bp, own)
