"""Staff's pages of what went out: /admin/outbox."""

from typing import Any

from app.automations.models import Automation
from app.automations.monitoring.places import automation_url
from app.automations.outbox.kinds import outbox
from app.core.outbox import OutgoingMessage
from app.core.sides import STAFF
from app.crud import Presentation, pages
from app.extensions import db
from app.identity.models import Client
from app.web.guards import permission


def _shown(message: OutgoingMessage) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": outbox.name_of(message)}
    if message.automation_id is None:
        return shown
    return shown | {
        "automation": db.session.get(Automation, message.automation_id),
        "client": db.session.get(Client, message.client_id),
        "run_address": f"{automation_url(message.automation_id, STAFF)}/runs/{message.run_id}",
    }


bp = pages(
    outbox,
    without=("history",),
    presentation=Presentation(
        index="automations/outbox.html", show="automations/outgoing_message.html", context=_shown
    ),
    readers=permission("jobs:read", of_staff=True),
)
