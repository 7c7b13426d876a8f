"""What waits for somebody on their start page: approvals that automations ask for."""

from app.automations.monitoring.approvals import MOST as MOST_COUNTED
from app.automations.monitoring.approvals import Question, count_for, questions_for
from app.automations.monitoring.places import BASES, run_url
from app.core.domain import Home, Need
from app.core.sides import COMPANY, STAFF, Side
from app.identity.identities import Identity
from app.identity.policy import can, is_staff

MOST = 3
_URGENT = 0
_ICON = "user-check"


def home_of(person: Identity) -> Home:
    """The oldest questions; where there are more, one line leads to all."""
    if not can(person, "automations:write"):
        return Home()
    side = STAFF if is_staff(person) else COMPANY
    asked = questions_for(person, MOST + 1)
    needs = [_need(one, side) for one in asked[:MOST]]
    if len(asked) > MOST:
        more = count_for(person) - MOST
        told = (
            f"{more} more approval{'' if more == 1 else 's'}" if more <= MOST_COUNTED - MOST else "Many more approvals"
        )
        needs.append(Need(told, "", "Approve or reject", f"{BASES[side]}/approvals", _ICON, None, _URGENT, more))
    return Home(needs)


def _need(one: Question, side: Side) -> Need:
    return Need(
        one.ask or "An automation asks for approval",
        f"{one.automation} · {one.company}" if side == STAFF else one.automation,
        "Approve or reject",
        f"{run_url(one, side)}#step-{one.step_id}",
        _ICON,
        one.since.date(),
        _URGENT,
    )
