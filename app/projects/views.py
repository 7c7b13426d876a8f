"""The pages of projects: staff's under /admin/projects, the company's and the team's under /dashboard/projects."""

from typing import Any

from flask import Blueprint, redirect, render_template
from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload

from app.core.sides import COMPANY
from app.crud import pages
from app.crud.listed import read_list
from app.crud.record import render_record
from app.identity.policy import is_staff
from app.projects.kinds import PROJECTS, projects
from app.projects.models import Project
from app.projects.panel_pages import panels_of
from app.projects.plans import views as step_views
from app.projects.queries import get_project_for_page
from app.projects.record_pages import page_of
from app.projects.step_pages import PROJECT_STEPS
from app.projects.steps import PROJECT
from app.web import htmx
from app.web.guards import allow, staff

ON_A_PAGE = 24

bp = pages(projects, without=("show",))
step_views.add_to(bp, staff=True)
PROJECT_STEPS.add_to(bp)
own = Blueprint("own_projects", __name__, url_prefix="/dashboard/projects")
blueprints = (bp, own)
step_views.add_to(own, staff=False)


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    project = get_project_for_page(ref, current_user)
    return render_record("projects/show.html", projects, project, **_shown(project))


@own.get("")
@allow("projects:read")
def index() -> Any:
    if is_staff(current_user):
        return redirect(projects.base(), 303)
    listed = read_list(
        PROJECTS,
        projects.base(COMPANY),
        names=("q", "status", "cursor"),
        usual={"limit": ON_A_PAGE},
        held=projects.held_to(current_user),
        options=(joinedload(Project.team), selectinload(Project.deliverables)),
        staff=False,
    )
    return htmx.page_or_fragment(
        "projects/index.html", "projects/_own_list.html", listed=listed, asked=listed.asked, states=PROJECT.states
    )


@own.get("/<uuid:ref>")
@allow("projects:read")
def show_own(ref: Any) -> Any:
    if is_staff(current_user):
        return redirect(projects.url(ref), 303)
    project = get_project_for_page(ref, current_user)
    return render_template("projects/own.html", **_shown(project))


def _shown(project: Project) -> dict[str, Any]:
    return {"project": project, "page": page_of(project, current_user), **panels_of(project, current_user)}
