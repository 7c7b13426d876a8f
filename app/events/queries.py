"""What the pages of events show, newest first; the next page continues from the id of the last event."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select

from app.core.errors import NotFound
from app.core.events.models import Delivery, Event, PublishedEvent
from app.events.consuming import Consumer, Effect, consumers, next_events, places_of_consumers
from app.extensions import db

STATES = ("waiting", "failed")
MOST_LEFT = 10_000


@dataclass(frozen=True)
class EventPage:
    """`older` is the `before` of the next page, None on the last; `deliveries` has those of each event by its id."""

    events: Sequence[Event]
    older: int | None
    deliveries: Mapping[int, Sequence[Delivery]]


@dataclass(frozen=True)
class Follower:
    """What a consumer did with an event: its delivery, or None if it hasn't got there yet, and its effects."""

    consumer: Consumer
    delivery: Delivery | None
    effects: Sequence[Effect]


def list_events(
    *,
    name: str | None = None,
    record_id: UUID | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> EventPage:
    """The events, narrowed to a type, to a record and its parts, or to a state of their deliveries."""
    query = select(Event).order_by(Event.id.desc()).limit(limit + 1)
    if name is not None:
        query = query.where(Event.type == name)
    if record_id is not None:
        query = query.where(or_(Event.record_id == record_id, Event.parent_id == record_id))
    if state is not None:
        query = query.where(Event.id.in_(select(Delivery.event_id).where(Delivery.state == state)))
    if before is not None:
        query = query.where(Event.id < before)
    rows = db.session.scalars(query).all()
    events = rows[:limit]
    return EventPage(events, events[-1].id if len(rows) > limit else None, _deliveries([one.id for one in events]))


def get_event(event_id: int) -> Event:
    found = db.session.get(Event, event_id)
    if found is None:
        raise NotFound("There is no such event, or it is older than half a year.")
    return found


def followers(event: Event) -> list[Follower]:
    """The consumers of the event."""
    known = {one.consumer: one for one in _deliveries([event.id]).get(event.id, ())}
    theirs = (one for one in consumers() if one.takes(event.type) or one.name in known)
    return [Follower(one, known.get(one.name), one.effects(event)) for one in theirs]


def count_waiting() -> int:
    """How many published events have no id yet."""
    return db.session.scalar(select(func.count()).select_from(PublishedEvent)) or 0


def places() -> Mapping[str, tuple[int, int]]:
    """For each consumer, the last event that it handled, and how many of its own have come since, up to `MOST_LEFT`."""
    newest = db.session.scalar(select(func.max(Event.id))) or 0
    known = places_of_consumers()
    return {
        one.name: (known[one.name], _left(one, known[one.name], newest)) for one in consumers() if one.name in known
    }


def _left(one: Consumer, last_id: int, newest: int) -> int:
    left = next_events(one, last_id, newest, MOST_LEFT).with_only_columns(Event.id).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(left)) or 0


def _deliveries(event_ids: Collection[int]) -> Mapping[int, Sequence[Delivery]]:
    found: dict[int, list[Delivery]] = {}
    for one in db.session.scalars(select(Delivery).where(Delivery.event_id.in_(event_ids)).order_by(Delivery.consumer)):
        found.setdefault(one.event_id, []).append(one)
    return found
