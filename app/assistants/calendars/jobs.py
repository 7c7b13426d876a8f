"""Work on assistants that goes on after a change."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update

from app.assistants.engagements.operations import WITHDRAW, withdraw_proposals_of
from app.assistants.models import Assistant, Reservation, TimeOff
from app.core.audit import SYSTEM, audit_as, current_actor
from app.core.clock import today_in
from app.extensions import db
from app.jobs.tasks import periodic, task

LOOKED_AHEAD = timedelta(days=27)
"""Four weeks from today on: `sum_reserved` in the database says the same."""


@task(
    WITHDRAW, title="Withdraw proposals of an archived assistant", as_system="proposals to all companies are withdrawn"
)
def withdraw_proposals(assistant_id: str) -> None:
    """Withdraw what was locked when an assistant left. One who has come back keeps the proposals."""
    assistant = db.session.get(Assistant, UUID(assistant_id))
    if assistant is None or not assistant.is_archived:
        return
    audit_as(db.session, actor=current_actor(), action="withdraw")
    withdraw_proposals_of(assistant)


@periodic(
    "5 0 * * *",
    name="assistants.free_what_is_over",
    as_system="hours are reserved across companies",
    title="Update availability for the new day",
    max_attempts=3,
)
def free_what_is_over() -> None:
    """Count anew what is reserved in the next four weeks, where reservations ended or come near, and who is away for
    all of them: the day alone changes nothing in the rows."""
    audit_as(db.session, actor=SYSTEM, action="free-hours")
    first = today_in(None)
    last = first + LOOKED_AHEAD
    peak = func.peak_of_reserved(Assistant.id, first, last)
    near = select(Reservation.assistant_id).where(or_(Reservation.ends_on < first, Reservation.starts_on <= last))
    db.session.execute(
        update(Assistant)
        .where(Assistant.id.in_(near), Assistant.reserved_hours != peak)
        .values(reserved_hours=peak, updated_at=Assistant.updated_at)
        .execution_options(synchronize_session=False)
    )
    _mark_who_is_away(first)


def _mark_who_is_away(first: date) -> None:
    away = func.is_away_for_weeks(Assistant.id, Assistant.available_from, Assistant.weekly, first)
    off = select(TimeOff.assistant_id).where(TimeOff.ends_on >= first, TimeOff.starts_on <= first + LOOKED_AHEAD)
    db.session.execute(
        update(Assistant)
        .where(
            or_(Assistant.is_away, Assistant.available_from > first, Assistant.id.in_(off)), Assistant.is_away != away
        )
        .values(is_away=away, updated_at=Assistant.updated_at)
        .execution_options(synchronize_session=False)
    )
