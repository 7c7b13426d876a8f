"""The events of a record."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import or_, select

from app.core.events.models import Event
from app.extensions import db


def events_of(table: str, record_id: UUID, change_ids: Collection[UUID]) -> Mapping[UUID, list[Event]]:
    """The events that were published with these changes of the record and its parts, by change, oldest first."""
    own = (Event.table_name == table) & (Event.record_id == record_id)
    of_parts = (Event.parent_table == table) & (Event.parent_id == record_id)
    query = select(Event).where(or_(own, of_parts), Event.change_id.in_(change_ids)).order_by(Event.id)
    found: dict[UUID, list[Event]] = {}
    for event in db.session.scalars(query):
        found.setdefault(event.change_id, []).append(event)
    return found
