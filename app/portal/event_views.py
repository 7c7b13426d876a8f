"""Staff's pages of events: /admin/events, and of one what followed on it. Administrators have it tried again."""

from typing import Any

from flask import flash, redirect, request, url_for

from app.core.errors import NotFound
from app.core.events import Event, event_types
from app.core.ids import as_number, as_uuid
from app.core.kinds import find_by_table
from app.events import consuming, queries
from app.extensions import db
from app.portal.blueprint import bp
from app.web import htmx
from app.web.guards import allow


@bp.get("/admin/events")
@allow("audit:read")
def events() -> Any:
    name, state = request.args.get("type", ""), request.args.get("state", "")
    name = name if name in event_types() else ""
    state = state if state in queries.STATES else ""
    record_id, before = as_uuid(request.args.get("record", "")), as_number(request.args.get("before", ""))
    found = queries.list_events(name=name or None, record_id=record_id, state=state or None, before=before)
    asked = {"type": name or None, "state": state or None, "record": record_id}
    return htmx.page_or_fragment(
        "portal/events/index.html",
        "portal/events/_events.html",
        found=found,
        record_of=_record_of,
        asked=asked,
        before=before,
        states=queries.STATES,
        types=sorted(event_types()),
        places=queries.places(),
        most_left=queries.MOST_LEFT,
        waiting=queries.count_waiting(),
    )


@bp.get("/admin/events/<event_id>")
@allow("audit:read")
def event(event_id: str) -> Any:
    found = _get(event_id)
    return htmx.page_or_fragment(
        "portal/events/show.html",
        "portal/events/_event.html",
        event=found,
        followers=queries.followers(found),
        record_url=_record_of(found),
    )


@bp.post("/admin/events/<event_id>/<name>/retry")
@allow("jobs:write")
def retry_event(event_id: str, name: str) -> Any:
    found = _get(event_id)
    consuming.retry(name, found.id)
    db.session.commit()
    flash("It is tried again.", "success")
    return redirect(url_for("portal.event", event_id=found.id), 303)


def _record_of(event: Event) -> str:
    """The page of the event's record, or of the record that it is a part of; nothing where there is none."""
    for table, key in ((event.table_name, event.record_id), (event.parent_table, event.parent_id)):
        kind = find_by_table(table) if table and key else None
        if kind is not None and key is not None and kind.table == table and (url := kind.url(key)):
            return url
    return ""


def _get(event_id: str) -> Event:
    number = as_number(event_id)
    if number is None:
        raise NotFound("There is no such event.")
    return queries.get_event(number)
