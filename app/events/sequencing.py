"""Giving committed events their ids, and waking the consumers that they are for.

Every worker looks into the outbox a few times per second; one at a time does the work. A look costs an index lookup in
a table that is usually empty. A notification at each commit would make publishers wait for PostgreSQL's one lock on
notifications, and wouldn't pass a transaction pooler.
"""

from collections.abc import Collection

from sqlalchemy import exists, select, text

from app.core.events.models import PublishedEvent
from app.events.consuming import behind, consumers, ensure_places, wake
from app.extensions import db

BATCH = 2_000

_SEQUENCE = text("select name from sequence_events(:most)")
_WAITING = select(exists(select(PublishedEvent.key)))


def sequence_events(most: int = BATCH) -> Collection[str]:
    """Give a batch of committed events their ids, in the session's transaction, and return the types among them.

    The edge commits, and then wakes the consumers.
    """
    if not db.session.scalar(_WAITING):
        return ()
    ensure_places()
    return db.session.scalars(_SEQUENCE, {"most": most}).all()


def wake_for(types: Collection[str]) -> None:
    """Wake the consumers of these types."""
    for one in consumers():
        if any(one.takes(name) for name in types):
            wake(one)


def wake_those_behind() -> None:
    """Wake the consumers that have events left to handle, whatever became of the jobs that were to do it."""
    for one in behind():
        wake(one)
