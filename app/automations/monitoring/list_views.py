"""Lists of runs: of an automation, of a company, and for staff of all companies; and the same as a file."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, request
from flask_login import current_user
from pydantic import ValidationError
from sqlalchemy import select

from app.automations.kinds import runs as automations_runs
from app.automations.models import Automation
from app.automations.monitoring import blueprint_views as on
from app.automations.monitoring.places import BASES, automation_url, run_url
from app.automations.monitoring.reading import get_automation
from app.automations.monitoring.run_list import RUNS, TRIGGERS_OFFERED
from app.automations.steps import RUN
from app.core.ids import as_uuid
from app.core.lists import query_schema
from app.core.sides import COMPANY, STAFF, Side
from app.core.suggestions import suggest
from app.crud import Presentation
from app.crud.listed import Listed, label_of, read_list
from app.extensions import db
from app.identity.policy import is_staff
from app.web import htmx
from app.web.exports import export_list, form_of

MOST_NAMES = 200
"""Automations that the filter offers; more are chosen on their own pages."""


def runs_of(side: Side, automation_id: UUID) -> Response:
    """The runs of one automation."""
    automation = get_automation(current_user, automation_id)
    held = {"automation": automation_id, **automations_runs.held_to(current_user)}
    base = f"{automation_url(automation_id, side)}/runs"
    listed = read_list(RUNS, base, held=held, staff=is_staff(current_user))
    wrong = [f"{label_of(RUNS, name)}: {message}" for name, message in listed.wrong.items()]
    response = htmx.page_or_fragment(
        "automations/runs.html",
        "automations/_runs.html",
        listed.status,
        listed=listed,
        results="automations/_runs.html",
        problems=[*wrong, *([listed.notice] if listed.notice else [])],
        **_more(side, automation, listed),
    )
    return htmx.show_url(response, listed.canonical)


def _more(side: Side, automation: Automation | None, listed: Listed) -> dict[str, Any]:
    """What the pages of a list of runs are given besides."""
    return {
        "side": side,
        "base": BASES[side],
        "run_url": partial(run_url, audience=side),
        "automation_url": partial(automation_url, audience=side),
        "automation": automation,
        "automations": [] if automation is not None or htmx.wants_fragment() else _names(),
        "states": RUN.names,
        "triggers": suggest(db.session, TRIGGERS_OFFERED),
        "for_company": "client_id" not in listed.settled and automation is None,
    }


LISTED: Mapping[Side, Presentation] = {
    side: Presentation(
        index="automations/runs.html",
        results="automations/_runs.html",
        list_context=partial(_more, side, None),
    )
    for side in (STAFF, COMPANY)
}


def _names() -> list[tuple[UUID, str]]:
    query = select(Automation.id, Automation.name).where(Automation.archived_at.is_(None))
    asked = as_uuid(request.args.get("client_id"))
    if not is_staff(current_user):
        query = query.where(Automation.client_id == current_user.client_id)
    elif asked is not None:
        query = query.where(Automation.client_id == asked)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Automation.name).limit(MOST_NAMES))]


def export_runs_of(side: Side, automation_id: UUID, extension: str) -> Response:
    automation = get_automation(current_user, automation_id)
    form = form_of(extension, request.args)
    try:
        query = query_schema(RUNS).model_validate(request.args.to_dict())
    except ValidationError:
        flash("Nothing was exported because some filters aren’t valid. See the list.", "warning")
        here = f"{automation_url(automation_id, side)}/runs?{request.query_string.decode()}"
        return redirect(here, 303)  # type: ignore[return-value]
    held = {"automation": automation.id, **automations_runs.held_to(current_user)}
    return export_list(RUNS, query.model_copy(update=held), form)


on.page("/<uuid:automation_id>/runs", runs_of)
on.page("/<uuid:automation_id>/runs/export.<extension>", export_runs_of)
