"""The upkeep of sign-ins."""

from app.auth.accounts import operations as accounts
from app.extensions import db
from app.jobs.tasks import periodic


@periodic("41 2 * * *", name="auth.sweep", title="Delete ended sessions and expired links")
def sweep() -> None:
    """Forget sign-ins that ended more than 30 days ago, and tickets whose time is over."""
    while accounts.sweep_sessions() == accounts.SWEPT_AT_ONCE:
        db.session.commit()
    accounts.sweep_tickets()
