"""The record of every change to a business row: who, when, why, and each field before and after.

The database writes it: the trigger `audit_changes` on each table of records runs in the transaction of the change,
whoever makes it, a bulk statement and `psql` included. What the database cannot know (the person, the request, the
name of the action) it reads from a setting of the transaction, which `audit_as` sets.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Connection,
    FetchedValue,
    Identity,
    Index,
    String,
    UniqueConstraint,
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.clock import now
from app.core.db import MERGING, Base
from app.core.driver import driver_of, literal
from app.core.exact_json import ExactJson
from app.core.ids import new_id
from app.core.rls import send_within
from app.core.sessions import AnySession, plain


class Actor(Protocol):
    """Whoever makes a change: a user, or `SYSTEM`."""

    @property
    def id(self) -> UUID | None: ...
    @property
    def username(self) -> str: ...


@dataclass(frozen=True)
class NamedActor:
    """Whoever is known by name and id: a person out of a job's caller, or a part of the portal itself."""

    username: str
    id: UUID | None = None


SYSTEM: Actor = NamedActor("system")

_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)

current_actor = _actor.get
"""Whose request or job this is; `SYSTEM` where no person began it."""
set_actor = _actor.set


@dataclass(frozen=True)
class AuditContext:
    """Where the present work comes from; the edges (request, job, command) set it."""

    via: str = "system"
    request_id: str | None = None
    change_set_id: UUID | None = None
    action: str | None = None
    """What all is called that is done there, whatever the operations call it that do it."""
    acting_as_id: UUID | None = None
    acting_as_name: str | None = None
    caused_by: UUID | None = None
    """The run of an automation that does it, or that led to it."""
    impersonator: Actor | None = None
    """Who sees the portal as that user, and so does whatever is done in the user's name."""

    def doer(self, actor: Actor) -> Actor:
        """Who it really is that acts."""
        return self.impersonator if self.impersonator is not None and actor.id == self.acting_as_id else actor


_NOWHERE = AuditContext()
_context: ContextVar[AuditContext] = ContextVar("audit_context", default=_NOWHERE)


def audit_context() -> AuditContext:
    return _context.get()


@contextmanager
def using_audit_context(**what: Any) -> Iterator[None]:
    """Work inside this block comes from there: `via`, `request_id`, `change_set_id`, `action`, `acting_as_id` and its
    name."""
    token = _context.set(replace(_context.get(), **what))
    try:
        yield
    finally:
        _context.reset(token)


def act_as(user: Actor, *, impersonator: Actor) -> None:
    """From here on, to the end of the context, what is done in the user's name is the impersonator's doing."""
    _context.set(replace(_context.get(), acting_as_id=user.id, acting_as_name=user.username, impersonator=impersonator))


class AuditEntry(Base):
    """One row's change. `before` and `after` hold the changed fields; a creation has no `before`, a deletion no
    `after`. Entries of one transaction share `change_id`, and are undone together; those of a bulk operation share
    `change_set_id`. `version` is that of the record a person opens: the row's own, or its parent's. `acting_as` is the
    user whom the actor, a member of staff, was seeing the portal as. `hash` covers the entry and the one before it in
    its chain (`core/chain`). An event that changes no record (`record_event`) has its details in `after`."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("before is not null or after is not null", name="content"),
        UniqueConstraint("chain", "position", name="audit_entries_chain_key"),
        Index("audit_entries_record_idx", "table_name", "record_id", "id"),
        Index("audit_entries_parent_idx", "parent_id", "id", postgresql_where="parent_id is not null"),
        Index("audit_entries_change_idx", "change_id", "id"),
        Index("audit_entries_change_set_idx", "change_set_id", "id", postgresql_where="change_set_id is not null"),
        Index("audit_entries_single_idx", "id", postgresql_where="change_set_id is null and version is not null"),
        Index("audit_entries_actor_idx", "actor_id", "id"),
        Index("audit_entries_at_idx", "at", "id"),
        Index("audit_entries_action_idx", "action", "id"),
        Index("audit_entries_via_idx", "via", "id"),
        Index("audit_entries_userless_idx", "actor_name", "id", postgresql_where="actor_id is null"),
        Index("audit_entries_acting_as_idx", "acting_as_id", "id", postgresql_where="acting_as_id is not null"),
        Index("audit_entries_request_idx", "request_id", "id", postgresql_where="request_id is not null"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    change_id: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    change_set_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    actor_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    actor_name: Mapped[str] = mapped_column(server_default=FetchedValue())
    via: Mapped[str] = mapped_column(server_default=FetchedValue())
    request_id: Mapped[str | None] = mapped_column(server_default=FetchedValue())
    acting_as_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    acting_as_name: Mapped[str | None] = mapped_column(server_default=FetchedValue())
    action: Mapped[str]
    table_name: Mapped[str]
    record_id: Mapped[UUID]
    record_label: Mapped[str | None]
    parent_table: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None] = mapped_column(info={MERGING: "keep"})
    version: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(ExactJson)
    after: Mapped[dict[str, Any] | None] = mapped_column(ExactJson)
    chain: Mapped[int] = mapped_column(server_default=FetchedValue())
    position: Mapped[int] = mapped_column(server_default=FetchedValue())
    hash: Mapped[bytes] = mapped_column(server_default=FetchedValue())

    @property
    def is_event(self) -> bool:
        """Whether it tells what happened to the record, rather than what was changed in it."""
        return self.before is None and self.version is None and self.parent_table is None


@dataclass
class _Change:
    """What one transaction does: its id and moment, and what the database was last told, in which savepoint."""

    transaction: Any
    id: UUID
    at: datetime
    told: tuple[Any, ...] = ()


def audit_as(to: AnySession | Connection, *, actor: Actor, action: str) -> None:
    """Say whose and what the changes are that follow in this transaction. Every operation calls it first.

    `action` is the operation's verb (`create`, `update`, `archive`, `import`, …). Pending changes of an earlier
    operation are flushed under their own name first. Saying the same again costs nothing.
    """
    to = to if isinstance(to, Connection) else plain(to)
    connection = to.connection() if isinstance(to, Session) else to
    if not connection.in_transaction():
        connection.begin()
    source = audit_context()
    actor = source.doer(actor)
    action = source.action or action
    change = moment_of(to)
    told = (to.get_nested_transaction(), source, actor.id, actor.username, action)
    if change.told == told:
        return
    if isinstance(to, Session):
        to.flush()
    _tell(
        connection,
        change.at.isoformat(),
        str(change.id),
        str(source.change_set_id or ""),
        str(actor.id or ""),
        actor.username,
        str(source.acting_as_id or ""),
        source.acting_as_name or "",
        source.via,
        source.request_id or "",
        action,
    )
    change.told = told


def _tell(connection: Connection, *context: str) -> None:
    """Give the present transaction these as its `audit_context`; an empty text is null."""
    fields = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if text else "" for text in context)
    row = literal(driver_of(connection).pgconn, f"({','.join(fields)})")
    send_within(connection, b"set local audit.context = " + row, failing="changes can't be attributed")


@contextmanager
def audit_each(to: AnySession, sources: Mapping[UUID, tuple[UUID, str]]) -> Iterator[None]:
    """Inside this block, what happens to these records is a change of its own each, with this id and from this request;
    for the rest what `audit_as` said holds. One statement writes the records of many changes so.

    What fails inside takes the transaction or the savepoint with it, and what was said.
    """
    connection = plain(to).connection()
    _tell_each(connection, {str(one): (str(change), request) for one, (change, request) in sources.items()})
    yield
    _tell_each(connection, None)


def _tell_each(connection: Connection, sources: Mapping[str, tuple[str, str]] | None) -> None:
    said = literal(driver_of(connection).pgconn, "" if sources is None else json.dumps(sources))
    send_within(connection, b"set local audit.each = " + said, failing="changes can't be attributed")


_EVENT = select(
    func.audit_event(
        bindparam("table_name", type_=String),
        bindparam("record_id", type_=Uuid),
        bindparam("label", type_=String),
        bindparam("client_id", type_=Uuid),
        bindparam("details", type_=ExactJson),
    )
)


def record_event(
    to: AnySession | Connection, *, actor: Actor, action: str, about: Any, details: Mapping[str, Any] | None = None
) -> None:
    """Write down what no row's change says: a sign-in, a refused one, a theft.

    `about` is the record that it happened to (a user, a company); `details` must be JSON and hold no secret.
    """
    audit_as(to, actor=actor, action=action)
    to.execute(
        _EVENT,
        {
            "table_name": about.__tablename__,
            "record_id": about.id,
            "label": label_of(about),
            "client_id": company_of(about),
            "details": dict(details or {}),
        },
    )


def label_of(record: Any) -> str | None:
    """What the record is called."""
    return getattr(record, "username", None) or getattr(record, "name", None) or getattr(record, "title", None)


def company_of(record: Any) -> UUID | None:
    """The company that the record belongs to."""
    found: UUID | None = record.id if record.__tablename__ == "clients" else getattr(record, "client_id", None)
    return found


def change_id(of: AnySession | Connection) -> UUID:
    """The id that this transaction's changes share. Something must have been attributed before."""
    return moment_of(of if isinstance(of, Connection) else plain(of)).id


def begin_change(of: AnySession) -> None:
    """What follows in this transaction is another change, with an id of its own, and is undone apart."""
    plain(of).info.pop("audit.change", None)


def moment_of(to: Session | Connection) -> _Change:
    """The id that this transaction's changes share, and the moment at which they are made."""
    transaction = to.get_transaction()
    change: _Change | None = to.info.get("audit.change")
    if change is None or change.transaction is not transaction:
        change = to.info["audit.change"] = _Change(transaction, new_id(), now())
    return change
