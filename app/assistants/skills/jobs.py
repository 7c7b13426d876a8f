"""Bringing the assistants of a renamed skill up to date, where they are many."""

from uuid import UUID

from app.assistants.skills.words import TASK, refresh_words
from app.core.audit import audit_as, current_actor
from app.extensions import db
from app.jobs.tasks import task

CHUNK = 2_000


@task(
    TASK,
    title="Update search after a skill changed",
    as_system="assistants are changed by staff alone",
    commits=True,
)
def refresh_skill_words(skill_id: str) -> None:
    """Each part is committed, so that nobody's change of a profile waits for all of them."""
    while True:
        audit_as(db.session, actor=current_actor(), action="update")
        refreshed = refresh_words(UUID(skill_id), most=CHUNK)
        db.session.commit()
        if refreshed < CHUNK:
            return
