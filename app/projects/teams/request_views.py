"""A company's form for asking for a team."""

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from app.core.database_errors import explain
from app.core.errors import DomainError
from app.crud.drawing import complete
from app.extensions import db
from app.identity.companies import company_for
from app.identity.policy import is_staff
from app.projects.models import Project
from app.projects.operations import request_project
from app.projects.schemas import ProjectRequest
from app.projects.teams.suggestions import SuggestedTeam, suggest_for
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.once import makes_one

SUGGESTED = 3

bp = Blueprint("team_requests", __name__, url_prefix="/dashboard/projects")


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
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
        return redirect("/admin/projects/new", 303)
    form = form_class(ProjectRequest)()
    if request.method == "GET":
        return _page(form)
    values = form.new_values()
    if not isinstance(values, ProjectRequest):
        return _page(form, 422)
    try:
        project = request_project(values, client_id=company_for(current_user, None), actor=current_user)
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        return _refused(form, error)
    flash("We have your request. These teams would fit; we come back to you with a plan.", "success")
    return redirect(f"/dashboard/projects/{project.id}", 303)


def _page(form: SchemaForm, status: int = 200) -> Any:
    return render_template("projects/request.html", form=complete(form)), status


def _refused(form: SchemaForm, error: Exception) -> Any:
    """Show the form with what the operation or the database refused; nothing was written."""
    db.session.rollback()
    reason = error if isinstance(error, DomainError) else explain(error)
    if reason is None:
        raise error
    form.refuse_because(reason)
    return _page(form, 422 if reason.errors else reason.status)
