"""What the web has the worker do."""

from app.core.counters import forget_expired
from app.extensions import db
from app.jobs.tasks import periodic


@periodic(
    "41 * * * *",
    name="web.forget_expired_counters",
    as_system="counters have no tenant",
    title="Delete expired rate-limit counters",
)
def forget_expired_counters() -> None:
    """Delete the counters of rate limits that are over."""
    forget_expired(db.session)
