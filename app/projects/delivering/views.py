"""Staff's pages of the question: for a team and work in plain figures, and for a project and the teams that fit it."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from app.core.clock import today_here
from app.core.errors import Conflict, DomainError, Invalid
from app.core.records import get_record
from app.projects.delivering.asking import Demand
from app.projects.delivering.forms import DeliverQuestion
from app.projects.delivering.verdict import Verdict, can_deliver
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.operations import update_project
from app.projects.queries import get_project, get_project_for_page
from app.projects.steps import PROJECT
from app.projects.teams.kinds import teams
from app.projects.teams.models import Team
from app.projects.teams.suggestions import SuggestedTeam, suggest_for
from app.web import way_back
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow, staff
from app.web.refusals import saying_no

TEAMS_SHOWN = 5
USUAL_TIME = timedelta(weeks=8)

bp = Blueprint("delivering", __name__)


@bp.get("/admin/teams/<ref>/deliver")
@staff
def team_page(ref: str) -> Any:
    """The form, and beneath it the answer to what it asks."""
    team: Team = get_record(teams, ref)
    asked = MultiDict([(name, value) for name, value in request.args.items(multi=True) if name != way_back.NAME])
    given = asked or MultiDict({"by": (today_here() + USUAL_TIME).isoformat()})
    form: SchemaForm = form_class(DeliverQuestion)(formdata=given, meta={"csrf": False})
    verdict = _answer(form, team) if asked else None
    status = 422 if form.problems else 200
    return render_template("teams/deliver.html", team=team, form=form, verdict=verdict), status


def _answer(form: SchemaForm, team: Team) -> Verdict | None:
    asked = form.new_values()
    if not isinstance(asked, DeliverQuestion):
        return None
    start = asked.start or today_here()
    try:
        if asked.by < max(start, today_here()):
            raise Invalid("This day is over before the work begins.", at="/by", wrong="too_early")
        return can_deliver(team, Demand(asked.hours, asked.skills, start), asked.by)
    except DomainError as error:
        form.refuse_because(error)
        return None


@bp.get("/admin/projects/<ref>/teams")
@allow("projects:manage")
def project_page(ref: str) -> Any:
    """Whether the project's team, or those that fit it, can deliver by its last day or another one."""
    project = get_project_for_page(ref, current_user)
    by = _day(request.args.get("by", "")) or project.end_date or today_here() + USUAL_TIME
    return render_template(
        "projects/teams.html",
        project=project,
        by=max(by, today_here()),
        own=can_deliver(project.team, project, max(by, today_here())) if project.team else None,
        suggested=_with_verdicts(project, max(by, today_here())),
        may_give=project.status not in PROJECT.final,
    )


def _with_verdicts(project: Project, by: Any) -> list[tuple[SuggestedTeam, Verdict]]:
    if project.status in PROJECT.final:
        return []
    others = [one for one in suggest_for(project, TEAMS_SHOWN) if one.team.id != project.team_id]
    return [(one, can_deliver(one.team, project, by)) for one in others]


def _day(text: str) -> Any:
    form = form_class(DeliverQuestion)(formdata=MultiDict({"by": text, "hours": "1"}), meta={"csrf": False})
    values = form.new_values()
    return values.by if isinstance(values, DeliverQuestion) else None


@bp.post("/admin/projects/<ref>/team")
@allow("projects:manage")
def give(ref: str) -> Any:
    """Give the project to a team; its hours are reserved at once if the project is planned."""
    project = get_project(ref, current_user, for_update=True)
    here = f"{projects.url(project)}/teams"
    team: Team = get_record(teams, request.form.get("team_id", ""), archived=False)
    with saying_no(at=here):
        if project.team_id == team.id:
            raise Conflict(f"“{team.name}” has the project already.")
        update_project(project, {"team_id": team.id}, actor=current_user)
    flash(f"“{project.name}” is {team.name}’s now.", "success")
    return redirect(projects.url(project), 303)
