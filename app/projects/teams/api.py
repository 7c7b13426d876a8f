"""Teams in the JSON API."""

from flask import Blueprint

from app.api.crud import mount
from app.projects.teams.resources import teams

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
    "capacity": 20.0,
    "capacity_limit": 60.0,
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
    depends_on=("assistants", "time_off", "reservations", "projects", "project_reviews"),
    body={**_TEAM, "members": [{**_MEMBER, "share": 0.5}], "capacity": 60},
    answer=TEAM_ANSWER,
)
