"""Staff's pages of what went out: /admin/outbox."""

from typing import Any

from app.automations.models import Automation
from app.automations.monitoring.places import automation_url
from app.automations.outbox.kinds import outbox
from app.automations.outbox.models import OutgoingMessage
from app.core.sides import STAFF
from app.crud import Presentation, pages
from app.extensions import db
from app.identity.models import Client
from app.web.guards import permission


def _shown(message: OutgoingMessage) -> dict[str, Any]:
    automation = db.session.get(Automation, message.automation_id)
    client = db.session.get(Client, message.client_id)
    run = f"{automation_url(message.automation_id, STAFF)}/runs/{message.run_id}"
    return {"automation": automation, "client": client, "run_address": run, "name": outbox.name_of(message)}


bp = pages(
    outbox,
    without=("history",),
    presentation=Presentation(
        index="automations/outbox.html", show="automations/outgoing_message.html", context=_shown
    ),
    readers=permission("jobs:read", of_staff=True),
)
