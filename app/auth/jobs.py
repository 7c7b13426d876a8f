"""The upkeep of sign-ins."""

from app.auth.one_time_tokens import operations as one_time_tokens
from app.extensions import db
from app.identity import sessions
from app.jobs.tasks import periodic


@periodic(
    "41 2 * * *",
    name="auth.sweep",
    as_system="old sign-ins of all people are deleted",
    title="Delete ended sessions and expired links",
    commits=True,
)
def sweep() -> None:
    """Forget sign-ins that ended more than 30 days ago, and one-time tokens whose time is over."""
    while sessions.sweep_sessions() == sessions.SWEPT_AT_ONCE:
        db.session.commit()
    one_time_tokens.sweep()
