"""Automations with their versions and secrets, and the runs of them with their steps, attempts and what is to be done.

Runs and what is below them are written by the runner, thousands at a time: they are no records, have no history of
changes, and are their own history.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.automations.steps import AUTOMATION, RUN
from app.core.clock import now
from app.core.db import MERGING, Archivable, Base, Entry, Part, Record, lengths, one_of, part_of
from app.core.ids import new_id
from app.core.json_columns import KeptJSON
from app.core.sealing import Sealed
from app.identity.models import Client, to_client, to_user

WHOLE = -1
"""The `item` of a step itself; those of a loop's items count from 0."""
ADVANCE = -1
"""The `position` of work that finds out what comes next in a run."""
TRIGGERS = ("manual", "schedule", "webhook", "event")
VARIABLE = "^[A-Za-z_][A-Za-z0-9_]{0,62}$"
STEP_STATUSES = ("pending", "queued", "running", "waiting", "succeeded", "failed", "skipped", "cancelled")


class Automation(Archivable, Record, Base):
    """A workflow of a company. `next_run_at` is when its schedule is due next; it runs on events that happened after
    `listens_since`. A new `signing_secret` leaves the `previous_secret` valid for a while. `max_concurrent` is how many
    runs go on at a time, those that wait included: further ones are queued."""

    __tablename__ = "automations"
    __table_args__ = (
        UniqueConstraint("id", "client_id"),
        AUTOMATION.check(),
        one_of("trigger_type", TRIGGERS),
        *lengths(name=(1, 120), description=2_000),
        CheckConstraint("minutes_saved between 0 and 100000", name="minutes_saved"),
        CheckConstraint("max_concurrent between 1 and 100", name="max_concurrent"),
        CheckConstraint("(taken_over_by_id is null) = (taken_over_until is null)", name="taken_over"),
        Index("automations_due_idx", "next_run_at", postgresql_where="next_run_at is not null"),
        Index("automations_event_idx", "event_type", "client_id", postgresql_where="event_type is not null"),
    )

    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"), index=True)
    owner_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="active")
    version_number: Mapped[int] = mapped_column(default=1)
    trigger_type: Mapped[str]
    event_type: Mapped[str | None]
    next_run_at: Mapped[datetime | None]
    listens_since: Mapped[datetime | None]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    token: Mapped[str | None] = mapped_column("token_sealed", Sealed("automation"))
    signing_secret: Mapped[str | None] = mapped_column("signing_secret_sealed", Sealed("automation"))
    previous_secret: Mapped[str | None] = mapped_column("previous_secret_sealed", Sealed("automation"))
    previous_secret_until: Mapped[datetime | None]
    minutes_saved: Mapped[Decimal | None]
    promised_hours: Mapped[Decimal | None]
    analysis_id: Mapped[UUID | None] = mapped_column(ForeignKey("process_analyses.id", ondelete="SET NULL"), index=True)
    """The analysis that it was made of, whose promise is in `promised_hours`."""
    max_concurrent: Mapped[int | None]
    taken_over_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"), index=True)
    taken_over_until: Mapped[int | None]
    """Versions up to this one act with the rights of whoever took them over, later ones with those of their authors."""

    client: Mapped[Client] = relationship()

    workflow_config: ClassVar[Mapping[str, Any]] = {}
    metrics: ClassVar[Mapping[str, Any]] = {}
    last_run: ClassVar[datetime | None] = None
    webhook_url: ClassVar[str | None] = None
    """What its answers have beyond its row, where `queries.hydrate` has added it."""
    webhook_secret: ClassVar[str | None] = None
    """The signing secret, on the object that was given a new one: it is told that once."""


class Version(Part, Entry, Base):
    """A definition as it was deployed. Runs keep the version that they began with. `author_scopes` is what its author
    was narrowed to; one that an application deployed for its company has `application_id`, and no author."""

    __tablename__ = "automation_versions"
    __table_args__ = (
        part_of("automations", "automation_id"),
        UniqueConstraint("automation_id", "number"),
        CheckConstraint("length(workflow::text) <= 300000", name="workflow_size"),
    )

    automation_id: Mapped[UUID]
    number: Mapped[int]
    workflow: Mapped[dict[str, Any]]
    restored_from: Mapped[int | None]
    author_id: Mapped[UUID | None] = mapped_column(to_user("keep"))
    author_name: Mapped[str]
    author_scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    application_id: Mapped[UUID | None]


class Secret(Record, Base):
    """A value that steps send and nobody reads again."""

    __tablename__ = "automation_secrets"
    __table_args__ = (
        UniqueConstraint("client_id", "name"),
        CheckConstraint(f"name ~ '{VARIABLE}'", name="name"),
    )

    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    name: Mapped[str]
    value: Mapped[str] = mapped_column("value_sealed", Sealed("automation secret"), deferred=True)

    used_by: ClassVar[Sequence[Any]] = ()
    """The automations whose newest definition names it, where `queries.hydrate_secrets` has found them."""


class Run(Base):
    """One run. `delivery` makes a delivery count once: the sender's key of a webhook, a schedule's tick, an event's id.

    From `data_removed_at` on, its input, output and what its steps took and gave is gone; states and times stay.
    `settled_as` says what people did about a failed one.
    """

    __tablename__ = "automation_runs"
    __table_args__ = (
        part_of("automations", "automation_id"),
        UniqueConstraint("id", "client_id"),
        RUN.check(),
        Index(
            "automation_runs_delivery_key", "automation_id", "delivery", unique=True,
            postgresql_where="delivery is not null",
        ),
        Index("automation_runs_of_automation_idx", "automation_id", "id"),
        Index("automation_runs_of_company_idx", "client_id", "id"),
        Index(
            "automation_runs_failures_idx", "client_id", "fingerprint", "id",
            postgresql_where="status = 'failed' and settled_as is null and not dry_run",
        ),
        Index(
            "automation_runs_data_idx", "finished_at",
            postgresql_where="data_removed_at is null and finished_at is not null",
        ),
        one_of("settled_as", ("retried", "dismissed")),
        Index("automation_runs_parent_idx", "parent_run_id", postgresql_where="parent_run_id is not null"),
        Index("automation_runs_open_idx", "client_id", "id", postgresql_where="finished_at is null"),
        CheckConstraint(
            "(finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled'))", name="finished"
        ),
        CheckConstraint("depth between 0 and 5", name="depth"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "follow"})
    automation_id: Mapped[UUID]
    version_number: Mapped[int]
    status: Mapped[str] = mapped_column(default="queued")
    trigger: Mapped[str]
    delivery: Mapped[str | None]
    dry_run: Mapped[bool] = mapped_column(default=False)
    depth: Mapped[int] = mapped_column(default=0)
    parent_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("automation_runs.id", ondelete="SET NULL"))
    from_step: Mapped[str | None]
    called_by: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    """The step of the parent that waits for this run, for those of a `workflow` step."""
    input: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    output: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    fingerprint: Mapped[str | None]
    actor_id: Mapped[UUID | None] = mapped_column(to_user("keep"))
    actor_name: Mapped[str]
    settled_as: Mapped[str | None]
    data_removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class RunStep(Base):
    """A step of a run that has begun, or an item of a loop. `key` is the `Idempotency-Key` of all its attempts."""

    __tablename__ = "automation_steps"
    __table_args__ = (
        part_of("automation_runs", "run_id"),
        one_of("status", STEP_STATUSES),
        CheckConstraint("attempts >= 0 and item >= -1 and position >= 0", name="counts"),
        Index(
            "automation_steps_questions_idx", "client_id", "run_id",
            postgresql_where="type = 'approval' and status = 'waiting'",
        ),
    )  # fmt: skip

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True, default=WHOLE)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "follow"})
    step_id: Mapped[str]
    type: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    key: Mapped[UUID] = mapped_column(default=new_id)
    input: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    output: Mapped[Any | None] = mapped_column(KeptJSON)
    would: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)
    notes: Mapped[list[str] | None] = mapped_column(KeptJSON)
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One try of a step that reaches outside. It is written before the call, so that one that was cut off is seen."""

    __tablename__ = "automation_attempts"
    __table_args__ = (part_of("automation_runs", "run_id"),)

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "follow"})
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(KeptJSON)


class Month(Base):
    """What the runs of an automation came to in a month (UTC), whose first day is `month`. The runner writes it."""

    __tablename__ = "automation_months"
    __table_args__ = (part_of("automations", "automation_id"),)

    automation_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "follow"})
    runs: Mapped[int]
    succeeded: Mapped[int]
    failed: Mapped[int]
    cancelled: Mapped[int]
    minutes_saved: Mapped[Decimal]
    seconds: Mapped[Decimal]
    last_run_at: Mapped[datetime]


class Work(Base):
    """Something to be done for a run: a step's next attempt, or finding out what comes next (`position` is ADVANCE).

    Whoever has the lease, and the same `fence`, may write the result; deleting this row is part of that transaction.
    """

    __tablename__ = "automation_work"
    __table_args__ = (
        one_of("state", ("ready", "leased", "later")),
        UniqueConstraint("run_id", "position", "item"),
        part_of("automation_runs", "run_id"),
        Index("automation_work_looks_idx", "client_id", "id", postgresql_where="state = 'ready' and position = -1"),
        Index("automation_work_steps_idx", "client_id", "id", postgresql_where="state = 'ready' and position >= 0"),
        Index("automation_work_later_idx", "due_at", postgresql_where="state = 'later'"),
        Index(
            "automation_work_parked_idx",
            "automation_id",
            "id",
            postgresql_where="state = 'later' and due_at is null",
        ),
        Index("automation_work_busy_idx", "client_id", "automation_id", postgresql_where="state = 'leased'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    position: Mapped[int]
    item: Mapped[int] = mapped_column(default=WHOLE)
    client_id: Mapped[UUID] = mapped_column(info={MERGING: "follow"})
    automation_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default="ready")
    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
