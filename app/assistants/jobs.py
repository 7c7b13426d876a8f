"""Work on assistants that goes on after a change."""

from uuid import UUID

from app.assistants.engagements import WITHDRAW, withdraw_proposals_of
from app.assistants.models import Assistant
from app.core.audit import SYSTEM, attribute
from app.extensions import db
from app.jobs.tasks import task


@task(WITHDRAW)
def withdraw_proposals(assistant_id: str) -> None:
    """Withdraw what was locked when an assistant left. One who has come back keeps the proposals."""
    assistant = db.session.get(Assistant, UUID(assistant_id))
    if assistant is None or not assistant.is_archived:
        return
    attribute(db.session, actor=SYSTEM, action="withdraw")
    withdraw_proposals_of(assistant)
    db.session.commit()
