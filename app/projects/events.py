"""What happens to projects and their parts, and who is told.

Parts say the project's name as `project`, and have it as their parent.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core.events import PERSON, Event, EventType, Message, declare
from app.core.sides import COMPANY, STAFF
from app.extensions import db
from app.projects.models import Project
from app.projects.teams.models import TeamMember

_PAGE = ("See the project", "projects/{root_id}")
_ORDER = ("See the change", "projects/{root_id}/change-orders/{id}")
_SHEET = ("See your time", "time")


def team(event: Event) -> Iterable[UUID]:
    """The accounts of the members of the project's team."""
    return db.session.scalars(
        select(TeamMember.user_id)
        .join(Project, Project.team_id == TeamMember.team_id)
        .where(Project.id == (event.parent_id or event.record_id), TeamMember.user_id.is_not(None))
    )


def _to_staff_and_team(title: str, text: str) -> tuple[Message, ...]:
    return Message(STAFF, title, text, _PAGE), Message(team, title, text, _PAGE)


def _decided(name: str, decision: str, says: str) -> EventType:
    return EventType(
        name,
        {"project": str, "title": str, "note": str},
        _to_staff_and_team(
            f"“{{title}}”: {decision}",
            f"The company has decided on “{{title}}” of “{{project}}”: {decision}. {{note}}",
        ),
        says=says,
    )


def _time(name: str, title: str, text: str, says: str) -> EventType:
    values: dict[str, Any] = {"project": str, "day": date, "minutes": int}
    return EventType(name, values, (Message(PERSON, title, text, _SHEET, by_mail=False),), says=says)


def _time_decided(decision: str) -> EventType:
    return _time(
        f"time_entry.{decision}",
        f"Your {{minutes:duration}} on {{day}}: {decision}",
        f"The time that you logged for “{{project}}” on {{day}}, {{minutes:duration}}, was {decision}.",
        f"A time entry was {decision}.",
    )


def _order_decided(decision: str) -> EventType:
    return EventType(
        f"change_order.{decision}",
        {"project": str, "title": str},
        (
            Message(
                STAFF,
                f"“{{title}}” was {decision}",
                f"The company has {decision} the change “{{title}}” of “{{project}}”.",
                _ORDER,
            ),
        ),
        says=f"The company {decision} a proposed change of a project.",
    )


_STATUS = ("“{project}” is {state}", "The project “{project}” is {state} now.", _PAGE)
_BUDGET = (
    "“{project}” has used {percent}% of its budget",
    "Spent so far: {spent:,.2f} {currency} of {budget:,.2f} {currency}. The project’s page shows where it went, and "
    "what is likely to follow.",
    ("See the budget", "projects/{root_id}"),
)

EVENTS = (
    EventType(
        "project.requested",
        {"project": str, "company": str},
        (
            Message(
                STAFF,
                "{company} asks for a team: {project}",
                "{company} has described a project, “{project}”, and waits for a team and a plan.",
                _PAGE,
            ),
        ),
        says="The company requested a project.",
    ),
    EventType(
        "project.status_changed",
        {"project": str, "old": str, "status": str, "state": str},
        (Message(COMPANY, *_STATUS), Message(team, *_STATUS)),
        says="A project moved to another status.",
    ),
    EventType("project.completed", {"project": str}, says="A project was completed."),
    # Once for each of 50, 80 and 100 percent.
    EventType(
        "project.budget_reached",
        {"project": str, "percent": int, "spent": Decimal, "budget": Decimal, "currency": str},
        (Message(COMPANY, *_BUDGET), Message(STAFF, *_BUDGET)),
        says="A project has used 50, 80 or 100 percent of its budget.",
    ),
    EventType(
        "project.reviewed",
        {"project": str, "stars": int},
        _to_staff_and_team(
            "“{project}” was reviewed: {stars} of 5 stars",
            "The company has said how “{project}” went, and gave {stars} of 5 stars.",
        ),
        says="The company reviewed a project.",
    ),
    EventType(
        "deliverable.submitted",
        {"project": str, "title": str},
        (
            Message(
                COMPANY,
                "“{title}” waits for your approval",
                "The team of “{project}” has finished “{title}”. Have a look: approve it, or say what should change.",
                ("Look at it", "projects/{root_id}"),
            ),
        ),
        says="A deliverable was submitted for approval.",
    ),
    _decided("deliverable.approved", "approved", "A deliverable was approved."),
    _decided("deliverable.changes_requested", "changes asked for", "Changes to a deliverable were requested."),
    _time_decided("approved"),
    _time_decided("rejected"),
    _time(
        "time_entry.reopened",
        "Your {minutes:duration} on {day} need approval again",
        "The decision on the time that you logged for “{project}” on {day}, {minutes:duration}, was undone. It’s "
        "waiting for approval again.",
        "The decision on a time entry was undone.",
    ),
    EventType(
        "change_order.proposed",
        {"project": str, "title": str},
        (
            Message(
                COMPANY,
                "A change of “{project}” waits for your decision",
                "We propose a change, “{title}”. See what it does to budget, dates and deliverables; then approve or "
                "decline it. Nothing changes before that.",
                _ORDER,
            ),
        ),
        says="A change of a project was proposed to the company.",
    ),
    _order_decided("approved"),
    _order_decided("declined"),
)
declare(*EVENTS)
