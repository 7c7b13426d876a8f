"""Teams' weeks as the rows of a heat map."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.core.kinds import get_kind
from app.projects.teams.capacity import Capacity, Member, MemberWeek, TeamWeek
from app.projects.teams.kinds import teams
from app.web.charts.heat import Cell, Row

NO_CALENDAR = "Hours are assumed: no calendar"


def address_of(team_id: UUID, week: date | None = None) -> str:
    """The page on which a team's capacity is looked into."""
    return f"{teams.url(team_id)}/capacity" + (f"?week={week.isoformat()}" if week else "")


def row_of_team(name: str, capacity: Capacity, note: str = "") -> Row:
    cells = [
        Cell(week.monday, week.hours, week.free, address_of(capacity.team_id, week.monday)) for week in capacity.weeks
    ]
    return Row(name, cells, teams.url(capacity.team_id), note)


def rows_of_members(capacity: Capacity) -> list[Row]:
    """A row for each member, in the team's order."""
    return [_row_of_member(number, member, capacity.weeks) for number, member in enumerate(capacity.members)]


def _row_of_member(number: int, member: Member, weeks: Sequence[TeamWeek]) -> Row:
    cells = [Cell(week.monday, week.members[number].hours, week.members[number].free) for week in weeks]
    url = get_kind("assistants").url(member.assistant_id) if member.assistant_id else ""
    return Row(member.name, cells, url, member.role if member.has_calendar else NO_CALENDAR)


def who_has_what(capacity: Capacity) -> list[tuple[Member, MemberWeek]]:
    """The members with their hours of the first week."""
    return list(zip(capacity.members, capacity.weeks[0].members, strict=True))


def chosen_week(text: str, otherwise: date) -> date:
    """The Monday of the week of a day as it was typed; of `otherwise` where it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = otherwise
    if not date(1970, 1, 5) <= day <= date(2199, 1, 1):
        day = otherwise
    return date.fromordinal(day.toordinal() - day.weekday())


def chosen_count(text: str, known: Sequence[int], otherwise: int) -> int:
    """One of the numbers of weeks that are offered."""
    return int(text) if text in map(str, known) else otherwise


def whole_weeks(records: Sequence[Any], capacities: dict[UUID, Capacity]) -> list[Row]:
    """A row for each team, in the order given."""
    return [row_of_team(team.name, capacities[team.id], team.specialization) for team in records]
