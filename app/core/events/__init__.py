"""Domain events: what happened, announced once, in the transaction in which it happened.

    publish("project.status_changed", about=project, actor=actor, status="active")

A domain declares the types of its events with their values, and what people are told of each, in its `events.py`.
Who is told, and what else follows, is decided after the commit by consumers (`app/events/consuming.py`).

`publish` adds one row to `event_outbox`, which has no index but its key, and waits for nobody. A committed row becomes
an event when the sequencer (`app/events/sequencing.py`) moves it to `events` and so gives it its id: one sequencer at a
time, by an advisory lock, a batch per transaction. So ids grow in the order in which events become visible, and whoever
reads on from the last id he saw misses none, however late a transaction commits and however many events it has. The
other ways were ruled out: an id that is given when the row is written becomes visible out of order, reading no further
than the oldest open transaction lets one long import hold up everybody, and a lock around publishing makes all writers
wait for each other. `docs/events.md` has the figures.
"""

from app.core.events.models import Event
from app.core.events.publishing import publish, publishing_nothing
from app.core.events.types import COMPANY, PERSON, STAFF, EventType, Message, declare, event_types

__all__ = [
    "COMPANY", "PERSON", "STAFF", "Event", "EventType", "Message", "declare", "event_types", "publish",
    "publishing_nothing",
]  # fmt: skip
