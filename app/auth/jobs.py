"""The upkeep of sign-ins."""

from app.auth import operations
from app.extensions import db
from app.jobs.tasks import periodic


@periodic("41 2 * * *", name="auth.sweep", title="Delete ended sessions and expired links")
def sweep() -> None:
    """Forget sign-ins that ended more than 30 days ago, and tickets whose time is over."""
    while operations.sweep_sessions() == operations.SWEPT_AT_ONCE:
        db.session.commit()
    operations.sweep_tickets()
