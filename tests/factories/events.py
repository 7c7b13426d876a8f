"""Events as the worker brings them to their consumers."""

from sqlalchemy import select

from app.core.events import Event, EventType, declare
from app.core.events.models import PublishedEvent
from app.core.events.types import type_of
from app.core.tenancy import as_system
from app.events import consuming, sequencing
from app.events.consuming import consumer
from app.extensions import db
from app.identity.models import User
from app.notifications.operations import notify

HAPPENED = EventType("test.happened", {"number": int})
declare(HAPPENED)

seen: list[int] = []
"""The numbers that the consumer `test` was called with."""


fail_at: dict[int, Exception] = {}
"""What that consumer raises at these numbers, after it has written something."""

commit_at: set[int] = set()
"""Where it commits what it has written, which it must not."""


@consumer("test", types=lambda: [HAPPENED.name])
def see(event):
    number = event.values["number"]
    if number in fail_at:
        notify(db.session.scalars(select(User.id)).first(), "test", "Half done")
        raise fail_at[number]
    if number in commit_at:
        notify(db.session.scalars(select(User.id)).first(), "test", "Committed")
        db.session.commit()
    seen.append(number)


def deliver():
    """Give what was published its place, and have every consumer do what it has left, as the worker does."""
    with as_system("a worker"):
        while sequencing.sequence_events():
            db.session.commit()
        for one in consuming.consumers():
            while consuming.run_batch(one):
                db.session.commit()
        db.session.commit()


def published(prefix=""):
    """Whom what concerns, with its values, oldest first: every event whose type begins so."""
    db.session.flush()
    rows = [
        (row.user_id, row.type, type_of(row.type).load(row.data))
        for model in (Event, PublishedEvent)
        for row in db.session.scalars(select(model).order_by(*model.__table__.primary_key))
    ]
    return [row for row in rows if row[1].startswith(prefix)]
