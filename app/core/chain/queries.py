from sqlalchemy import select

from app.core.chain.checkpoints import Checkpoint
from app.core.chain.models import AuditCheckpoint
from app.core.sessions import AnySession


def last_checkpoint(session: AnySession) -> Checkpoint | None:
    """The newest checkpoint that is kept here; None before the first."""
    newest = select(AuditCheckpoint).order_by(AuditCheckpoint.at.desc(), AuditCheckpoint.id.desc()).limit(1)
    found = session.scalar(newest)
    return Checkpoint.of(found) if found else None
