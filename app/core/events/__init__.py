"""Domain events: what happened, published once, in the transaction in which it happened.

    publish("project.status_changed", about=project, actor=actor, status="active")

A domain declares the types of its events, their values and the messages to people in its `events.py`. Who is notified,
and what else happens, is decided after the commit by consumers (`app/events/consuming.py`).

`publish` adds one row to `event_outbox`, which has no index but its key, and waits for nobody. A committed row becomes
an event when the sequencer (`app/events/sequencing.py`) moves it to `events` and so assigns its id: one sequencer at a
time, by an advisory lock, a batch per transaction. Ids therefore grow in the order in which events become visible, and
a reader that continues from the last id it saw misses none, however late a transaction commits and however many events
it has. `docs/events.md` says why it isn't done in another way.
"""

from app.core.events.models import Event
from app.core.events.publishing import publish, publishing_nothing
from app.core.events.types import PERSON, EventType, Message, declare, event_types

__all__ = [
    "PERSON", "Event", "EventType", "Message", "declare", "event_types", "publish",
    "publishing_nothing",
]  # fmt: skip
