"""A company's form for asking for a team."""

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_login import current_user

from app.core.sides import COMPANY
from app.crud.drawing import complete
from app.identity.companies import company_for
from app.identity.policy import is_staff
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.operations import request_project
from app.projects.schemas import ProjectRequest
from app.projects.teams.suggestions import SuggestedTeam, suggest_for
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.once import makes_one
from app.web.refusals import submitted

SUGGESTED = 3

bp = Blueprint("team_requests", __name__, url_prefix="/dashboard/projects")


def init_app(app: Flask) -> None:
    app.jinja_env.globals["suggestions_for"] = suggestions_for


def suggestions_for(project: Project) -> list[SuggestedTeam]:
    """The best teams for a project that has none yet, for its page."""
    return suggest_for(project, SUGGESTED) if project.status == "requested" and project.team_id is None else []


@bp.route("/new", methods=["GET", "POST"])
@allow("projects:write")
@makes_one
def new() -> Any:
    """Ask for a team. Staff make projects for any company on a page of their own."""
    if is_staff(current_user):
        return redirect(f"{projects.base()}/new", 303)
    form = form_class(ProjectRequest)()
    if request.method == "GET":
        return _page(form)
    with submitted(ProjectRequest, _page, form=form) as values:
        project = request_project(values, client_id=company_for(current_user, None), actor=current_user)
    flash("We have your request. These teams would fit; we come back to you with a plan.", "success")
    return redirect(projects.url(project, COMPANY), 303)


def _page(form: SchemaForm, status: int = 200) -> Any:
    return render_template("projects/request.html", form=complete(form)), status
