"""The pages of projects: staff's under /admin/projects, the company's and the team's under /dashboard/projects."""

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_login import current_user
from pydantic import ValidationError
from sqlalchemy.orm import joinedload, selectinload

from app.core.errors import DomainError, NotFound
from app.core.lists import BadCursor, query_schema
from app.crud import pages
from app.crud.record import render_record
from app.extensions import db
from app.identity.policy import is_staff
from app.projects.models import PROJECT_STATUSES, Project
from app.projects.operations import STATUS_WORDS, STEPS, change_status
from app.projects.own_list import fetch_projects
from app.projects.page import page_of
from app.projects.page_panels import panels_of
from app.projects.plans import views as step_views
from app.projects.queries import get_project, get_project_for_page
from app.projects.resources import PROJECTS, projects
from app.web import htmx
from app.web.guards import allow, staff
from app.web.navigation import Entry, declare
from app.web.refusals import told_at

ON_A_PAGE = 24

bp = pages(projects, without=("show",))
step_views.add_to(bp, staff=True)
own = Blueprint("own_projects", __name__, url_prefix="/dashboard/projects")
step_views.add_to(own, staff=False)

declare(
    Entry("Projects", "own_projects.index", "briefcase-2", permission="projects:read", for_staff=False, words="team")
)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.register_blueprint(own)


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    project = get_project_for_page(ref, current_user)
    return render_record("projects/show.html", projects, project, **_shown(project))


@bp.post("/<ref>/status")
@allow("projects:manage")
def set_status(ref: str) -> Any:
    project = get_project(ref, current_user, for_update=True)
    here, status = f"/admin/projects/{project.id}", request.form.get("status", "")
    if status not in STEPS:
        raise NotFound("There is no such state.")
    try:
        change_status(project, status, actor=current_user)
        db.session.commit()
    except DomainError as error:
        return told_at(here, error)
    flash(f"“{project.name}” is {STATUS_WORDS[status]}.", "success")
    return redirect(here, 303)


@own.get("")
@allow("projects:read")
def index() -> Any:
    if is_staff(current_user):
        return redirect("/admin/projects", 303)
    asked = {name: request.args.get(name, "")[:200] for name in ("q", "status", "cursor")}
    if asked["status"] not in PROJECT_STATUSES:
        asked["status"] = ""
    return htmx.page_or_fragment(
        "projects/index.html", "projects/_own_list.html", asked=asked, found=_found(asked), statuses=PROJECT_STATUSES
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
