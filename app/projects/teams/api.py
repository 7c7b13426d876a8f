"""Teams in the JSON API, and a company's request for one."""

from typing import Any

from flask import Blueprint
from flask_login import current_user

from app.api import access
from app.api.crud import mount
from app.api.operation import Answer, Example, operation
from app.core.addresses import api_prefix
from app.identity.companies import company_for
from app.projects import api_examples as project_examples
from app.projects.operations import request_project
from app.projects.queries import get_project
from app.projects.teams.capacity import hydrate_teams
from app.projects.teams.kinds import teams
from app.projects.teams.requests import RequestedProject, TeamRequest, answer_to
from app.projects.teams.suggestions import suggest_for

bp = Blueprint("teams_api", __name__, url_prefix="/api")

_MEMBER = {"assistant_id": "019aa8f0-9d30-7f74-8e30-7c2e3f4a5b61", "name": "Ana Pérez", "role": "Cloud architect"}
_TEAM = {
    "name": "Cloud Movers",
    "specialization": "Cloud migration",
    "description": "Moves what runs in your cellar to where it needn’t be looked after.",
    "icon": "cloud-up",
}
TEAM_ANSWER = {
    "id": "019aa8f0-9d21-7a74-8e30-7c2e3f4a5b60",
    "slug": "cloud-movers",
    **_TEAM,
    "members": [
        {**_MEMBER, "user_id": "019aa8f0-9d40-7f74-8e30-7c2e3f4a5b62", "share": 0.5, "has_calendar": True},
    ],
    "capacity": 60.0,
    "capacity_free": 20.0,
    "active_projects": 2,
    "finished_projects": 11,
    "rating": 4.6,
    "reviews_count": 9,
    "success_rate": 0.909,
    "archived_at": None,
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}

mount(
    bp,
    teams,
    read="public",
    depends_on=("assistants", "time_off", "reservations", "projects", "project_reviews"),
    body={**_TEAM, "members": [{**_MEMBER, "share": 0.5}], "capacity": 60},
    answer=TEAM_ANSWER,
)


_REQUEST: dict[str, Any] = {
    "specialization": "cloud migration",
    "title": "Move to the cloud",
    "description": "Three servers and the file store.",
    "budget": "50000.00",
    "currency": "EUR",
    "start_date": "2026-12-01",
    "end_date": "2027-02-26",
    "skills": ["AWS"],
}
_SUGGESTED = {
    "id": TEAM_ANSWER["id"],
    "name": "Cloud Movers",
    "score": 0.874,
    "reasons": ["Does this kind of work: cloud, migration.", "AWS: Ana Pérez, level 5 of 5."],
    "free_hours": 240.0,
    "explanation": {
        "skills": {"score": 1.0, "weight": 0.3, "reasons": ["AWS: Ana Pérez, level 5 of 5."], "matched": ["AWS"]}
    },
    "team": TEAM_ANSWER,
}


@bp.post("/expert-teams/request")
@operation(
    allow="projects:write",
    body=TeamRequest,
    server_sets=RequestedProject,
    answers={201: RequestedProject},
    tags=("Teams", "Projects"),
    example=Example(
        body=_REQUEST,
        answer={
            **project_examples.ANSWER,
            "name": "Move to the cloud",
            "team_id": None,
            "milestones": [],
            "deliverables": [],
            "suggested_teams": [_SUGGESTED],
        },
    ),
    problems=(404,),
)
def request_team(body: TeamRequest) -> Answer:
    """Ask for a team.

    Makes a project with the status `requested`, and suggests teams for it: ranked, with the reasons, and only such as
    have capacity left in its dates. Without dates these are the next twelve weeks. Staff name the company with
    `client_id`.
    """
    client_id = company_for(current_user, body.client_id)
    project = request_project(body, client_id=client_id, actor=access.actor())
    suggested = suggest_for(project)
    hydrate_teams([one.team for one in suggested])
    answer = answer_to(get_project(project.id, current_user), suggested)
    return Answer(answer, headers={"Location": f"{api_prefix()}/expert-teams/projects/{project.id}"})
