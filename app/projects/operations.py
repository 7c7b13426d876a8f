"""Whatever changes a project. Callers load it for update (`queries.get_project`), check who asks, and commit."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.core import records
from app.core.audit import Actor, audit_as
from app.core.clock import today_here
from app.core.errors import Conflict, Invalid
from app.core.events import publish
from app.core.steps import Step
from app.extensions import db
from app.identity.models import Client
from app.projects.models import Project
from app.projects.plans.critical_path import plan_of
from app.projects.plans.parts import DatesReversed, UnknownPart, replace_deliverables, replace_milestones
from app.projects.schemas import ProjectInput, ProjectRequest
from app.projects.steps import PROJECT
from app.projects.teams.models import Team
from app.projects.teams.reservations import hold_hours

_NEEDED = {"team_id": "a team", "start_date": "a first day", "end_date": "a last day"}
_PARTS = ("milestones", "deliverables")


class PlanIncomplete(Conflict):
    """What a project needs before it counts as planned is missing."""


class ProjectFinished(Conflict):
    """A project that is completed or cancelled no longer changes."""

    def __init__(self, project: Project) -> None:
        super().__init__(f"“{project.name}” is {PROJECT.state(project).in_words}, and no longer changes.")


class CompanyIsFixed(Invalid):
    """A project stays with the company that it was made for."""


def request_project(values: ProjectRequest, *, client_id: UUID, actor: Actor) -> Project:
    """Take a company's request for a team. Staff hear of it."""
    audit_as(db.session, actor=actor, action="request")
    fields = values.model_dump(exclude={"title"} | (set(type(values).model_fields) - set(ProjectRequest.model_fields)))
    name = values.title or _as_title(values.specialization)
    project = Project(client_id=client_id, name=name, requested_by_id=actor.id, **fields)
    _require_order(project.start_date, project.end_date)
    db.session.add(project)
    db.session.flush()
    company = db.session.get_one(Client, client_id)
    publish("project.requested", about=project, actor=actor, project=name, company=company.name)
    return project


def create_project(values: ProjectInput, *, actor: Actor) -> Project:
    """Make a project for a company, with its parts. One that names a status goes there by a step from `requested`."""
    audit_as(db.session, actor=actor, action="create")
    _require_company(values.client_id)
    _require_order(values.start_date, values.end_date)
    _require_team(values.team_id)
    project = Project(**values.model_dump(exclude={*_PARTS, "status"}))
    db.session.add(project)
    db.session.flush()
    replace_milestones(project, values.milestones)
    replace_deliverables(project, values.deliverables)
    db.session.flush()
    status = getattr(values, "status", "requested")
    return project if status == "requested" else change_status(project, status, actor=actor)


def update_project(project: Project, changes: Mapping[str, Any], *, actor: Actor) -> Project:
    """Change fields and parts of a project, then its status if `changes` has one. Its team's hours follow."""
    audit_as(db.session, actor=actor, action="update")
    fields = {name: value for name, value in changes.items() if name not in (*_PARTS, "status")}
    if fields.pop("client_id", project.client_id) != project.client_id:
        raise CompanyIsFixed("A project stays with its company.", at="/client_id", wrong="fixed")
    if fields or any(name in changes for name in _PARTS):
        _change(project, fields, changes)
    if "status" in changes:
        return change_status(project, changes["status"], actor=actor)
    hold_hours(project)
    return project


def change_status(project: Project, status: str, *, actor: Actor) -> Project:
    """Take the step that leads to that status. Raises WrongStep where none does."""
    taken: Project = PROJECT.take(project, PROJECT.towards(project, status).verb, actor=actor)
    return taken


def _plan_lacks(project: Project) -> Conflict | None:
    missing = [words for name, words in _NEEDED.items() if getattr(project, name) is None]
    if not missing:
        return None
    listed = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    return PlanIncomplete(f"The plan lacks {listed}.")


@PROJECT.does("cancel")
@PROJECT.does("plan", "start", "hold", "resume", "complete", unless=_plan_lacks)
def take_step(project: Project, *, step: Step, actor: Actor) -> Project:
    """Take the project a step further. Its company, and its team's members, hear of it."""
    PROJECT.begin(project, step.verb, actor=actor)
    if step.verb == "plan":
        _agree(project)
    old, project.status = project.status, step.target
    if project.status == "active" and project.started_on is None:
        project.started_on = today_here()
    project.completed_on = today_here() if project.status == "completed" else None
    hold_hours(project)
    to: dict[str, Any] = {"status": step.target, "state": PROJECT.state(project).in_words}
    publish("project.status_changed", about=project, actor=actor, project=project.name, old=old, **to)
    if step.target == "completed":
        publish("project.completed", about=project, actor=actor, project=project.name)
    return project


def set_missing_dates(project: Project) -> None:
    """Give deliverables that say nothing of their first day or of when they are due what follows from the plan."""
    if project.start_date is None:
        return
    dates = plan_of(project, project.start_date).dates
    for deliverable in project.deliverables:
        found = dates.get(deliverable.id)
        if found is not None and deliverable.due_date is None:
            deliverable.due_date = max(found.finish, deliverable.start_date or found.finish)
        if found is not None and deliverable.start_date is None and deliverable.due_date is not None:
            deliverable.start_date = min(found.start, deliverable.due_date)


def _change(project: Project, fields: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    if project.status in PROJECT.final:
        raise ProjectFinished(project)
    _require_order(fields.get("start_date", project.start_date), fields.get("end_date", project.end_date))
    if fields.get("team_id") != project.team_id:
        _require_team(fields.get("team_id"))
    records.apply_changes(project, fields)
    if project.status != "requested" and (error := _plan_lacks(project)) is not None:
        raise error
    changed = False
    if changes.get("milestones") is not None:
        changed |= replace_milestones(project, changes["milestones"])
    if changes.get("deliverables") is not None:
        changed |= replace_deliverables(project, changes["deliverables"])
    if project.status != "requested":
        db.session.flush()
        set_missing_dates(project)
    if changed:
        records.touch(project)
    db.session.flush()


def _agree(project: Project) -> None:
    """What stands in the plan now is what was agreed."""
    set_missing_dates(project)
    project.planned_start, project.planned_end = project.start_date, project.end_date
    project.planned_budget = project.budget
    for deliverable in project.deliverables:
        deliverable.planned_start, deliverable.planned_due = deliverable.start_date, deliverable.due_date


def _require_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise DatesReversed("The last day is before the first.", at="/end_date")


def _require_company(client_id: UUID) -> None:
    if db.session.get(Client, client_id) is None:
        raise UnknownPart("There is no such company.", at="/client_id")


def _require_team(team_id: UUID | None) -> None:
    team = db.session.get(Team, team_id) if team_id else None
    if team_id and (team is None or team.is_archived):
        raise UnknownPart("There is no such team.", at="/team_id")


def _as_title(specialization: str) -> str:
    return specialization[:1].upper() + specialization[1:]
