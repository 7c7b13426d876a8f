"""What happens to automations and their runs."""

from app.core.events import EventType, Message, declare
from app.core.sides import COMPANY, STAFF

_PAGE = ("See the automation", "automations/{id}")
_RUN = ("See the run", "automations/{root_id}/runs/{id}")
_ANSWER = ("Answer", "automations/{root_id}/runs/{id}")

declare(
    EventType("automation.deployed", {"name": str}),
    EventType("automation.changed", {"number": int}),
    EventType(
        "automation.run_failed",
        {"step": str, "reason": str},
        (Message(COMPANY, "A run of {label} failed", "At the step {step}: {reason}", _RUN),),
    ),
    EventType(
        "automation.approval_asked",
        {"step": str, "ask": str, "of": str},
        (
            Message(COMPANY, "An automation asks for your approval", "{ask}", _ANSWER, by=("company",)),
            Message(STAFF, "An automation asks for your approval", "{ask}", _ANSWER, by=("staff",)),
        ),
    ),
    EventType("automation.approval_answered", {"step": str, "decision": str, "comment": str}),
)
