from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import case, select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.projects.models import Project
from app.projects.teams.models import Team
from app.projects.teams.reservations import HOLDS_HOURS

MOST_SHOWN = 10


def projects_of(team: Team) -> Sequence[Project]:
    """The team's projects: those at work first, by their end, then the latest; a few more than a page shows."""
    at_work = case((Project.status.in_(("planned", "active", "on_hold")), 0), else_=1)
    query = (
        select(Project)
        .where(Project.team_id == team.id)
        .options(joinedload(Project.client))
        .order_by(at_work, Project.end_date.desc().nulls_last(), Project.id.desc())
        .limit(MOST_SHOWN + 1)
    )
    return db.session.scalars(query).all()


def projects_in_week(team: Team, monday: date) -> Sequence[Project]:
    """The projects that take hours of the team in that week."""
    query = (
        select(Project)
        .where(
            Project.team_id == team.id,
            Project.status.in_(HOLDS_HOURS),
            Project.start_date <= monday + timedelta(days=6),
            Project.end_date >= monday,
        )
        .options(joinedload(Project.client))
        .order_by(Project.end_date, Project.id)
        .limit(100)
    )
    return db.session.scalars(query).all()
