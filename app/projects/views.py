"""The pages of projects: staff's under /admin/projects, the company's and the team's under /dashboard/projects."""

from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request
from flask_login import current_user
from pydantic import ValidationError
from sqlalchemy.orm import joinedload, selectinload

from app.core.lists import BadCursor, query_schema
from app.crud import pages
from app.crud.record import render_record
from app.identity.policy import is_staff
from app.projects.models import Project
from app.projects.own_list import fetch_projects
from app.projects.page import page_of
from app.projects.page_panels import panels_of
from app.projects.plans import views as step_views
from app.projects.queries import get_project_for_page
from app.projects.resources import PROJECTS, projects
from app.projects.step_pages import PROJECT_STEPS
from app.projects.steps import PROJECT
from app.web import htmx
from app.web.guards import allow, staff

ON_A_PAGE = 24

bp = pages(projects, without=("show",))
step_views.add_to(bp, staff=True)
PROJECT_STEPS.add_to(bp)
own = Blueprint("own_projects", __name__, url_prefix="/dashboard/projects")
step_views.add_to(own, staff=False)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.register_blueprint(own)


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    project = get_project_for_page(ref, current_user)
    return render_record("projects/show.html", projects, project, **_shown(project))


@own.get("")
@allow("projects:read")
def index() -> Any:
    if is_staff(current_user):
        return redirect("/admin/projects", 303)
    asked = {name: request.args.get(name, "")[:200] for name in ("q", "status", "cursor")}
    if asked["status"] not in PROJECT.names:
        asked["status"] = ""
    return htmx.page_or_fragment(
        "projects/index.html", "projects/_own_list.html", asked=asked, found=_found(asked), states=PROJECT.states
    )


def _found(asked: dict[str, str]) -> Any:
    given = {name: value for name, value in asked.items() if value}
    options = (joinedload(Project.team), selectinload(Project.deliverables))
    schema = query_schema(PROJECTS)
    try:
        query = schema.model_validate({"limit": ON_A_PAGE, **given})
        return fetch_projects(query, current_user, options=options)
    except (ValidationError, BadCursor):
        asked["cursor"] = ""
        query = schema.model_validate({"limit": ON_A_PAGE, **{n: v for n, v in given.items() if n != "cursor"}})
        return fetch_projects(query, current_user, options=options)


@own.get("/<uuid:ref>")
@allow("projects:read")
def show_own(ref: Any) -> Any:
    if is_staff(current_user):
        return redirect(f"/admin/projects/{ref}", 303)
    project = get_project_for_page(ref, current_user)
    return render_template("projects/own.html", **_shown(project))


def _shown(project: Project) -> dict[str, Any]:
    return {"project": project, "page": page_of(project, current_user), **panels_of(project, current_user)}
