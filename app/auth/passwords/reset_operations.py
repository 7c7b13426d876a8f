"""Asking for a new password. What the request does is the same whether the address is anybody's: it leaves a job, in
which the address stands sealed, and the job finds out."""

from base64 import b64decode, b64encode

from app.core.sealing import seals
from app.extensions import db
from app.jobs.queue import enqueue

TASK = "accounts.start_reset"
PURPOSE = "forgotten"


def ask_for_reset(email: str) -> None:
    """Queue the job that mails a link, if there is such an account."""
    sealed = b64encode(seals().seal(email.encode(), PURPOSE)).decode()
    enqueue(db.session, TASK, secret_address=sealed)


def opened(secret_address: str) -> str:
    """The address that the job is about."""
    return seals().open(b64decode(secret_address), PURPOSE).decode()
