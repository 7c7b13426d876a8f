"""Sequencing, and the consumers' work."""

from datetime import timedelta

from procrastinate.exceptions import JobAborted
from sqlalchemy import delete, select, update

from app.core.clock import now
from app.core.events import event_types
from app.core.events.models import Event
from app.events import consuming, sequencing
from app.extensions import db
from app.jobs.current import stop_if_unwanted
from app.jobs.tasks import periodic, repeated, task

KEPT = timedelta(days=180)
SECRETS_KEPT = timedelta(days=7)
"""As long as the links that they are. Until then an administrator can have a mail tried again that failed for good."""
BATCH = 5_000


@repeated(0.2, name="events.sequence", as_system="events of all companies have one order")
def sequence() -> None:
    """Give committed events their ids, batch by batch, and wake their consumers."""
    while types := sequencing.sequence_events():
        db.session.commit()
        sequencing.wake_for(types)
        db.session.commit()


@repeated(5.0, name="events.wake", as_system="events of all companies have one order")
def wake_those_behind() -> None:
    sequencing.wake_those_behind()


@task(
    consuming.CONSUME,
    title="Follow up on events",
    as_system="a consumer finds out whom an event is for",
    commits=True,
)
def consume(name: str) -> None:
    """Handle what the consumer has left, batch by batch, and look once more for what came during the last batch."""
    one, begun = consuming.consumer_named(name), 0
    while consuming.begin(one):
        db.session.commit()
        begun += 1
        done = consuming.run_batch(one, stays_careful=begun < consuming.BATCH)
        db.session.commit()
        if done is None or (done < consuming.BATCH and not consuming.is_behind(one)):
            return
        stop_if_unwanted()


@task(
    consuming.DELIVER,
    title="Follow up on an event again",
    max_attempts=consuming.MOST_ATTEMPTS - 1,
    as_system="a consumer finds out whom an event is for",
    commits=True,
)
def deliver(name: str, event_id: int) -> None:
    """Try again an event at which a consumer has failed. The queue's own pauses lie between the tries."""
    one = consuming.consumer_named(name)
    if not consuming.begin_again(name, event_id):
        return
    db.session.commit()
    try:
        consuming.deliver_again(one, event_id)
        db.session.commit()
    except JobAborted:
        raise
    except Exception as error:
        db.session.rollback()
        consuming.note_failure(name, event_id, error)
        db.session.commit()
        raise


@periodic(
    "11 4 * * *",
    name="events.forget",
    title="Delete old events",
    as_system="old events of all companies go",
    commits=True,
)
def forget() -> None:
    """Blank secrets that nobody has used, and delete events that are half a year old, in batches, except those that a
    consumer hasn't handled yet."""
    with_secrets = [name for name, kind in event_types().items() if kind.secret]
    unused = (Event.type.in_(with_secrets), Event.secret.is_not(None), Event.at < now() - SECRETS_KEPT)
    db.session.execute(update(Event).where(*unused).values(secret=None))
    db.session.commit()
    old = select(Event.id).where(Event.at < now() - KEPT, Event.id <= consuming.least_place()).limit(BATCH)
    while db.session.connection().execute(delete(Event).where(Event.id.in_(old))).rowcount:
        db.session.commit()
