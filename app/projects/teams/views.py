"""The staff pages of teams: a team's own, and what hours all of them have by week."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import render_template, request
from flask_login import current_user
from pydantic import ValidationError

from app.assistants.calendars.queries import monday_of
from app.core.clock import today_here
from app.core.lists import BadCursor, Page, fetch, query_schema
from app.core.records import get_record
from app.core.suggestions import suggest
from app.crud import pages
from app.crud.record import render_record
from app.extensions import db
from app.identity.policy import can
from app.projects.teams.capacity import capacity_of
from app.projects.teams.heat_pages import (
    chosen_count,
    chosen_week,
    row_of_team,
    rows_of_members,
    who_has_what,
    whole_weeks,
)
from app.projects.teams.kinds import TEAMS, teams
from app.projects.teams.models import Team
from app.projects.teams.queries import projects_in_week, projects_of
from app.web import htmx
from app.web.guards import staff

OFFERED_WEEKS = (4, 8, 13, 26)
USUAL_WEEKS = 13
TEAMS_ON_A_PAGE = 25

ALONE = replace(teams, load_options=())
"""A team without its members, whom its capacity brings along."""

bp = pages(teams, without=("show",))


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    team: Team = get_record(ALONE, ref)
    this_monday = monday_of(today_here())
    capacity = capacity_of([team.id], this_monday, USUAL_WEEKS)[team.id]
    return render_record(
        "teams/show.html",
        teams,
        team,
        capacity=capacity,
        members=who_has_what(capacity),
        heat=[row_of_team("The team", capacity), *rows_of_members(capacity)],
        this_monday=this_monday,
        projects=projects_of(team),
        may_ask=can(current_user, "projects:manage"),
    )


@bp.get("/capacity")
@staff
def capacity() -> Any:
    """What hours teams have left, by week: a page of teams by name, or of those that match a search best."""
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("q", "specialization", "cursor")}
    this_monday = monday_of(today_here())
    first = chosen_week(request.args.get("from", ""), this_monday)
    count = chosen_count(request.args.get("weeks", ""), OFFERED_WEEKS, USUAL_WEEKS)
    found = _found(asked)
    capacities = capacity_of([team.id for team in found.rows], first, count)
    return htmx.page_or_fragment(
        "teams/capacity.html",
        "teams/_capacity_results.html",
        found=found,
        rows=whole_weeks(found.rows, capacities),
        asked=asked,
        first=first,
        count=count,
        offered=OFFERED_WEEKS,
        specializations=suggest(db.session, "specializations", limit=200),
        this_monday=this_monday,
    )


def _found(asked: dict[str, str]) -> Page:
    """The teams that are asked for; of a cursor that leads nowhere, the first page."""
    given = {name: value for name, value in asked.items() if value} | {"limit": TEAMS_ON_A_PAGE}
    if "q" not in given:
        given["sort"] = "name"
    schema = query_schema(TEAMS)
    try:
        return fetch(db.session, TEAMS, schema.model_validate(given), staff=True)
    except (BadCursor, ValidationError):
        asked["cursor"] = ""
        kept = {name: value for name, value in given.items() if name not in ("cursor", "specialization")}
        return fetch(db.session, TEAMS, schema.model_validate(kept), staff=True)


@bp.get("/<ref>/capacity")
@staff
def week(ref: str) -> str:
    """Whose hours a team's week is made of, and what takes them."""
    team: Team = get_record(ALONE, ref)
    monday = chosen_week(request.args.get("week", ""), today_here())
    capacity = capacity_of([team.id], monday, 1)[team.id]
    return render_template(
        "teams/week.html",
        team=team,
        week=capacity.weeks[0],
        capacity=capacity,
        members=who_has_what(capacity),
        projects=projects_in_week(team, monday),
        days_from=lambda day, days: day + timedelta(days=days),
        this_monday=monday_of(today_here()),
    )
