"""Telling people something. What is told belongs to the transaction that causes it: it counts if that does."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.extensions import db
from app.jobs.queue import enqueue
from app.notifications.letters import write_letter
from app.notifications.models import Notification, OutgoingMail

LONGEST_TITLE = 200
SEND = "notifications.send_mail"


def notify(
    user_id: UUID, kind: str, title: str, body: str = "", url: str | None = None, *, event_id: int | None = None
) -> Notification:
    """Tell somebody in the portal. `url` is a path here that the notice leads to."""
    title = title[:LONGEST_TITLE]
    told = Notification(
        user_id=user_id, kind=kind, title=title, body=body, url=url, created_at=now(), event_id=event_id
    )
    db.session.add(told)
    db.session.flush()
    return told


def send_mail(
    user_id: UUID | None,
    address: str,
    kind: str,
    subject: str,
    template: str,
    *,
    event_id: int | None = None,
    **values: Any,
) -> OutgoingMail:
    """Write a mail from `templates/notifications/email/TEMPLATE.txt` and `.html`, and queue it.

    It is stored sealed, and a worker sends it after the commit. `values` are what the template needs; a `link` that is
    a path of the portal becomes its whole address.
    """
    letter = write_letter(template, subject=subject, **values)
    mail = OutgoingMail(
        user_id=user_id,
        kind=kind,
        address=address,
        subject=letter.subject,
        content=letter.dumps(),
        created_at=now(),
        event_id=event_id,
    )
    db.session.add(mail)
    db.session.flush()
    enqueue(db.session, SEND, lock=f"mail-{mail.id}", mail_id=mail.id)
    return mail


def mark_read(user_id: UUID, notification_id: UUID) -> Notification:
    """Note that the person has seen it. Raises NotFound for what is gone or somebody else's."""
    notice = db.session.scalar(
        select(Notification).where(Notification.id == notification_id, Notification.user_id == user_id)
    )
    if notice is None:
        raise NotFound("There is no such notification.")
    if notice.read_at is None:
        notice.read_at = now()
        db.session.flush()
    return notice


def mark_all_read(user_id: UUID, *, until: datetime) -> None:
    """Note that the person has seen all that was there at that moment; what came since stays unread."""
    theirs = (Notification.user_id == user_id, Notification.read_at.is_(None), Notification.created_at <= until)
    db.session.execute(update(Notification).where(*theirs).values(read_at=now()))


def send_again(mail_id: UUID) -> OutgoingMail:
    """Queue a mail again that could not be sent. Raises Conflict for one that was sent, waits, or is empty by now."""
    mail = lock_mail(mail_id)
    if mail is None:
        raise NotFound("There is no such mail.")
    if mail.sent_at is not None or mail.failed_at is None:
        raise Conflict("Only a mail that could not be sent can be sent again.")
    if mail.content is None:
        raise Conflict("What this mail said has been deleted. Let its cause happen again.")
    mail.failed_at = mail.error = None
    enqueue(db.session, SEND, lock=f"mail-{mail.id}", mail_id=mail.id)
    db.session.flush()
    return mail


def lock_mail(mail_id: UUID) -> OutgoingMail | None:
    """The mail, read afresh and locked until the transaction ends."""
    found = select(OutgoingMail).where(OutgoingMail.id == mail_id)
    return db.session.scalar(found.with_for_update().execution_options(populate_existing=True))


def note_sent(mail: OutgoingMail) -> None:
    """It is on its way; what it said is nobody's business any more."""
    mail.sent_at, mail.content, mail.error, mail.failed_at = now(), None, None, None
    db.session.flush()


def note_trouble(mail: OutgoingMail, reason: str, *, final: bool) -> None:
    """It couldn't be sent, this time or (`final`) at all."""
    mail.error = reason[:500]
    mail.failed_at = now() if final else None
    db.session.flush()


def forget(*, read_before: datetime, mails_before: datetime, contents_before: datetime, batch: int) -> int:
    """Delete a batch of old notices and mails, and what mails said that never went out; how many rows that were."""
    old_notices = select(Notification.id).where(Notification.created_at < read_before).limit(batch)
    old_mails = select(OutgoingMail.id).where(OutgoingMail.created_at < mails_before).limit(batch)
    unsent = select(OutgoingMail.id).where(OutgoingMail.created_at < contents_before, OutgoingMail.content.is_not(None))
    blanking = update(OutgoingMail).where(OutgoingMail.id.in_(unsent.limit(batch)))
    return sum(
        db.session.connection().execute(statement).rowcount
        for statement in (
            delete(Notification).where(Notification.id.in_(old_notices)),
            delete(OutgoingMail).where(OutgoingMail.id.in_(old_mails)),
            blanking.values(content=None, failed_at=now()),
        )
    )
