"""What the API has the worker do."""

from app.jobs.tasks import periodic
from app.web.idempotency import forget_old_keys


@periodic(
    "17 * * * *",
    name="api.forget_idempotency_keys",
    as_system="keys of requests have no tenant",
    title="Delete expired idempotency keys",
)
def forget_idempotency_keys() -> None:
    """Delete the idempotency keys that are past their 24 hours."""
    forget_old_keys()
