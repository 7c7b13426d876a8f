"""What waits for somebody on their start page: questions of automations."""

from app.automations.monitoring.approvals import count_for, questions_for
from app.automations.monitoring.places import BASES, run_url
from app.core.domain import Home, Need
from app.core.sides import COMPANY
from app.identity.identities import Identity
from app.identity.policy import can

MOST = 3
_URGENT = 0


def home_of(person: Identity) -> Home:
    """The oldest questions; where there are more, one line leads to all."""
    if person.client_id is None or not can(person, "automations:write"):
        return Home()
    asked = questions_for(person, MOST + 1)
    needs = [
        Need(
            one.ask or "An automation asks for approval", one.automation, "Approve or reject", run_url(one, COMPANY),
            "user-check", one.since.date(), _URGENT,
        )
        for one in asked[:MOST]
    ]  # fmt: skip
    if len(asked) > MOST:
        more = f"{count_for(person) - MOST} more questions of automations"
        needs.append(Need(more, "", "Answer them", f"{BASES[COMPANY]}/approvals", "user-check", None, _URGENT))
    return Home(needs)
