"""What happens to automations and their runs."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from app.automations.models import Automation
from app.core.events import Event, EventType, Message, declare
from app.core.permissions import STAFF as STAFF_ROLES
from app.core.sides import COMPANY, STAFF
from app.extensions import db
from app.identity.models import User

_RUN = ("View run", "automations/{root_id}/runs/{id}")
_ANSWER = ("Answer", "automations/{root_id}/runs/{id}")


def owner_and_staff(event: Event) -> Iterable[UUID]:
    """The owner of the automation, or where none is left the people of its company; and staff."""
    is_staff, of_company = User.role.in_([role.value for role in STAFF_ROLES]), User.client_id == event.client_id
    owner_id = db.session.scalar(
        select(User.id).join(Automation, Automation.owner_id == User.id)
        .where(Automation.id == event.record_id, User.status == "active", of_company | is_staff)
    )  # fmt: skip
    theirs = of_company if owner_id is None else User.id == owner_id
    return db.session.scalars(select(User.id).where(theirs | is_staff, User.status == "active"))


declare(
    EventType("automation.deployed", {"name": str}, says="A new automation was deployed."),
    EventType("automation.changed", {"number": int}, says="A new version of an automation was deployed."),
    EventType(
        "automation.run_failed",
        {"automation": str, "step": str, "reason": str},
        (Message(COMPANY, "Run failed: {automation}", "Failed at step {step}: {reason}", _RUN),),
        says="A run of an automation failed.",
    ),
    EventType(
        "automation.approval_asked",
        {"automation": str, "step": str, "ask": str, "by": str},
        (
            Message(COMPANY, "{automation} asks for your approval", "{ask}", _ANSWER, by=("company",)),
            Message(STAFF, "{automation} asks for your approval", "{ask}", _ANSWER, by=("staff",)),
        ),
        says="A step asks someone for approval.",
    ),
    EventType(
        "automation.loop_stopped",
        {"automation": str, "run": UUID},
        (
            Message(
                owner_and_staff,
                "{automation} was stopped because of a loop",
                "This automation triggers itself, directly or through other automations. A run was stopped before it "
                "started. Further runs are stopped too, and are listed under Failures.",
                ("View automation", "automations/{root_id}"),
            ),
        ),
        says="A run was stopped because automations kept starting each other.",
    ),
    EventType(
        "automation.approval_answered",
        {"step": str, "decision": str, "comment": str},
        says="Someone approved or rejected a step.",
    ),
)
