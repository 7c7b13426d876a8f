"""The hours that a project holds in the calendars of its team's members.

While a project is planned or active, it takes its hours a week of the team, spread over the members by the hours that
each gives at most (share × hours a week). They are held from today, or from its first day if that is later, to its
last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from sqlalchemy import exc, select

from app.assistants.models import Assistant, Reservation
from app.core.clock import today_here
from app.core.database_errors import explain
from app.core.errors import Conflict
from app.core.numbers import rounded
from app.core.tenancy import as_system
from app.extensions import db
from app.projects.models import Project
from app.projects.plans.critical_path import ENDED, calendar_of
from app.projects.teams.models import TeamMember

HOLDS_HOURS = ("planned", "active")
WITHOUT_CALENDAR = Decimal(40)
"""Hours a week that a member gives who has no assistant's profile."""


class TeamNotFree(Conflict):
    """The team's members have other work in that time."""


class TeamTooSmall(Conflict):
    """The project takes more hours than all members together ever give."""


@dataclass(frozen=True)
class Part:
    """What one member gives: the most there is, and what the project takes of it. Hours a week."""

    assistant_id: UUID | None
    name: str
    most: Decimal
    hours: Decimal


def hours_of(project: Project) -> Decimal:
    """What the project takes of its team, in hours a week: what it says, or else what is left of its deliverables'
    estimates, spread over the working weeks from today to its last day."""
    if project.hours_per_week is not None:
        return project.hours_per_week
    if project.start_date is None or project.end_date is None:
        return Decimal(0)
    left = sum((one.estimate_hours or 0 for one in project.deliverables if one.status not in (*ENDED, "cancelled")), 0)
    days = calendar_of(project).count(max(project.start_date, today_here()), project.end_date)
    weeks = Decimal(max(days, 1)) / len(project.workdays)
    return rounded(left / max(weeks, Decimal(1)))


def parts_of(members: Sequence[tuple[TeamMember, Decimal | None]], hours: Decimal) -> list[Part]:
    """The hours spread over the members, each with the hours a week of the profile, if there is one. The parts add up
    to `hours`, unless nobody has any to give."""
    most = [member.share * (WITHOUT_CALENDAR if weekly is None else weekly) for member, weekly in members]
    total = sum(most, Decimal(0))
    if not total:
        return [Part(member.assistant_id, member.name, Decimal(0), Decimal(0)) for member, _ in members]
    # Each gets what the hours so far come to less what the others before got: the roundings never add up.
    parts, before, so_far = [], Decimal(0), Decimal(0)
    for (member, _), own in zip(members, most, strict=True):
        so_far += own
        upto = rounded(hours * so_far / total, rounding=ROUND_DOWN) if so_far < total else hours
        parts.append(Part(member.assistant_id, member.name, own, upto - before))
        before = upto
    return parts


def hold_hours(project: Project) -> None:
    """Make the reservations what the project's state asks for. Raises TeamNotFree or TeamTooSmall, and then nothing of
    the transaction may be kept."""
    db.session.flush()
    with as_system("members' hours are reserved across companies"):
        there = _there(project)
        wanted = _wanted(project) if project.status in HOLDS_HOURS else {}
        # All writers go through people in the order of their ids, so that no two wait for each other in a circle.
        for assistant_id in sorted({*there, *wanted}, key=str):
            try:
                _hold(project, there.get(assistant_id), assistant_id, wanted.get(assistant_id, Decimal(0)))
            except exc.DBAPIError as error:
                reason = explain(error)
                if not isinstance(reason, Conflict):
                    raise
                raise TeamNotFree(f"The team is not free for this project: {reason.message}") from error


def _there(project: Project) -> dict[UUID, Reservation]:
    query = select(Reservation).where(Reservation.project_id == project.id)
    fresh = query.execution_options(populate_existing=True)
    return {one.assistant_id: one for one in db.session.scalars(fresh)}


def _wanted(project: Project) -> dict[UUID, Decimal]:
    if project.end_date is None or project.end_date < today_here():
        return {}
    members = db.session.execute(
        select(TeamMember, Assistant.weekly_hours)
        .outerjoin(Assistant, Assistant.id == TeamMember.assistant_id)
        .where(TeamMember.team_id == project.team_id)
        .order_by(TeamMember.position, TeamMember.id)
    ).all()
    hours = hours_of(project)
    parts = parts_of([(member, weekly) for member, weekly in members], hours)
    most = sum((part.most for part in parts), Decimal(0))
    if parts and hours > most:
        asks = "asks for" if project.hours_per_week is not None else "comes by its estimates to"
        raise TeamTooSmall(f"The team gives {_plain(most)} hours a week at most; the project {asks} {_plain(hours)}.")
    return {part.assistant_id: part.hours for part in parts if part.assistant_id and part.hours > 0}


def _hold(project: Project, held: Reservation | None, assistant_id: UUID, hours: Decimal) -> None:
    if not hours:
        if held is not None:
            _release(held, today_here())
    else:
        assert project.start_date is not None
        _reserve(project, held, assistant_id, hours)
    db.session.flush()


def _reserve(project: Project, held: Reservation | None, assistant_id: UUID, hours: Decimal) -> None:
    assert project.start_date is not None
    first = max(project.start_date, today_here())
    if held is None:
        held = Reservation(assistant_id=assistant_id, project_id=project.id, client_id=project.client_id)
        db.session.add(held)
        held.starts_on = first
    elif held.starts_on > first or _grows(held, hours, project.end_date):
        # What is past stays out of it: whether somebody had room last month is no longer the question.
        held.starts_on = first
    held.hours_per_week, held.ends_on = hours, project.end_date


def _grows(held: Reservation, hours: Decimal, last: date | None) -> bool:
    ends = held.ends_on
    return hours > held.hours_per_week or (ends is not None and (last is None or last > ends))


def _release(held: Reservation, day: date) -> None:
    """Free the hours from that day on; what was before it stays in the calendar."""
    if held.starts_on >= day:
        db.session.delete(held)
    elif held.ends_on is None or held.ends_on >= day:
        held.ends_on = day - timedelta(days=1)


def _plain(hours: Decimal) -> str:
    return f"{round(hours, 2).normalize():f}"
