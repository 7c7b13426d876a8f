"""Forgetting what went out long ago."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from app.core.clock import now
from app.core.ids import first_id_of
from app.core.outbox import OutgoingMessage
from app.extensions import db
from app.jobs.progress import report
from app.jobs.tasks import periodic

KEPT = timedelta(days=30)
LONGEST_CALL = timedelta(days=1)
BATCH = 5_000


@periodic(
    "5 3 * * *",
    name="automations.forget_outgoing",
    title="Delete old outgoing messages",
    as_system="rows of all companies are kept equally long",
    commits=True,
)
def forget_outgoing() -> None:
    """Rows of 30 days ago, in batches; those whose answer nobody heard within a day become `unknown`."""
    moment = now()
    db.session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.status == "sending", OutgoingMessage.created_at < moment - LONGEST_CALL)
        .values(status="unknown")
    )
    db.session.commit()
    gone = 0
    while ids := list(_old(first_id_of(moment - KEPT))):
        db.session.execute(delete(OutgoingMessage).where(OutgoingMessage.id.in_(ids)))
        db.session.commit()
        gone += len(ids)
    report(gone, gone, f"{gone:,} outgoing messages deleted")


def _old(before: UUID) -> Iterator[UUID]:
    query = select(OutgoingMessage.id).where(OutgoingMessage.id < before).order_by(OutgoingMessage.id).limit(BATCH)
    yield from db.session.scalars(query)
