"""Publishing events."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import InstrumentedAttribute

from app.core import audit
from app.core.events.models import PublishedEvent
from app.core.events.types import type_of
from app.core.kinds import label_in
from app.extensions import db

_silent: ContextVar[bool] = ContextVar("publishing_nothing", default=False)
_INSERT = insert(PublishedEvent).inline()


def publish(
    name: str,
    /,
    *,
    about: Any,
    actor: audit.Actor | None,
    within: Any = None,
    client_id: UUID | None = None,
    user_id: UUID | None = None,
    label: str | None = None,
    secret: str | None = None,
    caused_by: UUID | None = None,
    **values: Any,
) -> None:
    """Publish an event of a declared type about a record, in the session's transaction: it exists if that commits.

    `within` is the record that this one is a part of. The company is the record's own, unless `client_id` is given;
    `user_id` is the person whom the event concerns. A private event without one concerns the user whom it is about.
    `actor` is None where the system acts. `caused_by` is the run of an automation that led to it, where that isn't the
    one that does the present work. Raises ValueError for a type that isn't declared, and for missing or unknown
    values.
    """
    kind = type_of(name)
    if kind is None:
        raise ValueError(f"no event is named {name!r}")
    data = kind.dump(values)
    if bool(secret) != kind.secret:
        raise ValueError(f"{name} comes {'with' if kind.secret else 'without'} a secret")
    if _silent.get():
        return
    session = db.session()
    if about.id is None or about in session.new:
        session.flush()  # Its company, too, may be filled in by the database.
    source = audit.audit_context()
    doer = source.doer(actor or audit.SYSTEM)
    session.connection()  # The transaction has begun, then.
    moment = audit.moment_of(session)
    row = {
        "type": name,
        "at": moment.at,
        "table_name": about.__tablename__,
        "record_id": about.id,
        "record_label": label or _label_of(about),
        "parent_table": within.__tablename__ if within is not None else None,
        "parent_id": within.id if within is not None else None,
        "client_id": None if kind.private else client_id or audit.company_of(about),
        "user_id": user_id or (about.id if kind.private else None),
        "actor_id": doer.id,
        "actor_name": doer.username,
        "acting_as_id": source.acting_as_id,
        "acting_as_name": source.acting_as_name,
        "change_id": moment.id,
        "request_id": source.request_id,
        "caused_by": caused_by or source.caused_by,
        "data": data,
        "secret": secret,
    }
    session.execute(_INSERT, row)


def _label_of(record: Any) -> str | None:
    """What the record is called: by the column that its kind says, without asking the database."""
    found = label_in(record.__tablename__)
    if found is not None and isinstance(found[1], InstrumentedAttribute):
        return str(getattr(record, found[1].key))
    return audit.label_of(record)


@contextmanager
def publishing_nothing() -> Iterator[None]:
    """Inside this block nothing is published, as in a demo's past, which is news to nobody."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)
