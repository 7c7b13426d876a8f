"""Mail on its way, and forgetting what is old."""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from flask import current_app

from app.core.clock import now
from app.core.outbox import begin_mail, end_mail
from app.extensions import db
from app.integrations.email import sending
from app.integrations.email.message import Mail, MailDelayed, MailRefused
from app.jobs.current import current_job
from app.jobs.tasks import periodic, task
from app.notifications import consumer, operations  # noqa: F401 - it is known from here on
from app.notifications.letters import Letter
from app.notifications.models import OutgoingMail

log = structlog.get_logger(__name__)

TRIES = 16
"""With the queue's waits, the last one comes about four hours after the first."""
BATCH = 5_000
KEPT = timedelta(days=180)
UNSENT_KEPT = timedelta(days=7)


@task(
    operations.SEND,
    title="Send an email",
    max_attempts=TRIES,
    as_system="mails go to people whom their cause doesn't see",
    commits=True,
)
def send_mail(mail_id: str) -> None:
    """Send a mail, unless it is sent already.

    It is sent outside of any transaction, and noted right after. A worker that dies between the two leaves a mail that
    is sent once more, under the same Message-ID; nothing else sends one twice.
    """
    mail = operations.lock_mail(UUID(mail_id))
    if mail is None or mail.content is None or mail.sent_at is not None:
        return
    letter = Letter.loads(mail.subject, mail.content)
    mail.attempts += 1
    provider = sending.provider_of(current_app.config["SETTINGS"])
    tried = begin_mail(mail.id, mail.attempts, mail.kind, mail.address, letter.subject, provider=provider)
    attempt = _Attempt(tried.id, time.monotonic())
    db.session.commit()
    try:
        sending.send(Mail(mail.address, letter.subject, letter.text, letter.html, mail.id))
    except (MailRefused, MailDelayed) as error:
        _note_trouble(mail, error, attempt)
        raise
    sent = operations.lock_mail(mail.id)
    attempt.end("Accepted", is_sent=True)
    if sent is not None:
        operations.note_sent(sent)
    log.info("mail sent", mail_id=mail_id, kind=mail.kind)


@dataclass(frozen=True)
class _Attempt:
    """A row of the outbox, and when it began by this machine's own clock. Whoever ends it holds the mail, as whoever
    begins one does: in another order, two workers with the same mail would wait for each other."""

    id: UUID
    began: float

    def end(self, answer: str, *, is_sent: bool) -> None:
        end_mail(self.id, answer=answer, is_sent=is_sent, duration_ms=round((time.monotonic() - self.began) * 1000))


def _note_trouble(mail: OutgoingMail, error: MailRefused | MailDelayed, attempt: _Attempt) -> None:
    job = current_job()
    last = isinstance(error, MailRefused) or (job is not None and job.attempt >= TRIES)
    found = operations.lock_mail(mail.id)
    attempt.end(str(error), is_sent=False)
    if found is not None:
        operations.note_trouble(found, str(error), final=last)
    db.session.commit()


@periodic(
    "41 3 * * *",
    name="notifications.forget",
    as_system="old notices of all people are deleted",
    title="Delete old notifications and emails",
    commits=True,
)
def forget() -> None:
    """Delete notices and mails of half a year ago, and after a week what mails said that never went out."""
    moment = now()
    while operations.forget(
        read_before=moment - KEPT, mails_before=moment - KEPT, contents_before=moment - UNSENT_KEPT, batch=BATCH
    ):
        db.session.commit()
