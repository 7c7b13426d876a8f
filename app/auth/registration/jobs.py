"""Mailing the link for a new password to whoever asked, if it is anybody."""

import structlog

from app.auth.invitations import operations as invitations
from app.auth.passwords import operations as passwords
from app.core.audit import NamedActor
from app.extensions import db
from app.identity import queries as users
from app.identity.models import User
from app.jobs.tasks import task

log = structlog.get_logger(__name__)

PORTAL = NamedActor("DIG|LIT")
"""Who sends an invitation again that its owner asked for."""


@task(passwords.START, title="Send a password reset link", as_system="whoever forgot a password hasn't signed in")
def start_reset(secret_address: str) -> None:
    """Mail a link to the account of that address. An invited person gets the invitation again; others get nothing."""
    user = users.find_user(passwords.opened(secret_address))
    if user is None or not _may_come_in(user):
        log.info("no reset for this address")
        return
    user = users.get_user(user.id, for_update=True)
    if user.status == "invited":
        invitations.send_again(user, actor=PORTAL)
    else:
        passwords.start_reset(user)
    db.session.flush()


def _may_come_in(user: User) -> bool:
    return user.status in ("active", "invited") and (user.client is None or user.client.status == "active")
