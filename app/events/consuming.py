"""Consumers: what happens after an event was committed.

    @consumer("notifications", types=types_with_messages)
    def notify(event: Event) -> None: ...

A consumer is called once for each event of its types, in a job, in the order of their ids. What it writes, its position
and the record of the delivery are in one transaction, so a consumer that is killed anywhere neither loses nor doubles
anything. For whatever lies outside the database it enqueues a job.

An event at which it fails is set aside: the consumer goes on with the next, and a job tries that one again, with
growing pauses. It may therefore be handled after later events. One that fails for good stays on its page, where
administrators can have it tried again.

An event may also take the worker down with it. So each batch is noted before it begins; where one was begun and never
ended, its events are handled singly, and the one at which the worker died every time is given up.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from procrastinate.exceptions import JobAborted
from sqlalchemy import Select, Text, func, literal, select, text, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.core import audit
from app.core.audit import NamedActor
from app.core.clock import now
from app.core.errors import Conflict, DomainError, NotFound
from app.core.events.models import ConsumerPlace, Delivery, Event
from app.core.sessions import plain, without_commits
from app.core.tenancy import TenantContext, as_system
from app.extensions import db
from app.jobs.caller import Caller
from app.jobs.queue import enqueue

CONSUME = "events.consume"
DELIVER = "events.deliver"
BATCH = 50
MOST_ATTEMPTS = 6
FIRST_WAIT = timedelta(seconds=2)
ERROR_LENGTH = 2000
DIED = "The worker died, or its transaction failed as a whole, each time it came to this event."

Handler = Callable[[Event], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Effect:
    """Something that a consumer did because of an event, as the event's page shows it: what, for whom, how it went."""

    what: str
    whom: str
    at: datetime
    state: str = "done"
    error: str = ""


@dataclass(frozen=True)
class Consumer:
    """A function that is called for events of these types; None is all. `effects` finds what it did because of one."""

    name: str
    handle: Handler
    types: Callable[[], Collection[str]] | None
    effects: Callable[[Event], Sequence[Effect]]

    def takes(self, name: str) -> bool:
        return self.types is None or name in self.types()


_consumers: dict[str, Consumer] = {}


def consumer(
    name: str,
    *,
    types: Callable[[], Collection[str]] | None = None,
    effects: Callable[[Event], Sequence[Effect]] = lambda _: (),
) -> Callable[[Handler], Handler]:
    """Call the function for every event, or for those of the types that `types` returns, beginning with those that are
    published after its first start. It works as the system, and leaves the commit to its caller.

    A job that it enqueues runs for the company that the event concerns, or for the person, and by the event's actor.
    Its place is kept under its name: under a new name it begins anew, and one that comes back goes on where it was.
    """

    def register(handle: Handler) -> Handler:
        if _consumers.setdefault(name, Consumer(name, handle, types, effects)).handle is not handle:
            raise ValueError(f"there are two consumers named {name!r}")
        return handle

    return register


def consumers() -> Sequence[Consumer]:
    return list(_consumers.values())


def consumer_named(name: str) -> Consumer:
    """The consumer of that name. Raises LookupError."""
    return _consumers[name]


def wake(one: Consumer) -> None:
    """Enqueue the consumer's job. Only the sequencer and its fallback do, so that publishers don't wait."""
    enqueue(db.session, CONSUME, queueing_lock=f"{CONSUME}-{one.name}", name=one.name)


def ensure_places() -> None:
    """Let each new consumer begin after the newest event."""
    newest = select(func.coalesce(func.max(Event.id), 0)).scalar_subquery()
    for name in sorted(_consumers.keys() - set(db.session.scalars(select(ConsumerPlace.name)))):
        row = insert(ConsumerPlace).values(name=name, last_id=newest, moved_at=now())
        db.session.execute(row.on_conflict_do_nothing())


def behind() -> Sequence[Consumer]:
    """The consumers that have events left to handle."""
    places = places_of_consumers()
    return [one for one in consumers() if one.name in places and _has_more(one, places[one.name])]


def is_behind(one: Consumer) -> bool:
    return _has_more(one, places_of_consumers()[one.name])


def places_of_consumers() -> dict[str, int]:
    """The last event that each consumer has handled, whether it is still there or not."""
    return {one.name: one.last_id for one in db.session.execute(select(ConsumerPlace.name, ConsumerPlace.last_id))}


def least_place() -> int:
    """The event up to which no consumer has anything left to handle. One whose types are rare doesn't hold it back."""
    places = places_of_consumers()
    return min((places[one.name] for one in behind()), default=db.session.scalar(select(func.max(Event.id))) or 0)


def begin(one: Consumer) -> bool:
    """Note that the consumer's next batch begins, before anything of it is done. The edge commits. False says that
    there is nothing to do here: another worker is at it."""
    place = _lock_place(one)
    if place is None:
        return False
    place.attempts += 1
    db.session.flush()
    return True


def run_batch(one: Consumer, most: int = BATCH, *, stays_careful: bool = True) -> int | None:
    """Handle the consumer's next events, in the session's transaction, and return their number. The edge commits.

    None means that another worker is at it. Where a batch never ended, this one has a single event, and so has the next
    one if it `stays_careful`.
    """
    place = _lock_place(one)
    if place is None:
        return None
    singly, is_deadly = place.attempts > 1, place.attempts > MOST_ATTEMPTS
    most = 1 if singly else most
    newest = db.session.scalar(select(func.max(Event.id))) or 0
    events = db.session.scalars(next_events(one, place.last_id, newest, most)).all()
    for event in events:
        _give_up(one, event) if is_deadly else _hand_over(one, event, checks_at_once=singly)
    place.last_id = events[-1].id if len(events) == most else max(newest, place.last_id)
    place.attempts = int(singly and stays_careful and not is_deadly and _has_more(one, place.last_id))
    place.moved_at = now()
    db.session.flush()
    return len(events)


def begin_again(name: str, event_id: int) -> bool:
    """Note that an event that was put aside is tried again, before it is. The edge commits. False says that there is
    nothing to try."""
    row = lock_delivery(name, event_id)
    if row is None or row.state == "done":
        return False
    if row.attempts >= MOST_ATTEMPTS:
        row.state, row.at, row.error = "failed", now(), DIED
        return False
    row.attempts += 1
    db.session.flush()
    return True


def deliver_again(one: Consumer, event_id: int) -> None:
    """Try again an event that was set aside, in the session's transaction. Raises what the consumer raises."""
    row = lock_delivery(one.name, event_id)
    event = db.session.get(Event, event_id)
    if row is None or event is None or row.state == "done":
        return
    _handle(one, event)
    row.state, row.at, row.error = "done", now(), None
    db.session.flush()


def note_failure(name: str, event_id: int, error: BaseException) -> None:
    """Record that a try has failed; the last one is final."""
    row = lock_delivery(name, event_id)
    if row is not None and row.state != "done":
        row.at, row.error = now(), _in_words(error)
        row.state = "failed" if row.attempts >= MOST_ATTEMPTS or isinstance(error, DomainError) else "waiting"
        db.session.flush()


def lock_delivery(name: str, event_id: int) -> Delivery | None:
    found = select(Delivery).where(Delivery.event_id == event_id, Delivery.consumer == name)
    return db.session.scalar(found.with_for_update().execution_options(populate_existing=True))


def retry(name: str, event_id: int) -> None:
    """Have an event tried again at which a consumer has failed. Raises NotFound, or Conflict for one that is done."""
    row = lock_delivery(name, event_id)
    if row is None or name not in _consumers:
        raise NotFound("There is no such delivery.")
    if row.state == "done":
        raise Conflict("This is done; there is nothing to try again.")
    row.state, row.attempts = "waiting", 0
    db.session.flush()
    enqueue(db.session, DELIVER, name=name, event_id=event_id)


def forget_secret(event: Event) -> None:
    """Blank the event's secret, once it has been used."""
    db.session.execute(update(Event).where(Event.id == event.id).values(secret=None))


def _handle(one: Consumer, event: Event) -> None:
    """Have the consumer handle the event, as a change of its own, on behalf of those whom the event concerns."""
    audit.begin_change(db.session)
    with caller_of(event).resumed(), as_system("a consumer finds out whom an event is for"):
        with without_commits(db.session):
            one.handle(event)
        db.session.flush()


def caller_of(event: Event) -> Caller:
    """Whose doing it is what follows on the event, and for whom."""
    tenant = TenantContext(client_id=event.client_id, user_id=None if event.client_id else event.user_id)
    seen_as = None if event.acting_as_name is None else NamedActor(event.acting_as_name, event.acting_as_id)
    return Caller(tenant, NamedActor(event.actor_name, event.actor_id), event.request_id, seen_as, event.caused_by)


def _hand_over(one: Consumer, event: Event, *, checks_at_once: bool) -> None:
    """Have the consumer handle the event. If it fails, what it wrote is rolled back. `checks_at_once` has the database
    check now what it otherwise checks at the commit, where it isn't known which event is at fault."""
    state, error, transaction = "done", None, plain(db.session).get_transaction()
    try:
        with db.session.begin_nested():
            _handle(one, event)
            if checks_at_once:
                db.session.execute(text("set constraints all immediate"))
    except JobAborted:
        raise
    except Exception as failure:
        if plain(db.session).get_transaction() is not transaction:
            raise  # Nothing is left of what was done for the events before.
        log.exception("event put aside", consumer=one.name, event_id=event.id, type=event.type)
        state, error = "failed" if isinstance(failure, DomainError) else "waiting", _in_words(failure)
        if state == "waiting":
            enqueue(db.session, DELIVER, schedule_at=now() + FIRST_WAIT, name=one.name, event_id=event.id)
    if plain(db.session).get_transaction() is not transaction:
        raise RuntimeError(f"The consumer {one.name} rolled back what was done for other events.")
    db.session.add(Delivery(event_id=event.id, consumer=one.name, state=state, attempts=1, at=now(), error=error))


def _give_up(one: Consumer, event: Event) -> None:
    log.error("event given up", consumer=one.name, event_id=event.id, type=event.type)
    given_up = {"state": "failed", "attempts": MOST_ATTEMPTS, "at": now(), "error": DIED}
    db.session.add(Delivery(event_id=event.id, consumer=one.name, **given_up))


def _lock_place(one: Consumer) -> ConsumerPlace | None:
    """How far the consumer is; None where another worker holds it."""
    place = select(ConsumerPlace).where(ConsumerPlace.name == one.name).with_for_update(skip_locked=True)
    return db.session.scalar(place.execution_options(populate_existing=True))


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:ERROR_LENGTH]


def _has_more(one: Consumer, last_id: int) -> bool:
    newest = db.session.scalar(select(func.max(Event.id))) or 0
    return newest > last_id and db.session.scalar(select(next_events(one, last_id, newest, 1).exists())) is True


def next_events(one: Consumer, last_id: int, newest: int, most: int) -> Select[Any]:
    """The next events of its types, oldest first. Each type is read along its own index, however rare it is."""
    place = (Event.id > last_id, Event.id <= newest)
    if one.types is None:
        return select(Event).where(*place).order_by(Event.id).limit(most)
    wanted = func.unnest(literal(sorted(one.types()), ARRAY(Text))).table_valued("name", name="wanted").render_derived()
    of_type = select(Event.id).where(Event.type == wanted.c.name, *place).order_by(Event.id).limit(most)
    found = of_type.correlate(wanted).lateral("found")
    ids = select(found.c.id).select_from(wanted.join(found, true()))
    return select(Event).where(Event.id.in_(ids)).order_by(Event.id).limit(most)
