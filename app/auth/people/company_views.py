"""The staff's pages of companies: the list and the forms are those of any record, the company's page is its own."""

from functools import partial
from typing import Any

from flask_login import current_user

from app.auth.people import merge_views, queries
from app.auth.people.kinds import clients
from app.auth.people.merge_operations import find_merge
from app.core.records import get_record
from app.core.steps import Step
from app.crud import Presentation, pages
from app.identity.models import Client
from app.identity.steps import COMPANY
from app.web.steps import StepPages


def _shown(client: Client) -> dict[str, Any]:
    return {
        "people": queries.people_of(client.id),
        "number": queries.count_people(client.id),
        "keys": queries.keys_of(client_id=client.id),
        "merged_into": queries.get_company(client.merged_into_id),
        "can_be_taken_apart": find_merge(client) is not None,
        "progress": STEPS.progress(client, current_user),
    }


bp = pages(clients, presentation=Presentation(show="people/company.html", context=_shown))
merge_views.add_to(bp, "clients")


def _address(client: Client) -> str:
    return clients.url(client)


def _said(client: Client, step: Step, _made: Any) -> Any:
    back = COMPANY["reactivate" if step.verb == "suspend" else "suspend"]
    return {"text": COMPANY.told(step, client), "url": f"{_address(client)}/{back.verb}", "label": back.label}


STEPS = StepPages(
    steps=COMPANY,
    sides=("staff",),
    rule="/<ref>",
    find=partial(get_record, clients),
    find_locked=partial(get_record, clients, for_update=True),
    address=_address,
    said=_said,
)
STEPS.add_to(bp)
