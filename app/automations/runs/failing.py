"""Failed runs of one kind: those of a company with the same fingerprint that nobody has run again or dismissed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.automations.models import Run
from app.core.clock import now
from app.extensions import db

NEWEST = 100


def of_kind(client_id: UUID, fingerprint: str | None) -> tuple[ColumnElement[bool], ...]:
    """In the very terms of their index; in others, PostgreSQL goes through all runs."""
    open_ones = (Run.status == "failed", Run.settled_as.is_(None), ~Run.dry_run)
    return (*open_ones, Run.client_id == client_id, Run.fingerprint == fingerprint)


def has_failed_within(span: timedelta, run: Run, fingerprint: str | None) -> bool:
    """Whether another run failed in the same way in that time. Of however many, the newest are looked at."""
    query = select(Run.finished_at).where(*of_kind(run.client_id, fingerprint), Run.id != run.id)
    newest = query.order_by(Run.id.desc()).limit(NEWEST).subquery()
    last: Any = db.session.scalar(select(func.max(newest.c.finished_at)))
    return last is not None and last > now() - span
