"""What waits for somebody on their start page: approvals that automations ask for, and budgets that run out."""

from app.automations.monitoring import costs
from app.automations.monitoring.approvals import MOST as MOST_COUNTED
from app.automations.monitoring.approvals import Question, count_for, questions_for
from app.automations.monitoring.places import BASES, run_url
from app.core.domain import Home, Need
from app.core.sides import COMPANY, STAFF, Side
from app.identity.identities import Identity
from app.identity.policy import can, is_staff

MOST = 3
_URGENT, _SOON = 0, 2
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
    return Home([*needs, *_budgets(person, side)])


def _budgets(person: Identity, side: Side) -> list[Need]:
    """The company's budget for language models, or those of all companies, where little of it is left."""
    if side == STAFF:
        found = costs.budgets(costs.WARN_AT, MOST)
    else:
        own = costs.budget_for(person.client_id) if person.client_id is not None else None
        found = [own] if own is not None and own.state else []
    return [
        Need(
            "The AI budget is used up" if one.state == "spent" else f"{one.share * 100:.0f} % of the AI budget is used",
            one.company if side == STAFF else "",
            "Raise the budget or wait until next month" if side == STAFF else "View AI costs",
            f"{BASES[side]}/costs" + (f"?client_id={one.client_id}" if side == STAFF else ""),
            "sparkles",
            None,
            _SOON,
        )
        for one in found
    ]


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
