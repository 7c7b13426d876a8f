from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core.db import MERGING, Base
from app.core.events.types import EventType, type_of
from app.core.sealing import Sealed


class _Content:
    """What an event has. `parent` is the record that its own record is a part of; `client_id` is the company that may
    see it, `user_id` the person whom it concerns; `acting_as` is the user as whom the actor was seeing the portal, as
    in the audit, whose entries of the same transaction have its `change_id`; `caused_by` is the run of an automation
    that led to it."""

    type: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    table_name: Mapped[str]
    record_id: Mapped[UUID]
    record_label: Mapped[str | None]
    parent_table: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None] = mapped_column(info={MERGING: "keep"})
    user_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    acting_as_id: Mapped[UUID | None]
    acting_as_name: Mapped[str | None]
    change_id: Mapped[UUID]
    request_id: Mapped[str | None]
    caused_by: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]

    @declared_attr
    @classmethod
    def secret(cls) -> Mapped[str | None]:
        return mapped_column("sealed", Sealed("event"))


class PublishedEvent(_Content, Base):
    """An event as `publish` wrote it, before it has its id."""

    __tablename__ = "event_outbox"
    __table_args__ = (
        CheckConstraint(r"type ~ '^[a-z_]{2,40}\.[a-z_]{2,40}$'", name="type"),
        CheckConstraint("jsonb_typeof(data) = 'object' and length(data::text) <= 65536", name="data"),
        CheckConstraint("(parent_table is null) = (parent_id is null)", name="parent"),
    )

    key: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)


class Event(_Content, Base):
    """An event. Ids are in the order of all events; the only change ever is that the secret is blanked."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_record_idx", "record_id", "id"),
        Index("events_parent_idx", "parent_id", "id", postgresql_where="parent_id is not null"),
        Index("events_type_idx", "type", "id"),
        Index("events_client_idx", "client_id", "id", postgresql_where="client_id is not null"),
        Index("events_user_idx", "user_id", "id", postgresql_where="user_id is not null"),
        Index("events_at_idx", "at"),
        Index("events_caused_by_idx", "caused_by", "id", postgresql_where="caused_by is not null"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)

    @property
    def values(self) -> dict[str, Any]:
        """Its values, as they were given to `publish`."""
        return (type_of(self.type) or EventType(self.type)).load(self.data)


class ConsumerPlace(Base):
    """How far a consumer is: it has handled, or set aside, every event up to that one. `attempts` counts how often its
    next batch was begun."""

    __tablename__ = "event_consumers"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_id: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    moved_at: Mapped[datetime]


class Delivery(Base):
    """What a consumer did with an event: done; waiting, after a try that failed; or failed for good."""

    __tablename__ = "event_deliveries"
    __table_args__ = (
        CheckConstraint("state in ('done', 'waiting', 'failed')", name="state"),
        Index("event_deliveries_state_idx", "state", "event_id", postgresql_where="state <> 'done'"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    consumer: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    attempts: Mapped[int]
    at: Mapped[datetime]
    error: Mapped[str | None]
