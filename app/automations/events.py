"""What happens to automations and their runs."""

from app.core.events import EventType, Message, declare
from app.core.sides import COMPANY, STAFF

_RUN = ("See the run", "automations/{root_id}/runs/{id}")
_ANSWER = ("Answer", "automations/{root_id}/runs/{id}")

declare(
    EventType("automation.deployed", {"name": str}),
    EventType("automation.changed", {"number": int}),
    EventType(
        "automation.run_failed",
        {"automation": str, "step": str, "reason": str},
        (Message(COMPANY, "A run of {automation} failed", "At the step {step}: {reason}", _RUN),),
    ),
    EventType(
        "automation.approval_asked",
        {"automation": str, "step": str, "ask": str, "by": str},
        (
            Message(COMPANY, "{automation} asks for your approval", "{ask}", _ANSWER, by=("company",)),
            Message(STAFF, "{automation} asks for your approval", "{ask}", _ANSWER, by=("staff",)),
        ),
    ),
    EventType("automation.approval_answered", {"step": str, "decision": str, "comment": str}),
)
