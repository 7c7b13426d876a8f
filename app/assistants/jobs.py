"""Work on assistants that goes on after a change."""

from uuid import UUID

from sqlalchemy import func, select, update

from app.assistants.engagements import WITHDRAW, withdraw_proposals_of
from app.assistants.models import Assistant, Reservation
from app.core.audit import SYSTEM, attribute
from app.core.clock import today_here
from app.extensions import db
from app.jobs.tasks import periodic, task


@task(WITHDRAW)
def withdraw_proposals(assistant_id: str) -> None:
    """Withdraw what was locked when an assistant left. One who has come back keeps the proposals."""
    assistant = db.session.get(Assistant, UUID(assistant_id))
    if assistant is None or not assistant.is_archived:
        return
    attribute(db.session, actor=SYSTEM, action="withdraw")
    withdraw_proposals_of(assistant)
    db.session.commit()


@periodic("5 0 * * *", name="assistants.free_what_is_over", max_attempts=3)
def free_what_is_over() -> None:
    """Count anew what is reserved of those whose reservations ended: the day alone changes nothing in their rows."""
    attribute(db.session, actor=SYSTEM, action="free-hours")
    peak = func.peak_of_reserved(Assistant.id, today_here())
    over = select(Reservation.assistant_id).where(Reservation.ends_on < today_here())
    db.session.execute(
        update(Assistant)
        .where(Assistant.id.in_(over), Assistant.reserved_hours > 0, Assistant.reserved_hours != peak)
        .values(reserved_hours=peak, updated_at=Assistant.updated_at)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
