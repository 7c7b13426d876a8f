"""The upkeep of the keys that sign access tokens."""

import structlog

from app.identity.signing_keys import operations
from app.jobs.tasks import periodic

log = structlog.get_logger(__name__)


@periodic("23 4 * * *", name="signing.rotate", as_system="signing keys have no tenant", title="Rotate signing keys")
def rotate_old_keys() -> None:
    """Make a new key every 90 days, and forget those whose tokens are all over."""
    if operations.rotate_old_keys():
        log.info("signing key rotated, for it was old")
    operations.forget_retired_keys()
