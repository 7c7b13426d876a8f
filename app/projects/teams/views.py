"""The staff pages of teams: a team's own, and what hours all of them have by week."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user

from app.assistants.calendars.queries import monday_of
from app.core.clock import today_here
from app.core.records import get_record
from app.core.suggestions import suggest
from app.crud import Presentation, pages
from app.crud.listed import read_list
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


def _shown(team: Team) -> dict[str, Any]:
    this_monday = monday_of(today_here())
    capacity = capacity_of([team.id], this_monday, USUAL_WEEKS)[team.id]
    return {
        "capacity": capacity,
        "members": who_has_what(capacity),
        "heat": [row_of_team("The team", capacity), *rows_of_members(capacity)],
        "this_monday": this_monday,
        "projects": projects_of(team),
        "may_ask": can(current_user, "projects:manage"),
    }


bp = pages(
    teams,
    presentation=Presentation(show="teams/show.html", find=lambda ref: get_record(ALONE, ref), context=_shown),
)


@bp.get("/capacity")
@staff
def capacity() -> Any:
    """What hours teams have left, by week: a page of teams by name, or of those that match a search best."""
    by_name = {} if request.args.get("q", "").strip() else {"sort": "name"}
    listed = read_list(
        TEAMS,
        url_for(".capacity"),
        names=("q", "specialization", "cursor"),
        usual={"limit": TEAMS_ON_A_PAGE, **by_name},
    )
    this_monday = monday_of(today_here())
    first = chosen_week(request.args.get("from", ""), this_monday)
    count = chosen_count(request.args.get("weeks", ""), OFFERED_WEEKS, USUAL_WEEKS)
    capacities = capacity_of([team.id for team in listed.page.rows], first, count)
    return htmx.page_or_fragment(
        "teams/capacity.html",
        "teams/_capacity_results.html",
        found=listed.page,
        rows=whole_weeks(listed.page.rows, capacities),
        asked={name: listed.asked.get(name, "") for name in ("q", "specialization")},
        first=first,
        count=count,
        offered=OFFERED_WEEKS,
        specializations=suggest(db.session, "specializations", limit=200),
        this_monday=this_monday,
    )


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
